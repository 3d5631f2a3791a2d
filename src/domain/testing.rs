//! Builders for the tests of the core: a small company, its table, its platform, its settings.
//!
//! [`Office`] holds everything that a plan is made from, with settings under which every guard is open
//! and the platform can do everything; a test says only what it is about. Nothing here decides anything.

use std::collections::{BTreeMap, BTreeSet};

use super::batch::ClearBy;
use super::capability::{Capabilities, Names};
use super::contention::{Clearing, ParkPolicy, Terms};
use super::diff::{Known, Leavers, OnDrift, Policy};
use super::employee::{Employees, LongIds, Rules, employees};
use super::finding::{Finding, FindingKind};
use super::guard::{Circumstances, Limit, Limits, Passed};
use super::identity::Key;
use super::memory::{Decision, Hold, Managed, Millis, Origin, Reason, Remembered, Subject, Verdict};
use super::outcome::{Outcome, Settled};
use super::phone::Phone;
use super::plan::{Plan, Scope, plan};
use super::table::{Column, CompleteRead, Reading, Row};
use super::user::{User, UserId};
use super::world::World;

/// The time of every test.
pub const NOW: Millis = Millis(1_800_000_000_000);

/// A limit that never asks.
pub const ANY: Limit = Limit::Count(u64::MAX);

/// A valid Latvian mobile number, the `n`-th.
pub fn phone(n: usize) -> Phone {
    Phone::from_remote(&format!("371261{n:05}")).unwrap()
}

/// A record.
pub fn user(id: &str, name: &str, phone_no: Option<usize>) -> User {
    User {
        id: id.into(),
        name: name.into(),
        phone: phone_no.map(phone),
        grant: None,
    }
}

/// A set of ids.
pub fn ids(ids: &[&str]) -> BTreeSet<UserId> {
    ids.iter().map(|id| UserId::from(*id)).collect()
}

/// A read of these columns and rows, brought to its end.
pub fn read(columns: &[Column], rows: &[Row]) -> CompleteRead {
    let mut reading = Reading::new(columns.iter().copied().collect());
    for row in rows {
        reading.push(row.clone());
    }
    reading.finish()
}

/// A user of ours, as last read.
pub fn remembered(observed: Option<User>) -> Remembered {
    Remembered::new(Origin::Created, Millis(NOW.0 - 30 * Millis::DAY), observed)
}

/// The rules of a table in Latvia, with the limits of Wazzup.
pub fn rules() -> Rules {
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

/// Everything that a plan is made from.
#[derive(Clone, Debug)]
pub struct Office {
    pub columns: Vec<Column>,
    pub rows: Vec<Row>,
    pub rules: Rules,
    pub users: Vec<User>,
    pub managed: Managed,
    pub decisions: Vec<Decision>,
    pub policy: Policy,
    pub circumstances: Circumstances,
    pub terms: Terms,
    pub capabilities: Capabilities,
    pub scope: Scope,
    pub now: Millis,
}

impl Default for Office {
    fn default() -> Office {
        Office {
            columns: vec![Column::Id, Column::Name, Column::Phone, Column::Active],
            rows: Vec::new(),
            rules: rules(),
            users: Vec::new(),
            managed: Managed::new(),
            decisions: Vec::new(),
            policy: Policy {
                leavers: Leavers::Remove,
                removal_after: 0,
                on_drift: OnDrift::Repair,
                protected: BTreeSet::new(),
            },
            circumstances: open_doors(),
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
            now: NOW,
        }
    }
}

/// No guard asks, except about half of the users.
pub fn open_doors() -> Circumstances {
    Circumstances {
        limits: Limits {
            removals: ANY,
            removals_per_day: ANY,
            phone_losses: ANY,
            updates: ANY,
        },
        removed_in_24h: 0,
        settings_changed: false,
        binding_changed: false,
        removals_paused: false,
        still_held: BTreeMap::new(),
        passed: Passed::default(),
        access: BTreeSet::new(),
    }
}

/// The limits of a configuration that says nothing about them.
pub fn default_limits() -> Limits {
    Limits {
        removals: Limit::Percent(10),
        removals_per_day: Limit::Percent(15),
        phone_losses: Limit::Percent(10),
        updates: Limit::Percent(50),
    }
}

impl Office {
    /// An office without anybody.
    pub fn new() -> Office {
        Office::default()
    }

    /// An active employee.
    pub fn hires(mut self, id: &str, name: &str, phone_no: Option<usize>) -> Office {
        self.rows.push(row(id, name, phone_no, "1"));
        self
    }

    /// A row that says inactive.
    pub fn dismisses(mut self, id: &str, name: &str) -> Office {
        self.rows.push(row(id, name, None, "0"));
        self
    }

    /// A row that can't be used, since nobody knows whether it is active.
    pub fn muddles(mut self, id: &str, name: &str) -> Office {
        self.rows
            .push(Row::from_pairs(&[(Column::Id, id), (Column::Name, name)]));
        self
    }

    /// A user on the platform that is ours, seen before as it is now.
    pub fn has(mut self, id: &str, name: &str, phone_no: Option<usize>) -> Office {
        let user = user(id, name, phone_no);
        self.managed
            .insert(user.id.clone(), remembered(Some(user.clone())));
        self.users.push(user);
        self
    }

    /// A user on the platform that is not ours.
    pub fn sees(mut self, id: &str, name: &str, phone_no: Option<usize>) -> Office {
        self.users.push(user(id, name, phone_no));
        self
    }

    /// A user of ours that is not on the platform any more.
    pub fn misses(mut self, id: &str, name: &str, phone_no: Option<usize>) -> Office {
        let user = user(id, name, phone_no);
        self.managed.insert(user.id.clone(), remembered(Some(user)));
        self
    }

    /// A person approved these, for a day.
    pub fn approves(mut self, subject: Subject, users: &[&str]) -> Office {
        let until = self.now.plus(Millis::DAY);
        self.decisions.extend(users.iter().map(|id| Decision {
            user: UserId::from(*id),
            subject,
            verdict: Verdict::Approved { until },
        }));
        self
    }

    /// A person rejected these while their rows were as they are now.
    pub fn rejects(mut self, subject: Subject, users: &[&str]) -> Office {
        let employees = self.employees();
        self.decisions.extend(users.iter().map(|id| Decision {
            user: UserId::from(*id),
            subject,
            verdict: Verdict::Rejected {
                row: employees.by_id.get(&UserId::from(*id)).map(|it| it.row),
            },
        }));
        self
    }

    /// Held by an earlier plan of the run.
    pub fn still_holds(mut self, reason: Reason, users: &[&str]) -> Office {
        let held = users
            .iter()
            .map(|id| ((reason.subject(), UserId::from(*id)), reason));
        self.circumstances.still_held.extend(held);
        self
    }

    /// What the rows say, those of known users included.
    pub fn employees(&self) -> Employees {
        let mut found = employees(read(&self.columns, &self.rows), &self.rules);
        found.admit(self.managed.keys().chain(self.users.iter().map(|it| &it.id)));
        found
    }

    /// The platform as a list of this run shows it.
    pub fn world(&self) -> World {
        World::from_list(self.users.iter().cloned())
    }

    /// Lends out what is known.
    pub fn knowing<T>(&self, then: impl FnOnce(&Known<'_>) -> T) -> T {
        let (employees, world) = (self.employees(), self.world());
        then(&Known {
            employees: &employees,
            world: &world,
            managed: &self.managed,
            decisions: &self.decisions,
            under_way: &BTreeSet::new(),
            policy: &self.policy,
            capabilities: &self.capabilities,
            now: self.now,
        })
    }

    /// Plans, and lets the checker see it.
    pub fn plan(&self) -> Plan {
        let plan = self.knowing(|known| {
            plan(
                known,
                &self.circumstances,
                &self.terms,
                &self.capabilities,
                &self.scope,
            )
        });
        if let Err(violation) = plan.clone().check(&self.capabilities) {
            panic!("the checker refuses the plan: {violation}\n{:#?}", plan.batches);
        }
        plan
    }
}

/// A row of the usual four columns.
pub fn row(id: &str, name: &str, phone_no: Option<usize>, active: &str) -> Row {
    let digits = phone_no.map(|n| format!("+{}", phone(n).digits()));
    let mut cells = vec![(Column::Id, id), (Column::Name, name), (Column::Active, active)];
    cells.extend(digits.as_deref().map(|it| (Column::Phone, it)));
    Row::from_pairs(&cells)
}

/// The ids of the users that a plan sends something for, in the order of the wire.
pub fn sent(plan: &Plan) -> Vec<&str> {
    let items = plan.batches.iter().flat_map(|batch| &batch.items);
    items.map(|item| item.id.as_str()).collect()
}

/// What became of a user's change, without being sent.
pub fn settled<'a>(plan: &'a Plan, id: &str) -> Option<&'a Settled> {
    plan.settled.iter().find(|it| it.change.id.as_str() == id)
}

/// Outcome and code of a user's change.
pub fn outcome<'a>(plan: &'a Plan, id: &str) -> Option<(Outcome, &'a str)> {
    settled(plan, id).map(|it| (it.outcome, it.code.as_deref().unwrap_or_default()))
}

/// The hold of that reason, as the ids it names.
pub fn held(plan: &Plan, reason: Reason) -> Option<Vec<&str>> {
    let hold = plan.holds.iter().find(|it| it.reason == reason)?;
    Some(hold.users.iter().map(|it| it.id.as_str()).collect())
}

/// The reasons of all holds.
pub fn reasons(holds: &[Hold]) -> Vec<&'static str> {
    holds.iter().map(|hold| hold.reason.word()).collect()
}

/// The findings of one kind: id and detail.
pub fn found(findings: &[Finding], kind: FindingKind) -> Vec<(&str, &str)> {
    let of_kind = findings.iter().filter(|it| it.kind == kind);
    of_kind.map(|it| (it.id.as_str(), &*it.detail)).collect()
}
