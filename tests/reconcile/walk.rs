//! Random companies on random platforms, day after day: whatever happens in the CRM, two runs later the
//! platform equals the table.
//!
//! `WALKS=500 cargo test --test reconcile` walks further; `WALK_SEED=7` repeats one walk.

use fastrand::Rng;
use wazzup_sync::domain::contention::ParkPolicy;
use wazzup_sync::simulator::{
    AbsentGet, AbsentPhone, BulkDelete, Count, DeleteUnknown, Envelope, ListShape, PatchUnknown, PhoneRule,
    PostExisting, Success, Switches, TooMany, V3Switches,
};
use wazzup_sync::target::Kind;

use super::lab::{Lab, all_well, describe, phone};
use super::oracle::{company, is_done, wrong};
use super::platforms::{ANSWERS, BATCHES, CASES, CHECKS, RULES, SHAPES, STATUSES, WAYS};

on_every_wazzup! {
    a_random_company_on_a_random_platform_is_done_after_two_runs,
}

const N_DAYS: usize = 5;
const N_IDS: usize = 12;
const N_PHONES: usize = 14;

pub fn one<T: Clone>(rng: &mut Rng, all: &[T]) -> T {
    all[rng.usize(..all.len())].clone()
}

/// Anything that the documents allow.
pub fn random_switches(kind: Kind, rng: &mut Rng) -> Switches {
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
        v3: random_v3(rng),
        ..Switches::default()
    };
    if kind == Kind::WazzupV3 {
        // There is no other call to change a user.
        it.post_existing = PostExisting::Update;
    }
    let can_clear = rng.u8(..6) > 0;
    for (_, set) in WAYS {
        let rule = one(rng, &RULES);
        let is_clear = rule == PhoneRule::Clear;
        set(
            &mut it,
            if is_clear && !can_clear {
                PhoneRule::Keep
            } else {
                rule
            },
        );
    }
    if it.omitted_phone == PhoneRule::Reject {
        it.omitted_phone = PhoneRule::Keep;
    }
    it
}

/// Anything that the documents of v3 allow.
fn random_v3(rng: &mut Rng) -> V3Switches {
    V3Switches {
        list: one(rng, &[ListShape::Array, ListShape::PagedArray, ListShape::Object]),
        page_users: one(rng, &[100, 3, 7]),
        count: one(rng, &[Count::Number, Count::Text, Count::OfPage]),
        phones_in_list: rng.bool(),
        success: one(rng, &[Success::Empty, Success::AllEmpty, Success::Json]),
        bulk_delete: one(
            rng,
            &[
                BulkDelete::Works,
                BulkDelete::Works,
                BulkDelete::NotFound,
                BulkDelete::Forbidden,
            ],
        ),
        bulk_delete_limit: one(rng, &[Some(100), Some(2), None]),
        report_absent: rng.bool(),
        too_many: one(rng, &[TooMany::Mach, TooMany::Many]),
        rate_limit: None,
    }
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

async fn walk(kind: Kind, seed: u64) -> Result<(), String> {
    let mut rng = Rng::with_seed(seed);
    let switches = random_switches(kind, &mut rng);
    let park = one(&mut rng, &[ParkPolicy::Clear, ParkPolicy::Recreate]);
    let lab = company(kind, &switches, park).await;
    for _ in 0..N_IDS {
        edit(&mut rng, &lab);
    }
    for day in 1..=N_DAYS {
        let mut was_in_sync = false;
        for n_run in 1..=3 {
            lab.count_anew();
            let mut report = lab.run().await;
            if report.exit_code() == 4 {
                lab.approve_all().await;
                report = lab.run().await;
            }
            let story = |what: &str| {
                format!(
                    "seed {seed}, day {day}, run {n_run}: {what}: {}\n{}\n{park:?} {switches:?}",
                    describe(&report),
                    lab.requests(),
                )
            };
            wrong(&lab, &report).map_err(|what| story(&what))?;
            match n_run {
                1 => {}
                2 if !is_done(&lab, &report) => return Err(story("not done")),
                2 => was_in_sync = report.exit_code() == 0,
                _ if was_in_sync && !lab.sim.requests().is_empty() => return Err(story("asks again")),
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

async fn a_random_company_on_a_random_platform_is_done_after_two_runs(kind: Kind) {
    all_well(seeds(48).into_iter().map(|seed| walk(kind, seed))).await;
}
