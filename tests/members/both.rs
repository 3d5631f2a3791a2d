//! What holds on both platforms, because both give their users ids of their own.

use wazzup_sync::domain::outcome::{Op, Outcome};
use wazzup_sync::target::Kind;

use super::lab::{Lab, TENANT, TOKEN, changes, email, name};

on_both! {
    everybody_is_created_and_a_second_run_asks_nobody,
    leavers_lose_their_access_and_come_back,
    the_same_person_under_another_id_keeps_the_user,
    another_name_keeps_the_user,
    two_rows_with_one_key_change_nobody,
    drift_is_repaired_and_strangers_stay,
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

async fn another_name_keeps_the_user(kind: Kind) {
    let lab = company(kind, 3).await;
    let n_before = lab.active().len();
    lab.rename(1);
    let report = lab.run().await;
    assert_eq!(report.exit_code(), 0, "{report:#?}");
    assert_eq!(lab.active(), lab.desired());
    assert_eq!(lab.active().len(), n_before);
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
