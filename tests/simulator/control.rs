//! The control plane, and starting and stopping.

use reqwest::Method;
use serde_json::{Value, json};
use wazzup_sync::simulator::{How, Setup, Simulator};

use super::{Answered, Bench, TOKEN, answered, item};

async fn steer(bench: &Bench, method: Method, path: &str, body: Value) -> Answered {
    let url = format!("{}/_simulator/{path}", bench.simulator.base_url());
    let request = bench.http.request(method, url);
    let request = if body.is_null() {
        request
    } else {
        request.json(&body)
    };
    answered(request).await
}

#[tokio::test]
async fn the_state_is_shown() {
    let bench = Bench::with_users(1).await;
    bench.list("").await;
    let (status, state) = steer(&bench, Method::GET, "state", Value::Null).await;
    assert_eq!(status, 200);
    assert_eq!(state["accounts"][0]["account"], TOKEN);
    assert_eq!(state["accounts"][0]["users"][0]["id"], "1");
    assert_eq!(state["counts"]["reads"], 1);
    assert_eq!(state["switches"]["seats"], 1000);
}

#[tokio::test]
async fn requests_and_violations_are_shown_and_forgotten() {
    let bench = Bench::with_users(1).await;
    bench.delete(&[]).await;
    let (_, requests) = steer(&bench, Method::GET, "requests", Value::Null).await;
    assert_eq!(requests[0]["method"], "DELETE");
    let (_, violations) = steer(&bench, Method::GET, "violations", Value::Null).await;
    assert_eq!(violations[0]["rule"], "no_empty_batch");
    steer(&bench, Method::DELETE, "requests", Value::Null).await;
    steer(&bench, Method::DELETE, "violations", Value::Null).await;
    assert_eq!(bench.simulator.requests(), []);
    assert_eq!(bench.simulator.violations(), []);
    assert_eq!(bench.simulator.counts().requests, 0);
}

#[tokio::test]
async fn switches_are_set_and_changed() {
    let bench = Bench::with_users(1).await;
    steer(&bench, Method::PATCH, "switches", json!({"seats": 7})).await;
    steer(&bench, Method::PATCH, "switches", json!({"page_cap": 9})).await;
    let switches = bench.simulator.switches();
    assert_eq!((switches.seats, switches.page_cap), (7, Some(9)));
    let (_, shown) = steer(&bench, Method::PUT, "switches", json!({"page_cap": 3})).await;
    assert_eq!((&shown["seats"], &shown["page_cap"]), (&json!(1000), &json!(3)));
    let (status, error) = steer(&bench, Method::PATCH, "switches", json!({"sets": 7})).await;
    assert_eq!(status, 400);
    assert!(error["error"].as_str().unwrap().contains("sets"));
}

#[tokio::test]
async fn faults_are_added_and_removed() {
    let bench = Bench::with_users(1).await;
    let fault = json!({"when": {"method": "GET"}, "how": {"status": {"status": 503}}});
    assert_eq!(steer(&bench, Method::POST, "faults", fault.clone()).await.0, 200);
    let (_, faults) = steer(&bench, Method::POST, "faults", json!([fault, {"how": "reset"}])).await;
    assert_eq!(faults.as_array().unwrap().len(), 3);
    assert_eq!(bench.get("/v2/users").await.0, 503);
    let wrong = json!({"how": {"hang": {"milis": 5}}});
    let (status, error) = steer(&bench, Method::POST, "faults", wrong).await;
    assert_eq!(status, 400);
    assert!(error["error"].as_str().unwrap().contains("milis"));
    steer(&bench, Method::DELETE, "faults", Value::Null).await;
    assert_eq!(bench.get("/v2/users").await.0, 200);
}

#[tokio::test]
async fn users_are_put_and_removed_without_a_record() {
    let bench = Bench::with_users(1).await;
    let put = json!({"account": TOKEN, "users": [{"id": "2", "name": "Two"}], "protected": ["2"]});
    steer(&bench, Method::PUT, "users", put).await;
    assert_eq!(bench.ids(), ["1", "2"]);
    steer(
        &bench,
        Method::DELETE,
        "users",
        json!({"account": TOKEN, "user_ids": ["1"]}),
    )
    .await;
    assert_eq!(bench.ids(), ["2"]);
    let put = json!({"account": TOKEN, "users": [{"id": "3", "name": "Three"}], "replace": true});
    steer(&bench, Method::PUT, "users", put).await;
    assert_eq!(bench.ids(), ["3"]);
    assert_eq!(bench.simulator.requests(), []);
    bench.delete(&["2"]).await;
    assert_eq!(bench.rules().len(), 1);
}

#[tokio::test]
async fn time_and_delayed_effects_are_moved() {
    let setup: Setup = toml::from_str(
        r#"
        manual_clock = true
        [[accounts]]
        token = "token-a"
        users = [{ id = "1", name = "One", phone = "37126123456" }]
        [[faults]]
        when = { method = "POST", times = 1 }
        how = { delayed_effect = { lands = { after_millis = 100 }, status = 504 } }
        [[faults]]
        when = { method = "DELETE", times = 1 }
        how = { delayed_effect = { lands = "on_demand" } }
        "#,
    )
    .unwrap();
    assert_eq!(setup.faults[0].how.name(), "delayed_effect");
    assert!(matches!(
        setup.faults[1].how,
        How::DelayedEffect { status: None, .. }
    ));
    let bench = Bench::start(setup).await;
    assert_eq!(bench.post(json!([item("2", 2)])).await.0, 504);
    steer(&bench, Method::POST, "advance", json!({"millis": 100})).await;
    assert_eq!(bench.ids(), ["1", "2"]);
    let delete = bench
        .request(Method::DELETE, "/v2/users")
        .json(&json!({"user_ids": ["1"]}));
    assert!(delete.send().await.is_err());
    assert_eq!(bench.ids(), ["1", "2"]);
    steer(&bench, Method::POST, "land", Value::Null).await;
    assert_eq!(bench.ids(), ["2"]);
}

#[tokio::test]
async fn unknown_paths_are_told() {
    let bench = Bench::with_users(0).await;
    assert_eq!(steer(&bench, Method::GET, "stat", Value::Null).await.0, 404);
}

#[tokio::test]
async fn a_stopped_simulator_frees_its_port() {
    let bench = Bench::with_users(1).await;
    bench.list("").await;
    let address = bench.simulator.address();
    bench.simulator.shutdown().await;
    let url = format!("http://{address}/v2/users");
    assert!(bench.http.get(&url).send().await.is_err());
    let setup = Setup {
        bind: Some(address),
        ..Setup::account(TOKEN)
    };
    let again = Simulator::start(setup).await.unwrap();
    assert_eq!(again.address(), address);
    assert_eq!(
        bench
            .http
            .get(&url)
            .bearer_auth(TOKEN)
            .send()
            .await
            .unwrap()
            .status(),
        200
    );
}
