//! What every store must do, whatever it is built on: one function for each promise, over a store that is
//! fresh and empty.

use std::collections::BTreeSet;
use std::sync::Arc;

use wazzup_sync::domain::batch::{Batch, ClearBy, Item, PhoneField, Purpose, Verb};
use wazzup_sync::domain::finding::{Finding, FindingKind};
use wazzup_sync::domain::memory::{
    Decision, Form, HeldUser, Hold, Millis, Origin, Reason, Remembered, Subject, Verdict,
};
use wazzup_sync::domain::outcome::{Change, Op, Outcome, Settled};
use wazzup_sync::domain::phone::Phone;
use wazzup_sync::domain::user::{User, UserId};
use wazzup_sync::store::{
    AccountError, AccountState, Answer, AnswerRecord, Binding, ClaimError, ClearFact, Closing, DecideError,
    DigestChange, Facts, FindRunError, HoldStatus, OpenScope, Requests, RunError, RunId, Store, StoreError,
};

/// One test for each function, on each kind of store.
macro_rules! contract {
    ($($name:ident),* $(,)?) => {
        mod sqlite {
            $(
                #[tokio::test]
                async fn $name() {
                    let folder = tempfile::tempdir().unwrap();
                    let store = super::Store::open(&folder.path().join("state.db")).await.unwrap();
                    super::$name(&store).await;
                }
            )*
        }
    };
}

contract![
    an_unknown_account_has_nothing,
    a_closed_run_leaves_all_that_it_was_given,
    a_killed_run_leaves_open_intents_until_a_list_is_read,
    an_interrupted_run_without_requests_leaves_no_intents,
    a_run_is_closed_once,
    a_run_that_was_taken_for_killed_records_nothing,
    a_created_user_is_ours_before_the_request_leaves,
    requests_are_journalled_with_their_users_and_answers,
    removals_of_a_day_are_counted_by_user,
    created_users_are_found_by_time,
    an_open_outcome_keeps_its_beginning_and_counts_its_tries,
    a_run_closes_only_the_outcomes_in_its_scope,
    a_park_is_listed_and_never_open,
    a_digest_is_kept_cleared_or_set,
    a_decision_during_a_run_keeps_the_digest_away,
    a_hold_keeps_its_id_while_it_is_open,
    an_approval_lasts_a_day,
    a_rejection_keeps_the_mark_of_the_row,
    a_later_decision_replaces_the_earlier_one,
    a_hold_is_found_by_the_beginning_of_its_id,
    forgotten_users_leave_no_decision,
    foreign_users_are_claimed_or_none_is,
    a_claimed_user_is_not_foreign_again,
    facts_are_believed_for_a_while,
    a_new_snapshot_keeps_who_is_ours,
    an_account_is_renamed_with_all_it_has,
    a_forgotten_account_leaves_nothing,
    runs_are_listed_and_found_by_the_beginning_of_their_ids,
    quiet_cycles_leave_a_time_and_no_run,
    old_history_is_pruned_and_open_things_stay,
    strange_texts_come_back_as_they_were,
    many_users_are_written_at_once,
];

const NOW: Millis = Millis(1_800_000_000_000);

fn later(millis: i64) -> Millis {
    NOW.plus(millis)
}

fn user(id: &str, name: &str, phone: Option<&str>) -> User {
    User {
        id: id.into(),
        name: name.into(),
        phone: phone.and_then(Phone::from_remote),
    }
}

fn anna() -> User {
    user("7", "Anna Ozola", Some("37126123456"))
}

fn ours(user: &User) -> (UserId, Remembered) {
    let remembered = Remembered {
        origin: Origin::Adopted,
        since: NOW,
        observed: Some(user.clone()),
        name_form: None,
        phone_form: None,
        phone_cells: None,
        absent_since: None,
    };
    (user.id.clone(), remembered)
}

fn batch(verb: Verb, purpose: Purpose, ids: &[&str]) -> Batch {
    let item = |id: &&str| Item {
        id: (*id).into(),
        name: format!("Name of {id}").into(),
        phone: Phone::from_remote("37126123456").map_or(PhoneField::None, PhoneField::Number),
        purpose,
    };
    Batch {
        verb,
        items: ids.iter().map(item).collect(),
    }
}

fn settled(id: &str, op: Op, outcome: Outcome) -> Settled {
    let (old, new) = match op {
        Op::Create => (None, Some(user(id, "New", None))),
        Op::Delete => (Some(user(id, "Old", Some("37126123456"))), None),
        _ => (
            Some(user(id, "Old", Some("37126123456"))),
            Some(user(id, "New", None)),
        ),
    };
    Settled {
        change: Change {
            id: id.into(),
            op,
            old,
            new,
        },
        outcome,
        code: (outcome != Outcome::Applied).then(|| "phone_taken".into()),
        detail: Some("for people".into()),
        attempts: 2,
        status: Some(400),
    }
}

fn hold(digest: &str, reason: Reason, ids: &[&str]) -> Hold {
    let users = ids
        .iter()
        .map(|id| HeldUser {
            id: (*id).into(),
            row: Some(u128::MAX - 1),
        })
        .collect();
    Hold {
        digest: digest.to_owned(),
        reason,
        users,
        detail: format!("{} users", ids.len()),
    }
}

/// A closing that reads nothing into the account but what the caller adds.
fn closing() -> Closing {
    Closing::new(later(1000), "in_sync", 0)
}

async fn run_with(store: &Store, account: &str, closing: &Closing) -> RunId {
    let run = store.begin_run(account, NOW).await.unwrap();
    store.close_run(&run, closing).await.unwrap();
    run
}

async fn intend(store: &Store, run: &RunId, seq: u32, batch: &Batch, now: Millis) {
    store
        .intend(run, seq, batch, &BTreeSet::new(), now)
        .await
        .unwrap();
}

async fn an_unknown_account_has_nothing(store: &Store) {
    assert_eq!(store.account("acme").await.unwrap(), AccountState::default());
    assert!(!store.account("acme").await.unwrap().has_snapshot());
    assert!(store.managed("acme").await.unwrap().is_empty());
    assert!(store.foreign("acme").await.unwrap().is_empty());
    assert!(store.findings("acme").await.unwrap().is_empty());
    assert!(store.decisions("acme", NOW).await.unwrap().is_empty());
    assert!(store.removals_since("acme", NOW).await.unwrap().is_empty());
    assert!(store.accounts().await.unwrap().is_empty());
}

async fn a_closed_run_leaves_all_that_it_was_given(store: &Store) {
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
        quiet_at: None,
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

async fn a_killed_run_leaves_open_intents_until_a_list_is_read(store: &Store) {
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
}

async fn an_interrupted_run_without_requests_leaves_no_intents(store: &Store) {
    store.begin_run("acme", NOW).await.unwrap();
    store.begin_run("acme", later(1)).await.unwrap();
    assert!(!store.account("acme").await.unwrap().open_intents);
    let runs = store.runs(9, Some("acme")).await.unwrap();
    let results: Vec<Option<&str>> = runs.iter().map(|it| it.result.as_deref()).collect();
    assert_eq!(results, [None, Some("interrupted")]);
}

async fn a_run_is_closed_once(store: &Store) {
    let run = run_with(store, "acme", &closing()).await;
    let again = Closing {
        remember: vec![ours(&anna())],
        ..closing()
    };
    let error = store.close_run(&run, &again).await.unwrap_err();
    assert!(matches!(error, StoreError::Closed { .. }), "{error}");
    assert!(store.managed("acme").await.unwrap().is_empty());
}

async fn a_run_that_was_taken_for_killed_records_nothing(store: &Store) {
    let old = store.begin_run("acme", NOW).await.unwrap();
    let new = store.begin_run("acme", later(1)).await.unwrap();
    let set = Closing {
        digest: DigestChange::Set("old".to_owned()),
        ..closing()
    };
    assert!(store.close_run(&old, &set).await.is_err());
    store.close_run(&new, &closing()).await.unwrap();
    assert_eq!(store.account("acme").await.unwrap().digest, None);
}

async fn a_created_user_is_ours_before_the_request_leaves(store: &Store) {
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

async fn requests_are_journalled_with_their_users_and_answers(store: &Store) {
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
        (1, Verb::Update, later(1))
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
        ("9", Purpose::Park, None)
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

async fn removals_of_a_day_are_counted_by_user(store: &Store) {
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

async fn created_users_are_found_by_time(store: &Store) {
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

async fn an_open_outcome_keeps_its_beginning_and_counts_its_tries(store: &Store) {
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

async fn a_run_closes_only_the_outcomes_in_its_scope(store: &Store) {
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

async fn a_park_is_listed_and_never_open(store: &Store) {
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

async fn a_digest_is_kept_cleared_or_set(store: &Store) {
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

async fn a_decision_during_a_run_keeps_the_digest_away(store: &Store) {
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

async fn a_hold_keeps_its_id_while_it_is_open(store: &Store) {
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
async fn open_hold(store: &Store, digest: &str, reason: Reason, ids: &[&str]) -> String {
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

async fn an_approval_lasts_a_day(store: &Store) {
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

async fn a_rejection_keeps_the_mark_of_the_row(store: &Store) {
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

async fn a_later_decision_replaces_the_earlier_one(store: &Store) {
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

async fn a_hold_is_found_by_the_beginning_of_its_id(store: &Store) {
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

async fn forgotten_users_leave_no_decision(store: &Store) {
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

async fn foreign_users_are_claimed_or_none_is(store: &Store) {
    let foreign = vec![
        user("10", "Ten", Some("37120000010")),
        user("9", "Nine", None),
        user("x", "X", None),
    ];
    let digest = DigestChange::Set("d".to_owned());
    run_with(
        store,
        "acme",
        &Closing {
            foreign: Some(foreign),
            digest,
            ..closing()
        },
    )
    .await;
    let ids = [UserId::from("9"), "77".into()];
    let error = store.claim("acme", Some(&ids), later(5)).await.unwrap_err();
    let ClaimError::Unknown(unknown) = &error else {
        panic!("{error}")
    };
    assert_eq!(unknown, &["77".into()]);
    assert_eq!(error.to_string(), "no foreign users are known as \"77\"");
    assert_eq!(store.account("acme").await.unwrap().foreign, 3);

    assert_eq!(store.claim("acme", Some(&ids[..1]), later(5)).await.unwrap(), 1);
    let managed = store.managed("acme").await.unwrap();
    let nine = &managed[&"9".into()];
    assert_eq!((nine.origin, nine.since), (Origin::Claimed, later(5)));
    assert_eq!(nine.observed, Some(user("9", "Nine", None)));
    assert_eq!(store.account("acme").await.unwrap().digest, None);
    assert_eq!(store.claim("acme", None, later(6)).await.unwrap(), 2);
    assert!(store.foreign("acme").await.unwrap().is_empty());
    assert_eq!(store.managed("acme").await.unwrap().len(), 3);
}

async fn a_claimed_user_is_not_foreign_again(store: &Store) {
    let foreign = Some(vec![user("9", "Nine", None), user("x", "X", None)]);
    run_with(
        store,
        "acme",
        &Closing {
            foreign: foreign.clone(),
            ..closing()
        },
    )
    .await;
    let run = store.begin_run("acme", NOW).await.unwrap();
    store.claim("acme", Some(&["9".into()]), NOW).await.unwrap();
    let digest = DigestChange::Set("d".to_owned());
    store
        .close_run(
            &run,
            &Closing {
                foreign,
                digest,
                ..closing()
            },
        )
        .await
        .unwrap();
    assert_eq!(store.foreign("acme").await.unwrap(), [user("x", "X", None)]);
    assert_eq!(store.account("acme").await.unwrap().digest, None);
}

async fn facts_are_believed_for_a_while(store: &Store) {
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

async fn a_new_snapshot_keeps_who_is_ours(store: &Store) {
    let mut remember = [
        anna(),
        user("8", "Bob", Some("37120000008")),
        user("9", "Eve", None),
    ]
    .map(|it| ours(&it));
    for (_, it) in &mut remember {
        it.phone_cells = Some(3);
    }
    let digest = DigestChange::Set("d".to_owned());
    run_with(
        store,
        "acme",
        &Closing {
            remember: remember.into(),
            digest,
            ..closing()
        },
    )
    .await;

    let moved = user("8", "Bob", Some("37129999999"));
    let listed = [anna(), moved.clone(), user("x", "Stranger", None)];
    store.save_snapshot("acme", &listed, later(9)).await.unwrap();
    let managed = store.managed("acme").await.unwrap();
    let seen: Vec<_> = managed
        .values()
        .map(|it| (it.observed.clone(), it.phone_cells))
        .collect();
    assert_eq!(seen, [(Some(anna()), Some(3)), (Some(moved), None), (None, None)]);
    assert!(managed.values().all(|it| it.origin == Origin::Adopted));
    let state = store.account("acme").await.unwrap();
    assert_eq!(
        (state.digest, state.verified_at, state.foreign),
        (None, Some(later(9)), 1)
    );
}

async fn an_account_is_renamed_with_all_it_has(store: &Store) {
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

async fn a_forgotten_account_leaves_nothing(store: &Store) {
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

async fn runs_are_listed_and_found_by_the_beginning_of_their_ids(store: &Store) {
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

async fn quiet_cycles_leave_a_time_and_no_run(store: &Store) {
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

async fn old_history_is_pruned_and_open_things_stay(store: &Store) {
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

async fn strange_texts_come_back_as_they_were(store: &Store) {
    let texts = [
        "a\0b",
        "'; DROP TABLE runs; --",
        "Žanna 👩‍👩‍👧",
        "\u{202e}x",
        "\"",
        "\\u0000",
        "",
    ];
    let remember: Vec<(UserId, Remembered)> = texts.iter().map(|it| ours(&user(it, it, None))).collect();
    run_with(
        store,
        "acme 'quoted'",
        &Closing {
            remember: remember.clone(),
            ..closing()
        },
    )
    .await;
    let managed = store.managed("acme 'quoted'").await.unwrap();
    assert_eq!(managed, remember.into_iter().collect());
}

async fn many_users_are_written_at_once(store: &Store) {
    let ids: Vec<String> = (0..1000).map(|it| it.to_string()).collect();
    let users: Vec<User> = ids
        .iter()
        .map(|id| user(id, "Name", Some("37126123456")))
        .collect();
    let run = store.begin_run("acme", NOW).await.unwrap();
    for (seq, ids) in (1..).zip(ids.chunks(100)) {
        let ids: Vec<&str> = ids.iter().map(String::as_str).collect();
        intend(store, &run, seq, &batch(Verb::Create, Purpose::Apply, &ids), NOW).await;
    }
    let closing = Closing {
        settled: ids
            .iter()
            .map(|id| settled(id, Op::Create, Outcome::Applied))
            .collect(),
        remember: users.iter().map(ours).collect(),
        ..closing()
    };
    store.close_run(&run, &closing).await.unwrap();
    let managed = store.managed("acme").await.unwrap();
    assert_eq!(managed.len(), 1000);
    assert!(
        managed
            .values()
            .zip(&users)
            .all(|(it, user)| it.observed.as_ref() == Some(user))
    );
    assert_eq!(store.run(run.as_str()).await.unwrap().settled.len(), 1000);
    let forget = Closing {
        forget: users.iter().map(|it| it.id.clone()).collect(),
        ..self::closing()
    };
    run_with(store, "acme", &forget).await;
    assert_eq!(store.account("acme").await.unwrap().n_managed, 0);
}
