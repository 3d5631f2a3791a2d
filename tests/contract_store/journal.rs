//! Runs and their journal.

use super::holds::open_hold;
use super::*;

pub async fn a_killed_run_leaves_open_intents_until_a_list_is_read(store: &Store) {
    let killed = store.begin_run("acme", NOW).await.unwrap();
    assert!(!store.account("acme").await.unwrap().open_intents);
    intend(
        store,
        &killed,
        1,
        &batch(Verb::Create, Purpose::Apply, &["7"]),
        NOW,
    )
    .await;
    assert!(store.account("acme").await.unwrap().open_intents);
    let under_way = store.under_way("acme").await.unwrap();
    assert_eq!(under_way, [("7".into(), Purpose::Apply)]);

    // The next run can't read the list, and the one after it is killed before it sends anything.
    let run = store.begin_run("acme", later(1)).await.unwrap();
    assert_eq!(
        store
            .run(killed.as_str())
            .await
            .unwrap()
            .summary
            .result
            .as_deref(),
        Some("interrupted")
    );
    store.close_run(&run, &closing()).await.unwrap();
    assert!(store.account("acme").await.unwrap().open_intents);
    store.begin_run("acme", later(2)).await.unwrap();
    assert!(store.account("acme").await.unwrap().open_intents);

    let closing = Closing {
        verified_at: Some(later(3)),
        ..closing()
    };
    run_with(store, "acme", &closing).await;
    assert!(!store.account("acme").await.unwrap().open_intents);
    assert!(store.under_way("acme").await.unwrap().is_empty());
}

pub async fn an_interrupted_run_without_requests_leaves_no_intents(store: &Store) {
    store.begin_run("acme", NOW).await.unwrap();
    store.begin_run("acme", later(1)).await.unwrap();
    assert!(!store.account("acme").await.unwrap().open_intents);
    let runs = store.runs(9, Some("acme")).await.unwrap();
    let results: Vec<Option<&str>> = runs.iter().map(|it| it.result.as_deref()).collect();
    assert_eq!(results, [None, Some("interrupted")]);
}

pub async fn a_run_is_closed_once(store: &Store) {
    let run = run_with(store, "acme", &closing()).await;
    let again = Closing {
        remember: vec![ours(&anna())],
        ..closing()
    };
    let error = store.close_run(&run, &again).await.unwrap_err();
    assert!(matches!(error, StoreError::Closed { .. }), "{error}");
    assert!(store.managed("acme").await.unwrap().is_empty());
}

pub async fn a_run_that_was_taken_for_killed_records_nothing(store: &Store) {
    let old = store.begin_run("acme", NOW).await.unwrap();
    let new = store.begin_run("acme", later(1)).await.unwrap();
    let set = Closing {
        digest: DigestChange::Set("old".to_owned()),
        ..closing()
    };
    let late = batch(Verb::Create, Purpose::Apply, &["1"]);
    let error = store
        .intend(&old, 1, &late, &BTreeSet::new(), NOW)
        .await
        .unwrap_err();
    assert!(matches!(error, StoreError::Closed { .. }), "{error}");
    assert!(store.managed("acme").await.unwrap().is_empty());
    assert!(store.close_run(&old, &set).await.is_err());
    store.close_run(&new, &closing()).await.unwrap();
    assert_eq!(store.account("acme").await.unwrap().digest, None);
}

pub async fn a_created_user_is_ours_before_the_request_leaves(store: &Store) {
    run_with(
        store,
        "acme",
        &Closing {
            remember: vec![ours(&anna())],
            ..closing()
        },
    )
    .await;
    let run = store.begin_run("acme", later(5)).await.unwrap();
    intend(
        store,
        &run,
        1,
        &batch(Verb::Upsert, Purpose::Apply, &["7", "8"]),
        later(6),
    )
    .await;
    intend(
        store,
        &run,
        2,
        &batch(Verb::Update, Purpose::Apply, &["9"]),
        later(7),
    )
    .await;

    let managed = store.managed("acme").await.unwrap();
    assert_eq!(managed[&UserId::from("7")], ours(&anna()).1);
    let created = &managed[&UserId::from("8")];
    assert_eq!((created.origin, created.since), (Origin::Created, later(6)));
    assert_eq!(created.observed, None);
    assert!(!managed.contains_key(&UserId::from("9")));
}

pub async fn requests_are_journalled_with_their_users_and_answers(store: &Store) {
    let run = store.begin_run("acme", NOW).await.unwrap();
    let mut parks = batch(Verb::Update, Purpose::Park, &["10", "9"]);
    parks.items[0].phone = PhoneField::Clear(ClearBy::Omit);
    intend(store, &run, 1, &parks, later(1)).await;
    let answer = AnswerRecord {
        meaning: "bad_item",
        status: Some(400),
        code: Some("INVALID_USER_DATA"),
        text: "no such user",
    };
    store.answered(&run, 1, &answer, later(2)).await.unwrap();
    let approved = BTreeSet::from(["9".into()]);
    store
        .intend(
            &run,
            2,
            &batch(Verb::Delete, Purpose::Remove, &["9"]),
            &approved,
            later(3),
        )
        .await
        .unwrap();

    let requests = store.run(run.as_str()).await.unwrap().requests;
    let [first, second] = requests.as_slice() else {
        panic!("{requests:?}")
    };
    assert_eq!(
        (first.seq, first.verb, first.sent_at),
        (1, Errand::Users(Verb::Update), later(1))
    );
    assert_eq!((first.answered_at, first.status), (Some(later(2)), Some(400)));
    assert_eq!(first.answer.as_deref(), Some("bad_item"));
    assert_eq!(first.code.as_deref(), Some("INVALID_USER_DATA"));
    assert_eq!(first.text.as_deref(), Some("no such user"));
    let [nine, ten] = first.users.as_slice() else {
        panic!("{first:?}")
    };
    assert_eq!(
        (nine.id.as_str(), nine.purpose, nine.clear),
        ("9", Some(Purpose::Park), None)
    );
    assert_eq!(nine.name.as_deref(), Some("Name of 9"));
    assert_eq!(nine.phone, Phone::from_remote("37126123456"));
    assert_eq!((ten.phone.as_ref(), ten.clear), (None, Some(ClearBy::Omit)));
    assert_eq!((second.answered_at, second.answer.as_deref()), (None, None));
    assert_eq!(
        (second.users[0].name.as_deref(), second.users[0].approved),
        (None, true)
    );

    let story = store.requests_of("acme", &"9".into(), 10).await.unwrap();
    let seqs: Vec<u32> = story.iter().map(|it| it.seq).collect();
    assert_eq!(seqs, [2, 1]);
    assert!(
        story
            .iter()
            .all(|it| it.users.len() == 1 && it.users[0].id == "9".into())
    );
    assert!(
        store
            .requests_of("other", &"9".into(), 10)
            .await
            .unwrap()
            .is_empty()
    );
}

pub async fn removals_of_a_day_are_counted_by_user(store: &Store) {
    let run = store.begin_run("acme", NOW).await.unwrap();
    intend(
        store,
        &run,
        1,
        &batch(Verb::Delete, Purpose::Remove, &["1"]),
        later(-1),
    )
    .await;
    intend(
        store,
        &run,
        2,
        &batch(Verb::Delete, Purpose::Remove, &["10", "9"]),
        NOW,
    )
    .await;
    intend(
        store,
        &run,
        3,
        &batch(Verb::Delete, Purpose::Remove, &["9"]),
        later(1),
    )
    .await;
    intend(
        store,
        &run,
        4,
        &batch(Verb::Delete, Purpose::Recreate, &["3"]),
        later(1),
    )
    .await;
    intend(
        store,
        &run,
        5,
        &batch(Verb::Update, Purpose::Apply, &["4"]),
        later(1),
    )
    .await;
    let approved = BTreeSet::from(["5".into()]);
    let removals = batch(Verb::Delete, Purpose::Remove, &["5", "6"]);
    store
        .intend(&run, 6, &removals, &approved, later(2))
        .await
        .unwrap();
    // A clock that was set back leaves requests in the future.
    intend(
        store,
        &run,
        7,
        &batch(Verb::Delete, Purpose::Remove, &["7"]),
        later(10 * Millis::DAY),
    )
    .await;
    let other = store.begin_run("other", NOW).await.unwrap();
    intend(
        store,
        &other,
        1,
        &batch(Verb::Delete, Purpose::Remove, &["8"]),
        NOW,
    )
    .await;

    let expected: Vec<UserId> = ["6", "7", "9", "10"].map(UserId::from).into();
    assert_eq!(store.removals_since("acme", NOW).await.unwrap(), expected);
}

pub async fn created_users_are_found_by_time(store: &Store) {
    run_with(
        store,
        "acme",
        &Closing {
            remember: vec![ours(&anna())],
            ..closing()
        },
    )
    .await;
    let run = store.begin_run("acme", NOW).await.unwrap();
    intend(
        store,
        &run,
        1,
        &batch(Verb::Create, Purpose::Apply, &["1"]),
        later(-1),
    )
    .await;
    intend(
        store,
        &run,
        2,
        &batch(Verb::Create, Purpose::Apply, &["2"]),
        later(10),
    )
    .await;
    intend(
        store,
        &run,
        3,
        &batch(Verb::Upsert, Purpose::Apply, &["3", "7"]),
        later(10),
    )
    .await;
    intend(
        store,
        &run,
        4,
        &batch(Verb::Update, Purpose::Apply, &["4"]),
        later(10),
    )
    .await;
    assert_eq!(
        store.created_since("acme", later(5)).await.unwrap(),
        ["2", "3"].map(UserId::from)
    );
}

pub async fn users_of_requests_without_an_answer_are_found_by_time(store: &Store) {
    let run = store.begin_run("acme", NOW).await.unwrap();
    for (seq, id, sent_at, meaning) in [
        (1, "1", later(-1), Some("unknown")),
        (2, "2", later(10), Some("unknown")),
        (3, "3", later(10), None),
        (4, "4", later(10), Some("accepted")),
        (5, "5", later(10), Some("bad_item")),
    ] {
        let batch = batch(Verb::Upsert, Purpose::Apply, &[id]);
        intend(store, &run, seq, &batch, sent_at).await;
        if let Some(meaning) = meaning {
            let answer = AnswerRecord {
                meaning,
                status: None,
                code: None,
                text: "",
            };
            store.answered(&run, seq, &answer, sent_at).await.unwrap();
        }
    }
    assert_eq!(
        store.unanswered_since("acme", later(5)).await.unwrap(),
        ["2", "3"].map(UserId::from)
    );
}

pub async fn runs_are_listed_and_found_by_the_beginning_of_their_ids(store: &Store) {
    // Ids begin with the time: the first two share more than the last one does.
    let first = store.begin_run("acme", NOW).await.unwrap();
    let second = store.begin_run("other", later(1)).await.unwrap();
    let third = store.begin_run("acme", later(1000 * Millis::DAY)).await.unwrap();
    let all = store.runs(2, None).await.unwrap();
    let ids: Vec<&str> = all.iter().map(|it| it.run.as_str()).collect();
    assert_eq!(ids, [third.as_str(), second.as_str()]);
    let accounts: Vec<&str> = all.iter().map(|it| it.account.as_str()).collect();
    assert_eq!(accounts, ["acme", "other"]);
    let of_one = store.runs(9, Some("acme")).await.unwrap();
    assert_eq!(of_one.len(), 2);

    let error = store.run(&first.as_str()[..8]).await.unwrap_err();
    assert!(matches!(error, FindRunError::Ambiguous(_)), "{error}");
    let error = store.run("zzz").await.unwrap_err();
    assert!(matches!(error, FindRunError::NotFound(_)), "{error}");
    assert_eq!(
        store.run(&third.as_str()[..8]).await.unwrap().summary.run,
        third.as_str()
    );
    assert_eq!(
        store.run(first.as_str()).await.unwrap().summary.run,
        first.as_str()
    );
}

pub async fn old_history_is_pruned_and_open_things_stay(store: &Store) {
    let killed = store.begin_run("acme", NOW).await.unwrap();
    intend(
        store,
        &killed,
        1,
        &batch(Verb::Create, Purpose::Apply, &["0"]),
        NOW,
    )
    .await;
    let mut runs = Vec::new();
    for it in 0..5 {
        let run = store.begin_run("acme", later(it)).await.unwrap();
        intend(
            store,
            &run,
            1,
            &batch(Verb::Update, Purpose::Apply, &["1", "2"]),
            later(it),
        )
        .await;
        let settled = vec![settled("1", Op::Update, Outcome::Conflict)];
        store
            .close_run(
                &run,
                &Closing {
                    settled,
                    ..Closing::new(later(it), "partial", 3)
                },
            )
            .await
            .unwrap();
        runs.push(run);
    }
    run_with(store, "other", &Closing::new(NOW, "in_sync", 0)).await;

    // A run, an outcome, a request and two users: five rows.
    assert_eq!(store.prune(later(2), 1).await.unwrap(), 5);
    assert!(store.run(runs[0].as_str()).await.is_err());
    assert!(store.run(runs[1].as_str()).await.is_ok());
    assert_eq!(store.prune(later(2), 100).await.unwrap(), 5);
    assert_eq!(store.prune(later(2), 100).await.unwrap(), 0);
    assert_eq!(store.prune(later(1000), 100).await.unwrap(), 10);
    assert_eq!(store.prune(later(1000), 100).await.unwrap(), 0);

    let left: Vec<String> = store
        .runs(99, None)
        .await
        .unwrap()
        .into_iter()
        .map(|it| it.run)
        .collect();
    assert_eq!(
        left.len(),
        3,
        "the last run of each account and the one with open intents"
    );
    assert!(left.contains(&killed.as_str().to_owned()));
    let state = store.account("acme").await.unwrap();
    assert!(state.open_intents);
    assert_eq!(state.n_open, 1);

    let id = open_hold(store, "d1", Reason::Removals, &["5"]).await;
    let revision = store.account("acme").await.unwrap().revision;
    store
        .decide(&id, Answer::Approve, "anna", None, later(2000))
        .await
        .unwrap();
    store.prune(later(1500), 100).await.unwrap();
    assert_eq!(store.holds(None).await.unwrap().len(), 1);
    assert!(store.prune(later(2 * Millis::DAY), 100).await.unwrap() > 0);
    assert!(store.holds(None).await.unwrap().is_empty());
    assert!(store.account("acme").await.unwrap().revision > revision);
}
