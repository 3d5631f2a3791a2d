//! Every small world: four people, four phones.
//!
//! Enumerated: on the platform each person is absent, without a phone or with one; in the table each has
//! no row, an active row without a phone or with one. Two worlds that differ only in the names of people
//! or phones are one: people are sorted by their state on the platform, phones are numbered as they are
//! met, first there and then in the table. A user without a row is one of ours who leaves, one of ours
//! whose removal is held, or foreign. All of that once for each way in which the platform lets go of a
//! phone, with and without a shared call for creates and updates, and with requests of two users
//! and of a hundred, with seats for all and for three.

use std::collections::{BTreeMap, BTreeSet};

use super::super::batch::ClearBy;
use super::super::contention::{Clearing, ParkPolicy};
use super::super::diff::Known;
use super::super::employee::{Employee, Employees, PhoneWish};
use super::super::memory::{Reason, Subject};
use super::super::plan::{CheckedPlan, plan};
use super::super::testing::*;
use super::super::user::UserId;
use super::expected::Expected;
use super::platform::Platform;

const PEOPLE: usize = 4;
const IDS: [&str; PEOPLE] = ["1", "2", "3", "4"];

/// Somebody's state on one side: absent, or there with a phone or none.
type Side = Option<Option<usize>>;

/// What becomes of users without a row.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Leaver {
    Leaves,
    Held,
    Foreign,
}

/// All sides of everybody, phones numbered as they are met after the `met` ones; no phone twice.
fn sides(met: usize) -> Vec<[Side; PEOPLE]> {
    fn extend(done: &mut Vec<Side>, met: usize, all: &mut Vec<[Side; PEOPLE]>) {
        if let Ok(sides) = <[Side; PEOPLE]>::try_from(done.as_slice()) {
            all.push(sides);
            return;
        }
        // Any phone that was met, and the next one: all others are like it.
        let phones = (0..=met).take_while(|it| *it < PEOPLE).map(|it| Some(Some(it)));
        for side in [None, Some(None)].into_iter().chain(phones) {
            if side.flatten().is_some() && done.contains(&side) {
                continue;
            }
            let is_new = side.flatten() == Some(met);
            done.push(side);
            extend(done, met + usize::from(is_new), all);
            done.pop();
        }
    }
    let mut all = Vec::new();
    extend(&mut Vec::new(), met, &mut all);
    all
}

/// The platforms: who is there is sorted, and so is who has a phone.
fn platforms() -> Vec<[Side; PEOPLE]> {
    let is_sorted = |sides: &[Side; PEOPLE]| sides.is_sorted_by_key(|it| it.map(|phone| phone.is_some()));
    let mut platforms: Vec<[Side; PEOPLE]> = sides(0)
        .into_iter()
        .filter(is_sorted)
        .filter(|sides| {
            // Numbered in the order in which they are met.
            let phones: Vec<usize> = sides.iter().filter_map(|it| it.flatten()).collect();
            phones.is_sorted()
        })
        .collect();
    platforms.dedup();
    platforms
}

/// Everything that can become of those who are there without a row.
fn fates(there: &[Side; PEOPLE], wanted: &[Side; PEOPLE]) -> Vec<BTreeMap<usize, Leaver>> {
    let mut all = vec![BTreeMap::new()];
    for n in (0..PEOPLE).filter(|n| there[*n].is_some() && wanted[*n].is_none()) {
        let with = |fate| {
            move |before: &BTreeMap<usize, Leaver>| {
                let mut after = before.clone();
                after.insert(n, fate);
                after
            }
        };
        all = [Leaver::Leaves, Leaver::Held, Leaver::Foreign]
            .into_iter()
            .flat_map(|fate| all.iter().map(with(fate)).collect::<Vec<_>>())
            .collect();
    }
    all
}

fn office(there: &[Side; PEOPLE], fates: &BTreeMap<usize, Leaver>) -> Office {
    let mut office = Office::new();
    for (n, side) in there.iter().enumerate() {
        let Some(phone_no) = side else { continue };
        office = match fates.get(&n) {
            Some(Leaver::Foreign) => office.sees(IDS[n], "Name", *phone_no),
            _ => office.has(IDS[n], "Name", *phone_no),
        };
        office = match fates.get(&n) {
            Some(Leaver::Held) => office.still_holds(Reason::Removals, &[IDS[n]]),
            Some(Leaver::Leaves) => office.approves(Subject::Removal, &[IDS[n]]),
            _ => office,
        };
    }
    // Names are all alike here, so every create looks like a leaver.
    office.approves(Subject::Create, &IDS)
}

fn employees(wanted: &[Side; PEOPLE]) -> Employees {
    let employee = |(n, side): (usize, &Side)| {
        let phone_no = (*side)?;
        let id = UserId::from(IDS[n]);
        let employee = Employee {
            id: id.clone(),
            name: "Name".into(),
            phone: phone_no.map_or(PhoneWish::None, |it| PhoneWish::Number(phone(it))),
            key: None,
            grant: None,
            rights: None,
            phone_cells: 0,
            is_active: true,
            row: 0,
        };
        Some((id, employee))
    };
    Employees {
        by_id: wanted.iter().enumerate().filter_map(employee).collect(),
        manage_phones: true,
        n_rows: PEOPLE,
        ..Employees::default()
    }
}

fn checked(office: &Office, employees: &Employees) -> CheckedPlan {
    let world = office.world();
    let known = Known {
        employees,
        world: &world,
        managed: &office.managed,
        decisions: &office.decisions,
        under_way: &BTreeSet::new(),
        policy: &office.policy,
        capabilities: &office.capabilities,
        now: office.now,
    };
    let plan = plan(
        &known,
        &office.circumstances,
        &office.terms,
        &office.capabilities,
        &office.scope,
    );
    plan.check(&office.capabilities)
        .expect("the checker refuses no plan")
}

/// Plans, checks, carries out; the second plan is empty and leaves the same undone.
fn try_out(mut office: Office, employees: &Employees) {
    let first = checked(&office, employees);
    let plan = first.plan();
    let expected = Expected::of(&office, plan);
    assert_eq!(plan.parks().count(), expected.parks(), "{office:#?}");
    assert_eq!(plan.batches.len(), expected.requests(plan), "{office:#?}");
    let mut platform = Platform::of(&office);
    for batch in &plan.batches {
        if let Err(why) = platform.take(batch) {
            panic!("{why}: {batch:?} of {office:#?}");
        }
    }
    for (id, change) in &plan.changes {
        if !plan.blocked.contains_key(id) {
            assert_eq!(platform.users.get(id), change.new.as_ref());
        }
    }
    office.learn(plan, &platform);
    let second = checked(&office, employees);
    assert!(second.plan().batches.is_empty(), "{office:#?}");
    assert_eq!(
        second.plan().settled.len(),
        plan.settled.len() + plan.blocked.len(),
        "what was undone stays undone: {office:#?}"
    );
}

#[test]
fn every_small_world_is_settled_by_one_plan() {
    let ways = [
        (Clearing::Works(ClearBy::Empty), ParkPolicy::Clear),
        (Clearing::Unknown, ParkPolicy::Clear),
        (Clearing::Impossible, ParkPolicy::Clear),
        (Clearing::Impossible, ParkPolicy::Recreate),
    ];
    let mut n_tried = 0;
    for there in platforms() {
        let met = there.iter().filter(|it| it.flatten().is_some()).count();
        for wanted in sides(met) {
            let employees = employees(&wanted);
            for fates in fates(&there, &wanted) {
                let base = office(&there, &fates);
                for (clearing, park) in ways {
                    for (upsert, batch_users, seats) in [(false, 2, None), (true, 100, Some(3))] {
                        let mut office = base.clone();
                        (office.terms.clearing, office.terms.park) = (clearing, park);
                        office.capabilities.upsert = upsert;
                        office.capabilities.batch_users = batch_users;
                        office.terms.seats = seats;
                        try_out(office, &employees);
                        n_tried += 1;
                    }
                }
            }
        }
    }
    println!("{n_tried} worlds");
    assert!(n_tried > 50_000, "only {n_tried} worlds");
}
