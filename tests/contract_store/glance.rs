//! A look at many accounts at once.

use wazzup_sync::store::{Glance, Limits, Part, Who};

use super::*;

const ALL: Limits = Limits {
    runs: 100,
    holds: 100,
    held_users: 100,
    open: 100,
    findings: 100,
};

fn finding(id: &str) -> Finding {
    Finding {
        id: id.into(),
        kind: FindingKind::PhoneInvalid,
        detail: format!("the phone of {id}").into(),
    }
}

fn who(id: &str, name: Option<&str>) -> Who {
    Who {
        id: id.to_owned(),
        name: name.map(str::to_owned),
    }
}

/// The ids of what is shown, and how many there are.
fn ids<T>(part: &Part<T>, user: impl Fn(&T) -> &Who) -> (Vec<&str>, usize) {
    let shown = part.shown.iter().map(|it| user(it).id.as_str());
    (shown.collect(), part.n_all)
}

pub async fn of_accounts_that_were_not_asked_for_nothing_is_said(store: &Store) {
    let bad = Closing {
        settled: vec![settled("7", Op::Update, Outcome::Conflict)],
        holds: Some(vec![hold("d1", Reason::Removals, &["5"])]),
        findings: Some(vec![finding("9")]),
        ..closing()
    };
    run_with(store, "acme", &bad).await;
    assert_eq!(store.glance(&[], ALL).await.unwrap(), Glance::default());
    let others = store.glance(&["beta", "nobody"], ALL).await.unwrap();
    assert_eq!(others, Glance::default());

    run_with(store, "beta", &bad).await;
    let one = store.glance(&["beta"], ALL).await.unwrap();
    let counts = |it: &Glance| {
        (
            it.runs.len(),
            it.holds.n_all,
            it.open.n_all,
            it.findings.n_all,
        )
    };
    assert_eq!(counts(&one), (1, 1, 1, 1));
    assert_eq!(one.holds.shown[0].account, "beta");
    assert_eq!(one.open.shown[0].account, "beta");
    assert_eq!(one.findings.shown[0].account, "beta");
    let both = store.glance(&["acme", "beta"], ALL).await.unwrap();
    assert_eq!(counts(&both), (2, 2, 2, 2));
    let accounts: Vec<&str> = both.runs.iter().map(|it| it.account.as_str()).collect();
    assert_eq!(accounts, ["beta", "acme"], "the newest first");
}

pub async fn long_lists_are_cut_and_counted(store: &Store) {
    let names: Vec<String> = (1..=5).map(|n| n.to_string()).collect();
    let names: Vec<&str> = names.iter().map(String::as_str).collect();
    for _ in 0..3 {
        let bad = Closing {
            settled: names
                .iter()
                .map(|id| settled(id, Op::Update, Outcome::Rejected))
                .collect(),
            holds: Some(vec![
                hold("d1", Reason::Removals, &names),
                hold("d2", Reason::Updates, &["5"]),
            ]),
            findings: Some(names.iter().map(|id| finding(id)).collect()),
            ..closing()
        };
        run_with(store, "acme", &bad).await;
    }
    let limits = Limits {
        runs: 2,
        holds: 1,
        held_users: 3,
        open: 2,
        findings: 4,
    };
    let glance = store.glance(&["acme"], limits).await.unwrap();
    assert_eq!(glance.runs.len(), 2);
    assert_eq!((glance.holds.shown.len(), glance.holds.n_all), (1, 2));
    assert_eq!(glance.holds.n_more(), 1);
    let held = &glance.holds.shown[0];
    assert_eq!(held.reason, Reason::Removals);
    assert_eq!(ids(&held.users, |it| it), (vec!["1", "2", "3"], 5));
    assert_eq!(ids(&glance.open, |it| &it.user), (vec!["1", "2"], 5));
    assert_eq!(
        ids(&glance.findings, |it| &it.user),
        (vec!["1", "2", "3", "4"], 5)
    );
}

pub async fn conflicts_come_first_and_what_is_held_is_shown_once(store: &Store) {
    let mut now = NOW;
    for (id, outcome) in [
        ("1", Outcome::Held),
        ("2", Outcome::Rejected),
        ("3", Outcome::Unknown),
        ("4", Outcome::Conflict),
    ] {
        now = now.plus(1000);
        let bad = Closing {
            settled: vec![settled(id, Op::Update, outcome)],
            ..Closing::new(now, "partial", 3)
        };
        run_with(store, "acme", &bad).await;
    }
    let glance = store.glance(&["acme"], ALL).await.unwrap();
    assert_eq!(ids(&glance.open, |it| &it.user), (vec!["4", "2", "3"], 3));
    assert_eq!(glance.open.shown[0].since, later(4000));
    assert_eq!(glance.open.shown[0].tries, 1);
}

pub async fn users_have_the_last_name_that_is_known(store: &Store) {
    let seen = ["1", "2", "3", "4"].map(finding);
    let run = Closing {
        remember: vec![ours(&user("1", "Shown", None))],
        foreign: Some(vec![user("2", "Foreign", None)]),
        settled: vec![
            // Sent under another name than the platform showed last.
            settled("1", Op::Update, Outcome::Rejected),
            settled("3", Op::Create, Outcome::Rejected),
        ],
        findings: Some(seen.into()),
        ..closing()
    };
    run_with(store, "acme", &run).await;
    let glance = store.glance(&["acme"], ALL).await.unwrap();
    let users: Vec<&Who> = glance.findings.shown.iter().map(|it| &it.user).collect();
    let expected = [
        who("1", Some("Shown")),
        who("2", Some("Foreign")),
        who("3", Some("New")),
        who("4", None),
    ];
    assert_eq!(users, expected.iter().collect::<Vec<_>>());
}

pub async fn a_conflict_names_the_other_user(store: &Store) {
    let conflict = |id: &str, detail: &str| Settled {
        detail: Some(detail.into()),
        ..settled(id, Op::Update, Outcome::Conflict)
    };
    let run = Closing {
        foreign: Some(vec![user("boss", "The Boss", Some("37126123456"))]),
        settled: vec![
            conflict("1", "the phone is with user \"boss\", who is not ours"),
            conflict("2", "somebody has the phone"),
            conflict("3", "the phone is with user \"\""),
        ],
        ..closing()
    };
    run_with(store, "acme", &run).await;
    let glance = store.glance(&["acme"], ALL).await.unwrap();
    let others: Vec<Option<&Who>> = glance.open.shown.iter().map(|it| it.other.as_ref()).collect();
    assert_eq!(others, [Some(&who("boss", Some("The Boss"))), None, None]);
}
