//! Random companies, and what becomes of them from plan to plan.

use proptest::prelude::*;

use super::super::batch::{ClearBy, Purpose};
use super::super::contention::{Clearing, ParkPolicy};
use super::super::diff::Leavers;
use super::super::memory::{Origin, Reason, Remembered, Subject};
use super::super::outcome::Op;
use super::super::plan::Plan;
use super::super::table::{Column, Row};
use super::super::testing::*;
use super::super::user::UserId;
use super::platform::Platform;

/// How the platform lets go of phones, and what is done where it does not.
const WAYS: [(Clearing, ParkPolicy); 5] = [
    (Clearing::Works(ClearBy::Empty), ParkPolicy::Clear),
    (Clearing::Works(ClearBy::Omit), ParkPolicy::Recreate),
    (Clearing::Unknown, ParkPolicy::Clear),
    (Clearing::Impossible, ParkPolicy::Clear),
    (Clearing::Impossible, ParkPolicy::Recreate),
];

/// One person or user: how it is on the platform, and how it is in the table.
#[derive(Clone, Debug)]
struct Slot {
    /// 0: absent; 1 and 11: not ours; 2: ours, seen otherwise; 3: ours and vanished; else ours.
    presence: u8,
    has_phone: bool,
    /// 0: no row; 1: inactive; 2: unusable; else active.
    row: u8,
    /// 0: none; 1: unreadable; 2 and 3: any phone of the pool; else the one of a permutation.
    wish: u8,
    any_phone: usize,
    old_name: u8,
    new_name: u8,
    is_held: bool,
    is_protected: bool,
    is_unseen: bool,
}

fn slots(n: usize) -> impl Strategy<Value = Vec<Slot>> {
    let slot = (
        (
            0..12u8,
            prop::bool::weighted(0.8),
            0..12u8,
            0..14u8,
            any::<usize>(),
        ),
        (0..3u8, 0..3u8),
        (
            prop::bool::weighted(0.3),
            prop::bool::weighted(0.05),
            prop::bool::weighted(0.04),
        ),
    );
    let slot = slot.prop_map(
        |((presence, has_phone, row, wish, any_phone), names, flags)| Slot {
            presence,
            has_phone,
            row,
            wish,
            any_phone,
            old_name: names.0,
            new_name: names.1,
            is_held: flags.0,
            is_protected: flags.1,
            is_unseen: flags.2,
        },
    );
    prop::collection::vec(slot, n)
}

/// The permutation of `n` phones by which most wishes go.
fn permutation(n: usize) -> impl Strategy<Value = Vec<usize>> {
    let all: Vec<usize> = (0..n).collect();
    prop_oneof![
        Just(all.clone()).prop_shuffle(),
        // Rotations, in which nobody keeps anything.
        Just(
            (0..n)
                .map(|it| if it == n - n % 2 { it } else { it ^ 1 })
                .collect()
        ),
        (1..=n).prop_map(move |by| (0..n).map(|it| (it + by) % n).collect()),
    ]
}

fn id(n: usize) -> String {
    // Both kinds of id, in an order that is not that of the slots.
    match n % 3 {
        0 => format!("{}", n * 7 % 31),
        1 => format!("0{}", n * 5 % 29),
        _ => format!("u{}", n * 3 % 23),
    }
}

/// The last digits of a name stay as they are, so that few names are alike.
fn name(n: usize, variant: u8) -> String {
    match variant {
        0 => "Same".to_owned(),
        1 => format!("New {n}"),
        _ => format!("Old {n}"),
    }
}

/// Settings of all kinds, and few people who want the phones of each other.
pub fn offices() -> impl Strategy<Value = Office> {
    sized(3..=9)
}

/// As [`offices`], so many people.
pub fn sized(n: std::ops::RangeInclusive<usize>) -> impl Strategy<Value = Office> {
    n.prop_flat_map(|n| {
        let settings = (
            0..WAYS.len(),
            any::<bool>(),
            1..=5usize,
            prop::option::weighted(0.4, 0..=n + 1),
            prop::bool::weighted(0.1),
            prop::bool::weighted(0.1),
            prop::bool::weighted(0.06),
            prop::bool::weighted(0.4),
            prop::bool::weighted(0.25),
        );
        (slots(n), permutation(n), settings)
    })
    .prop_map(|(mut slots, wishes, settings)| {
        let (way, upsert, batch_users, seats, keeps_leavers, is_unmanaged, is_shared, adopts, is_first_run) =
            settings;
        if is_first_run {
            // Nobody is ours yet.
            for slot in slots.iter_mut().filter(|it| it.presence > 1) {
                slot.presence = 1;
            }
        }
        let mut office = people(&slots, &wishes, adopts);
        (office.terms.clearing, office.terms.park) = WAYS[way];
        office.terms.seats = seats;
        office.terms.unique_phones = !is_shared;
        office.capabilities.unique_phones = !is_shared;
        office.capabilities.upsert = upsert;
        office.capabilities.batch_users = batch_users;
        if keeps_leavers {
            office.policy.leavers = Leavers::Keep;
        }
        if is_unmanaged {
            office.columns.retain(|it| *it != Column::Phone);
        }
        office
    })
}

fn people(slots: &[Slot], wishes: &[usize], adopts: bool) -> Office {
    let mut office = Office::new();
    let mut all_ids = Vec::new();
    for (n, slot) in slots.iter().enumerate() {
        let id = id(n);
        let old_phone = slot.has_phone.then_some(n);
        let old_name = name(n, slot.old_name);
        office = match slot.presence {
            0 => office,
            1 | 11 => office.sees(&id, &old_name, old_phone),
            2 => {
                let mut office = office.has(&id, &old_name, old_phone);
                office.managed.insert(
                    UserId::from(&*id),
                    remembered(Some(user(&id, "Seen otherwise", None))),
                );
                office
            }
            3 => office.misses(&id, &old_name, old_phone),
            _ => office.has(&id, &old_name, old_phone),
        };
        let new_name = name(n, slot.new_name);
        office = match slot.row {
            0 => office,
            1 => office.dismisses(&id, &new_name),
            2 => office.muddles(&id, &new_name),
            _ => {
                let phone_no = match slot.wish {
                    0 | 1 => None,
                    2 | 3 => Some(slot.any_phone % slots.len()),
                    _ => Some(wishes[n]),
                };
                let mut office = office.hires(&id, &new_name, phone_no);
                if slot.wish == 1 {
                    let cells = [
                        (Column::Id, &*id),
                        (Column::Name, &*new_name),
                        (Column::Phone, "?"),
                        (Column::Active, "1"),
                    ];
                    *office.rows.last_mut().unwrap() = Row::from_pairs(&cells);
                }
                office
            }
        };
        if slot.is_protected {
            office.policy.protected.insert(UserId::from(&*id));
        }
        if slot.is_unseen && slot.presence == 0 {
            // Nobody shows it, since the slot's own user would be the only one to have it.
            office.terms.unseen_phones.insert(phone(n));
        }
        office = if slot.is_held {
            office.still_holds(Reason::Removals, &[&*id])
        } else {
            office.approves(Subject::Removal, &[&*id])
        };
        all_ids.push(id);
    }
    let all_ids: Vec<&str> = all_ids.iter().map(String::as_str).collect();
    if adopts {
        office = office.approves(Subject::Adoption, &all_ids);
    }
    office.approves(Subject::Absence, &all_ids)
}

/// Long chains and rotations among employees who are all ours, and requests of few users.
pub fn rotations() -> impl Strategy<Value = Office> {
    let pieces = prop::collection::vec((1..=33usize, any::<bool>()), 1..=3);
    let settings = (
        0..WAYS.len(),
        any::<bool>(),
        prop_oneof![2..=6usize, Just(100)],
        0..4usize,
    );
    (pieces, settings).prop_map(|(pieces, (way, upsert, batch_users, n_leavers))| {
        let mut office = Office::new();
        let mut first = 0;
        for (n, is_cycle) in pieces {
            for at in 0..n {
                let id = (first + at + 1).to_string();
                let next = if at + 1 < n || !is_cycle {
                    first + at + 1
                } else {
                    first
                };
                office = office
                    .has(&id, "Name", Some(first + at))
                    .hires(&id, "Name", Some(next));
            }
            if !is_cycle {
                // Somebody new takes the first phone of the path.
                office = office.hires(&format!("new-{first}"), "New", Some(first));
            }
            first += n + 1;
        }
        for n in 0..n_leavers {
            let id = format!("leaver-{n}");
            office = office
                .has(&id, "Leaver", Some(first + n))
                .approves(Subject::Removal, &[&*id]);
        }
        (office.terms.clearing, office.terms.park) = WAYS[way];
        office.capabilities.upsert = upsert;
        office.capabilities.batch_users = batch_users;
        office
    })
}

impl Office {
    /// What the apply loop remembers after it read back what became of the plan.
    pub fn learn(&mut self, plan: &Plan, platform: &Platform) {
        self.users = platform.users.values().cloned().collect();
        let is_adoption_held = held(plan, Reason::Adoption).is_some();
        let adopted = plan.diff.adopted.iter().filter(|_| !is_adoption_held);
        let created = plan
            .changes
            .values()
            .filter(|it| it.op == Op::Create)
            .map(|it| &it.id);
        for (id, origin) in adopted
            .map(|id| (id, Origin::Adopted))
            .chain(created.map(|id| (id, Origin::Created)))
        {
            let new = Remembered {
                origin,
                since: self.now,
                ..remembered(None)
            };
            self.managed.entry(id.clone()).or_insert(new);
        }
        for item in plan.batches.iter().flat_map(|it| &it.items) {
            let is_there = platform.users.contains_key(&item.id);
            match item.purpose {
                Purpose::Remove if !is_there => {
                    self.managed.remove(&item.id);
                }
                // Deleted for a moment, by us: no drift, and no sign of another company's list.
                Purpose::Recreate if !is_there => {
                    if let Some(it) = self.managed.get_mut(&item.id) {
                        it.observed = None;
                    }
                }
                _ => {}
            }
        }
        for (id, it) in &mut self.managed {
            if let Some(user) = platform.users.get(id) {
                it.observed = Some(user.clone());
            }
        }
    }

    /// Plans, and carries all of it out.
    pub fn settle(&mut self) -> Plan {
        let plan = self.plan();
        let mut platform = Platform::of(self);
        for batch in &plan.batches {
            if let Err(why) = platform.take(batch) {
                panic!(
                    "the platform refuses a request: {why}\n{batch:#?}\nof {:#?}",
                    plan.batches
                );
            }
        }
        self.learn(&plan, &platform);
        plan
    }
}
