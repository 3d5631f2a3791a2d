//! GET `/v2/users`.

use std::collections::BTreeSet;
use std::time::Duration;

use serde_json::json;
use wazzup_sync::simulator::{AbsentGet, AbsentPhone, PastEnd, Setup, SimUser, Switches};

use super::{Bench, TOKEN, answered, phone, user};

#[tokio::test]
async fn the_list_comes_in_pages_and_the_envelope() {
    let bench = Bench::with_users(3).await;
    let (status, body) = bench.get("/v2/users?offset=1&limit=1").await;
    assert_eq!(status, 200);
    assert_eq!(
        body["data"],
        json!([{"id": "2", "name": "User 2", "phone": phone(2)}])
    );
    assert!(body["meta"]["timestamp"].is_u64());
    assert_eq!(bench.list("?offset=3").await, Vec::<String>::new());
}

#[tokio::test]
async fn the_page_is_capped_whatever_the_limit() {
    let bench = Bench::with_users(120).await;
    assert_eq!(bench.list("").await.len(), 50);
    assert_eq!(bench.list("?limit=1000").await.len(), 100);
    bench.simulator.update_switches(|it| it.page_cap = Some(7));
    assert_eq!(bench.list("?limit=1000").await.len(), 7);
    bench.simulator.update_switches(|it| it.page_cap = None);
    assert_eq!(bench.list("?limit=1000").await.len(), 120);
    bench
        .simulator
        .update_switches(|it| it.reject_limit_above = Some(100));
    assert_eq!(bench.get("/v2/users?limit=101").await.0, 400);
    assert_eq!(bench.get("/v2/users?limit=100").await.0, 200);
}

#[tokio::test]
async fn the_offset_can_be_ignored() {
    let bench = Bench::switched(3, |it| it.ignore_offset = true).await;
    assert_eq!(bench.list("?offset=2&limit=2").await, ["1", "2"]);
}

#[tokio::test]
async fn the_last_page_can_repeat() {
    let bench = Bench::switched(5, |it| it.past_end = PastEnd::RepeatLastPage).await;
    assert_eq!(bench.list("?offset=4&limit=2").await, ["5"]);
    assert_eq!(bench.list("?offset=600&limit=2").await, ["5"]);
    bench.simulator.seed(TOKEN, []);
    assert_eq!(bench.list("?offset=0").await, Vec::<String>::new());
}

#[tokio::test]
async fn an_unsorted_list_differs_from_request_to_request_and_not_from_run_to_run() {
    let mut runs = Vec::new();
    for _ in 0..2 {
        let bench = Bench::switched(20, |it| it.unsorted = true).await;
        let run = [bench.list("").await, bench.list("").await];
        assert_ne!(run[0], run[1]);
        assert_eq!(BTreeSet::from_iter(&run[0]), BTreeSet::from_iter(&run[1]));
        runs.push(run);
    }
    assert_eq!(runs[0], runs[1]);
}

#[tokio::test]
async fn one_user_is_shown_in_an_array() {
    let bench =
        Bench::start(Setup::default().and_account(TOKEN, [SimUser::new("a/b c", "Name", None)])).await;
    let (status, body) = bench.get("/v2/users/a%2Fb%20c").await;
    assert_eq!(
        (status, &body["data"]),
        (200, &json!([{"id": "a/b c", "name": "Name"}]))
    );
    bench.simulator.update_switches(|it| it.single_as_object = true);
    let (_, body) = bench.get("/v2/users/a%2Fb%20c").await;
    assert_eq!(body["data"], json!({"id": "a/b c", "name": "Name"}));
}

#[tokio::test]
async fn an_absent_user_is_404_or_an_empty_array() {
    let bench = Bench::with_users(1).await;
    assert_eq!(bench.get("/v2/users/2").await.0, 404);
    bench
        .simulator
        .update_switches(|it| it.absent_get = AbsentGet::EmptyArray);
    let (status, body) = bench.get("/v2/users/2").await;
    assert_eq!((status, &body["data"]), (200, &json!([])));
}

#[tokio::test]
async fn an_absent_phone_is_shown_in_three_ways() {
    let bench = Bench::start(Setup::default().and_account(TOKEN, [SimUser::new("1", "N", None)])).await;
    for (shown, expected) in [
        (AbsentPhone::Omitted, json!([{"id": "1", "name": "N"}])),
        (
            AbsentPhone::Null,
            json!([{"id": "1", "name": "N", "phone": null}]),
        ),
        (AbsentPhone::Empty, json!([{"id": "1", "name": "N", "phone": ""}])),
    ] {
        bench.simulator.update_switches(|it| it.absent_phone = shown);
        assert_eq!(bench.get("/v2/users").await.1["data"], expected);
    }
    bench.simulator.update_switches(|it| it.extra_properties = true);
    assert!(bench.get("/v2/users").await.1["data"][0]["accountId"].is_u64());
}

#[tokio::test]
async fn reads_lag_behind_writes() {
    let setup = Setup {
        manual_clock: true,
        ..Setup::default().and_account(TOKEN, [user(1)])
    };
    let bench = Bench::start(setup.switches(Switches {
        read_lag_ms: 500,
        ..Switches::default()
    }))
    .await;
    assert_eq!(bench.list("").await, ["1"]);
    bench.simulator.advance(Duration::from_millis(1000));
    bench.post(json!([{"id": "2", "name": "Two"}])).await;
    bench.simulator.advance(Duration::from_millis(300));
    bench.delete(&["1"]).await;
    assert_eq!(bench.ids(), ["2"]);

    bench.simulator.advance(Duration::from_millis(199));
    assert_eq!(bench.list("").await, ["1"]);
    assert_eq!(bench.get("/v2/users/2").await.0, 404);
    bench.simulator.advance(Duration::from_millis(1));
    assert_eq!(bench.list("").await, ["1", "2"]);
    bench.simulator.advance(Duration::from_millis(299));
    assert_eq!(bench.list("").await, ["1", "2"]);
    bench.simulator.advance(Duration::from_millis(1));
    assert_eq!(bench.list("").await, ["2"]);
    assert_eq!(bench.get("/v2/users/1").await.0, 404);
}

#[tokio::test]
async fn accounts_know_nothing_of_each_other() {
    let bench =
        Bench::start(Setup::account(TOKEN).and_account("token-b", [SimUser::new("b", "B", Some(&phone(1)))]))
            .await;
    assert_eq!(bench.post(json!([super::item("1", 1)])).await.0, 200);
    assert_eq!(bench.list("").await, ["1"]);
    assert_eq!(bench.simulator.users("token-b").len(), 1);
}

#[tokio::test]
async fn a_wrong_token_is_401_for_reads_and_writes() {
    let bench = Bench::with_users(1).await;
    let url = format!("{}/v2/users", bench.simulator.base_url());
    for request in [
        bench.http.get(&url),
        bench.http.get(&url).bearer_auth("wrong"),
        bench
            .http
            .delete(&url)
            .bearer_auth("wrong")
            .json(&json!({"user_ids": ["1"]})),
    ] {
        let (status, body) = answered(request).await;
        assert_eq!((status, &body["error"]), (401, &json!("UNAUTHORIZED")));
    }
    assert_eq!(bench.ids(), ["1"]);
    assert_eq!(bench.simulator.counts().unauthorised, 3);
}
