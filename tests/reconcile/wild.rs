//! Everything at once, at random: accidents, kills, an administrator who meddles, few seats, bad records,
//! guards. Every report is true, and once it is quiet outside, all is done.

use std::time::Duration;

use fastrand::Rng;
use wazzup_sync::domain::contention::ParkPolicy;
use wazzup_sync::domain::guard::Limit;
use wazzup_sync::reconcile::{Order, Stop};
use wazzup_sync::simulator::{Fault, How, MethodIs, SimUser};
use wazzup_sync::target::Kind;

use super::killed::kill_after;
use super::lab::{Lab, TOKEN, all_well, describe, phone};
use super::oracle::{FOREIGN, company, is_done, wrong};
use super::platforms::SHAPES;
use super::walk::{edit, one, random_switches, seeds};

on_every_wazzup! {
    whatever_happens_reports_are_true_and_calm_days_end_well,
    a_plan_is_carried_out_as_it_was_shown,
}

/// An administrator's hand, in users of ours.
fn meddle(rng: &mut Rng, lab: &Lab) {
    let users = lab.platform();
    let ours: Vec<&SimUser> = users
        .iter()
        .filter(|it| FOREIGN.iter().all(|(id, _)| *id != it.id))
        .collect();
    let Some(user) = rng.choice(&ours) else { return };
    let mut user = (*user).clone();
    let is_free = |phone: &str| users.iter().all(|it| it.phone.as_deref() != Some(phone));
    match rng.u8(..4) {
        0 => lab.sim.remove_user(TOKEN, &user.id),
        1 => {
            user.name.push_str(" by hand");
            lab.sim.put_user(TOKEN, user);
        }
        2 => {
            user.phone = None;
            lab.sim.put_user(TOKEN, user);
        }
        _ => {
            user.phone = Some(phone(rng.usize(1..20))).filter(|it| is_free(it));
            lab.sim.put_user(TOKEN, user);
        }
    }
}

fn accident(rng: &mut Rng) -> Fault {
    let how = match rng.u8(..8) {
        0 => How::Reset,
        1 => How::Html { status: 200 },
        2 => How::Html { status: 502 },
        3 => How::Truncated,
        4 => How::Status {
            status: 503,
            body: None,
            retry_after: None,
        },
        5 => How::Status {
            status: 401,
            body: None,
            retry_after: None,
        },
        6 => How::Status {
            status: 400,
            body: Some("{\"error\":\"INVALID_USER_DATA\",\"description\":\"no\"}".to_owned()),
            retry_after: None,
        },
        _ => How::Slow { millis: 2 },
    };
    // Reads that are refused would say that all absent users are there, or the other way round.
    let is_lie = matches!(how, How::Status { status: 400, .. });
    let mut fault = Fault::new(how).probability(0.2, rng.u64(..));
    if is_lie {
        fault = fault.method(MethodIs::Write);
    }
    if rng.bool() { fault.after_effect() } else { fault }
}

async fn live(kind: Kind, seed: u64) -> Result<(), String> {
    let mut rng = Rng::with_seed(seed);
    let mut switches = random_switches(kind, &mut rng);
    switches.read_lag_ms = 0;
    // What an administrator does to phones shows in no other list.
    switches.v3.phones_in_list = true;
    // Where refusals have no code, nothing tells a full account from a bad record.
    if SHAPES[..5].contains(&switches.error_shape) {
        switches.seats = one(&mut rng, &[1000, 9, 12]);
    }
    let park = one(&mut rng, &[ParkPolicy::Clear, ParkPolicy::Recreate]);
    let mut lab = company(kind, &switches, park).await;
    if rng.bool() {
        lab.account.limits.updates = Limit::Percent(50);
        lab.account.limits.phone_losses = Limit::Percent(10);
        lab.account.limits.removals = Limit::Count(2);
    }
    let mut story = String::new();
    for day in 1..=4 {
        for _ in 0..(if day == 1 { 12 } else { 4 }) {
            edit(&mut rng, &lab);
        }
        for _ in 0..rng.usize(..3) {
            lab.sim.add_fault(accident(&mut rng));
        }
        for n_run in 1..=rng.usize(1..6) {
            if rng.u8(..4) == 0 {
                meddle(&mut rng, &lab);
            }
            if rng.u8(..4) == 0 {
                edit(&mut rng, &lab);
            }
            let n = if rng.u8(..3) == 0 { rng.usize(1..20) } else { 1000 };
            let Some(report) = kill_after(&mut lab, n).await else {
                story.push_str(&format!("day {day}, run {n_run} killed\n{}\n", lab.requests()));
                continue;
            };
            story.push_str(&format!(
                "day {day}, run {n_run}: {}\n{}\n",
                describe(&report),
                lab.requests()
            ));
            // What an administrator did is seen when the list is read, and only then.
            let has_listed = lab.sim.requests().iter().any(|it| it.path.contains("?offset"));
            if has_listed {
                wrong(&lab, &report)
                    .map_err(|what| format!("seed {seed}: {what}\n{switches:?} {park:?}\n{story}"))?;
            }
            if rng.bool() {
                lab.approve_all().await;
            }
        }
        lab.sim.clear_faults();
        lab.later(Duration::from_secs(7 * 3600));
        for n_run in 1..=5 {
            let report = lab.run().await;
            story.push_str(&format!(
                "day {day}, calm run {n_run}: {}\n{}\n",
                describe(&report),
                lab.requests()
            ));
            let told = |what: &str| format!("seed {seed}: {what}\n{switches:?} {park:?}\n{story}");
            wrong(&lab, &report).map_err(|what| told(&what))?;
            lab.approve_all().await;
            if n_run == 5 && !is_done(&lab, &report) {
                return Err(told("not done"));
            }
            lab.count_anew();
        }
        story.clear();
    }
    Ok(())
}

async fn whatever_happens_reports_are_true_and_calm_days_end_well(kind: Kind) {
    all_well(seeds(32).into_iter().map(|seed| live(kind, seed))).await;
}

/// What the plan says is what the run does.
async fn a_plan_is_carried_out_as_it_was_shown(kind: Kind) {
    let lives = seeds(16).into_iter().map(|seed| async move {
        let mut rng = Rng::with_seed(seed);
        let mut switches = random_switches(kind, &mut rng);
        switches.read_lag_ms = 0;
        let lab = company(kind, &switches, ParkPolicy::Recreate).await;
        for _ in 0..12 {
            edit(&mut rng, &lab);
        }
        for day in 1..=5 {
            lab.count_anew();
            let plan = lab.plan().await;
            let told = |what: &str| format!("seed {seed}, day {day}: {what}\n{}", lab.requests());
            if !lab.writes().is_empty() {
                return Err(told("a plan writes"));
            }
            lab.count_anew();
            let order = Order {
                expected_plan: plan.plan_digest.clone().filter(|it| !it.is_empty()),
                ..Order::default()
            };
            let report = lab.run_with(&order).await;
            if matches!(report.stop, Some(Stop::Stale(_))) {
                return Err(told("the run makes another plan"));
            }
            let planned = plan.batches.iter().map(|it| it.method).collect::<Vec<_>>();
            let is_plain = report.exit_code() == 0 && report.users.iter().all(|it| it.settled.attempts <= 1);
            if is_plain && lab.writes() != planned {
                return Err(told(&format!("planned were {planned:?}")));
            }
            lab.approve_all().await;
            lab.run().await;
            lab.run().await;
            for _ in 0..4 {
                edit(&mut rng, &lab);
            }
        }
        Ok(())
    });
    all_well(lives).await;
}
