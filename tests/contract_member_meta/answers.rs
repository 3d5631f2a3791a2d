//! What each answer of the platform means.

use super::*;

/// The answer to a list and to a step, if the platform answers every request but the one for the own user so.
async fn to(status: u16, body: &str) -> [Answer; 2] {
    let stage = Stage::new().await;
    stage.list().await;
    stage.sim.add_fault(Fault::new(How::Status {
        status,
        body: Some(body.to_owned()),
        retry_after: None,
    }));
    [stage.target.list().await.unwrap_err(), stage.dismiss(BOT).await]
}

#[tokio::test]
async fn the_code_decides_in_every_shape_of_an_error() {
    for (code, meaning) in [
        (1, Meaning::Unknown),
        (2, Meaning::Unknown),
        (4, Meaning::SlowDown(None)),
        (17, Meaning::SlowDown(None)),
        (32, Meaning::SlowDown(None)),
        (613, Meaning::SlowDown(None)),
        (80_007, Meaning::SlowDown(None)),
        (80_008, Meaning::SlowDown(None)),
        (190, Meaning::Unauthorised),
        (102, Meaning::Unauthorised),
        (104, Meaning::Unauthorised),
        (3, Meaning::Forbidden),
        (10, Meaning::Forbidden),
        (200, Meaning::Forbidden),
        (294, Meaning::Forbidden),
        (100, Meaning::BadItem),
    ] {
        let minimal = format!(r#"{{"error":{{"message":"m","type":"OAuthException","code":{code}}}}}"#);
        let full = format!(
            r#"{{"error":{{"message":"m","type":"OAuthException","code":{code},"error_subcode":5,
            "is_transient":false,"error_user_title":"t","error_user_msg":"u","error_data":{{}},"fbtrace_id":"Af"}}}}"#
        );
        for body in [minimal, full] {
            for status in [200, 400, 403, 500] {
                for answer in to(status, &body).await {
                    assert_eq!(answer.meaning, meaning, "{status} {body}");
                    assert_eq!(answer.status, Some(status));
                    assert_eq!(answer.text.contains("fbtrace_id Af"), body.contains("Af"));
                }
            }
        }
    }
}

#[tokio::test]
async fn being_blocked_by_policy_is_a_long_pause() {
    for code in [341, 368] {
        let body = format!(r#"{{"error":{{"message":"m","type":"OAuthException","code":{code}}}}}"#);
        for answer in to(400, &body).await {
            let Meaning::SlowDown(Some(pause)) = answer.meaning else {
                panic!("{answer:?}");
            };
            assert!(pause >= Duration::from_secs(60 * 60));
        }
    }
}

#[tokio::test]
async fn without_an_error_of_the_platform_the_status_decides() {
    for (status, meaning) in [
        (400, Meaning::BadItem),
        (401, Meaning::Unauthorised),
        (403, Meaning::Forbidden),
        (429, Meaning::SlowDown(None)),
        (500, Meaning::Unknown),
        (503, Meaning::Unknown),
    ] {
        for body in ["", "<html>Sorry</html>", "{"] {
            for answer in to(status, body).await {
                assert_eq!(answer.meaning, meaning, "{status} {body}");
            }
        }
    }
}

#[tokio::test]
async fn the_platforms_own_shapes_are_understood() {
    for error_body in [
        GraphErrorBody::Full,
        GraphErrorBody::Minimal,
        GraphErrorBody::Html,
        GraphErrorBody::Empty,
    ] {
        let stage = Stage::switched(|it| it.error_body = error_body).await;
        let stranger = client(&stage.sim, "wrong", options(&business()));
        let answer = stranger.list().await.unwrap_err();
        assert_eq!(answer.meaning, Meaning::Unauthorised, "{error_body:?}");
        stage.sim.clear_violations();
    }
}

#[tokio::test]
async fn a_redirect_is_not_followed() {
    let stage = Stage::new().await;
    let elsewhere = Simulator::start(Setup::default()).await.unwrap();
    let to = format!("{}/v25.0/me", elsewhere.base_url());
    stage.sim.add_fault(Fault::new(How::Redirect { to }));
    assert_eq!(stage.target.list().await.unwrap_err().meaning, Meaning::Unknown);
    assert_eq!(elsewhere.counts().requests, 0);
}
