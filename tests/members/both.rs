//! What holds on both platforms: the stories that every account lives through.

use std::time::Duration;

use wazzup_sync::domain::outcome::{Op, Outcome};
use wazzup_sync::simulator::{Fault, How, MethodIs};
use wazzup_sync::target::Kind;

use super::lab::{Lab, TENANT, TOKEN, changes, email, name};
use super::switches;

on_both! {
    everybody_is_created_and_a_second_run_asks_nobody,
    leavers_lose_their_access_and_come_back,
    the_same_person_under_another_id_keeps_the_user,
    two_rows_with_one_key_change_nobody,
    drift_is_repaired_and_strangers_stay,
    an_answer_may_be_lost_at_every_write,
    with_accidents_on_a_third_of_the_requests_runs_converge_and_never_lie,
    under_every_switch_days_end_well_and_quiet_ones_cost_nothing,
}

fn one(n: usize, op: Op) -> (String, Op, Outcome) {
    (n.to_string(), op, Outcome::Applied)
}

async fn company(kind: Kind, n: usize) -> Lab {
    let lab = Lab::of(kind).await;
    for n in 1..=n {
        lab.hire(n, "");
    }
    let report = lab.run().await;
    assert_eq!(report.exit_code(), 0, "{report:#?}");
    lab
}

async fn everybody_is_created_and_a_second_run_asks_nobody(kind: Kind) {
    let lab = Lab::of(kind).await;
    for n in 1..=3 {
        lab.hire(n, if n == 2 { "head" } else { "" });
    }
    let report = lab.run().await;
    assert_eq!(report.exit_code(), 0, "{report:#?}");
    let created = [one(1, Op::Create), one(2, Op::Create), one(3, Op::Create)];
    assert_eq!(changes(&report), created);
    assert_eq!(lab.active(), lab.desired());
    let report = lab.run().await;
    assert_eq!(report.exit_code(), 0);
    assert_eq!(lab.sim.requests().len(), 0);
    lab.assert_clean();
}

async fn leavers_lose_their_access_and_come_back(kind: Kind) {
    let lab = company(kind, 4).await;
    lab.hire(1, "head");
    lab.dismiss(2);
    let report = lab.run().await;
    assert_eq!(changes(&report), [one(1, Op::Access), one(2, Op::Delete)]);
    assert_eq!(lab.active(), lab.desired());

    lab.hire(2, "head");
    let report = lab.run().await;
    assert_eq!(changes(&report), [one(2, Op::Create)]);
    assert_eq!(lab.active(), lab.desired());
    // The user that had left is the one who is back.
    lab.assert_clean();
}

async fn the_same_person_under_another_id_keeps_the_user(kind: Kind) {
    let lab = company(kind, 3).await;
    lab.dismiss(1);
    lab.rekey(7, 1, "");
    let report = lab.run().await;
    assert_eq!(report.exit_code(), 0, "{report:#?}");
    assert_eq!(lab.active(), lab.desired());
    lab.assert_clean();
}

async fn two_rows_with_one_key_change_nobody(kind: Kind) {
    let lab = company(kind, 3).await;
    lab.rekey(4, 1, "head");
    let before = lab.active();
    let report = lab.run().await;
    assert_eq!(changes(&report), []);
    let about: Vec<&str> = report.findings.iter().map(|it| it.id.as_str()).collect();
    assert_eq!(about, ["1", "4"], "{:?}", report.findings);
    assert_eq!(lab.active(), before);
}

/// Somebody changes by hand what a user may do.
fn meddle(lab: &Lab, kind: Kind) {
    if kind == Kind::Meta {
        lab.sim.update_meta(TOKEN, |business| {
            let mut users = business.system_users.values_mut();
            users.find(|it| it.name == name(2)).unwrap().tasks = None;
        });
    } else {
        let users = lab.sim.wuts_users(TENANT).into_iter();
        let mut user = users.into_iter().find(|it| it.email == email(2)).unwrap();
        user.active = false;
        lab.sim.put_wuts_user(TENANT, user);
    }
}

async fn drift_is_repaired_and_strangers_stay(kind: Kind) {
    let lab = company(kind, 4).await;
    meddle(&lab, kind);
    assert_ne!(lab.active(), lab.desired());
    // Nothing tells us, until the platform is looked at.
    lab.later(lab.account.verify_every);
    let report = lab.run().await;
    assert_eq!(report.exit_code(), 0, "{report:#?}");
    assert_eq!(report.drift, 1, "{report:#?}");
    assert_eq!(lab.active(), lab.desired());
    lab.assert_clean();
}

/// A day with a change of each sort.
fn busy_day(lab: &Lab) {
    lab.hire(1, "head");
    lab.dismiss(2);
    lab.rename(3);
    lab.hire(8, "head");
}

async fn an_answer_may_be_lost_at_every_write(kind: Kind) {
    for is_after in [false, true] {
        for n in 1..=8 {
            let lab = company(kind, 5).await;
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
            let report = lab.run_until_done(2).await;
            assert_eq!(report.exit_code(), 0, "write {n}, {is_after}: {report:#?}");
            assert_eq!(lab.active(), lab.desired(), "write {n}, {is_after}");
            lab.assert_clean();
        }
    }
}

async fn with_accidents_on_a_third_of_the_requests_runs_converge_and_never_lie(kind: Kind) {
    let n_seeds = std::env::var("WALKS")
        .ok()
        .and_then(|it| it.parse().ok())
        .unwrap_or(8);
    for seed in 0..n_seeds {
        let mut lab = company(kind, 5).await;
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
            assert!(n_run < 40, "seed {seed}: still not done");
            if lab.run().await.exit_code() == 0 {
                assert_eq!(lab.active(), lab.desired(), "seed {seed}, run {n_run}");
                break;
            }
        }
        lab.assert_clean();
    }
}

async fn under_every_switch_days_end_well_and_quiet_ones_cost_nothing(kind: Kind) {
    for (name, flip) in switches::of(kind) {
        let lab = Lab::of(kind).await;
        flip.flip(&lab);
        for n in 1..=6 {
            lab.hire(n, if n == 2 { "head" } else { "" });
        }
        for day in ["first", "busy"] {
            let report = lab.run_until_done(2).await;
            assert_eq!(report.exit_code(), 0, "{name}, {day} day: {report:#?}");
            switches::assert_equal(name, &lab);
            lab.run().await;
            assert_eq!(lab.sim.requests().len(), 0, "{name}, after the {day} day");
            busy_day(&lab);
        }
        lab.assert_clean();
    }
}
