//! Who goes keeps no task.

use super::*;

#[tokio::test]
async fn who_goes_loses_all_tasks_and_stays_a_system_user() {
    let stage = Stage::new().await;
    assert_accepted(&stage.dismiss(BOT).await);
    assert_eq!(stage.tasks(BOT), None);
    assert!(!stage.member(BOT).await.is_active);
}

#[tokio::test]
async fn who_is_gone_already_is_gone() {
    for (remove_unassigned, unknown_user) in [
        (RemoveUnassigned::NotFound, UnknownUser::NoAccess),
        (RemoveUnassigned::Ok, UnknownUser::Missing),
    ] {
        let stage = Stage::switched(|it| {
            it.remove_unassigned = remove_unassigned;
            it.unknown_user = unknown_user;
        })
        .await;
        assert_accepted(&stage.dismiss(IDLE).await);
        assert_accepted(&stage.dismiss("77").await);
    }
}

#[tokio::test]
async fn who_is_said_to_be_gone_and_is_listed_is_not() {
    let body = r#"{"error":{"message":"User is not assigned","type":"GraphMethodException","code":803}}"#;
    let stage = Stage::new().await;
    stage.sim.add_fault(
        Fault::new(How::Status {
            status: 404,
            body: Some(body.to_owned()),
            retry_after: None,
        })
        .method(MethodIs::Delete),
    );
    let answer = stage.dismiss(BOT).await;
    assert_refused(&answer, &Meaning::BadItem, "803");
    assert!(answer.text.ends_with("listed as assigned"), "{}", answer.text);
}

#[tokio::test]
async fn a_confirmation_that_fails_confirms_nothing() {
    let stage = Stage::new().await;
    stage.sim.add_fault(
        Fault::status(503)
            .method(MethodIs::Get)
            .path("/v25.0/102290129340398"),
    );
    assert_eq!(stage.dismiss(IDLE).await.meaning, Meaning::Unknown);
}

#[tokio::test]
async fn who_may_not_be_removed_stays() {
    let mut start = business();
    start.restricted.insert(BOT.to_owned());
    let stage = Stage::of(start, |_| {}, |_| {}).await;
    let answer = stage.dismiss(BOT).await;
    assert_refused(&answer, &Meaning::BadItem, "100");
    assert!(answer.text.contains("asset group"), "{}", answer.text);
    assert_eq!(answer.status, Some(422));
}

#[tokio::test]
async fn a_lost_answer_is_unknown() {
    for (fault, is_gone) in [
        (Fault::new(How::Reset), false),
        (Fault::new(How::Reset).after_effect(), true),
        (Fault::new(How::Truncated).after_effect(), true),
        (Fault::status(500), false),
    ] {
        let stage = Stage::new().await;
        stage.sim.add_fault(fault.method(MethodIs::Delete));
        assert_eq!(stage.dismiss(BOT).await.meaning, Meaning::Unknown);
        assert_eq!(stage.tasks(BOT).is_none(), is_gone);
    }
}

#[tokio::test]
async fn the_own_user_is_left_alone() {
    let stage = Stage::new().await;
    let answer = stage.dismiss(OWN).await;
    assert_refused(&answer, &Meaning::BadItem, "UNTOUCHABLE");
    assert_eq!(stage.sim.counts().writes(), 0);
}
