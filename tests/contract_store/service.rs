//! What the service remembers, and what people tell it.

use wazzup_sync::store::{BackOff, Brake, Paused, Told};

use super::*;

const BOTH: Paused = Paused {
    all: true,
    removals: true,
};
const ALL: Paused = Paused {
    all: true,
    removals: false,
};
const REMOVALS: Paused = Paused {
    all: false,
    removals: true,
};
const NEITHER: Paused = Paused {
    all: false,
    removals: false,
};

async fn paused(store: &Store, account: &str) -> Paused {
    let paused = store.paused(account).await.unwrap();
    let standings = store.standings().await.unwrap();
    assert_eq!(standings.paused(account), paused, "{account}");
    let state = store.account(account).await.unwrap();
    assert_eq!((state.is_paused, state.removals_paused), (paused.all, paused.removals));
    paused
}

pub async fn a_pause_of_all_holds_for_accounts_to_come_and_has_exceptions(store: &Store) {
    store.begin_run("acme", NOW).await.unwrap();
    assert_eq!(paused(store, "acme").await, NEITHER);
    store.pause(None, Brake::All, "anna", NOW).await.unwrap();
    assert_eq!(paused(store, "acme").await, ALL);
    assert_eq!(paused(store, "to come").await, ALL);

    store.resume(Some("acme"), Brake::All, "berta", later(1)).await.unwrap();
    assert_eq!(paused(store, "acme").await, NEITHER);
    assert_eq!(paused(store, "to come").await, ALL);
    let said = store.pauses().await.unwrap();
    let said: Vec<_> = said
        .iter()
        .map(|it| (it.account.as_deref(), it.is_paused, it.since, it.who.as_str()))
        .collect();
    assert_eq!(
        said,
        [(None, true, NOW, "anna"), (Some("acme"), false, later(1), "berta")]
    );

    store.pause(None, Brake::All, "anna", later(2)).await.unwrap();
    assert_eq!(paused(store, "acme").await, ALL, "all means all");
    store.resume(None, Brake::All, "anna", later(3)).await.unwrap();
    assert_eq!(paused(store, "acme").await, NEITHER);
    assert_eq!(paused(store, "to come").await, NEITHER);
    assert_eq!(store.pauses().await.unwrap(), []);
}

pub async fn removals_are_paused_by_themselves(store: &Store) {
    store.pause(Some("acme"), Brake::Removals, "anna", NOW).await.unwrap();
    assert_eq!(paused(store, "acme").await, REMOVALS);
    assert_eq!(paused(store, "beta").await, NEITHER);
    store.pause(None, Brake::All, "anna", NOW).await.unwrap();
    assert_eq!(paused(store, "acme").await, BOTH);
    store.resume(None, Brake::All, "anna", NOW).await.unwrap();
    assert_eq!(paused(store, "acme").await, REMOVALS);
    store.rename("acme", "acme-riga").await.unwrap();
    assert_eq!(paused(store, "acme-riga").await, REMOVALS);
    store.resume(Some("acme-riga"), Brake::Removals, "anna", NOW).await.unwrap();
    assert_eq!(paused(store, "acme-riga").await, NEITHER);
}

pub async fn who_resumes_gets_a_plan(store: &Store) {
    let closing = Closing {
        digest: DigestChange::Set("d".to_owned()),
        ..Closing::new(NOW, "in_sync", 0)
    };
    for account in ["acme", "beta"] {
        run_with(store, account, &closing).await;
    }
    store.pause(None, Brake::All, "anna", NOW).await.unwrap();
    let digest = async |name| store.account(name).await.unwrap().digest;
    assert_eq!(digest("acme").await.as_deref(), Some("d"));
    store.resume(Some("acme"), Brake::All, "anna", NOW).await.unwrap();
    assert_eq!(digest("acme").await, None);
    assert_eq!(digest("beta").await.as_deref(), Some("d"));
    store.resume(None, Brake::All, "anna", NOW).await.unwrap();
    assert_eq!(digest("beta").await, None);
}

pub async fn back_offs_and_what_was_told_survive_and_go_with_the_account(store: &Store) {
    let back_off = BackOff {
        failures: 3,
        is_refused: true,
    };
    store.set_back_off("acme", back_off).await.unwrap();
    let told = |event: &str| Told {
        account: "acme".to_owned(),
        channel: "webhook".to_owned(),
        event: event.to_owned(),
    };
    store.set_told(&told("failing")).await.unwrap();
    store.set_told(&told("recovered")).await.unwrap();
    let stranger = Told {
        account: "nobody".to_owned(),
        ..told("held")
    };
    store.set_told(&stranger).await.unwrap();
    let standings = store.standings().await.unwrap();
    assert_eq!(standings.by_name["acme"].back_off, back_off);
    assert_eq!(store.told().await.unwrap(), [told("recovered")]);
    store.forget("acme").await.unwrap();
    assert_eq!(store.told().await.unwrap(), []);
    assert!(store.standings().await.unwrap().by_name.is_empty());
}

pub async fn standings_tell_what_changed(store: &Store) {
    let run = store.begin_run("acme", NOW).await.unwrap();
    let standing = async || store.standings().await.unwrap().by_name["acme"].clone();
    let begun = standing().await;
    assert_eq!(begun.good_at, None);
    store.close_run(&run, &Closing::new(later(1), "in_sync", 0)).await.unwrap();
    let closed = standing().await;
    assert_ne!(closed.stamp, begun.stamp);
    assert_eq!(closed.good_at, Some(later(1)));
    store.quiet(&[("acme", 3)], later(2)).await.unwrap();
    let quiet = standing().await;
    assert_eq!((quiet.stamp, quiet.good_at), (closed.stamp, Some(later(2))));
    run_with(store, "acme", &Closing::new(later(3), "failed", 69)).await;
    assert_eq!(standing().await.good_at, Some(later(2)));
    store.resume(Some("acme"), Brake::All, "anna", later(4)).await.unwrap();
    assert!(quiet.stamp.0 < standing().await.stamp.0, "a person said something");
    store.ping().await.unwrap();
    assert!(store.bytes() > 0);
}

pub async fn an_overview_counts_what_is_open(store: &Store) {
    assert_eq!(store.overview("nobody").await.unwrap(), Default::default());
    let settled = |id: &str, op, outcome| Settled {
        change: Change {
            id: id.into(),
            op,
            old: None,
            new: None,
        },
        outcome,
        code: None,
        detail: None,
        attempts: 1,
        status: None,
    };
    let closing = Closing {
        settled: vec![
            settled("1", Op::Delete, Outcome::Held),
            settled("2", Op::Update, Outcome::Conflict),
            settled("3", Op::Update, Outcome::Conflict),
            settled("4", Op::Update, Outcome::Applied),
        ],
        findings: Some(vec![Finding {
            id: "5".into(),
            kind: FindingKind::PhoneInvalid,
            detail: "no".into(),
        }]),
        remember: vec![ours(&anna())],
        ..Closing::new(NOW, "held", 4)
    };
    run_with(store, "acme", &closing).await;
    let overview = store.overview("acme").await.unwrap();
    let open = [
        ((Op::Update, Outcome::Conflict), 2),
        ((Op::Delete, Outcome::Held), 1),
    ];
    assert_eq!(overview.open, open.into());
    assert_eq!(overview.oldest_open, Some(NOW));
    assert_eq!(overview.oldest_removal, Some(NOW));
    assert_eq!(overview.findings, [(FindingKind::PhoneInvalid, 1)].into());
    assert_eq!((overview.n_seen, overview.state.n_managed), (1, 1));
}

pub async fn what_went_well_in_the_future_is_older_than_a_run_that_ends_now(store: &Store) {
    store.begin_run("acme", NOW).await.unwrap();
    store.quiet(&[("acme", 1)], later(3 * 3600 * 1000)).await.unwrap();
    let run = store.begin_run("acme", later(1)).await.unwrap();
    let failed = Closing::new(later(2), "failed", 69);
    store.close_run(&run, &failed).await.unwrap();
    let standing = &store.standings().await.unwrap().by_name["acme"];
    assert!(standing.good_at < Some(later(2)), "{standing:?}");
    let state = store.account("acme").await.unwrap();
    assert!(state.quiet_at < Some(later(2)), "{state:?}");
}

pub async fn a_copy_of_the_future_is_not_the_newest_and_the_first_to_go(store: &Store) {
    let day = |n: i64| NOW.plus(n * Millis::DAY);
    for n in [40, 41] {
        store.back_up(day(n), 7).await.unwrap();
    }
    assert_eq!(store.last_backup(day(41)).unwrap(), Some(day(41)));
    assert_eq!(store.last_backup(NOW).unwrap(), None);
    for n in [0, 1, 2] {
        store.back_up(day(n), 3).await.unwrap();
    }
    assert_eq!(store.last_backup(day(2)).unwrap(), Some(day(2)));
    assert_eq!(store.last_backup(day(50)).unwrap(), Some(day(2)), "the others are gone");
}
