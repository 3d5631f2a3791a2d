//! Killed at any moment: the next run starts at once, and finishes the work.

use std::collections::BTreeSet;
use std::future::Future;
use std::path::Path;
use std::pin::pin;
use std::process::{Command, Stdio};
use std::sync::Arc;
use std::task::Poll;
use std::time::Duration;

use fastrand::Rng;
use wazzup_sync::domain::contention::ParkPolicy;
use wazzup_sync::domain::diff::OnDrift;
use wazzup_sync::domain::memory::Millis;
use wazzup_sync::reconcile::{AccountReport, Clock, Order, Parts, Progress, RunResult, Timing, reconcile};
use wazzup_sync::simulator::PhoneRule;
use wazzup_sync::store::Store;
use wazzup_sync::target::Kind;

use super::lab::{Lab, TOKEN, Table, account_at, all_well, by_kind, describe, no_limits, phone, target_at};
use super::oracle::{company, is_done, wrong};
use super::walk::{edit, random_switches, seeds};

on_every_wazzup! {
    a_run_that_is_killed_after_any_request_is_finished_by_the_next_one,
    a_run_that_is_killed_at_any_point_is_finished_by_the_next_one,
    a_run_that_is_killed_again_and_again_gets_there,
    users_away_when_a_run_is_killed_come_back_even_if_drift_is_only_reported,
    a_create_whose_run_was_killed_and_whose_employee_then_left_is_cleaned_up,
    random_kills_on_random_platforms_do_no_harm,
    two_runs_at_once_do_what_one_does_and_a_remote_that_stays_locked_is_busy,
    a_process_that_is_killed_again_and_again_gets_there,
}

/// Runs until the platform has received `n` requests, and drops everything then, the store included: as a
/// killed process does.
pub async fn kill_after(lab: &mut Lab, n: usize) -> Option<AccountReport> {
    lab.count_anew();
    let report = {
        let sim = &lab.sim;
        let killer = async {
            while (sim.counts().requests as usize) < n {
                tokio::task::yield_now().await;
            }
        };
        tokio::select! {
            biased;
            report = lab.run() => Some(report),
            () = killer => None,
        }
    };
    lab.reopen().await;
    report
}

/// Polls the run so many times and drops it then, wherever it is.
async fn kill_after_polls(lab: &mut Lab, n: usize) -> Option<AccountReport> {
    let report = {
        let mut run = pin!(lab.run());
        let mut n_polls = 0;
        std::future::poll_fn(|cx| {
            n_polls += 1;
            match run.as_mut().poll(cx) {
                Poll::Ready(report) => Poll::Ready(Some(report)),
                Poll::Pending if n_polls == n => Poll::Ready(None),
                Poll::Pending => Poll::Pending,
            }
        })
        .await
    };
    lab.reopen().await;
    report
}

/// A day with a park, a return, a create, a rename and a removal.
fn busy_day(lab: &Lab) {
    busy_day_in(&lab.crm);
}

fn busy_day_in(crm: &Table) {
    crm.rotate(&[1, 2, 3]);
    crm.hire(21, "Newcomer", crm.person(4).phone);
    crm.dismiss(4);
    crm.give_phone(5, None);
    crm.edit(6, |it| it.name = "Renamed".to_owned());
    crm.hire(22, "Newcomer, too", Some(phone(22)));
}

async fn lab_of(kind: Kind, n: usize, switches: impl FnOnce(&mut wazzup_sync::simulator::Switches)) -> Lab {
    let lab = Lab::new(kind).await.unguarded();
    lab.hire_many(n);
    lab.run().await;
    lab.sim.update_switches(switches);
    lab
}

/// The run after a kill: it starts at once, and at its end all is well.
async fn recover(lab: &Lab, story: &str) {
    lab.count_anew();
    let report = lab.run().await;
    let story = format!("{story}: {}\n{}", describe(&report), lab.requests());
    assert_ne!(report.result, RunResult::Busy, "{story}");
    assert_eq!(report.exit_code(), 0, "{story}");
    assert_eq!(lab.platform(), lab.desired(), "{story}");
    lab.assert_no_violation();
}

async fn a_run_that_is_killed_after_any_request_is_finished_by_the_next_one(kind: Kind) {
    for (name, rule) in [("clears", PhoneRule::Clear), ("keeps", PhoneRule::Keep)] {
        for n in 1.. {
            let mut lab = lab_of(kind, 20, |it| it.set_phone_rules(rule)).await;
            if rule == PhoneRule::Keep {
                lab = lab.recreate();
            }
            busy_day(&lab);
            let report = kill_after(&mut lab, n).await;
            if report.is_some() {
                assert!(n > 10, "the day takes more than {n} requests");
                break;
            }
            recover(&lab, &format!("{name}, killed after {n} requests")).await;
        }
    }
}

async fn a_run_that_is_killed_at_any_point_is_finished_by_the_next_one(kind: Kind) {
    for n in 1.. {
        let mut lab = lab_of(kind, 8, |_| {}).await;
        busy_day(&lab);
        if kill_after_polls(&mut lab, n).await.is_some() {
            break;
        }
        recover(&lab, &format!("killed after {n} polls")).await;
    }
}

async fn a_run_that_is_killed_again_and_again_gets_there(kind: Kind) {
    for stride in 1..=6 {
        let mut lab = lab_of(kind, 20, |_| {}).await;
        busy_day(&lab);
        let mut n_kills = 0;
        while kill_after(&mut lab, stride + n_kills).await.is_none() {
            n_kills += 1;
        }
        recover(&lab, &format!("killed {n_kills} times from request {stride} on")).await;
    }
}

/// What was under way is our own doing, and no drift of somebody else's.
async fn users_away_when_a_run_is_killed_come_back_even_if_drift_is_only_reported(kind: Kind) {
    for (rule, reverts) in [
        (PhoneRule::Clear, false),
        (PhoneRule::Clear, true),
        (PhoneRule::Keep, false),
        (PhoneRule::Keep, true),
    ] {
        for n in 1..20 {
            let mut lab = lab_of(kind, 20, |it| it.set_phone_rules(rule)).await.recreate();
            lab.account.policy.on_drift = OnDrift::Report;
            lab.rotate(&[1, 2]);
            if kill_after(&mut lab, n).await.is_some() {
                break;
            }
            if reverts {
                lab.rotate(&[1, 2]);
            }
            recover(&lab, &format!("{rule:?}, reverts: {reverts}, killed after {n}")).await;
        }
    }
}

async fn a_create_whose_run_was_killed_and_whose_employee_then_left_is_cleaned_up(kind: Kind) {
    let mut lab = Lab::new(kind).await.unguarded();
    lab.hire_many(10);
    lab.run().await;
    lab.hire(11, "Came and went", Some(phone(11)));
    // The request after the list creates.
    let list_requests = by_kind(kind, 2, 1);
    assert!(kill_after(&mut lab, list_requests + 1).await.is_none());
    lab.dismiss(11);
    recover(&lab, "the employee left before the next run").await;
}

async fn random_kills_on_random_platforms_do_no_harm(kind: Kind) {
    let lives = seeds(24).into_iter().map(|seed| async move {
        let mut rng = Rng::with_seed(seed);
        let switches = random_switches(kind, &mut rng);
        let mut lab = company(kind, &switches, ParkPolicy::Recreate).await;
        for day in 1..=4 {
            for _ in 0..(if day == 1 { 12 } else { 4 }) {
                edit(&mut rng, &lab);
            }
            for _ in 0..rng.usize(1..4) {
                let n = rng.usize(1..16);
                if let Some(report) = kill_after(&mut lab, n).await {
                    let story = |what| format!("seed {seed}, day {day}, killed after {n}: {what}");
                    wrong(&lab, &report).map_err(story)?;
                }
                if rng.bool() {
                    edit(&mut rng, &lab);
                }
            }
            for n_run in 1..=4 {
                lab.count_anew();
                let report = lab.run().await;
                let story = |what: &str| {
                    format!(
                        "seed {seed}, day {day}, run {n_run}: {what}: {}\n{}\n{:?}",
                        describe(&report),
                        lab.requests(),
                        switches
                    )
                };
                wrong(&lab, &report).map_err(|what| story(&what))?;
                lab.approve_all().await;
                if n_run == 4 && !is_done(&lab, &report) {
                    return Err(story("not done"));
                }
            }
        }
        Ok(())
    });
    all_well(lives).await;
}

/// The lock dies with the run, and keeps others out while it lives.
async fn two_runs_at_once_do_what_one_does_and_a_remote_that_stays_locked_is_busy(kind: Kind) {
    let lab = lab_of(kind, 20, |_| {}).await;
    busy_day(&lab);
    let order = Order::default();
    let lock = lab.store.lock_remote(&lab.account.binding.remote).await.unwrap();
    assert!(lock.is_some());
    lab.count_anew();
    assert_eq!(lab.run().await.exit_code(), 5);
    assert_eq!(lab.sim.requests().len(), 0);
    drop(lock);
    let (one, other) = tokio::join!(lab.run_with(&order), lab.run_with(&order));
    // The second one has nothing left to do, if it did not give up waiting.
    let results = BTreeSet::from([one.exit_code(), other.exit_code()]);
    assert!(results.is_subset(&BTreeSet::from([0, 5])), "{results:?}");
    assert!(results.contains(&0));
    lab.assert_equal(&one);
    assert_eq!(lab.sim.users(TOKEN).len(), lab.desired().len());
}

/// The variables by which a test tells its child what to do.
const CHILD: [&str; 4] = [
    "RECONCILE_CHILD_KIND",
    "RECONCILE_CHILD_URL",
    "RECONCILE_CHILD_STATE",
    "RECONCILE_CHILD_NOW",
];

/// Not a test: what the child of the next one does. Without a parent it does nothing.
#[tokio::test]
async fn the_child_that_is_killed() {
    let told = CHILD.map(|name| std::env::var(name).ok());
    let [Some(kind), Some(url), Some(state), Some(now)] = told else {
        return;
    };
    let kind = Kind::from_word(&kind).unwrap();
    let crm = Table::default();
    table_of_the_child(&crm);
    let now = Millis(now.parse().unwrap());
    let clock: Clock = Arc::new(move || now);
    let mut account = account_at(kind, &url);
    account.limits = no_limits();
    let target = target_at(kind, &url, TOKEN, Duration::from_secs(2));
    let parts = Parts {
        source: &crm,
        store: &Store::open(Path::new(&state)).await.unwrap(),
        target: &target,
        account: &account,
        timing: Timing {
            settle: Duration::from_millis(1),
            retry_base: Duration::from_millis(1),
            max_run: Duration::from_secs(60),
        },
        clock: &clock,
        progress: &Progress::default(),
    };
    let report = reconcile(&parts, &Order::default()).await;
    std::process::exit(report.exit_code());
}

/// A busy day in a table of 20.
fn table_of_the_child(crm: &Table) {
    for n in 1..=20 {
        crm.hire(n, &format!("Person {n}"), Some(phone(n)));
    }
    busy_day_in(crm);
}

async fn a_process_that_is_killed_again_and_again_gets_there(kind: Kind) {
    let lab = lab_of(kind, 20, |it| it.answer_delay_ms = 1).await;
    lab.crm.0.lock().unwrap().people.clear();
    table_of_the_child(&lab.crm);
    let mut n_kills = 0;
    let exit_code = loop {
        lab.count_anew();
        lab.later(Duration::from_secs(300));
        let told = [
            kind.word().to_owned(),
            lab.sim.base_url(),
            lab.dir.path().join("state.db").display().to_string(),
            (lab.clock())().0.to_string(),
        ];
        let mut child = Command::new(std::env::current_exe().unwrap())
            .args(["--exact", "killed::the_child_that_is_killed", "--nocapture"])
            .envs(CHILD.iter().zip(&told))
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        let ended = loop {
            if let Some(status) = child.try_wait().unwrap() {
                break Some(status);
            }
            if lab.sim.counts().requests > n_kills / 4 {
                child.kill().unwrap();
                child.wait().unwrap();
                break None;
            }
            tokio::task::yield_now().await;
        };
        match ended {
            Some(status) => break status.code(),
            None => n_kills += 1,
        }
        lab.assert_no_violation();
    };
    assert!(n_kills >= 10, "{n_kills}");
    assert_eq!(exit_code, Some(0), "after {n_kills} kills\n{}", lab.requests());
    assert_eq!(
        lab.platform(),
        lab.desired(),
        "after {n_kills} kills\n{}",
        lab.requests()
    );
    lab.assert_no_violation();
}
