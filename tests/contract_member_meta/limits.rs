//! The platform's pace: what its headers say is kept.

use super::*;

fn minutes(n: u64) -> Duration {
    Duration::from_secs(60 * n)
}

#[tokio::test]
async fn a_call_beyond_the_limit_waits_as_long_as_the_headers_say() {
    for (code, status) in [(4, 400), (17, 429), (80_008, 400), (80_008, 429)] {
        let stage = Stage::switched(|it| {
            it.call_limit = Some(0);
            it.limit_code = code;
            it.limit_status = status;
            it.regain_minutes = 7;
        })
        .await;
        let answer = stage.target.list().await.unwrap_err();
        assert_eq!(answer.status, Some(status));
        let Meaning::SlowDown(Some(pause)) = answer.meaning else {
            panic!("{answer:?}");
        };
        assert!(minutes(6) < pause && pause <= minutes(7), "{pause:?}");
        assert_eq!(stage.methods(), ["GET"]);
    }
}

#[tokio::test]
async fn whoever_is_blocked_asks_for_nothing_and_says_how_long() {
    let stage = Stage::switched(|it| {
        it.call_limit = Some(2);
        it.regain_minutes = 7;
    })
    .await;
    for _ in 0..2 {
        let answer = stage.target.list().await.unwrap_err();
        assert!(
            matches!(answer.meaning, Meaning::SlowDown(Some(left)) if left <= minutes(7)),
            "{answer:?}"
        );
        assert_eq!((answer.status, answer.code.as_deref()), (None, Some("USAGE")));
    }
    assert_eq!(stage.methods(), ["GET", "GET"]);
}

#[tokio::test]
async fn without_headers_the_code_alone_says_slow_down() {
    for usage_headers in [UsageHeaders::None, UsageHeaders::App] {
        let stage = Stage::switched(|it| {
            it.call_limit = Some(0);
            it.usage_headers = usage_headers;
        })
        .await;
        let answer = stage.target.list().await.unwrap_err();
        assert_eq!(answer.meaning, Meaning::SlowDown(None));
        assert_eq!(answer.code.as_deref(), Some("4/2446079"));
    }
}

#[tokio::test]
async fn a_retry_after_is_heard_if_there_is_one() {
    let stage = Stage::new().await;
    stage.sim.add_fault(Fault::new(How::Status {
        status: 400,
        body: Some(r#"{"error":{"message":"m","type":"OAuthException","code":4}}"#.to_owned()),
        retry_after: Some(wazzup_sync::simulator::RetryAfter::Seconds(9)),
    }));
    let answer = stage.target.list().await.unwrap_err();
    assert_eq!(answer.meaning, Meaning::SlowDown(Some(Duration::from_secs(9))));
}

#[tokio::test]
async fn a_limit_that_is_nearly_used_up_slows_down_and_stops_nothing() {
    for percent in [80, 99, 100, 250] {
        let stage = Stage::switched(|it| it.min_usage_percent = percent).await;
        assert_accepted(&stage.dismiss(BOT).await);
        assert_eq!(stage.list().await.members.len(), 3);
    }
}

#[tokio::test]
async fn who_is_unassigned_to_be_assigned_is_not_left_waiting_for_the_limit() {
    let stage = Stage::reassigning(|it| {
        // Own user, POST, GET and DELETE; then the platform blocks.
        it.call_limit = Some(4);
        it.regain_minutes = 7;
    })
    .await;
    let answer = stage.admit(BOT, &["MANAGE"]).await;
    assert!(matches!(answer.meaning, Meaning::SlowDown(Some(_))), "{answer:?}");
    assert_eq!(stage.methods(), ["GET", "POST", "GET", "DELETE", "POST"]);
    let rules: Vec<_> = stage.sim.violations().iter().map(|it| it.rule).collect();
    assert_eq!(
        rules,
        [Rule::Patience],
        "the one request that mends the one before"
    );
    stage.sim.clear_violations();
}
