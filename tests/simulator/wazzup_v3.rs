//! Wazzup v3: bare arrays, lists in several shapes, deletion of several users, and a limit of requests.

use reqwest::Method;
use serde_json::{Value, json};
use wazzup_sync::simulator::{
    AbsentGet, BulkDelete, Count, DeleteUnknown, ListShape, RateLimit, RetryAfter, Rule, Setup, Success,
    Switches, TooMany, V3Switches,
};

use super::{Answered, Bench, TOKEN, answered, item, phone, user};

impl Bench {
    async fn with_v3(n: usize, change: impl FnOnce(&mut V3Switches)) -> Bench {
        Bench::switched(n, |it| change(&mut it.v3)).await
    }

    async fn send_v3(&self, method: Method, path: &str, body: Value) -> Answered {
        answered(self.request(method, path).json(&body)).await
    }

    async fn post_v3(&self, users: Value) -> Answered {
        self.send_v3(Method::POST, "/v3/users", users).await
    }

    async fn bulk_delete(&self, ids: Value) -> Answered {
        self.send_v3(Method::PATCH, "/v3/users/bulk_delete", ids).await
    }

    async fn delete_one(&self, id: &str) -> Answered {
        answered(self.request(Method::DELETE, &format!("/v3/users/{id}"))).await
    }
}

/// The answer without a body.
fn empty(status: u16) -> Answered {
    (status, Value::String(String::new()))
}

fn n_rows(list: &Value) -> usize {
    list.as_array().map_or(0, Vec::len)
}

#[tokio::test]
async fn post_takes_an_array_and_answers_nothing() {
    let bench = Bench::with_v3(1, |_| ()).await;
    assert_eq!(
        bench.post_v3(json!([item("2", 2), item("1", 9)])).await,
        empty(200)
    );
    assert_eq!(bench.ids(), ["1", "2"]);
    assert_eq!(bench.phone("1"), Some(phone(9)));
    let (status, body) = bench.post_v3(json!({"users": [item("3", 3)]})).await;
    assert_eq!((status, &body["error"]), (400, &json!("INVALID_USERS_DATA")));
    bench
        .simulator
        .update_switches(|it| it.v3.success = Success::Json);
    let (status, body) = bench.post_v3(json!([item("3", 3)])).await;
    assert_eq!((status, body.is_object()), (200, true));
}

#[tokio::test]
async fn ids_and_names_may_be_longer_than_in_v2() {
    let bench = Bench::with_v3(0, |_| ()).await;
    for (chars, status) in [(200, 200), (201, 400)] {
        let long = "ä".repeat(chars);
        let (answered, _) = bench.post_v3(json!([{"id": long, "name": "N"}])).await;
        assert_eq!(answered, status);
        let (answered, _) = bench.post_v3(json!([{"id": "1", "name": long}])).await;
        assert_eq!(answered, status);
    }
    assert_eq!(bench.rules(), [Rule::IdLength, Rule::NameLength]);
}

#[tokio::test]
async fn the_list_has_the_shape_that_it_is_told() {
    let bench = Bench::with_v3(120, |_| ()).await;
    let (_, list) = bench.get("/v3/users?offset=100").await;
    assert_eq!(n_rows(&list), 120, "the offset means nothing to an array");
    bench
        .simulator
        .update_switches(|it| it.v3.list = ListShape::PagedArray);
    let (_, list) = bench.get("/v3/users?offset=100").await;
    assert_eq!(n_rows(&list), 20);
    for (count, expected) in [
        (Count::Number, json!(120)),
        (Count::Text, json!("120")),
        (Count::OfPage, json!(20)),
    ] {
        bench.simulator.update_switches(|it| {
            it.v3.list = ListShape::Object;
            it.v3.count = count;
        });
        let (_, list) = bench.get("/v3/users?offset=100").await;
        assert_eq!((n_rows(&list["data"]), &list["count"]), (20, &expected));
    }
}

#[tokio::test]
async fn the_list_is_sorted_by_name_and_may_hide_phones() {
    let bench = Bench::with_v3(0, |_| ()).await;
    bench
        .post_v3(json!([
            {"id": "1", "name": "Zane", "phone": phone(1)},
            {"id": "2", "name": "Anna", "phone": phone(2)},
        ]))
        .await;
    let (_, list) = bench.get("/v3/users").await;
    assert_eq!(
        (&list[0]["name"], &list[0]["phone"]),
        (&json!("Anna"), &json!(phone(2)))
    );
    bench.simulator.update_switches(|it| it.v3.phones_in_list = false);
    let (_, list) = bench.get("/v3/users").await;
    assert_eq!(list[0], json!({"id": "2", "name": "Anna"}));
    let (_, one) = bench.get("/v3/users/2").await;
    assert_eq!(one, json!({"id": "2", "name": "Anna", "phone": phone(2)}));
}

#[tokio::test]
async fn an_absent_user_is_told_in_three_ways() {
    for (way, expected) in [
        (AbsentGet::EmptyArray, (200, json!([]))),
        (AbsentGet::EmptyBody, empty(200)),
    ] {
        let bench = Bench::switched(1, |it| it.absent_get = way).await;
        assert_eq!(bench.get("/v3/users/9").await, expected);
    }
    let bench = Bench::with_users(1).await;
    assert_eq!(bench.get("/v3/users/9").await.0, 404);
}

#[tokio::test]
async fn several_users_are_deleted_at_once_and_absent_ones_are_told() {
    let bench = Bench::with_v3(3, |_| ()).await;
    assert_eq!(bench.bulk_delete(json!(["1", "9"])).await, (200, json!(["9"])));
    assert_eq!(bench.ids(), ["2", "3"]);
    bench.simulator.update_switches(|it| it.v3.report_absent = false);
    assert_eq!(bench.bulk_delete(json!(["2", "9"])).await, (200, json!([])));
    bench
        .simulator
        .update_switches(|it| it.v3.success = Success::AllEmpty);
    assert_eq!(bench.bulk_delete(json!(["3"])).await, empty(200));
    assert_eq!(bench.ids(), [""; 0]);
}

#[tokio::test]
async fn the_call_for_several_may_be_limited_or_missing() {
    let ids: Vec<String> = (1..=101).map(|n| n.to_string()).collect();
    let bench = Bench::with_v3(101, |_| ()).await;
    for (spelling, code) in [
        (TooMany::Mach, "TOO_MACH_ENTITIES"),
        (TooMany::Many, "TOO_MANY_ENTITIES"),
    ] {
        bench.simulator.update_switches(|it| it.v3.too_many = spelling);
        let (status, body) = bench.bulk_delete(json!(ids)).await;
        assert_eq!((status, &body["error"]), (400, &json!(code)));
    }
    for (call, status) in [(BulkDelete::NotFound, 404), (BulkDelete::Forbidden, 403)] {
        bench.simulator.update_switches(|it| it.v3.bulk_delete = call);
        assert_eq!(bench.bulk_delete(json!(["1"])).await.0, status);
    }
    bench.simulator.update_switches(|it| {
        it.v3.bulk_delete = BulkDelete::Works;
        it.v3.bulk_delete_limit = None;
    });
    assert_eq!(bench.bulk_delete(json!(ids)).await, (200, json!([])));
    assert_eq!(bench.ids(), [""; 0]);
}

#[tokio::test]
async fn one_user_is_deleted_by_its_path() {
    for (rule, status) in [
        (DeleteUnknown::Ok, 200),
        (DeleteUnknown::NotFound, 404),
        (DeleteUnknown::BadRequest, 400),
    ] {
        let bench = Bench::switched(2, |it| it.delete_unknown = rule).await;
        assert_eq!(bench.delete_one("1").await, empty(200));
        assert_eq!(bench.ids(), ["2"]);
        assert_eq!(bench.delete_one("1").await.0, status, "{rule:?}");
        let seen = &bench.simulator.requests()[0];
        assert_eq!(
            (seen.user_ids.as_slice(), seen.had_effect),
            (&["1".to_owned()][..], true)
        );
    }
}

#[tokio::test]
async fn more_than_500_requests_in_five_seconds_are_too_many() {
    let limit = |requests, retry_after| RateLimit {
        requests,
        retry_after,
        ..RateLimit::default()
    };
    let default = Switches::default().v3.rate_limit.unwrap();
    assert_eq!((default.requests, default.window_ms), (500, 5000));
    let setup = Setup {
        manual_clock: true,
        ..Setup::default()
    };
    let bench = Bench::start(setup.and_account(TOKEN, [user(1)]).and_account("other", [])).await;
    bench
        .simulator
        .update_switches(|it| it.v3.rate_limit = Some(limit(2, None)));
    for status in [200, 200, 429, 429] {
        assert_eq!(bench.get("/v3/users").await.0, status);
    }
    let url = format!("{}/v3/users", bench.simulator.base_url());
    let other = bench.http.get(&url).bearer_auth("other");
    assert_eq!(answered(other).await.0, 200, "each key has a count of its own");
    let other = bench.http.get(&url).bearer_auth("x");
    assert_eq!(answered(other).await.0, 401);
    assert_eq!(bench.get("/v2/users").await.0, 200, "v2 names no limit");
    bench
        .simulator
        .advance(std::time::Duration::from_millis(default.window_ms));
    assert_eq!(bench.post_v3(json!([item("2", 2)])).await.0, 200);
    bench
        .simulator
        .update_switches(|it| it.v3.rate_limit = Some(limit(0, Some(RetryAfter::Seconds(7)))));
    let response = bench.request(Method::GET, "/v3/users").send().await.unwrap();
    assert_eq!(response.headers()["retry-after"], "7");
    assert_eq!(bench.post_v3(json!([item("3", 3)])).await.0, 429);
    assert_eq!(bench.ids(), ["1", "2"], "what is too much has no effect");
}

#[tokio::test]
async fn both_generations_show_the_same_account() {
    let bench = Bench::with_v3(1, |_| ()).await;
    bench.post_v3(json!([item("2", 2)])).await;
    assert_eq!(bench.list("").await, ["1", "2"]);
    assert_eq!(bench.get("/v1/users").await.0, 404);
    assert_eq!(bench.get("/v3/contacts").await.0, 404);
    assert_eq!(bench.rules(), [Rule::KnownEndpoint, Rule::KnownEndpoint]);
}

#[tokio::test]
async fn one_switch_of_v3_can_be_changed_over_http() {
    let bench = Bench::with_users(1).await;
    for body in [
        json!({"v3": {"list": "object"}}),
        json!({"v3": {"count": "text"}}),
    ] {
        let request = bench.request(Method::PATCH, "/_simulator/switches").json(&body);
        assert_eq!(answered(request).await.0, 200);
    }
    let v3 = bench.simulator.switches().v3;
    assert_eq!((v3.list, v3.count), (ListShape::Object, Count::Text));
    let request = bench
        .request(Method::PATCH, "/_simulator/switches")
        .json(&json!({"v3": {"lisst": "object"}}));
    assert_eq!(answered(request).await.0, 400);
}
