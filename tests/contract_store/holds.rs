//! Holds, and what people say about them.

use super::*;

pub async fn a_decision_during_a_run_keeps_the_digest_away(store: &Store) {
    let holds = vec![hold("d1", Reason::Removals, &["5"])];
    run_with(
        store,
        "acme",
        &Closing {
            holds: Some(holds.clone()),
            ..closing()
        },
    )
    .await;
    let id = store.open_holds("acme").await.unwrap()[0].id.clone();

    let revision = store.account("acme").await.unwrap().revision;
    let run = store.begin_run("acme", later(1)).await.unwrap();
    store
        .decide(&id, Answer::Approve, "root", None, later(2))
        .await
        .unwrap();
    let digest = DigestChange::Set("d".to_owned());
    let closing = Closing {
        holds: Some(holds),
        digest,
        revision,
        ..closing()
    };
    store.close_run(&run, &closing).await.unwrap();

    let state = store.account("acme").await.unwrap();
    assert_eq!((state.digest, state.n_holds), (None, 0));
    assert_eq!(store.holds(None).await.unwrap()[0].status, HoldStatus::Approved);

    // A run that has seen the decision and holds the same again opens it anew.
    let revision = state.revision;
    run_with(store, "acme", &Closing { revision, ..closing }).await;
    let state = store.account("acme").await.unwrap();
    assert_eq!((state.digest.as_deref(), state.n_holds), (Some("d"), 1));
}

pub async fn a_hold_keeps_its_id_while_it_is_open(store: &Store) {
    let (one, two) = (
        hold("d1", Reason::Removals, &["5", "10"]),
        hold("d2", Reason::Updates, &["5"]),
    );
    let first = Closing {
        holds: Some(vec![one.clone(), two]),
        ..Closing::new(NOW, "held", 4)
    };
    run_with(store, "acme", &first).await;
    let before = store.open_holds("acme").await.unwrap();
    assert_eq!(before.len(), 2);
    assert_eq!(before[0].id.len(), 8);
    assert_eq!(before[0].hold, one);

    let changed = Hold {
        detail: "others".to_owned(),
        ..one
    };
    run_with(
        store,
        "acme",
        &Closing {
            holds: Some(vec![changed.clone()]),
            ..closing()
        },
    )
    .await;
    let after = store.open_holds("acme").await.unwrap();
    let [after] = after.as_slice() else {
        panic!("{after:?}")
    };
    assert_eq!(
        (&after.id, after.since, &after.hold),
        (&before[0].id, NOW, &changed)
    );
    let all = store.holds(Some("acme")).await.unwrap();
    assert_eq!(all.iter().filter(|it| it.status == HoldStatus::Gone).count(), 1);
    let error = store
        .decide(&before[1].id, Answer::Approve, "root", None, NOW)
        .await
        .unwrap_err();
    assert!(matches!(error, DecideError::AlreadyDecided(_)), "{error}");

    // A run that doesn't judge holds leaves them, and the same hold of another account is another one.
    run_with(store, "acme", &closing()).await;
    run_with(
        store,
        "other",
        &Closing {
            holds: Some(vec![changed]),
            ..closing()
        },
    )
    .await;
    let all = store.holds(None).await.unwrap();
    let open: Vec<&str> = all
        .iter()
        .filter(|it| it.status == HoldStatus::Open)
        .map(|it| it.account.as_str())
        .collect();
    assert_eq!(open, ["acme", "other"]);
    let ids: BTreeSet<&str> = all.iter().map(|it| it.id.as_str()).collect();
    assert_eq!(ids.len(), 3);
}

/// The id of a hold of `acme` about these users.
pub async fn open_hold(store: &Store, digest: &str, reason: Reason, ids: &[&str]) -> String {
    let holds = Some(vec![hold(digest, reason, ids)]);
    let revision = store.account("acme").await.unwrap().revision;
    run_with(
        store,
        "acme",
        &Closing {
            holds,
            revision,
            ..closing()
        },
    )
    .await;
    store.open_holds("acme").await.unwrap()[0].id.clone()
}

pub async fn an_approval_lasts_a_day(store: &Store) {
    let id = open_hold(store, "d1", Reason::NoRows, &["5", "10"]).await;
    let decided = store
        .decide(&id, Answer::Approve, "anna", Some("they left"), NOW)
        .await
        .unwrap();
    assert_eq!(decided.status, HoldStatus::Approved);
    assert_eq!(decided.decided_at, Some(NOW));
    assert_eq!(decided.decided_by.as_deref(), Some("anna"));
    assert_eq!(decided.why.as_deref(), Some("they left"));
    let until = later(Millis::DAY);
    let decision = |id: &str| Decision {
        user: id.into(),
        subject: Subject::Removal,
        verdict: Verdict::Approved { until },
    };
    assert_eq!(
        store.decisions("acme", later(1)).await.unwrap(),
        [decision("5"), decision("10")]
    );
    assert!(store.decisions("acme", until).await.unwrap().is_empty());
    assert!(store.decisions("other", later(1)).await.unwrap().is_empty());

    let again = store
        .decide(&id, Answer::Approve, "anna", None, later(1))
        .await
        .unwrap_err();
    assert!(matches!(again, DecideError::AlreadyDecided(_)), "{again}");
    store
        .decide(&id, Answer::Approve, "anna", None, until)
        .await
        .unwrap();
    assert_eq!(store.decisions("acme", until).await.unwrap().len(), 2);
}

pub async fn a_rejection_keeps_the_mark_of_the_row(store: &Store) {
    let mut held = hold("d1", Reason::PhoneLosses, &["5", "10"]);
    held.users[1].row = None;
    run_with(
        store,
        "acme",
        &Closing {
            holds: Some(vec![held]),
            ..closing()
        },
    )
    .await;
    let id = store.open_holds("acme").await.unwrap()[0].id.clone();
    store
        .decide(&id, Answer::Reject, "anna", None, NOW)
        .await
        .unwrap();
    let decision = |id: &str, row| Decision {
        user: id.into(),
        subject: Subject::PhoneLoss,
        verdict: Verdict::Rejected { row },
    };
    let expected = [decision("5", Some(u128::MAX - 1)), decision("10", None)];
    assert_eq!(
        store.decisions("acme", later(100 * Millis::DAY)).await.unwrap(),
        expected
    );
}

pub async fn a_later_decision_replaces_the_earlier_one(store: &Store) {
    let first = open_hold(store, "d1", Reason::Removals, &["5", "6"]).await;
    store
        .decide(&first, Answer::Reject, "anna", None, NOW)
        .await
        .unwrap();
    let second = open_hold(store, "d2", Reason::RemovalsPerDay, &["6", "7"]).await;
    store
        .decide(&second, Answer::Approve, "anna", None, NOW)
        .await
        .unwrap();
    let approved = |decisions: Vec<Decision>| -> Vec<String> {
        let approved = decisions
            .iter()
            .filter(|it| matches!(it.verdict, Verdict::Approved { .. }));
        approved.map(|it| it.user.to_string()).collect()
    };
    let decisions = store.decisions("acme", later(1)).await.unwrap();
    assert_eq!(
        (decisions.len(), approved(decisions)),
        (3, vec!["6".to_owned(), "7".to_owned()])
    );
    // Minds may be changed.
    store
        .decide(&second, Answer::Reject, "anna", None, later(2))
        .await
        .unwrap();
    assert!(approved(store.decisions("acme", later(3)).await.unwrap()).is_empty());
}

pub async fn a_hold_is_found_by_the_beginning_of_its_id(store: &Store) {
    let holds = (0..1000)
        .map(|it| hold(&format!("d{it}"), Reason::Removals, &["5"]))
        .collect();
    run_with(
        store,
        "acme",
        &Closing {
            holds: Some(holds),
            ..closing()
        },
    )
    .await;
    let mut ids: Vec<String> = store
        .open_holds("acme")
        .await
        .unwrap()
        .into_iter()
        .map(|it| it.id)
        .collect();
    ids.sort();
    let pair = ids.windows(2).find(|it| it[0][..4] == it[1][..4]).unwrap();
    let error = store
        .decide(&pair[0][..4], Answer::Reject, "anna", None, NOW)
        .await
        .unwrap_err();
    assert!(matches!(error, DecideError::Ambiguous(_)), "{error}");
    for wrong in ["", &ids[0][..3], "zzzz", "%"] {
        let error = store
            .decide(wrong, Answer::Reject, "anna", None, NOW)
            .await
            .unwrap_err();
        assert!(matches!(error, DecideError::NotFound(_)), "{wrong}: {error}");
    }
    let decided = store
        .decide(&pair[0][..7], Answer::Reject, "anna", None, NOW)
        .await
        .unwrap();
    assert_eq!(decided.id, pair[0]);
}

pub async fn forgotten_users_leave_no_decision(store: &Store) {
    run_with(
        store,
        "acme",
        &Closing {
            remember: vec![ours(&anna())],
            ..closing()
        },
    )
    .await;
    let id = open_hold(store, "d1", Reason::Removals, &["7", "8"]).await;
    store
        .decide(&id, Answer::Approve, "anna", None, NOW)
        .await
        .unwrap();
    run_with(
        store,
        "acme",
        &Closing {
            forget: vec!["7".into()],
            ..closing()
        },
    )
    .await;
    assert!(store.managed("acme").await.unwrap().is_empty());
    let decisions = store.decisions("acme", NOW).await.unwrap();
    let users: Vec<&str> = decisions.iter().map(|it| it.user.as_str()).collect();
    assert_eq!(users, ["8"]);
}
