//! Accidents, as a client meets them.

use std::time::Duration;

use reqwest::{Method, header};
use serde_json::json;
use wazzup_sync::simulator::{Fault, How, Lands, MethodIs, RetryAfter, Setup, SimUser};

use super::{Bench, TOKEN, item, phone, user};

async fn faulty(fault: Fault) -> Bench {
    Bench::start(Setup::default().and_account(TOKEN, [user(1)]).fault(fault)).await
}

/// POST of user 2. `Err` if the connection broke before the answer, `Ok(None)` if it broke in it.
async fn post(bench: &Bench) -> Result<Option<u16>, reqwest::Error> {
    let body = json!({"users": [item("2", 2)]});
    let response = bench
        .request(Method::POST, "/v2/users")
        .json(&body)
        .send()
        .await?;
    let status = response.status().as_u16();
    Ok(response.bytes().await.ok().map(|_| status))
}

#[tokio::test]
async fn a_status_strikes_before_or_after_the_effect() {
    let bench = faulty(Fault::status(503).method(MethodIs::Post).nth(1)).await;
    assert_eq!(post(&bench).await.unwrap(), Some(503));
    assert_eq!(bench.ids(), ["1"]);
    bench.simulator.clear_faults();
    bench.simulator.add_fault(Fault::status(502).after_effect());
    assert_eq!(post(&bench).await.unwrap(), Some(502));
    assert_eq!(bench.ids(), ["1", "2"]);

    let requests = bench.simulator.requests();
    let told: Vec<_> = requests.iter().map(|it| (it.status, it.had_effect)).collect();
    assert_eq!(told, [(Some(503), false), (Some(502), true)]);
    assert!(requests.iter().all(|it| it.fault.as_deref() == Some("status")));
    assert_eq!(bench.simulator.counts().faults, 2);
}

#[tokio::test]
async fn a_reset_breaks_the_connection_before_any_answer() {
    for (fault, ids) in [
        (Fault::new(How::Reset), vec!["1"]),
        (Fault::new(How::Reset).after_effect(), vec!["1", "2"]),
    ] {
        let bench = faulty(fault.method(MethodIs::Post)).await;
        // The read leaves an open connection behind, so that the write meets the reset on a used one.
        bench.list("").await;
        let err = post(&bench).await.unwrap_err();
        assert!(
            err.is_request() && !err.is_timeout() && !err.is_connect(),
            "{err:?}"
        );
        assert_eq!(bench.ids(), ids);
        let requests = bench.simulator.requests();
        assert_eq!((requests.len(), requests[1].status), (2, None));
        bench.simulator.clear_faults();
        assert_eq!(post(&bench).await.unwrap(), Some(200));
    }
}

#[tokio::test]
async fn a_truncated_answer_breaks_in_its_body() {
    let bench = faulty(Fault::new(How::Truncated).after_effect().times(1)).await;
    assert_eq!(post(&bench).await.unwrap(), None);
    assert_eq!(bench.ids(), ["1", "2"]);
    bench.simulator.add_fault(Fault::new(How::Truncated));
    assert_eq!(post(&bench).await.unwrap(), None);
    let list = bench.request(Method::GET, "/v2/users").send().await.unwrap();
    assert_eq!(list.status(), 200);
    assert!(list.bytes().await.is_err());
}

#[tokio::test]
async fn a_hanging_request_ends_by_the_clients_patience_or_by_itself() {
    let bench = faulty(
        Fault::new(How::Hang { millis: None })
            .method(MethodIs::Post)
            .times(1),
    )
    .await;
    let hanging = bench
        .request(Method::POST, "/v2/users")
        .json(&json!({"users": [item("2", 2)]}))
        .timeout(Duration::from_millis(50));
    assert!(hanging.send().await.unwrap_err().is_timeout());
    assert_eq!(bench.ids(), ["1"]);
    bench
        .simulator
        .add_fault(Fault::new(How::Hang { millis: Some(5) }).after_effect());
    assert!(!post(&bench).await.unwrap_err().is_timeout());
    assert_eq!(bench.ids(), ["1", "2"]);
}

#[tokio::test]
async fn a_slow_answer_is_right() {
    for fault in [
        Fault::new(How::Slow { millis: 5 }),
        Fault::new(How::Slow { millis: 5 }).after_effect(),
    ] {
        let bench = faulty(fault).await;
        assert_eq!(post(&bench).await.unwrap(), Some(200));
        assert_eq!(bench.ids(), ["1", "2"]);
    }
}

#[tokio::test]
async fn an_endless_body_goes_on() {
    let bench = faulty(Fault::new(How::EndlessBody)).await;
    let mut response = bench.request(Method::GET, "/v2/users").send().await.unwrap();
    assert_eq!(response.status(), 200);
    let mut n_bytes = 0;
    while n_bytes < 4_000_000 {
        n_bytes += response
            .chunk()
            .await
            .unwrap()
            .expect("an endless body ended")
            .len();
    }
}

#[tokio::test]
async fn a_rate_limit_says_when_to_come_again() {
    for (retry_after, header) in [
        (None, None),
        (Some(RetryAfter::Seconds(2)), Some("2")),
        (Some(RetryAfter::Millis(250)), Some("0.250")),
    ] {
        let bench = faulty(Fault::new(How::RateLimit { retry_after })).await;
        let response = bench.request(Method::GET, "/v2/users").send().await.unwrap();
        assert_eq!(response.status(), 429);
        let sent = response.headers().get(header::RETRY_AFTER);
        assert_eq!(sent.map(|it| it.to_str().unwrap()), header);
    }
}

#[tokio::test]
async fn pages_for_people_and_redirects_are_sent() {
    let bench = faulty(Fault::new(How::Html { status: 502 }).times(1)).await;
    let (status, body) = bench.get("/v2/users").await;
    assert_eq!(status, 502);
    assert!(body.as_str().unwrap().contains("502 Bad Gateway"));
    let to = "http://127.0.0.1:9/elsewhere";
    bench
        .simulator
        .add_fault(Fault::new(How::Redirect { to: to.to_owned() }));
    let response = bench.request(Method::GET, "/v2/users").send().await.unwrap();
    assert_eq!(response.status(), 307);
    assert_eq!(response.headers()[header::LOCATION], to);
    let bench = faulty(Fault::new(How::Status {
        status: 200,
        body: Some("{\"data\":".to_owned()),
        retry_after: None,
    }))
    .await;
    assert_eq!(bench.get("/v2/users").await, (200, json!("{\"data\":")));
}

#[tokio::test]
async fn a_delayed_effect_lands_at_a_later_request() {
    let bench = faulty(
        Fault::new(How::DelayedEffect {
            lands: Lands::AtRequest(2),
            status: None,
        })
        .times(1),
    )
    .await;
    assert!(post(&bench).await.is_err());
    assert_eq!(bench.list("").await, ["1"]);
    assert!(!bench.simulator.requests()[0].had_effect);
    assert_eq!(bench.list("").await, ["1", "2"]);
    assert!(bench.simulator.requests()[0].had_effect);
}

#[tokio::test]
async fn a_delayed_effect_lands_in_time_or_on_demand() {
    let delayed = |lands| {
        Fault::new(How::DelayedEffect {
            lands,
            status: Some(504),
        })
        .times(1)
    };
    let setup = Setup {
        manual_clock: true,
        ..Setup::default().and_account(TOKEN, [user(1)])
    };
    let bench = Bench::start(setup.fault(delayed(Lands::AfterMillis(100)))).await;
    assert_eq!(post(&bench).await.unwrap(), Some(504));
    bench.simulator.advance(Duration::from_millis(99));
    assert_eq!(bench.ids(), ["1"]);
    bench.simulator.advance(Duration::from_millis(1));
    assert_eq!(bench.ids(), ["1", "2"]);

    bench.simulator.add_fault(delayed(Lands::OnDemand));
    bench.delete(&["2"]).await;
    assert_eq!(bench.list("").await, ["1", "2"]);
    bench.simulator.land_delayed();
    assert_eq!(bench.ids(), ["1"]);
}

#[tokio::test]
async fn a_fault_can_follow_a_user() {
    let bench = faulty(Fault::status(500).user("2")).await;
    assert_eq!(bench.post(json!([item("3", 3)])).await.0, 200);
    assert_eq!(bench.post(json!([item("4", 4), item("2", 2)])).await.0, 500);
    assert_eq!(bench.get("/v2/users/2").await.0, 500);
    assert_eq!(bench.ids(), ["1", "3"]);
}

#[tokio::test]
async fn an_administrator_can_come_between() {
    let meddle = || How::Meddle {
        put: vec![SimUser::new("3", "Three", Some(&phone(2)))],
        remove: vec!["1".to_owned()],
    };
    let before = faulty(Fault::new(meddle()).method(MethodIs::Post)).await;
    assert_eq!(post(&before).await.unwrap(), Some(400));
    assert_eq!(before.ids(), ["3"]);
    assert_eq!(before.rules(), [], "the client could not know");
    let after = faulty(Fault::new(meddle()).after_effect()).await;
    assert_eq!(after.list("").await, ["1"]);
    assert_eq!(after.ids(), ["3"]);
}
