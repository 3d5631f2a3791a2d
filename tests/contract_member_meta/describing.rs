//! What is told of a step before and after it is sent.

use super::*;

#[tokio::test]
async fn steps_are_described_by_their_main_request_and_requests_are_counted() {
    let stage = Stage::new().await;
    let (id, key) = (id_of(BOT), "New".into());
    let grant = grant(&["DEVELOP"]);
    let describe = |step: MemberStep| {
        let (method, path) = stage.target.describe(&step);
        format!("{method} {path}")
    };
    let create = MemberStep::Create {
        key,
        grant: grant.clone(),
    };
    assert_eq!(describe(create), "POST /{business-id}/system_users");
    let admit = MemberStep::Admit {
        id: id.clone(),
        grant,
        seen: None,
    };
    assert_eq!(describe(admit), "POST /{waba-id}/assigned_users");
    assert_eq!(
        describe(MemberStep::Dismiss { id }),
        "DELETE /{waba-id}/assigned_users"
    );
    stage.list().await;
    assert_accepted(&stage.dismiss(BOT).await);
    let requests = stage.target.requests();
    assert_eq!((requests.read, requests.write), (3, 1));
}
