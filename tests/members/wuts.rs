//! WUTS: by e-mail, with a role, deactivated when they leave.

use std::collections::BTreeMap;
use std::time::Duration;

use wazzup_sync::domain::finding::FindingKind;
use wazzup_sync::domain::guard::Limit;
use wazzup_sync::domain::outcome::{Op, Outcome};
use wazzup_sync::simulator::{Fault, How, MethodIs, WutsUser};

use super::lab::{Lab, OWN, TENANT, changes, email};

fn one(n: usize, op: Op) -> (String, Op, Outcome) {
    (n.to_string(), op, Outcome::Applied)
}

#[tokio::test]
async fn people_are_found_or_created_and_a_second_run_asks_nobody() {
    let lab = Lab::new([
        WutsUser::new("s1", "Person1@Example.com", "manager"),
        WutsUser::new("s9", "guest@example.com", "user"),
    ])
    .await;
    for n in 1..=3 {
        lab.hire(n, if n == 2 { "head" } else { "" });
    }
    let report = lab.run().await;
    assert_eq!(report.exit_code(), 0, "{report:#?}");
    assert_eq!(
        changes(&report),
        [one(1, Op::Access), one(2, Op::Create), one(3, Op::Create)]
    );
    let mut expected = lab.desired();
    expected.insert("guest@example.com".to_owned(), "user".to_owned());
    assert_eq!(lab.active(), expected);
    // The guest, and the administrator who is not ours; our own user is not counted among people.
    assert_eq!(report.foreign, 3);
    let report = lab.run().await;
    assert_eq!(report.exit_code(), 0);
    assert_eq!(lab.sim.requests().len(), 0);
    lab.assert_clean();
}

async fn company(n: usize) -> Lab {
    let lab = Lab::new([]).await;
    for n in 1..=n {
        lab.hire(n, "");
    }
    assert_eq!(lab.run().await.exit_code(), 0);
    lab
}

#[tokio::test]
async fn roles_change_leavers_are_deactivated_and_come_back() {
    let lab = company(4).await;
    lab.hire(1, "head");
    lab.dismiss(2);
    let report = lab.run().await;
    assert_eq!(changes(&report), [one(1, Op::Access), one(2, Op::Delete)]);
    assert_eq!(lab.active(), lab.desired());
    let left = lab.sim.wuts_users(TENANT);
    assert!(left.iter().any(|it| it.email == email(2) && !it.active));

    lab.hire(2, "head");
    let report = lab.run().await;
    assert_eq!(changes(&report), [one(2, Op::Create)]);
    assert_eq!(lab.active(), lab.desired());
    lab.assert_clean();
}

#[tokio::test]
async fn another_e_mail_is_one_change_that_is_held_like_a_removal() {
    let mut lab = company(4).await;
    lab.put(1, "new@example.com", "");
    lab.account.limits.removals = Limit::Count(0);
    let report = lab.run().await;
    assert_eq!(report.exit_code(), 4, "{report:#?}");
    assert_eq!(changes(&report), [("1".to_owned(), Op::Update, Outcome::Held)]);
    assert!(lab.active().contains_key(&email(1)));

    lab.account.limits.removals = Limit::Count(10);
    let report = lab.run().await;
    assert_eq!(report.exit_code(), 0, "{report:#?}");
    assert_eq!(lab.active(), lab.desired());
    lab.assert_clean();
}

#[tokio::test]
async fn the_same_person_under_another_id_keeps_the_user() {
    let lab = company(3).await;
    lab.dismiss(1);
    lab.put(7, &email(1), "");
    let report = lab.run().await;
    assert_eq!(report.exit_code(), 0, "{report:#?}");
    assert_eq!(lab.active(), lab.desired());
    lab.assert_clean();
}

#[tokio::test]
async fn nobody_is_created_where_that_is_not_allowed() {
    let mut lab = Lab::new([WutsUser::new("s1", &email(1), "user").inactive()]).await;
    lab.options.creates = false;
    lab.hire(1, "");
    lab.hire(2, "");
    let report = lab.run().await;
    assert_eq!(changes(&report), [one(1, Op::Create)]);
    let missing: Vec<&str> = report
        .findings
        .iter()
        .filter(|it| it.kind == FindingKind::UserMissing)
        .map(|it| it.id.as_str())
        .collect();
    assert_eq!(missing, ["2"]);
    assert_eq!(lab.active(), BTreeMap::from([(email(1), "user".to_owned())]));
}

#[tokio::test]
async fn two_rows_with_one_e_mail_change_nobody() {
    let lab = company(3).await;
    lab.put(4, "PERSON1@example.com", "head");
    let before = lab.active();
    let report = lab.run().await;
    assert_eq!(changes(&report), []);
    assert!(
        report
            .findings
            .iter()
            .any(|it| it.kind == FindingKind::EmailDuplicate)
    );
    assert_eq!(lab.active(), before);
}

#[tokio::test]
async fn our_own_user_and_protected_ones_stay_even_if_the_table_says_otherwise() {
    let mut lab = company(2).await;
    lab.account.policy.protected = [email(2).as_str().into()].into();
    lab.put(9, "sync@example.com", "");
    lab.dismiss(2);
    lab.run().await;
    let users = lab.sim.wuts_users(TENANT);
    assert!(
        users
            .iter()
            .any(|it| it.id == OWN && it.role == "admin" && it.active)
    );
    assert!(lab.active().contains_key(&email(2)));
    lab.assert_clean();
}

/// A day with a change of each sort.
fn busy_day(lab: &Lab) {
    lab.hire(1, "head");
    lab.dismiss(2);
    lab.put(3, "third@example.com", "");
    lab.hire(8, "head");
}

#[tokio::test]
async fn an_answer_may_be_lost_at_every_write() {
    for is_after in [false, true] {
        for n in 1..=6 {
            let lab = company(5).await;
            busy_day(&lab);
            let fault = Fault::new(How::Reset).method(MethodIs::Write).nth(n);
            lab.sim
                .add_fault(if is_after { fault.after_effect() } else { fault });
            let first = lab.run().await;
            lab.sim.clear_faults();
            assert!(
                first.exit_code() != 0 || lab.active() == lab.desired(),
                "{first:#?}"
            );
            let mut report = lab.run().await;
            if report.exit_code() != 0 {
                report = lab.run().await;
            }
            assert_eq!(report.exit_code(), 0, "write {n}, {is_after}: {report:#?}");
            assert_eq!(lab.active(), lab.desired(), "write {n}, {is_after}");
            lab.assert_clean();
        }
    }
}

#[tokio::test]
async fn with_accidents_on_a_third_of_the_requests_runs_converge_and_never_lie() {
    let n_seeds = std::env::var("WALKS")
        .ok()
        .and_then(|it| it.parse().ok())
        .unwrap_or(8);
    for seed in 0..n_seeds {
        let mut lab = company(5).await;
        lab.timeout = Duration::from_millis(100);
        busy_day(&lab);
        for (n, how) in [How::Reset, How::Html { status: 502 }, How::Truncated]
            .into_iter()
            .enumerate()
        {
            let fault = Fault::new(how).probability(0.1, seed * 10 + n as u64);
            lab.sim
                .add_fault(if n == 0 { fault.after_effect() } else { fault });
        }
        for n_run in 1.. {
            assert!(n_run < 30, "seed {seed}: still not done");
            if lab.run().await.exit_code() == 0 {
                assert_eq!(lab.active(), lab.desired(), "seed {seed}, run {n_run}");
                break;
            }
        }
        lab.assert_clean();
    }
}
