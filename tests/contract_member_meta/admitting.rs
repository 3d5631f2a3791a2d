//! Who is to be an active user gets the tasks of the grant, and no others.

use super::*;

#[tokio::test]
async fn who_is_not_assigned_is() {
    let stage = Stage::new().await;
    let seen = stage.member(IDLE).await;
    stage.methods();
    assert_accepted(&stage.admit_seen(IDLE, &["MANAGE", "DEVELOP"], Some(seen)).await);
    assert_eq!(stage.tasks(IDLE), Some(grant(&["DEVELOP", "MANAGE"])));
    assert_eq!(stage.methods(), ["POST"]);
}

#[tokio::test]
async fn who_has_just_that_needs_no_request() {
    let stage = Stage::new().await;
    let seen = stage.member(BOT).await;
    stage.methods();
    assert_accepted(&stage.admit_seen(BOT, &["DEVELOP"], Some(seen)).await);
    assert_eq!(stage.methods(), [""; 0]);
}

#[tokio::test]
async fn tasks_are_overwritten_where_the_platform_does_that() {
    let stage = Stage::switched(|it| it.already_assigned = AlreadyAssigned::Overwrite).await;
    assert_accepted(&stage.admit(BOT, &["MANAGE"]).await);
    assert_eq!(stage.tasks(BOT), Some(grant(&["MANAGE"])));
}

#[tokio::test]
async fn who_is_assigned_already_with_that_is_done() {
    for status in [400, 422] {
        let stage = Stage::switched(|it| it.already_assigned_status = status).await;
        assert_accepted(&stage.admit(BOT, &["DEVELOP"]).await);
        assert_eq!(stage.tasks(BOT), Some(grant(&["DEVELOP"])));
    }
}

#[tokio::test]
async fn more_than_is_wanted_is_good_enough_where_the_platform_implies_it() {
    // The first answer is lost and the assignment landed; it shows more than was given.
    let stage = Stage::switched(|it| it.tasks_on_read = TasksOnRead::Expanded).await;
    let seen = stage.member(IDLE).await;
    stage.sim.add_fault(
        Fault::new(How::Reset)
            .method(MethodIs::Post)
            .after_effect()
            .times(1),
    );
    let lost = stage.admit_seen(IDLE, &["DEVELOP"], Some(seen.clone())).await;
    assert_eq!(lost.meaning, Meaning::Unknown);
    assert_accepted(&stage.admit_seen(IDLE, &["DEVELOP"], Some(seen)).await);
    assert_eq!(stage.tasks(IDLE), Some(grant(&["DEVELOP"])));
}

#[tokio::test]
async fn what_shall_be_taken_away_is_not_good_enough() {
    let start = business().and_system_user(BOT, MetaUser::assigned("Bot", &["DEVELOP", "MANAGE"]));
    for reassign in [false, true] {
        let stage = Stage::of(start.clone(), |_| {}, |it| it.reassign = reassign).await;
        let seen = stage.member(BOT).await;
        let answer = stage.admit_seen(BOT, &["DEVELOP"], Some(seen)).await;
        if reassign {
            assert_accepted(&answer);
            assert_eq!(stage.tasks(BOT), Some(grant(&["DEVELOP"])));
        } else {
            assert_refused(&answer, &Meaning::BadItem, "ALREADY_ASSIGNED");
            assert!(answer.text.contains("DEVELOP, MANAGE"), "{}", answer.text);
        }
    }
}

#[tokio::test]
async fn other_tasks_want_leave_to_reassign() {
    let stage = Stage::new().await;
    let answer = stage.admit(BOT, &["MANAGE"]).await;
    assert_refused(&answer, &Meaning::BadItem, "ALREADY_ASSIGNED");
    assert_eq!(stage.tasks(BOT), Some(grant(&["DEVELOP"])));

    let stage = Stage::reassigning(|_| {}).await;
    assert_accepted(&stage.admit(BOT, &["MANAGE"]).await);
    assert_eq!(stage.tasks(BOT), Some(grant(&["MANAGE"])));
    assert_eq!(stage.methods(), ["GET", "POST", "GET", "DELETE", "POST"]);
}

#[tokio::test]
async fn tasks_that_are_hidden_are_settled_by_reassigning_or_not_at_all() {
    let hide = |it: &mut MetaSwitches| it.tasks_on_read = TasksOnRead::Omitted;
    let stage = Stage::reassigning(hide).await;
    assert_accepted(&stage.admit(BOT, &["MANAGE"]).await);
    assert_eq!(stage.tasks(BOT), Some(grant(&["MANAGE"])));
    let stage = Stage::switched(hide).await;
    let answer = stage.admit(BOT, &["MANAGE"]).await;
    assert_refused(&answer, &Meaning::BadItem, "ALREADY_ASSIGNED");
    assert!(answer.text.contains("doesn't show"), "{}", answer.text);
}

#[tokio::test]
async fn who_loses_the_old_tasks_and_is_refused_the_new_ones_has_the_old_ones_again() {
    let stage = Stage::reassigning(|_| {}).await;
    let body = r#"{"error":{"message":"no more","type":"OAuthException","code":100}}"#;
    let refuse = How::Status {
        status: 400,
        body: Some(body.to_owned()),
        retry_after: None,
    };
    // The first POST is the one that is refused by itself.
    stage
        .sim
        .add_fault(Fault::new(refuse).method(MethodIs::Post).nth(2));
    let answer = stage.admit(BOT, &["MANAGE"]).await;
    assert_refused(&answer, &Meaning::BadItem, "100");
    assert_eq!(answer.text, "no more; it has DEVELOP again");
    assert_eq!(stage.tasks(BOT), Some(grant(&["DEVELOP"])));
}

#[tokio::test]
async fn a_removal_that_has_not_landed_leaves_the_matter_open() {
    let stage = Stage::reassigning(|_| {}).await;
    // An answer of success, and the removal comes later.
    stage.sim.add_fault(
        Fault::new(How::Status {
            status: 200,
            body: Some(r#"{"success":true}"#.to_owned()),
            retry_after: None,
        })
        .method(MethodIs::Delete),
    );
    let answer = stage.admit(BOT, &["MANAGE"]).await;
    assert_eq!(answer.meaning, Meaning::Unknown, "{answer:?}");
}

#[tokio::test]
async fn a_lost_answer_is_unknown_at_every_request() {
    for nth in 1..=3 {
        for fault in [Fault::new(How::Reset), Fault::new(How::Reset).after_effect()] {
            let stage = Stage::reassigning(|_| {}).await;
            stage.sim.add_fault(fault.nth(nth + 1));
            let answer = stage.admit(BOT, &["MANAGE"]).await;
            assert_eq!(answer.meaning, Meaning::Unknown, "request {nth}: {answer:?}");
        }
    }
}

#[tokio::test]
async fn a_success_that_is_denied_is_unknown() {
    let stage = Stage::new().await;
    let body = Some(r#"{"success":false}"#.to_owned());
    stage.sim.add_fault(
        Fault::new(How::Status {
            status: 200,
            body,
            retry_after: None,
        })
        .method(MethodIs::Post),
    );
    assert_eq!(stage.admit(IDLE, &["DEVELOP"]).await.meaning, Meaning::Unknown);
}

#[tokio::test]
async fn unknown_tasks_and_users_are_refused_and_nobody_is_unassigned() {
    let stage = Stage::reassigning(|_| {}).await;
    let answer = stage.admit(BOT, &["FLY"]).await;
    assert_refused(&answer, &Meaning::BadItem, "100");
    assert_eq!(stage.tasks(BOT), Some(grant(&["DEVELOP"])));
    let answer = stage.admit("77", &["DEVELOP"]).await;
    assert_refused(&answer, &Meaning::BadItem, "100/33");
    stage
        .sim
        .update_switches(|it| it.meta.unknown_user = UnknownUser::Missing);
    let answer = stage.admit("77", &["DEVELOP"]).await;
    assert_refused(&answer, &Meaning::Missing, "803");
}

#[tokio::test]
async fn the_own_user_is_left_alone() {
    let stage = Stage::new().await;
    let answer = stage.admit(OWN, &["DEVELOP"]).await;
    assert_refused(&answer, &Meaning::BadItem, "UNTOUCHABLE");
    assert_eq!(stage.sim.counts().writes(), 0);
}
