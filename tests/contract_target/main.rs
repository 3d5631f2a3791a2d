//! What every platform owes to those who use it: one set of stories, and each platform lives through all of them in each
//! way that its documents leave open. What only one of them has is told in tests of its own.
#![expect(clippy::unwrap_used, reason = "a test ends where its surroundings fail")]

mod ids;
mod members;
mod stage;
mod switches;

use std::env;

use futures_util::stream::{self, StreamExt as _};
use stage::{Stage, Way, ways};
use wazzup_sync::domain::outcome::Outcome;
use wazzup_sync::reconcile::AccountReport;
use wazzup_sync::simulator::{Fault, How, MethodIs};
use wazzup_sync::target::Kind;

/// Each of these stories on each platform.
macro_rules! on_all_platforms {
    ($($story:ident),* $(,)?) => {
        on_all_platforms!(@ wazzup_v2, WazzupV2, $($story),*);
        on_all_platforms!(@ wazzup_v3, WazzupV3, $($story),*);
        on_all_platforms!(@ wuts, Wuts, $($story),*);
        on_all_platforms!(@ meta, Meta, $($story),*);
    };
    (@ $module:ident, $kind:ident, $($story:ident),*) => {
        mod $module {
            $(#[tokio::test]
            async fn $story() {
                super::$story(wazzup_sync::target::Kind::$kind).await;
            })*
        }
    };
}

on_all_platforms! {
    in_every_way_days_end_well_and_quiet_ones_cost_nothing,
    an_answer_may_be_lost_at_every_write,
    with_accidents_on_a_third_of_the_requests_runs_converge_and_never_lie,
    a_refused_credential_changes_nothing_and_is_named,
}

/// A day with a change of each sort: a newcomer, a leaver, another value, another name.
fn busy_day(stage: &Stage) {
    stage.change(1);
    stage.dismiss(2);
    stage.rename(3);
    stage.hire(8);
}

fn is_applied(report: &AccountReport) -> bool {
    report
        .users
        .iter()
        .all(|it| it.settled.outcome == Outcome::Applied)
}

/// Runs until all is well, at most so often.
async fn run_until_done(stage: &Stage, n_runs: usize, what: &str) {
    let mut report = stage.run().await;
    for _ in 1..n_runs {
        if report.exit_code() == 0 {
            break;
        }
        report = stage.run().await;
    }
    assert_eq!(report.exit_code(), 0, "{what}: {report:#?}");
    assert!(is_applied(&report), "{what}: {report:#?}");
}

async fn in_every_way_days_end_well_and_quiet_ones_cost_nothing(kind: Kind) {
    let ways = ways(kind);
    stream::iter(&ways)
        .for_each_concurrent(4, |way| live(kind, way))
        .await;
}

async fn live(kind: Kind, way: &Way) {
    let stage = Stage::that(kind, way).await;
    (1..=6).for_each(|n| stage.hire(n));
    for day in ["the first day", "a busy day", "a day of leavers"] {
        run_until_done(&stage, 2, &format!("{}, {day}", way.name)).await;
        stage.assert_equal(way);
        let quiet = stage.run().await;
        assert_eq!(quiet.exit_code(), 0, "{}, after {day}", way.name);
        assert_eq!(stage.sim().requests().len(), 0, "{}, after {day}", way.name);
        match day {
            "the first day" => busy_day(&stage),
            _ => (4..=5).for_each(|n| stage.dismiss(n)),
        }
    }
    stage.assert_clean();
}

async fn company(kind: Kind) -> Stage {
    let stage = Stage::of(kind).await;
    (1..=5).for_each(|n| stage.hire(n));
    run_until_done(&stage, 1, "the first day").await;
    stage
}

async fn an_answer_may_be_lost_at_every_write(kind: Kind) {
    for is_after in [false, true] {
        for n in 1.. {
            let stage = company(kind).await;
            busy_day(&stage);
            let fault = Fault::new(How::Reset).method(MethodIs::Write).nth(n);
            let fault = if is_after { fault.after_effect() } else { fault };
            stage.sim().add_fault(fault);
            let first = stage.run().await;
            let n_lost = stage.sim().counts().faults;
            stage.sim().clear_faults();
            assert!(
                first.exit_code() != 0 || stage.shown() == stage.desired(),
                "write {n}: {first:#?}"
            );
            run_until_done(&stage, 2, &format!("write {n}, after the effect: {is_after}")).await;
            assert_eq!(
                stage.shown(),
                stage.desired(),
                "write {n}, after the effect: {is_after}"
            );
            stage.assert_clean();
            if n_lost == 0 {
                assert!(n > 2, "there are at least two writes in such a day");
                break;
            }
        }
    }
}

async fn with_accidents_on_a_third_of_the_requests_runs_converge_and_never_lie(kind: Kind) {
    let walks = env::var("WALKS").ok().and_then(|it| it.parse().ok());
    for seed in 0..walks.unwrap_or(8) {
        let mut stage = company(kind).await;
        stage.impatient();
        busy_day(&stage);
        let accidents = [How::Reset, How::Html { status: 502 }, How::Truncated];
        for (n, how) in accidents.into_iter().enumerate() {
            let fault = Fault::new(how).probability(0.1, seed * 10 + n as u64);
            let fault = if n == 0 { fault.after_effect() } else { fault };
            stage.sim().add_fault(fault);
        }
        for n_run in 1.. {
            assert!(n_run < 40, "seed {seed}: still not done");
            if stage.run().await.exit_code() == 0 {
                assert_eq!(stage.shown(), stage.desired(), "seed {seed}, run {n_run}");
                break;
            }
        }
        stage.assert_clean();
    }
}

async fn a_refused_credential_changes_nothing_and_is_named(kind: Kind) {
    let stage = company(kind).await;
    busy_day(&stage);
    let before = stage.shown();
    stage.sim().add_fault(Fault::new(How::Status {
        status: 401,
        body: None,
        retry_after: None,
    }));
    let refused = stage.run().await;
    assert_eq!(refused.exit_code(), 77, "{refused:#?}");
    assert_eq!(stage.shown(), before);
    stage.assert_clean();
}
