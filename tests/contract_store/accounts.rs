//! Accounts: what a cycle asks of them, and what becomes of them.

use super::*;

pub async fn an_unknown_account_has_nothing(store: &Store) {
    assert_eq!(store.account("acme").await.unwrap(), AccountState::default());
    assert!(!store.account("acme").await.unwrap().has_snapshot());
    assert!(store.managed("acme").await.unwrap().is_empty());
    assert!(store.foreign("acme").await.unwrap().is_empty());
    assert!(store.findings("acme").await.unwrap().is_empty());
    assert!(store.decisions("acme", NOW).await.unwrap().is_empty());
    assert!(store.removals_since("acme", NOW).await.unwrap().is_empty());
    assert!(store.accounts().await.unwrap().is_empty());
}

pub async fn a_closed_run_leaves_all_that_it_was_given(store: &Store) {
    let name: Arc<str> = "Anna ".into();
    let (id, mut remembered) = ours(&anna());
    remembered.name_form = Some(Form {
        sent: name,
        read: "Anna".into(),
        times: 2,
    });
    remembered.phone_form = Some(Form {
        sent: Phone::from_remote("37126123456"),
        read: None,
        times: 1,
    });
    remembered.phone_cells = Some(u128::MAX / 3);
    remembered.absent_since = Some(later(-5));
    let unseen = Remembered {
        observed: None,
        ..ours(&user("8", "", None)).1
    };
    let finding = Finding {
        id: "".into(),
        kind: FindingKind::IdInvalid,
        detail: "row 3".into(),
    };
    let findings = vec![finding.clone(), finding];
    let changes = vec![
        settled("7", Op::Update, Outcome::Applied),
        settled("8", Op::Create, Outcome::Rejected),
    ];
    let closing = Closing {
        error: Some(RunError {
            code: "rate_limited".to_owned(),
            message: "later".to_owned(),
        }),
        rows: Some(12),
        requests: Requests { read: 3, write: 2 },
        settled: changes.clone(),
        scope: OpenScope::All,
        findings: Some(findings.clone()),
        holds: Some(vec![hold("d1", Reason::Removals, &["5", "9"])]),
        remember: vec![(id.clone(), remembered.clone()), ("8".into(), unseen.clone())],
        foreign: Some(vec![user("x", "Stranger", None)]),
        drift: Some(4),
        digest: DigestChange::Set("d".to_owned()),
        settings_mark: Some("s".to_owned()),
        binding: Some(Binding {
            remote: "r".to_owned(),
            credential: "c".to_owned(),
        }),
        verified_at: Some(later(900)),
        verify_next: true,
        ..Closing::new(later(1000), "partial", 3)
    };
    let run = run_with(store, "acme", &closing).await;

    let state = store.account("acme").await.unwrap();
    let last_run = state.last_run.clone().unwrap();
    let expected = AccountState {
        digest: Some("d".to_owned()),
        revision: 0,
        settings_mark: Some("s".to_owned()),
        binding: closing.binding.clone(),
        verified_at: Some(later(900)),
        verify_next: true,
        n_managed: 2,
        open_intents: false,
        first_absent: Some(later(-5)),
        n_open: 1,
        n_holds: 1,
        n_findings: 2,
        foreign: 1,
        drift: 4,
        rows: Some(12),
        is_paused: false,
        removals_paused: false,
        quiet_at: None,
        refusal: None,
        last_run: Some(last_run.clone()),
    };
    assert_eq!(state, expected);
    assert!(state.has_snapshot());
    let managed = store.managed("acme").await.unwrap();
    assert_eq!(
        managed,
        [(id, remembered), ("8".into(), unseen)].into_iter().collect()
    );
    assert_eq!(store.findings("acme").await.unwrap(), findings);
    assert_eq!(
        store.foreign("acme").await.unwrap(),
        [user("x", "Stranger", None)]
    );

    assert_eq!(last_run.run, run.as_str());
    assert_eq!((last_run.started_at, last_run.ended_at), (NOW, Some(later(1000))));
    assert_eq!(
        (last_run.result.as_deref(), last_run.exit_code),
        (Some("partial"), Some(3))
    );
    assert_eq!(last_run.error, closing.error);
    assert_eq!(last_run.requests, closing.requests);
    assert_eq!((last_run.changes.create, last_run.changes.update), (1, 1));
    assert_eq!(last_run.outcomes.of(Outcome::Applied), 1);
    assert_eq!(last_run.outcomes.of(Outcome::Rejected), 1);
    let detail = store.run(run.as_str()).await.unwrap();
    assert_eq!(detail.summary, last_run);
    assert_eq!(detail.settled, changes);
}

pub async fn a_digest_is_kept_cleared_or_set(store: &Store) {
    for (digest, expected) in [
        (DigestChange::Keep, None),
        (DigestChange::Set("a".to_owned()), Some("a")),
        (DigestChange::Keep, Some("a")),
        (DigestChange::Clear, None),
    ] {
        run_with(store, "acme", &Closing { digest, ..closing() }).await;
        assert_eq!(store.account("acme").await.unwrap().digest.as_deref(), expected);
    }
}

pub async fn facts_are_believed_for_a_while(store: &Store) {
    let facts = async |account, now| store.facts("wazzup-v2", "https://a", account, now).await.unwrap();
    assert_eq!(facts("acme", NOW).await, Facts::default());
    store
        .learn_clear("wazzup-v2", "https://a", ClearFact::Nothing, NOW)
        .await
        .unwrap();
    store.learn_seats("acme", 5, NOW).await.unwrap();
    let week = 7 * Millis::DAY;
    assert_eq!(
        facts("acme", later(week - 1)).await,
        Facts {
            clear: Some(ClearFact::Nothing),
            seats: Some(5)
        }
    );
    assert_eq!(facts("acme", later(week)).await, Facts::default());
    assert_eq!(
        facts("other", NOW).await,
        Facts {
            clear: Some(ClearFact::Nothing),
            seats: None
        }
    );

    let works = ClearFact::Works(ClearBy::Malformed);
    store
        .learn_clear("wazzup-v2", "https://a", works, NOW)
        .await
        .unwrap();
    store.learn_seats("acme", 6, later(1)).await.unwrap();
    assert_eq!(
        facts("acme", later(week)).await,
        Facts {
            clear: Some(works),
            seats: Some(6)
        }
    );
    assert_eq!(
        facts("acme", later(100 * week)).await,
        Facts {
            clear: Some(works),
            seats: None
        }
    );
    assert_eq!(
        store
            .facts("wazzup-v2", "https://b", "acme", NOW)
            .await
            .unwrap()
            .clear,
        None
    );
}

pub async fn an_account_is_renamed_with_all_it_has(store: &Store) {
    run_with(
        store,
        "acme",
        &Closing {
            remember: vec![ours(&anna())],
            ..closing()
        },
    )
    .await;
    run_with(store, "other", &closing()).await;
    let taken = store.rename("acme", "other").await.unwrap_err();
    assert!(matches!(taken, AccountError::Taken(_)), "{taken}");
    let unknown = store.rename("nobody", "somebody").await.unwrap_err();
    assert!(matches!(unknown, AccountError::Unknown(_)), "{unknown}");
    store.rename("acme", "new").await.unwrap();
    assert_eq!(store.accounts().await.unwrap(), ["new", "other"]);
    assert_eq!(store.managed("new").await.unwrap().len(), 1);
    assert_eq!(store.runs(9, Some("new")).await.unwrap().len(), 1);
    assert!(store.managed("acme").await.unwrap().is_empty());
}

pub async fn a_forgotten_account_leaves_nothing(store: &Store) {
    run_with(
        store,
        "other",
        &Closing {
            remember: vec![ours(&anna())],
            ..closing()
        },
    )
    .await;
    let run = store.begin_run("acme", NOW).await.unwrap();
    intend(store, &run, 1, &batch(Verb::Create, Purpose::Apply, &["1"]), NOW).await;
    let closing = Closing {
        settled: vec![settled("1", Op::Create, Outcome::Rejected)],
        findings: Some(vec![Finding {
            id: "1".into(),
            kind: FindingKind::PhoneKept,
            detail: "".into(),
        }]),
        holds: Some(vec![hold("d1", Reason::Removals, &["5"])]),
        foreign: Some(vec![user("x", "X", None)]),
        ..closing()
    };
    store.close_run(&run, &closing).await.unwrap();
    let id = store.open_holds("acme").await.unwrap()[0].id.clone();
    store
        .decide(&id, Answer::Reject, "anna", None, NOW)
        .await
        .unwrap();
    store.learn_seats("acme", 3, NOW).await.unwrap();

    store.forget("acme").await.unwrap();
    assert!(matches!(
        store.forget("acme").await.unwrap_err(),
        AccountError::Unknown(_)
    ));
    assert_eq!(store.accounts().await.unwrap(), ["other"]);
    assert_eq!(store.managed("other").await.unwrap().len(), 1);
    assert!(store.run(run.as_str()).await.is_err());
    // An account of that name begins anew.
    run_with(store, "acme", &self::closing()).await;
    let state = store.account("acme").await.unwrap();
    let counts = [
        state.n_managed,
        state.n_open,
        state.n_holds,
        state.n_findings,
        state.foreign,
    ];
    assert_eq!(counts, [0; 5]);
    assert!(store.removals_since("acme", Millis(0)).await.unwrap().is_empty());
    assert_eq!(
        store.facts("k", "u", "acme", NOW).await.unwrap(),
        Facts::default()
    );
}

pub async fn quiet_cycles_leave_a_time_and_no_run(store: &Store) {
    for account in ["acme", "other", "third"] {
        run_with(store, account, &closing()).await;
    }
    store
        .quiet(&[("acme", 7), ("nobody", 8), ("third", 9)], later(50))
        .await
        .unwrap();
    store.quiet(&[], later(60)).await.unwrap();
    let acme = store.account("acme").await.unwrap();
    assert_eq!((acme.quiet_at, acme.rows), (Some(later(50)), Some(7)));
    let other = store.account("other").await.unwrap();
    assert_eq!((other.quiet_at, other.rows), (None, None));
    assert_eq!(store.account("third").await.unwrap().rows, Some(9));
    assert_eq!(store.runs(9, None).await.unwrap().len(), 3);
    assert_eq!(store.accounts().await.unwrap().len(), 3);
}
