//! Requests, counts and the rules that clients break.

use reqwest::Method;
use serde_json::{Value, json};
use wazzup_sync::simulator::{Fault, OverBatch, PhoneCheck, RequestRecord, Rule, Setup, SimUser, Switches};

use super::{Bench, TOKEN, answered, item, phone};

/// The rules that one request breaks, with every switch as lenient as it goes.
async fn broken(method: Method, body: Value) -> Vec<Rule> {
    let bench = Bench::switched(3, |it| {
        it.unique_phones = false;
        it.over_batch = OverBatch::Accept;
        it.refuse_unknown_properties = false;
        it.refuse_empty_batch = false;
        it.seats = 5;
    })
    .await;
    bench.simulator.protect(TOKEN, ["3"]);
    bench.write(method, body).await;
    bench.rules()
}

async fn broken_by(users: Value) -> Vec<Rule> {
    broken(Method::POST, json!({ "users": users })).await
}

#[tokio::test]
async fn right_requests_break_nothing() {
    assert_eq!(broken_by(json!([item("4", 4), item("1", 5)])).await, []);
    for cleared in [
        json!({"id": "1", "name": "One"}),
        json!({"id": "1", "name": "One", "phone": ""}),
        json!({"id": "1", "name": "One", "phone": null}),
        json!({"id": "1", "name": "One", "phone": "none"}),
    ] {
        assert_eq!(broken_by(json!([cleared])).await, []);
    }
    assert_eq!(broken(Method::DELETE, json!({"user_ids": ["1", "2"]})).await, []);
    let many: Vec<String> = (10..110).map(|n| n.to_string()).collect();
    assert_eq!(broken(Method::DELETE, json!({ "user_ids": many })).await, []);
}

#[tokio::test]
async fn every_broken_rule_of_a_write_is_told_even_where_it_passes() {
    for (users, rule) in [
        (json!([]), Rule::NoEmptyBatch),
        (
            json!([{"id": "1", "name": "One", "email": "e"}]),
            Rule::KnownProperties,
        ),
        (json!([{"id": "1"}]), Rule::DocumentedShape),
        (
            json!([{"id": "1", "name": "A"}, {"id": "1", "name": "B"}]),
            Rule::IdOnce,
        ),
        (json!([{"id": "", "name": "A"}]), Rule::IdLength),
        (json!([{"id": "x".repeat(65), "name": "A"}]), Rule::IdLength),
        (json!([{"id": "1", "name": ""}]), Rule::NameLength),
        (json!([{"id": "1", "name": "x".repeat(151)}]), Rule::NameLength),
        (
            json!([{"id": "1", "name": "A", "phone": "+37126123456"}]),
            Rule::PhoneForm,
        ),
        (json!([{"id": "1", "name": "A", "phone": "123"}]), Rule::PhoneForm),
        (json!([item("1", 2)]), Rule::PhoneFree),
        // Valid in some orders only: user 2 moves on, user 1 takes its phone.
        (json!([item("2", 9), item("1", 2)]), Rule::PhoneFree),
        (json!([item("4", 9), item("1", 9)]), Rule::PhoneOnce),
        (json!([item("4", 4), item("5", 5), item("6", 6)]), Rule::FreeSeats),
        (json!([{"id": "3", "name": "Three"}]), Rule::ProtectedUser),
    ] {
        assert_eq!(broken_by(users.clone()).await, [rule], "{users}");
    }
    let many: Vec<String> = (10..=110).map(|n| n.to_string()).collect();
    for (body, rule) in [
        (json!({ "user_ids": many }), Rule::BatchSize),
        (json!({"user_ids": []}), Rule::NoEmptyBatch),
        (json!({"user_ids": ["1", "1"]}), Rule::IdOnce),
        (json!({"user_ids": ["3"]}), Rule::ProtectedUser),
        (json!({"user_ids": ["1"], "force": true}), Rule::KnownProperties),
    ] {
        assert_eq!(broken(Method::DELETE, body.clone()).await, [rule], "{body}");
    }
}

#[tokio::test]
async fn a_request_struck_by_a_fault_is_judged_all_the_same() {
    let bench = Bench::with_users(2).await;
    bench.simulator.add_fault(Fault::status(500));
    bench.post(json!([item("1", 2)])).await;
    let violations = bench.simulator.violations();
    assert_eq!((violations[0].seq, violations[0].rule), (1, Rule::PhoneFree));
    assert!(
        violations[0]
            .text
            .contains("for user \"1\" while user \"2\" has it")
    );
    bench.simulator.clear_violations();
    assert_eq!(bench.rules(), []);
}

#[tokio::test]
async fn an_administrators_hand_breaks_no_rule() {
    let bench = Bench::with_users(1).await;
    bench.simulator.protect(TOKEN, ["1"]);
    bench
        .simulator
        .put_user(TOKEN, SimUser::new("2", "Two", Some(&phone(1))));
    bench.simulator.remove_user(TOKEN, "1");
    assert_eq!(bench.ids(), ["2"]);
    assert_eq!(bench.rules(), []);
    assert_eq!(bench.simulator.counts().requests, 0);
}

#[tokio::test]
async fn wrong_tokens_and_endpoints_are_told() {
    let bench = Bench::with_users(1).await;
    bench.get("/v2/people").await;
    bench.get("/v2/users?limit=many").await;
    let url = format!("{}/v2/users", bench.simulator.base_url());
    answered(bench.http.get(url).bearer_auth("wrong")).await;
    assert_eq!(
        bench.rules(),
        [Rule::KnownEndpoint, Rule::DocumentedShape, Rule::KnownToken]
    );
}

#[tokio::test]
async fn a_pace_is_kept_or_told() {
    let setup = Setup {
        manual_clock: true,
        ..Setup::account(TOKEN)
    };
    let bench = Bench::start(setup.switches(Switches {
        max_requests_per_second: Some(2),
        ..Switches::default()
    }))
    .await;
    for _ in 0..3 {
        bench.get("/v2/users").await;
    }
    assert_eq!(bench.rules(), []);
    bench.get("/v2/users").await;
    assert_eq!(bench.rules(), [Rule::Pace]);
    bench.simulator.advance(std::time::Duration::from_secs(1));
    bench.get("/v2/users").await;
    assert_eq!(bench.rules(), [Rule::Pace]);
}

#[tokio::test]
async fn requests_are_recorded_and_counted() {
    let bench = Bench::switched(1, |it| it.phone_check = PhoneCheck::Before).await;
    bench.list("?offset=0&limit=50").await;
    bench
        .post(json!([item("2", 2), {"id": "3", "name": "Three"}]))
        .await;
    bench.patch(json!([item("2", 1)])).await;
    bench.delete(&["1", "2"]).await;
    let requests = bench.simulator.requests();
    let post = &requests[1];
    assert_eq!(
        *post,
        RequestRecord {
            seq: 2,
            at_ms: post.at_ms,
            method: "POST".to_owned(),
            path: "/v2/users".to_owned(),
            account: Some(TOKEN.to_owned()),
            user_ids: vec!["2".to_owned(), "3".to_owned()],
            phones: vec![phone(2)],
            body: json!({"users": [item("2", 2), {"id": "3", "name": "Three"}]}),
            status: Some(200),
            fault: None,
            had_effect: true,
        }
    );
    assert_eq!(requests[0].path, "/v2/users?offset=0&limit=50");
    assert_eq!((requests[2].status, requests[2].had_effect), (Some(400), false));
    let counts = bench.simulator.counts();
    assert_eq!(
        (counts.reads, counts.posts, counts.patches, counts.deletes),
        (1, 1, 1, 1)
    );
    assert_eq!((counts.requests, counts.writes()), (4, 3));

    bench.simulator.clear_requests();
    assert_eq!(bench.simulator.counts().writes(), 0);
    bench.list("").await;
    assert_eq!(bench.simulator.requests()[0].seq, 5);
}
