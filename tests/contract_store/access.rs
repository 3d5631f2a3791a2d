//! Rights on channels.

use std::collections::BTreeMap;

use wazzup_sync::domain::access::{Kept, RoleRow};
use wazzup_sync::domain::grant::Grant;
use wazzup_sync::store::{AccessClosing};

use super::*;

fn grant(text: &str) -> Grant {
    Grant::from_text(text)
}

fn accepted(rights: &[(&str, Option<&str>)]) -> Vec<(UserId, Option<Grant>)> {
    let rights = rights.iter();
    rights.map(|(id, it)| ((*id).into(), it.map(grant))).collect()
}

fn leaving(access: AccessClosing) -> Closing {
    Closing { access, ..closing() }
}

pub async fn what_was_accepted_is_remembered_until_it_is_forgotten(store: &Store) {
    assert_eq!(store.access("acme").await.unwrap(), Default::default());
    let first = AccessClosing {
        channels: Some("*".to_owned()),
        accepted: accepted(&[("7", Some("seller")), ("8", None), ("", Some("notified"))]),
        ..AccessClosing::default()
    };
    run_with(store, "acme", &leaving(first)).await;
    run_with(store, "beta", &closing()).await;
    let memory = store.access("acme").await.unwrap();
    assert_eq!(memory.channels.as_deref(), Some("*"));
    let expected = [("7", Some("seller")), ("8", None), ("", Some("notified"))];
    assert_eq!(memory.accepted, accepted(&expected).into_iter().collect());
    assert_eq!(store.access("beta").await.unwrap(), Default::default());

    let second = AccessClosing {
        accepted: accepted(&[("8", Some("manager"))]),
        forget: vec!["7".into()],
        ..AccessClosing::default()
    };
    run_with(store, "acme", &leaving(second)).await;
    let memory = store.access("acme").await.unwrap();
    assert_eq!(memory.channels.as_deref(), Some("*"), "nothing else was said");
    let expected = [("8", Some("manager")), ("", Some("notified"))];
    assert_eq!(memory.accepted, accepted(&expected).into_iter().collect());
}

pub async fn rights_that_are_being_changed_are_known_to_nobody(store: &Store) {
    let before = AccessClosing {
        accepted: accepted(&[("7", Some("seller")), ("9", Some("seller"))]),
        ..AccessClosing::default()
    };
    run_with(store, "acme", &leaving(before)).await;
    let run = store.begin_run("acme", NOW).await.unwrap();
    let users = [("7".into(), grant("manager")), ("8".into(), grant("no role"))];
    store.intend_access(&run, 1, &users, later(1)).await.unwrap();
    let memory = store.access("acme").await.unwrap();
    let expected = [("7", None), ("8", None), ("9", Some("seller"))];
    assert_eq!(memory.accepted, accepted(&expected).into_iter().collect());

    // It is no change of any user, but it is a request that may have landed.
    assert!(store.account("acme").await.unwrap().open_intents);
    assert_eq!(store.under_way("acme").await.unwrap(), []);
    let request = &store.run(run.as_str()).await.unwrap().requests[0];
    assert_eq!((request.verb, request.users.len()), (Errand::Access, 2));
    assert_eq!(request.users[0].purpose, None);
    assert_eq!(
        store.requests_of("acme", &"8".into(), 9).await.unwrap()[0].verb,
        Errand::Access
    );
    store.close_run(&run, &closing()).await.unwrap();
    let error = store.intend_access(&run, 2, &users, later(2)).await.unwrap_err();
    assert!(matches!(error, wazzup_sync::store::StoreError::Closed { .. }), "{error}");
}

pub async fn kept_rights_come_back_as_they_were_until_they_are_restored(store: &Store) {
    let row = |channel: &str, raw: Option<&str>| RoleRow {
        channel: channel.into(),
        user: "7".into(),
        role: "seller".into(),
        new_clients: true,
        raw: raw.map(Into::into),
    };
    let kept = BTreeMap::from([
        (
            "7".into(),
            Kept {
                rows: vec![row("c2", Some("{ \"a\" : 1.0 }")), row("c1", None)],
                is_hidden: true,
            },
        ),
        (
            "8".into(),
            Kept {
                rows: vec![],
                is_hidden: true,
            },
        ),
    ]);
    let run = store.begin_run("acme", NOW).await.unwrap();
    store.keep_access(&run, &kept).await.unwrap();
    // The process is killed here, and the next one looks.
    assert_eq!(store.access("acme").await.unwrap().kept, kept);
    let restored = AccessClosing {
        restored: vec!["7".into()],
        ..AccessClosing::default()
    };
    store.close_run(&run, &leaving(restored)).await.unwrap();
    let left = store.access("acme").await.unwrap().kept;
    assert_eq!(left.keys().collect::<Vec<_>>(), [&UserId::from("8")]);
}

pub async fn a_new_snapshot_makes_all_rights_doubtful(store: &Store) {
    let before = AccessClosing {
        accepted: accepted(&[("7", Some("seller"))]),
        ..AccessClosing::default()
    };
    run_with(store, "acme", &leaving(before)).await;
    store.save_snapshot("acme", &[anna()], NOW).await.unwrap();
    let memory = store.access("acme").await.unwrap();
    assert_eq!(memory.accepted, accepted(&[("7", None)]).into_iter().collect());
}
