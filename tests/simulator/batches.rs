//! What becomes of batches, ids, names and seats.

use reqwest::Method;
use serde_json::{Value, json};
use wazzup_sync::simulator::{
    BatchRule, DeleteUnknown, OverBatch, PartialAnswer, PatchUnknown, PostExisting,
};

use super::{Bench, answered, item, phone};

fn processed(n: usize) -> Value {
    json!({ "processed": n })
}

/// Good, bad, good.
fn mixed() -> Value {
    json!([item("2", 2), {"id": "3", "name": ""}, item("4", 4)])
}

#[tokio::test]
async fn post_creates_and_updates() {
    let bench = Bench::with_users(1).await;
    let (status, body) = bench.post(json!([item("2", 2), item("1", 9)])).await;
    assert_eq!((status, &body["data"]), (200, &processed(2)));
    assert_eq!(bench.ids(), ["1", "2"]);
    assert_eq!(bench.phone("1"), Some(phone(9)));
    bench
        .simulator
        .update_switches(|it| it.post_existing = PostExisting::Refuse);
    let (status, body) = bench.post(json!([item("1", 1)])).await;
    assert_eq!((status, &body["error"]), (400, &json!("USER_ALREADY_EXISTS")));
}

#[tokio::test]
async fn patch_updates_and_does_what_it_is_told_about_the_unknown() {
    let users = || json!([item("1", 9), item("2", 2)]);
    for (rule, status, ids, n_processed) in [
        (PatchUnknown::Ignore, 200, vec!["1"], 1),
        (PatchUnknown::Create, 200, vec!["1", "2"], 2),
        (PatchUnknown::NotFound, 404, vec!["1"], 0),
    ] {
        let bench = Bench::switched(1, |it| it.patch_unknown = rule).await;
        let answer = bench.patch(users()).await;
        assert_eq!(answer.0, status, "{rule:?}");
        assert_eq!(bench.ids(), ids);
        if status == 200 {
            assert_eq!(answer.1["data"], processed(n_processed));
            assert_eq!(bench.phone("1"), Some(phone(9)));
        }
    }
}

#[tokio::test]
async fn delete_removes_and_does_what_it_is_told_about_the_unknown() {
    for (rule, status, ids) in [
        (DeleteUnknown::Ok, 200, vec!["2"]),
        (DeleteUnknown::NotFound, 404, vec!["1", "2"]),
        (DeleteUnknown::BadRequest, 400, vec!["1", "2"]),
    ] {
        let bench = Bench::switched(2, |it| it.delete_unknown = rule).await;
        let answer = bench.delete(&["1", "9"]).await;
        assert_eq!(answer.0, status, "{rule:?}");
        assert_eq!(bench.ids(), ids);
        if status == 200 {
            assert_eq!(answer.1["data"], Value::Null);
        }
    }
    let bench = Bench::switched(2, |it| {
        it.delete_unknown = DeleteUnknown::NotFound;
        it.batch = BatchRule::SkipBad;
    })
    .await;
    assert_eq!(bench.delete(&["9", "1"]).await.0, 404);
    assert_eq!(bench.ids(), ["2"]);
}

#[tokio::test]
async fn a_bad_item_costs_what_the_rule_says() {
    for (rule, ids) in [
        (BatchRule::Atomic, vec!["1"]),
        (BatchRule::StopAtFirst, vec!["1", "2"]),
        (BatchRule::SkipBad, vec!["1", "2", "4"]),
    ] {
        let bench = Bench::switched(1, |it| it.batch = rule).await;
        let (status, body) = bench.post(mixed()).await;
        assert_eq!((status, &body["error"]), (400, &json!("INVALID_USER_DATA")));
        assert_eq!(bench.ids(), ids, "{rule:?}");
        assert_eq!(
            bench.simulator.requests()[0].had_effect,
            rule != BatchRule::Atomic
        );
    }
}

#[tokio::test]
async fn a_partial_batch_can_be_called_a_success() {
    for (rule, n_processed) in [(BatchRule::StopAtFirst, 1), (BatchRule::SkipBad, 2)] {
        let bench = Bench::switched(1, |it| {
            it.batch = rule;
            it.partial_answer = PartialAnswer::Success;
        })
        .await;
        let (status, body) = bench.post(mixed()).await;
        assert_eq!((status, &body["data"]), (200, &processed(n_processed)));
        let (status, _) = bench.post(json!([{"id": "3", "name": ""}])).await;
        assert_eq!(status, 400, "nothing was applied at all");
    }
}

#[tokio::test]
async fn seats_are_limited() {
    let bench = Bench::switched(2, |it| it.seats = 3).await;
    let (status, body) = bench.post(json!([item("3", 3), item("4", 4)])).await;
    assert_eq!((status, &body["error"]), (400, &json!("USER_LIMIT_EXCEEDED")));
    assert_eq!(bench.ids(), ["1", "2"]);
    assert_eq!(bench.post(json!([item("3", 3)])).await.0, 200);
    assert_eq!(bench.post(json!([item("3", 9)])).await.0, 200);
    assert_eq!(bench.post(json!([item("4", 4)])).await.0, 400);
}

#[tokio::test]
async fn more_than_a_hundred_items_are_answered_as_told() {
    let many: Vec<Value> = (1..=101)
        .map(|n| json!({"id": n.to_string(), "name": "N"}))
        .collect();
    let ids: Vec<String> = (1..=101).map(|n| n.to_string()).collect();
    let ids: Vec<&str> = ids.iter().map(String::as_str).collect();
    for (rule, status, n_users) in [
        (OverBatch::BadRequest, 400, 0),
        (OverBatch::TooLarge, 413, 0),
        (OverBatch::FirstOnly, 200, 100),
        (OverBatch::Accept, 200, 101),
    ] {
        let bench = Bench::switched(0, |it| it.over_batch = rule).await;
        assert_eq!(bench.post(json!(many)).await.0, status, "{rule:?}");
        assert_eq!(bench.ids().len(), n_users);
        assert_eq!(bench.delete(&ids).await.0, status, "{rule:?}");
        assert_eq!(bench.ids().len(), 0);
    }
}

#[tokio::test]
async fn invalid_requests_are_refused_whole() {
    let bench = Bench::switched(1, |it| it.batch = BatchRule::SkipBad).await;
    for body in [
        json!({}),
        json!([]),
        json!({"users": []}),
        json!({"users": {}}),
        json!({"users": [1]}),
        json!({"users": [{"id": 2, "name": "Two"}]}),
        json!({"users": [{"id": "2"}]}),
        json!({"users": [{"id": "2", "name": "Two", "phone": 37_126_123_456_u64}]}),
        json!({"users": [{"id": "2", "name": "Two", "email": "two@example.org"}]}),
        json!({"users": [{"id": "2", "name": "Two"}], "dry_run": true}),
    ] {
        let (status, answer) = bench.write(Method::POST, body.clone()).await;
        assert_eq!(
            (status, &answer["error"]),
            (400, &json!("INVALID_USER_DATA")),
            "{body}"
        );
        assert_eq!(bench.ids(), ["1"], "{body}");
    }
    let (_, answer) = bench
        .post(json!([{"id": "2", "name": "Two", "email": "e"}]))
        .await;
    assert_eq!(answer["description"], "users.0.property email should not exist");
    assert_eq!(bench.write(Method::DELETE, json!({"user_ids": [1]})).await.0, 400);
    assert_eq!(bench.delete(&[]).await.0, 400);
    let not_json = bench.request(Method::POST, "/v2/users").body("{\"users\":");
    assert_eq!(answered(not_json).await.0, 400);
    assert_eq!(bench.ids(), ["1"]);
}

#[tokio::test]
async fn a_body_that_does_not_say_that_it_is_json_is_not_read() {
    let bench = Bench::with_users(1).await;
    let untyped = bench
        .request(Method::DELETE, "/v2/users")
        .body("{\"user_ids\":[\"1\"]}");
    assert_eq!(answered(untyped).await.0, 400);
    assert_eq!(bench.ids(), ["1"]);
}

#[tokio::test]
async fn leniency_can_be_switched_on() {
    let bench = Bench::switched(0, |it| {
        it.refuse_unknown_properties = false;
        it.refuse_empty_batch = false;
    })
    .await;
    assert_eq!(bench.post(json!([])).await.0, 200);
    assert_eq!(
        bench
            .post(json!([{"id": "1", "name": "One", "email": "e"}]))
            .await
            .0,
        200
    );
}

#[tokio::test]
async fn ids_and_names_have_a_length() {
    let bench = Bench::with_users(0).await;
    for (id, name, status) in [
        ("", "Name".to_owned(), 400),
        ("1", String::new(), 400),
        (&"ä".repeat(65), "Name".to_owned(), 400),
        (&"ä".repeat(64), "Name".to_owned(), 200),
        ("1", "ä".repeat(151), 400),
        ("1", "ä".repeat(150), 200),
    ] {
        assert_eq!(
            bench.post(json!([{"id": id, "name": name}])).await.0,
            status,
            "{id} {name}"
        );
    }
}

#[tokio::test]
async fn names_can_be_trimmed_and_cut() {
    let bench = Bench::switched(0, |it| {
        it.trim_names = true;
        it.cut_names_at = Some(5);
    })
    .await;
    bench.post(json!([{"id": "1", "name": "  Ģirts Bērziņš "}])).await;
    assert_eq!(bench.user("1").name, "Ģirts");
    assert_eq!(bench.post(json!([{"id": "2", "name": "   "}])).await.0, 400);
}
