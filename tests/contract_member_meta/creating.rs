//! New system users.

use super::*;

#[tokio::test]
async fn a_new_system_user_is_made_and_assigned() {
    let stage = Stage::new().await;
    let StepAnswer { answer, id } = stage.create("Jānis & Co", &["DEVELOP", "MANAGE"]).await;
    assert_accepted(&answer);
    let id = id.unwrap();
    assert_eq!(stage.tasks(id.as_str()), Some(grant(&["DEVELOP", "MANAGE"])));
    let made = &stage.business().system_users[id.as_str()];
    assert_eq!(
        (made.name.as_str(), made.role.as_str()),
        ("Jānis & Co", "EMPLOYEE")
    );
    assert_eq!(stage.methods(), ["POST", "POST"]);
    assert!(stage.member(id.as_str()).await.is_active);
}

#[tokio::test]
async fn the_id_is_told_even_if_the_assignment_fails() {
    let stage = Stage::new().await;
    stage
        .sim
        .add_fault(Fault::status(503).method(MethodIs::Post).nth(2));
    let StepAnswer { answer, id } = stage.create("New", &["DEVELOP"]).await;
    assert_eq!(answer.meaning, Meaning::Unknown);
    assert_eq!(stage.tasks(id.unwrap().as_str()), None);
}

#[tokio::test]
async fn a_lost_answer_is_unknown_and_nothing_is_repeated() {
    for (fault, n_made) in [
        (Fault::new(How::Reset), 0),
        (Fault::new(How::Reset).after_effect(), 1),
        (Fault::new(How::Truncated).after_effect(), 1),
        (Fault::new(How::Html { status: 200 }).after_effect(), 1),
    ] {
        let stage = Stage::new().await;
        stage.sim.add_fault(fault.method(MethodIs::Post));
        let StepAnswer { answer, id } = stage.create("New", &["DEVELOP"]).await;
        assert_eq!((answer.meaning, id), (Meaning::Unknown, None));
        assert_eq!(stage.business().system_users.len(), 3 + n_made);
        assert_eq!(stage.methods(), ["POST"]);
    }
}

#[tokio::test]
async fn a_refusal_makes_nobody() {
    let stage = Stage::switched(|it| it.max_system_users = Some(3)).await;
    let StepAnswer { answer, id } = stage.create("New", &["DEVELOP"]).await;
    assert_refused(&answer, &Meaning::BadItem, "100");
    assert_eq!(id, None);
    assert_eq!(stage.methods(), ["POST"]);
}

#[tokio::test]
async fn nothing_leaves_where_nobody_may_be_made_or_no_task_is_given() {
    let stage = Stage::of(business(), |_| {}, |it| it.creates = false).await;
    assert!(!stage.target.capabilities().creates);
    let refused = stage.create("New", &["DEVELOP"]).await.answer;
    assert_refused(&refused, &Meaning::BadItem, "CREATE_NOT_ALLOWED");
    let stage = Stage::new().await;
    let refused = stage.create("New", &[]).await.answer;
    assert_refused(&refused, &Meaning::BadItem, "NO_TASKS");
    assert_eq!(stage.methods(), [""; 0]);
}
