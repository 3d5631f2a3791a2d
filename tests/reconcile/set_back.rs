//! A clock that was fast by days and is set right: what is dated in the future counts, and is not trusted.

use std::sync::atomic::Ordering;

use wazzup_sync::domain::memory::Reason;
use wazzup_sync::reconcile::Order;

use wazzup_sync::target::Kind;

use super::lab::{Lab, describe};

const DAY: i64 = 24 * 3600 * 1000;

on_every_wazzup! {
    removals_of_the_future_count_against_the_limit_per_day,
    a_list_of_the_future_is_read_again,
}

/// A company with so many employees, all of them on the platform, whose clock is set back after a run.
async fn company(kind: Kind, n: usize) -> Lab {
    let lab = Lab::new(kind).await;
    lab.hire_many(n);
    let report = lab.run().await;
    assert_eq!(report.exit_code(), 0, "{}", describe(&report));
    lab
}

fn set_back(lab: &Lab, by: i64) {
    lab.now.fetch_sub(by, Ordering::Relaxed);
}

async fn removals_of_the_future_count_against_the_limit_per_day(kind: Kind) {
    let lab = company(kind, 40).await;
    // Six are 15 %, and four at once are 10 %.
    for id in 1..=4 {
        lab.dismiss(id);
    }
    let report = lab.run().await;
    assert_eq!(
        (report.exit_code(), lab.platform().len()),
        (0, 36),
        "{}",
        describe(&report)
    );
    set_back(&lab, 10 * DAY);
    for id in 5..=7 {
        lab.dismiss(id);
    }
    let report = lab.run().await;
    let reasons: Vec<Reason> = report.holds.iter().map(|it| it.reason).collect();
    assert_eq!(reasons, [Reason::RemovalsPerDay], "{}", describe(&report));
    assert_eq!(lab.platform().len(), 36);
}

async fn a_list_of_the_future_is_read_again(kind: Kind) {
    let lab = company(kind, 5).await;
    lab.count_anew();
    let patient = Order {
        is_patient: true,
        ..Order::default()
    };
    assert!(lab.run_with(&patient).await.is_quiet);
    set_back(&lab, 10 * DAY);
    let report = lab.run_with(&patient).await;
    assert!(!report.is_quiet, "{}", describe(&report));
    assert_eq!(report.exit_code(), 0, "{}", describe(&report));
    assert!(lab.run_with(&patient).await.is_quiet, "once");
}
