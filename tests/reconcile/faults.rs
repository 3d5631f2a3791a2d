//! Accidents: a third of all requests meet one. Runs that are repeated come to the end, and none says
//! that all is well while it is not.

use std::time::Duration;

use fastrand::Rng;
use wazzup_sync::domain::contention::ParkPolicy;
use wazzup_sync::reconcile::{AccountReport, Order};
use wazzup_sync::simulator::{Fault, How, Lands, MethodIs, RetryAfter};
use wazzup_sync::target::Kind;

use super::lab::{Lab, all_well, describe};
use super::oracle::{company, is_done, wrong};
use super::platforms::Platform;
use super::walk::{edit, random_switches, seeds};

on_every_wazzup! {
    a_third_of_all_requests_may_meet_an_accident,
    accidents_of_all_kinds_may_mix,
    a_lost_request_may_land_later,
}

const SHARE: f64 = 0.3;
const MAX_RUNS: usize = 40;

/// One kind of accident.
type Accident = (&'static str, fn() -> How);

fn status(status: u16) -> How {
    How::Status {
        status,
        body: None,
        retry_after: None,
    }
}

const ACCIDENTS: [Accident; 13] = [
    ("500", || status(500)),
    ("502 with a page", || How::Html { status: 502 }),
    ("503", || status(503)),
    ("504", || status(504)),
    ("408", || status(408)),
    ("200 with a page", || How::Html { status: 200 }),
    ("redirect", || How::Redirect {
        to: "https://elsewhere.example/".to_owned(),
    }),
    ("reset", || How::Reset),
    ("hang", || How::Hang { millis: None }),
    ("slow", || How::Slow { millis: 3 }),
    ("truncated", || How::Truncated),
    ("endless body", || How::EndlessBody),
    ("slow down", || How::RateLimit {
        retry_after: Some(RetryAfter::Millis(1)),
    }),
];

/// Lives for some days on a platform with accidents.
async fn live(platform: &Platform, seed: u64, faults: impl Fn(u64) -> Vec<Fault>) -> Result<(), String> {
    let mut rng = Rng::with_seed(seed);
    let mut lab = company(platform.kind, &platform.switches, ParkPolicy::Recreate).await;
    lab.timeout = Duration::from_millis(60);
    for day in 1..=3 {
        for _ in 0..(if day == 1 { 12 } else { 5 }) {
            edit(&mut rng, &lab);
        }
        for fault in faults(seed * 100 + day) {
            lab.sim.add_fault(fault);
        }
        for n_run in 1.. {
            let at = format!(
                "platform \"{}\", seed {seed}, day {day}, run {n_run}",
                platform.name
            );
            if n_run == MAX_RUNS {
                return Err(format!("{at}: still not done"));
            }
            let report = run(&lab).await.map_err(|what| format!("{at}: {what}"))?;
            if is_done(&lab, &report) {
                break;
            }
        }
        lab.sim.clear_faults();
        lab.sim.land_delayed();
        let at = format!(
            "platform \"{}\", seed {seed}, day {day}, after all",
            platform.name
        );
        run(&lab).await.map_err(|what| format!("{at}: {what}"))?;
        let report = run(&lab).await.map_err(|what| format!("{at}: {what}"))?;
        if !is_done(&lab, &report) {
            return Err(format!(
                "{at}: not done: {}\n{}",
                describe(&report),
                lab.requests()
            ));
        }
    }
    Ok(())
}

/// One run, and what it says that is not so.
async fn run(lab: &Lab) -> Result<AccountReport, String> {
    lab.count_anew();
    let report = lab.run().await;
    wrong(lab, &report).map_err(|what| format!("{what}: {}\n{}", describe(&report), lab.requests()))?;
    lab.approve_all().await;
    Ok(report)
}

async fn a_third_of_all_requests_may_meet_an_accident(kind: Kind) {
    let mut cases = Vec::new();
    for seed in seeds(1) {
        for accident in &ACCIDENTS {
            cases.extend([false, true].map(|is_after| (accident, is_after, seed)));
        }
    }
    let lives = cases.into_iter().map(|((name, how), is_after, seed)| async move {
        let switches = random_switches(kind, &mut Rng::with_seed(seed));
        let name = format!("{name}, after the effect: {is_after}");
        let platform = Platform::new(kind, name, |it| *it = switches);
        let faults = |seed| {
            let fault = Fault::new(how()).probability(SHARE, seed);
            vec![if is_after { fault.after_effect() } else { fault }]
        };
        live(&platform, seed, faults).await
    });
    all_well(lives).await;
}

async fn accidents_of_all_kinds_may_mix(kind: Kind) {
    let lives = seeds(12).into_iter().map(|seed| async move {
        let switches = random_switches(kind, &mut Rng::with_seed(seed));
        let platform = Platform::new(kind, "mixed accidents", |it| *it = switches);
        let share = SHARE / (2.0 * ACCIDENTS.len() as f64);
        let faults = |seed| {
            let both = |(n, (_, how)): (usize, &Accident)| {
                let seed = seed * 1000 + n as u64;
                let before = Fault::new(how()).probability(share, seed);
                let after = Fault::new(how()).probability(share, seed + 500).after_effect();
                [before, after]
            };
            ACCIDENTS.iter().enumerate().flat_map(both).collect()
        };
        live(&platform, seed, faults).await
    });
    all_well(lives).await;
}

/// A lost request has its effect later: in the run, between two runs, in the next one, after it. Two runs
/// repair what it spoils, once one of them verifies.
async fn a_lost_request_may_land_later(kind: Kind) {
    let lives = seeds(16).into_iter().map(|seed| async move {
        let mut rng = Rng::with_seed(seed);
        let switches = random_switches(kind, &mut rng);
        let lab = company(kind, &switches, ParkPolicy::Recreate).await;
        for day in 1..=4 {
            for _ in 0..(if day == 1 { 12 } else { 5 }) {
                edit(&mut rng, &lab);
            }
            let lands = match rng.u8(..3) {
                0 => Lands::OnDemand,
                1 => Lands::AtRequest(rng.u64(1..4)),
                _ => Lands::AtRequest(rng.u64(1..20)),
            };
            let status = rng.bool().then_some(504);
            let fault = Fault::new(How::DelayedEffect { lands, status });
            lab.sim
                .add_fault(fault.method(MethodIs::Write).probability(0.4, seed * 10 + day));
            let n_disturbed = rng.usize(1..3);
            for _ in 0..n_disturbed {
                lab.run().await;
                lab.approve_all().await;
                if rng.bool() {
                    lab.sim.land_delayed();
                }
            }
            lab.sim.clear_faults();
            lab.sim.land_delayed();
            // What has just landed is seen at once: no run could know that it waits for it.
            lab.sim.update_switches(|it| it.read_lag_ms = 0);
            let at = format!("seed {seed}, day {day}");
            let mut story = String::new();
            for n_run in 1..=3 {
                lab.count_anew();
                // What lands even after the next run has verified the account is found by the verification
                // that comes every few hours, which here comes now.
                let order = Order {
                    verify: n_run == 1 && n_disturbed > 1,
                    ..Order::default()
                };
                let report = lab.run_with(&order).await;
                lab.approve_all().await;
                story = format!("{story}run {n_run}: {}\n{}\n", describe(&report), lab.requests());
                if n_run < 3 {
                    continue;
                }
                let is_well = wrong(&lab, &report).and_then(|()| {
                    let not_done = || "not done".to_owned();
                    is_done(&lab, &report).then_some(()).ok_or_else(not_done)
                });
                is_well.map_err(|what| format!("{at}: {what}: {story}"))?;
            }
        }
        Ok(())
    });
    all_well(lives).await;
}
