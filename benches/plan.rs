//! Speed of the planner: from what is known (employees, list, memory) to a plan, and to a checked one.
//! Run with `cargo bench --bench plan`. A plan for 1,000 users has to take less than 2 ms.

#![expect(clippy::unwrap_used, reason = "a benchmark of broken input should end")]

use std::collections::{BTreeMap, BTreeSet};

use divan::{Bencher, black_box};
use wazzup_sync::domain::batch::ClearBy;
use wazzup_sync::domain::capability::{Capabilities, Names};
use wazzup_sync::domain::contention::{Clearing, ParkPolicy, Terms};
use wazzup_sync::domain::diff::{Known, Leavers, OnDrift, Policy};
use wazzup_sync::domain::employee::{Employees, LongIds, Rules, employees};
use wazzup_sync::domain::guard::{Circumstances, Limit, Limits, Passed};
use wazzup_sync::domain::identity::Key;
use wazzup_sync::domain::memory::{Managed, Millis, Origin, Remembered};
use wazzup_sync::domain::phone::Phone;
use wazzup_sync::domain::plan::{Plan, Scope, plan};
use wazzup_sync::domain::table::{Column, CompleteRead, Reading, Row};
use wazzup_sync::domain::user::{User, UserId};
use wazzup_sync::domain::world::World;

fn main() {
    divan::main();
}

const NOW: Millis = Millis(1_800_000_000_000);

/// Everything that a plan is made from.
struct Office {
    rows: CompleteRead,
    employees: Employees,
    world: World,
    managed: Managed,
    policy: Policy,
    circumstances: Circumstances,
    terms: Terms,
    capabilities: Capabilities,
    scope: Scope,
}

fn phone(n: usize) -> Phone {
    Phone::from_remote(&format!("3712{n:07}")).unwrap()
}

fn rules() -> Rules {
    Rules {
        default_region: Some("LV".into()),
        long_ids: LongIds::Reject,
        id_chars: 64,
        name_chars: 150,
        key: Key::Id,
        is_named_by_key: false,
        phones: true,
        grants: None,
        access: None,
        room: None,
    }
}

impl Office {
    /// `n` employees; employee `it` wants the phone `wish(it)`, and has the phone `it` if `is_there`.
    fn new(n: usize, is_there: bool, wish: impl Fn(usize) -> usize) -> Office {
        let columns = [Column::Id, Column::Name, Column::Phone, Column::Active];
        let mut reading = Reading::new(columns.into_iter().collect());
        let mut users = Vec::new();
        let mut managed = Managed::new();
        for it in 0..n {
            let (id, name) = (format!("{}", 100_000 + it), format!("Employee Number {it}"));
            reading.push(Row::from_pairs(&[
                (Column::Id, &id),
                (Column::Name, &name),
                (Column::Phone, &format!("+{}", phone(wish(it)).digits())),
                (Column::Active, "1"),
            ]));
            if is_there {
                let user = User {
                    id: UserId::from(&*id),
                    name: name.into(),
                    phone: Some(phone(it)),
                    grant: None,
                };
                users.push(user.clone());
                let remembered = Remembered::new(Origin::Created, Millis(0), Some(user.clone()));
                managed.insert(user.id, remembered);
            }
        }
        let rows = reading.finish();
        Office {
            employees: employees(rows.clone(), &rules()),
            rows,
            world: World::from_list(users),
            managed,
            policy: Policy {
                leavers: Leavers::Remove,
                removal_after: 0,
                on_drift: OnDrift::Repair,
                protected: BTreeSet::new(),
            },
            circumstances: Circumstances {
                limits: Limits {
                    removals: Limit::Percent(10),
                    removals_per_day: Limit::Percent(15),
                    phone_losses: Limit::Percent(10),
                    updates: Limit::Percent(100),
                },
                removed_in_24h: 0,
                settings_changed: false,
                binding_changed: false,
                removals_paused: false,
                still_held: BTreeMap::new(),
                passed: Passed::default(),
                access: BTreeSet::new(),
            },
            terms: Terms {
                clearing: Clearing::Works(ClearBy::Empty),
                park: ParkPolicy::Clear,
                seats: None,
                unique_phones: true,
                unseen_phones: BTreeSet::new(),
            },
            capabilities: Capabilities {
                batch_users: 100,
                id_chars: 64,
                name_chars: 150,
                seats: None,
                unique_phones: true,
                upsert: false,
                names: Names::Managed,
                phones: true,
                grants: false,
                creates: true,
                page_users: 100,
                slow_down: std::time::Duration::ZERO,
            },
            scope: Scope::default(),
        }
    }

    /// Every phone goes to another employee, by a random permutation that is the same in every run.
    fn permuted(n: usize) -> Office {
        let mut rng = fastrand::Rng::with_seed(7);
        let mut wishes: Vec<usize> = (0..n).collect();
        rng.shuffle(&mut wishes);
        Office::new(n, true, |it| wishes[it])
    }

    /// All employees hand their phone to the next one, the last to the first.
    fn rotated(n: usize) -> Office {
        Office::new(n, true, |it| (it + 1) % n)
    }

    fn plan(&self) -> Plan {
        let known = Known {
            employees: &self.employees,
            world: &self.world,
            managed: &self.managed,
            decisions: &[],
            under_way: &BTreeSet::new(),
            policy: &self.policy,
            capabilities: &self.capabilities,
            now: NOW,
        };
        plan(
            &known,
            &self.circumstances,
            &self.terms,
            &self.capabilities,
            &self.scope,
        )
    }
}

#[divan::bench(args = [1_000, 10_000])]
fn plan_of_a_permutation(bencher: Bencher<'_, '_>, n: usize) {
    let office = Office::permuted(n);
    assert!(!office.plan().batches.is_empty());
    bencher.bench_local(|| black_box(&office).plan());
}

#[divan::bench(args = [1_000, 10_000])]
fn plan_and_check_of_a_permutation(bencher: Bencher<'_, '_>, n: usize) {
    let office = Office::permuted(n);
    bencher.bench_local(|| black_box(&office).plan().check(&office.capabilities).unwrap());
}

#[divan::bench(args = [1_000])]
fn plan_of_one_rotation(bencher: Bencher<'_, '_>, n: usize) {
    let office = Office::rotated(n);
    bencher.bench_local(|| black_box(&office).plan());
}

#[divan::bench(args = [1_000, 10_000])]
fn plan_of_a_first_sync(bencher: Bencher<'_, '_>, n: usize) {
    let office = Office::new(n, false, |it| it);
    assert!(!office.plan().batches.is_empty());
    bencher.bench_local(|| black_box(&office).plan());
}

#[divan::bench(args = [1_000, 10_000])]
fn plan_without_a_change(bencher: Bencher<'_, '_>, n: usize) {
    let office = Office::new(n, true, |it| it);
    assert!(office.plan().batches.is_empty());
    bencher.bench_local(|| black_box(&office).plan());
}

#[divan::bench(args = [1_000])]
fn employees_of_rows(bencher: Bencher<'_, '_>, n: usize) {
    let office = Office::permuted(n);
    bencher
        .with_inputs(|| office.rows.clone())
        .bench_local_values(|rows| employees(black_box(rows), &rules()));
}
