//! What became of changes.

use super::*;

pub async fn an_open_outcome_keeps_its_beginning_and_counts_its_tries(store: &Store) {
    let mut now = NOW;
    for (outcome, tries) in [
        (Outcome::Conflict, 1),
        (Outcome::Conflict, 2),
        (Outcome::Rejected, 1),
        (Outcome::Rejected, 2),
    ] {
        now = now.plus(1000);
        let settled = vec![settled("7", Op::Update, outcome)];
        run_with(
            store,
            "acme",
            &Closing {
                settled,
                ..Closing::new(now, "partial", 3)
            },
        )
        .await;
        let open = store.open_outcomes("acme").await.unwrap();
        let [open] = open.as_slice() else {
            panic!("{open:?}")
        };
        assert_eq!(
            (open.user.as_str(), open.op, open.outcome),
            ("7", Op::Update, outcome)
        );
        assert_eq!(
            (open.since, open.tries, open.last_tried),
            (later(1000), tries, now)
        );
        assert_eq!(open.code.as_deref(), Some("phone_taken"));
    }
    let applied = vec![settled("7", Op::Update, Outcome::Applied)];
    run_with(
        store,
        "acme",
        &Closing {
            settled: applied,
            ..closing()
        },
    )
    .await;
    assert!(store.open_outcomes("acme").await.unwrap().is_empty());
}

pub async fn a_run_closes_only_the_outcomes_in_its_scope(store: &Store) {
    let open = ["1", "2", "3"].map(|id| settled(id, Op::Update, Outcome::Conflict));
    let open = Closing {
        settled: open.into(),
        ..closing()
    };
    let ids = async || -> Vec<String> {
        let open = store.open_outcomes("acme").await.unwrap();
        open.iter().map(|it| it.user.to_string()).collect()
    };
    run_with(store, "acme", &open).await;
    run_with(store, "acme", &closing()).await;
    assert_eq!(ids().await, ["1", "2", "3"]);
    run_with(
        store,
        "acme",
        &Closing {
            scope: OpenScope::Users(vec!["2".into()]),
            ..closing()
        },
    )
    .await;
    assert_eq!(ids().await, ["1", "3"]);
    let still = vec![settled("3", Op::Update, Outcome::Conflict)];
    run_with(
        store,
        "acme",
        &Closing {
            scope: OpenScope::All,
            settled: still,
            ..closing()
        },
    )
    .await;
    assert_eq!(ids().await, ["3"]);
    assert_eq!(store.open_outcomes("acme").await.unwrap()[0].tries, 2);
}

pub async fn a_park_is_listed_and_never_open(store: &Store) {
    let parks = vec![
        settled("7", Op::Park, Outcome::Unknown),
        settled("7", Op::Update, Outcome::Applied),
    ];
    let run = run_with(
        store,
        "acme",
        &Closing {
            settled: parks,
            ..closing()
        },
    )
    .await;
    let detail = store.run(run.as_str()).await.unwrap();
    assert_eq!(detail.settled.len(), 2);
    assert_eq!(
        (detail.summary.changes.park, detail.summary.changes.update),
        (1, 1)
    );
    assert_eq!(detail.summary.outcomes.of(Outcome::Unknown), 0);
    assert_eq!(store.account("acme").await.unwrap().n_open, 0);
}

pub async fn the_history_of_a_user_has_its_changes_alone_the_newest_first(store: &Store) {
    let mut runs = Vec::new();
    for (account, at, changes) in [
        (
            "acme",
            1,
            vec![
                settled("7", Op::Create, Outcome::Conflict),
                settled("8", Op::Create, Outcome::Applied),
            ],
        ),
        ("beta", 2, vec![settled("7", Op::Create, Outcome::Applied)]),
        ("acme", 3, vec![settled("7", Op::Create, Outcome::Applied)]),
    ] {
        let closing = Closing {
            settled: changes,
            ..Closing::new(later(at), "in_sync", 0)
        };
        runs.push(run_with(store, account, &closing).await.as_str().to_owned());
    }
    let history = store.history_of("acme", &"7".into(), 10).await.unwrap();
    let told: Vec<_> = history
        .iter()
        .map(|it| (it.run.as_str(), it.ended_at, it.settled.outcome))
        .collect();
    assert_eq!(
        told,
        [
            (runs[2].as_str(), Some(later(3)), Outcome::Applied),
            (runs[0].as_str(), Some(later(1)), Outcome::Conflict),
        ]
    );
    assert_eq!(history[1].settled, settled("7", Op::Create, Outcome::Conflict));
    assert_eq!(store.history_of("acme", &"7".into(), 1).await.unwrap(), history[..1]);
    assert!(store.history_of("gamma", &"7".into(), 1).await.unwrap().is_empty());
}
