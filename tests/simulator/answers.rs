//! How answers look.

use serde_json::{Value, json};
use wazzup_sync::simulator::{CodeCase, Envelope, ErrorShape};

use super::{Bench, item, phone};

#[tokio::test]
async fn success_can_lack_its_envelope_its_data_or_its_body() {
    let bench = Bench::switched(1, |it| it.envelope = Envelope::Bare).await;
    assert_eq!(bench.get("/v2/users").await.1[0]["id"], "1");
    assert_eq!(bench.post(json!([item("1", 1)])).await.1, json!({"processed": 1}));
    bench
        .simulator
        .update_switches(|it| it.envelope = Envelope::MetaOnly);
    let (status, body) = bench.get("/v2/users").await;
    assert_eq!(
        (status, body.get("data"), body.get("meta").is_some()),
        (200, None, true)
    );
    bench.simulator.update_switches(|it| it.empty_success = true);
    assert_eq!(bench.post(json!([item("2", 2)])).await, (200, json!("")));
    assert_eq!(bench.delete(&["1"]).await, (200, json!("")));
    assert_eq!(bench.ids(), ["2"]);
    bench.simulator.update_switches(|it| it.post_status = 201);
    assert_eq!(bench.post(json!([item("2", 2)])).await.0, 201);
}

#[tokio::test]
async fn errors_have_every_shape() {
    let bench = Bench::with_users(1).await;
    let code = json!("USER_ALREADY_EXISTS");
    let text = json!(format!(
        "User with phone number {} already exists in the CRM.",
        phone(1)
    ));
    for (shape, expected) in [
        (
            ErrorShape::ErrorDescription,
            json!({"error": code, "description": text}),
        ),
        (
            ErrorShape::List,
            json!({"errors": [{"code": code, "message": text}]}),
        ),
        (ErrorShape::Code, json!({"code": code, "message": text})),
        (
            ErrorShape::Nested,
            json!({"error": {"code": code, "message": text}}),
        ),
        (
            ErrorShape::Nest,
            json!({"statusCode": 400, "message": text, "error": "Bad Request"}),
        ),
        (
            ErrorShape::NestList,
            json!({"statusCode": 400, "message": [text], "error": "Bad Request"}),
        ),
        (ErrorShape::Empty, json!("")),
    ] {
        bench.simulator.update_switches(|it| it.error_shape = shape);
        assert_eq!(bench.post(json!([item("2", 1)])).await, (400, expected));
    }

    bench
        .simulator
        .update_switches(|it| it.error_shape = ErrorShape::Long);
    let (status, body) = bench.post(json!([item("2", 1)])).await;
    assert_eq!(
        (status, &body["status"], &body["error"], &body["description"]),
        (400, &json!(400), &code, &text)
    );
    assert!(body["requestId"].is_string() && body["data"]["fields"].is_array());

    bench
        .simulator
        .update_switches(|it| it.error_shape = ErrorShape::Html);
    let (status, body) = bench.post(json!([item("2", 1)])).await;
    assert_eq!(status, 400);
    assert!(body.as_str().unwrap().starts_with("<html>"));
}

#[tokio::test]
async fn codes_statuses_and_texts_vary() {
    let bench = Bench::switched(1, |it| {
        it.code_case = CodeCase::Camel;
        it.error_status = 409;
        it.validation_status = 422;
        it.name_phone_in_errors = false;
    })
    .await;
    let (status, body) = bench.post(json!([item("2", 1)])).await;
    assert_eq!((status, &body["error"]), (409, &json!("userAlreadyExists")));
    assert!(!body["description"].as_str().unwrap().contains(&phone(1)));
    let (status, body) = bench.post(json!([{"id": "", "name": "N"}])).await;
    assert_eq!((status, &body["error"]), (422, &json!("invalidUserData")));
    bench
        .simulator
        .update_switches(|it| it.code_case = CodeCase::Lower);
    let (_, body) = bench.post(json!([item("2", 1)])).await;
    assert_eq!(body["error"], "user_already_exists");
}

#[tokio::test]
async fn answers_can_be_late() {
    let bench = Bench::switched(1, |it| it.answer_delay_ms = 5).await;
    assert_eq!(bench.post(json!([item("2", 2)])).await.0, 200);
    assert_eq!(bench.get("/v2/users").await.1["data"][1]["id"], "2");
}

#[tokio::test]
async fn unknown_endpoints_are_404() {
    let bench = Bench::with_users(1).await;
    let (status, body) = bench.get("/v2/people").await;
    assert_eq!((status, &body["error"]), (404, &json!("NOT_FOUND")));
    assert_ne!(body, Value::Null);
}
