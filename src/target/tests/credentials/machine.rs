//! Tokens of a partner's machine: had by a password, renewed in time, shared.

use super::*;

#[tokio::test]
async fn accounts_of_one_partner_share_the_machine_token() {
    let world = World::new().await;
    let partners = world.partners();
    for id in ["72042419", "72042420"] {
        let target = world.target(&world.account(&partners, id, None));
        target.list().await.unwrap();
        target.list().await.unwrap();
    }
    assert_eq!(
        world.asked(),
        ["client_credentials", "token-exchange", "token-exchange"]
    );
    let subjects: Vec<Value> = world
        .server
        .seen()
        .iter()
        .filter(|it| it.body.contains("token-exchange"))
        .map(|it| serde_json::from_str::<Value>(&it.body).unwrap()["token_exchange_data"].clone())
        .collect();
    assert_eq!(subjects[0]["requested_subject"], "72042419");
    assert_eq!(subjects[0]["scope"], "transport,crm");
}

#[tokio::test]
async fn a_token_is_renewed_a_minute_before_its_end() {
    for (client_id, renewed_by) in [
        (Some("client"), &["refresh_token"][..]),
        (None, &["client_credentials", "token-exchange"][..]),
    ] {
        let world = World::new().await;
        let target = world.target(&world.account(&world.partners(), "1", client_id));
        target.list().await.unwrap();
        world.asked();
        world.later(3539);
        target.list().await.unwrap();
        assert!(world.asked().is_empty());
        world.later(1);
        target.list().await.unwrap();
        assert_eq!(world.asked(), renewed_by, "{client_id:?}");
    }
}

#[tokio::test]
async fn a_token_of_a_short_life_is_used_for_half_of_it() {
    let world = World::new().await;
    world.books(|it| it.lifetime = Some(10));
    let target = world.target(&world.oauth(&Safe::default()));
    for (later, n_asked) in [(0, 1), (4, 0), (1, 1), (4, 0), (60, 1)] {
        world.later(later);
        target.list().await.unwrap();
        assert_eq!(world.asked().len(), n_asked, "{later}");
    }
}

#[tokio::test]
async fn a_refused_token_is_renewed_once_and_the_request_goes_on() {
    let world = World::new().await;
    let target = world.target(&world.account(&world.partners(), "1", None));
    target.list().await.unwrap();
    world.asked();
    world.books(Books::revoke);
    assert_eq!(target.send(&anna()).await.meaning, Meaning::Accepted);
    // The machine token had been revoked too.
    let asked = ["token-exchange", "client_credentials", "token-exchange"];
    assert_eq!(world.asked(), asked);
    assert_eq!(target.requests().write, 2);
}

#[tokio::test]
async fn a_token_that_is_refused_when_it_is_new_is_the_end() {
    let world = World::new().await;
    let credential = world.account(&world.partners(), "1", None);
    let target = world.target(&credential);
    let dud = |token| Some(ok(json!({ "access_token": token }).to_string()));
    world.books(|it| it.next = vec![None, dud("dud-one"), dud("dud-two")]);
    let answer = target.send(&anna()).await;
    assert_eq!(answer.meaning, Meaning::Unauthorised);
    let users = world
        .server
        .lines()
        .into_iter()
        .filter(|it| it.contains("/v2/users"));
    assert_eq!(users.count(), 2);
    assert_eq!(
        world.asked(),
        ["client_credentials", "token-exchange", "token-exchange"]
    );
}

#[tokio::test]
async fn requests_side_by_side_share_one_renewal() {
    let world = World::new().await;
    let target = world.target(&world.account(&world.partners(), "1", None));
    let both = tokio::join!(target.list(), target.list());
    assert!(both.0.is_ok() && both.1.is_ok());
    assert_eq!(world.asked(), ["client_credentials", "token-exchange"]);
    world.books(Books::revoke);
    let both = tokio::join!(target.list(), target.list());
    assert!(both.0.is_ok() && both.1.is_ok());
    assert_eq!(world.asked().len(), 3, "one renewal");
}

#[tokio::test]
async fn requests_side_by_side_share_a_failure() {
    let world = World::new().await;
    world.books(|it| it.next = vec![Some(answer(503, &[], "")); 9]);
    let target = world.target(&world.account(&world.partners(), "1", None));
    let all = futures_util::future::join_all([(); 4].map(|()| target.list())).await;
    for ended in all {
        assert_eq!(ended.unwrap_err().meaning, Meaning::Unknown);
    }
    assert_eq!(world.asked().len(), 1);
    target.list().await.unwrap_err();
    assert_eq!(world.asked().len(), 1, "a later one tries again");
}

#[tokio::test]
async fn a_token_that_holds_is_used_to_its_end_while_no_other_is_to_be_had() {
    let world = World::new().await;
    let target = world.target(&world.oauth(&Safe::default()));
    target.list().await.unwrap();
    world.books(|it| it.next = vec![Some(answer(503, &[], "")); 9]);
    world.later(3550);
    for _ in 0..3 {
        target.list().await.unwrap();
    }
    assert_eq!(world.asked().len(), 2, "one renewal, one try at another");
    world.later(50);
    let answer = target.list().await.unwrap_err();
    assert_eq!(answer.meaning, Meaning::Unknown);
    assert_eq!(answer.status, None, "it is no word on the list");
    assert!(answer.text.contains("HTTP 503"), "{answer:?}");
    world.books(|it| it.next.clear());
    target.list().await.unwrap();
}

#[tokio::test]
async fn what_the_token_endpoint_says_has_a_meaning() {
    let world = World::new().await;
    let meaning = async |reply: Vec<u8>| {
        world.books(|it| it.next = vec![Some(reply.clone()), Some(reply)]);
        world.oauth(&Safe::default()).bearer().await.unwrap_err()
    };
    for status in [400, 401, 403, 422] {
        let answer = meaning(answer(status, &[], "")).await;
        assert_eq!(answer.meaning, Meaning::Unauthorised, "{status}");
        assert_eq!(answer.status, Some(status));
    }
    for status in [302, 404, 405, 408, 500, 502, 503] {
        let answer = meaning(answer(status, &[], "")).await;
        assert_eq!(answer.meaning, Meaning::Unknown, "{status}");
    }
    let slow = meaning(answer(429, &["retry-after: 7"], "")).await;
    assert_eq!(slow.meaning, Meaning::SlowDown(Some(Duration::from_secs(7))));
    for body in ["", "{}", "<html>s3cret</html>", r#"{"token":"s3cret"}"#] {
        let answer = meaning(ok(body)).await;
        assert_eq!(answer.meaning, Meaning::Unknown, "{body}");
        assert!(!format!("{answer:?}").contains("s3cret"));
    }
    assert_eq!(meaning(vec![]).await.meaning, Meaning::Unknown, "a reset");
}

#[tokio::test]
async fn a_partner_whose_refresh_token_is_refused_goes_the_whole_way() {
    let world = World::new().await;
    let target = world.target(&world.account(&world.partners(), "1", Some("client")));
    target.list().await.unwrap();
    world.asked();
    world.books(|it| it.refresh = None);
    world.later(3540);
    target.list().await.unwrap();
    assert_eq!(
        world.asked(),
        ["refresh_token", "client_credentials", "token-exchange"]
    );
}
