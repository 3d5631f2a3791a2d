//! Random companies on random platforms, day after day: whatever happens in the CRM, two runs later the
//! platform equals the table.
//!
//! `WALKS=500 cargo test --test reconcile` walks further; `WALK_SEED=7` repeats one walk.

use std::collections::BTreeMap;

use fastrand::Rng;
use wazzup_sync::domain::contention::ParkPolicy;
use wazzup_sync::domain::finding::FindingKind;
use wazzup_sync::domain::outcome::{Outcome, Settled};
use wazzup_sync::reconcile::AccountReport;
use wazzup_sync::simulator::{
    AbsentGet, AbsentPhone, DeleteUnknown, Envelope, PatchUnknown, PhoneRule, PostExisting, SimUser, Switches,
};

use super::lab::{Lab, TOKEN, all_well, describe, phone};
use super::platforms::{ANSWERS, BATCHES, CASES, CHECKS, Platform, RULES, SHAPES, STATUSES, WAYS};

const N_DAYS: usize = 5;
const N_IDS: usize = 12;
const N_PHONES: usize = 14;

fn one<T: Clone>(rng: &mut Rng, all: &[T]) -> T {
    all[rng.usize(..all.len())].clone()
}

/// Anything that the documents allow.
pub fn random_switches(rng: &mut Rng) -> Switches {
    let mut it = Switches {
        phone_check: one(rng, &CHECKS),
        batch: one(rng, &BATCHES),
        partial_answer: one(rng, &ANSWERS),
        error_shape: one(rng, &SHAPES),
        code_case: one(rng, &CASES),
        error_status: one(rng, &STATUSES),
        validation_status: one(rng, &STATUSES),
        name_phone_in_errors: rng.bool(),
        post_existing: one(rng, &[PostExisting::Update, PostExisting::Refuse]),
        patch_unknown: one(
            rng,
            &[PatchUnknown::Ignore, PatchUnknown::Create, PatchUnknown::NotFound],
        ),
        delete_unknown: one(
            rng,
            &[
                DeleteUnknown::Ok,
                DeleteUnknown::NotFound,
                DeleteUnknown::BadRequest,
            ],
        ),
        absent_get: one(rng, &[AbsentGet::NotFound, AbsentGet::EmptyArray]),
        absent_phone: one(
            rng,
            &[AbsentPhone::Omitted, AbsentPhone::Null, AbsentPhone::Empty],
        ),
        single_as_object: rng.bool(),
        extra_properties: rng.bool(),
        envelope: one(rng, &[Envelope::Full, Envelope::Bare]),
        empty_success: rng.bool(),
        page_cap: one(rng, &[Some(3), Some(7), Some(100), None]),
        read_lag_ms: one(rng, &[0, 0, 0, 8]),
        ..Switches::default()
    };
    for (_, set) in WAYS {
        set(&mut it, one(rng, &RULES));
    }
    if it.omitted_phone == PhoneRule::Reject {
        it.omitted_phone = PhoneRule::Keep;
    }
    it
}

/// Something happens to somebody. Phones are few, so that they are wanted.
pub fn edit(rng: &mut Rng, lab: &Lab) {
    let id = rng.usize(1..=N_IDS).to_string();
    let number = (rng.u8(..5) > 0).then(|| phone(rng.usize(1..=N_PHONES)));
    let is_there = lab.crm.0.lock().unwrap().people.contains_key(&id);
    match rng.u8(..10) {
        _ if !is_there => lab.hire(&id, &format!("Person {id}"), number),
        0 => lab.dismiss(&id),
        1 => lab.edit(&id, |it| it.active = if it.active == "1" { "0" } else { "1" }),
        2 | 3 => lab.edit(&id, |it| it.name = format!("{} {}", it.name, rng.u8(..10))),
        4 | 5 => {
            let other = rng.usize(1..=N_IDS).to_string();
            if lab.crm.0.lock().unwrap().people.contains_key(&other) {
                let (mine, theirs) = (lab.person(&id).phone, lab.person(&other).phone);
                lab.give_phone(&id, theirs);
                lab.give_phone(&other, mine);
            }
        }
        _ => lab.give_phone(&id, number),
    }
}

/// The foreign users of all walks; their phones are wanted, too.
pub fn foreign() -> Vec<SimUser> {
    [("boss", N_PHONES), ("chief", N_PHONES - 1)]
        .map(|(id, n)| SimUser::new(id, "Cabinet staff", Some(&phone(n))))
        .into()
}

/// A company with foreign users on its platform.
pub async fn company(platform: &Platform) -> Lab {
    company_that(platform, ParkPolicy::Recreate).await
}

/// The same, with what is done where nothing clears a phone.
async fn company_that(platform: &Platform, park: ParkPolicy) -> Lab {
    let mut lab = Lab::new().await.unguarded();
    if !platform.clears() {
        lab.account.park = park;
    }
    for user in foreign() {
        lab.sim.protect(TOKEN, [user.id.as_str()]);
        lab.sim.put_user(TOKEN, user);
    }
    lab.sim.set_switches(platform.switches.clone());
    lab
}

/// What is wrong with the platform, but for phones that foreign users have, or that several employees want:
/// who of those has none may also have kept an old one.
pub fn wrong(lab: &Lab, report: &AccountReport) -> Result<(), String> {
    let violations = lab.sim.violations();
    if !violations.is_empty() {
        return Err(format!("rules broken: {violations:#?}"));
    }
    let mut users: BTreeMap<String, SimUser> =
        lab.platform().into_iter().map(|it| (it.id.clone(), it)).collect();
    for user in foreign() {
        if users.remove(&user.id).as_ref() != Some(&user) {
            return Err(format!("foreign user {} was touched", user.id));
        }
    }
    let may_be_judged = report.exit_code() == 0 || is_done(report) || only_parks_are_missing(lab, report);
    if report.stop.is_some() || !may_be_judged {
        return Ok(());
    }
    let desired = lab.desired();
    for want in &desired {
        let Some(has) = users.get(&want.id) else {
            return Err(format!("{want:?} is missing"));
        };
        if has.name != want.name {
            return Err(format!("{has:?} should be {want:?}"));
        }
        let Some(phone) = want.phone.as_deref().filter(|_| has.phone != want.phone) else {
            let is_kept = has_finding(report, &want.id, FindingKind::PhoneKept);
            if has.phone != want.phone && !(is_kept && lab.account.park == ParkPolicy::Clear) {
                return Err(format!("{has:?} should have lost its phone"));
            }
            continue;
        };
        let is_foreign = foreign().iter().any(|it| it.phone.as_deref() == Some(phone));
        let n_claimants = desired.iter().filter(|it| it.phone == want.phone).count();
        let is_conflict = report
            .users
            .iter()
            .any(|it| it.settled.change.id.as_str() == want.id && it.settled.outcome == Outcome::Conflict);
        let is_duplicate = has_finding(report, &want.id, FindingKind::PhoneDuplicate);
        let is_stuck = only_parks_are_missing(lab, report);
        let is_explained = is_foreign && is_conflict
            || n_claimants > 1 && is_duplicate && (has.phone.is_none() || is_stuck)
            || is_stuck && is_conflict;
        if !is_explained {
            return Err(format!("{has:?} should be {want:?}"));
        }
    }
    match users
        .values()
        .find(|it| !desired.iter().any(|want| want.id == it.id))
    {
        Some(left) => Err(format!("{left:?} should be gone")),
        None => Ok(()),
    }
}

fn has_finding(report: &AccountReport, id: &str, kind: FindingKind) -> bool {
    report
        .findings
        .iter()
        .any(|it| it.id.as_str() == id && it.kind == kind)
}

/// Whether all is done but what would need a park, on a platform that allows none.
fn only_parks_are_missing(lab: &Lab, report: &AccountReport) -> bool {
    let is_settled = |it: &Settled| matches!(it.outcome, Outcome::Applied | Outcome::Conflict);
    let users = report.users.iter().all(|it| is_settled(&it.settled));
    let platform = Platform::new("now", |it| *it = lab.sim.switches());
    report.stop.is_none() && users && lab.account.park == ParkPolicy::Clear && !platform.clears()
}

/// Whether all is done but what must stay a conflict.
pub fn is_done(report: &AccountReport) -> bool {
    let is_settled = |it: &Settled| match it.outcome {
        Outcome::Applied => true,
        Outcome::Conflict => it.code.as_deref() != Some("cannot_park"),
        _ => false,
    };
    report.stop.is_none() && report.users.iter().all(|it| is_settled(&it.settled))
}

async fn walk(seed: u64) -> Result<(), String> {
    let mut rng = Rng::with_seed(seed);
    let mut switches = random_switches(&mut rng);
    let is_stuck = rng.u8(..6) == 0;
    if is_stuck {
        let rules = [PhoneRule::Keep, PhoneRule::Reject];
        switches.set_phone_rules(PhoneRule::Keep);
        switches.empty_phone = one(&mut rng, &rules);
        switches.null_phone = one(&mut rng, &rules);
    }
    let platform = Platform::new(format!("of seed {seed}"), |it| *it = switches);
    let park = one(&mut rng, &[ParkPolicy::Clear, ParkPolicy::Recreate]);
    let lab = company_that(&platform, park).await;
    for _ in 0..N_IDS {
        edit(&mut rng, &lab);
    }
    for day in 1..=N_DAYS {
        lab.count_anew();
        for n_run in 1..=3 {
            let mut report = lab.run().await;
            if report.exit_code() == 4 {
                lab.approve_all().await;
                report = lab.run().await;
            }
            let story = |what: &str| {
                format!(
                    "seed {seed}, day {day}, run {n_run}: {what}: {}\n{}\n{:?}",
                    describe(&report),
                    lab.requests(),
                    platform.switches
                )
            };
            wrong(&lab, &report).map_err(|what| story(&what))?;
            match n_run {
                1 => {}
                2 if !is_done(&report) && !only_parks_are_missing(&lab, &report) => {
                    return Err(story("not done"));
                }
                2 => lab.count_anew(),
                _ if !lab.writes().is_empty() => return Err(story("writes again")),
                _ => {}
            }
        }
        for _ in 0..rng.usize(1..6) {
            edit(&mut rng, &lab);
        }
    }
    Ok(())
}

/// The seeds to try, by the environment.
pub fn seeds(default: u64) -> Vec<u64> {
    let number = |name: &str| std::env::var(name).ok().and_then(|it| it.parse().ok());
    match number("WALK_SEED") {
        Some(seed) => vec![seed],
        None => (0..number("WALKS").unwrap_or(default)).collect(),
    }
}

#[tokio::test]
async fn a_random_company_on_a_random_platform_is_done_after_two_runs() {
    all_well(seeds(48).into_iter().map(walk)).await;
}
