//! The pass up to the checked plan: what would be done, by reads alone. Nothing here can write.

use std::collections::BTreeSet;

use tokio::time::Instant;

use super::account::{Account, Clock, Order, Timing};
use super::directory::Directory;
use super::link::Reader;
use super::mind::{Memory, Mind};
use super::pass::{agreed_digest, digest, rules};
use super::report::{AccountReport, Census, Person, PlannedBatch, ReportedChange};
use super::stop::Stop;
use crate::domain::employee::{Employees, employees, platform_id};
use crate::domain::identity::Pins;
use crate::domain::outcome::{Outcome, Settled};
use crate::domain::plan::{CheckedPlan, Plan};
use crate::domain::table::Row;
use crate::domain::user::UserId;
use crate::domain::world::World;
use crate::source::Source;
use crate::store::{AccountState, Store};
use crate::target::{AnyTarget, ReadTarget};

/// Plans what [`super::reconcile`] would do now, by reads alone. A store that does not exist yet is an empty one.
pub async fn preview(
    source: &dyn Source,
    store: Option<&Store>,
    target: &AnyTarget,
    account: &Account,
    timing: Timing,
    clock: &Clock,
    order: &Order,
) -> AccountReport {
    let started = Instant::now();
    let mut report = AccountReport::empty(&account.name);
    if let Err(stop) = preview_pass(source, store, target, account, timing, clock, order, &mut report).await {
        report.fail(stop);
    }
    report.requests = target.requests();
    report.duration = started.elapsed();
    report
}

#[expect(
    clippy::too_many_arguments,
    reason = "the parts of a pass without the right to write"
)]
async fn preview_pass(
    source: &dyn Source,
    store: Option<&Store>,
    target: &AnyTarget,
    account: &Account,
    timing: Timing,
    clock: &Clock,
    order: &Order,
    report: &mut AccountReport,
) -> Result<(), Stop> {
    let now = clock();
    let state = match store {
        Some(store) => store.account(&account.name).await?,
        None => AccountState::default(),
    };
    let read = source.read().await?;
    report.rows = Some(read.rows().len());
    if !order.verify
        && state.digest == Some(digest(&read, account))
        && Memory::is_settled(&state, account, now)
    {
        report.foreign = state.foreign;
        report.findings = match store {
            Some(store) => store.findings(&account.name).await?,
            None => Vec::new(),
        };
        report.plan_digest = Some(String::new());
        return Ok(());
    }
    let columns = read.columns();
    let rules = rules(account, target.capabilities());
    let mut person = order.only.as_ref().and_then(only_one).map(|id| {
        let is_meant = |it: &&Row| it.id() == id.as_str() || platform_id(it.id(), &rules) == *id;
        let rows = read.rows().iter().filter(is_meant).cloned().collect();
        let person = Person {
            rows,
            ..Person::default()
        };
        Looked { id, person }
    });
    let found = employees(read, &rules);
    if let Some(looked) = &mut person {
        looked.person.is_quarantined = found.quarantined.contains(looked.id);
        report.person = Some(looked.person.clone());
    }
    if found.is_all_quarantined() {
        report.findings.clone_from(&found.findings);
        return Err(Stop::AllQuarantined(found.n_rows));
    }
    let memory = match store {
        Some(store) => Memory::load(store, account, state, now).await?,
        None => Memory::default(),
    };
    let directory = match target {
        AnyTarget::Ids(_) => None,
        AnyTarget::Members(members) => {
            let pins = match store {
                Some(store) => store.pins(&account.name).await?,
                None => Pins::new(),
            };
            Some(Directory::new(
                &**members,
                account,
                &found,
                &memory.managed,
                pins,
                None,
            ))
        }
    };
    let target: &dyn ReadTarget = match (target, &directory) {
        (AnyTarget::Ids(target), _) => &**target,
        (AnyTarget::Members(_), Some(directory)) => directory,
        (AnyTarget::Members(_), None) => unreachable!("a directory was made for it just now"),
    };
    let mut mind = Mind::new(account, target.capabilities(), found, memory, now, order);
    if let Some(looked) = &mut person {
        looked.person.employee = mind.employees.by_id.get(looked.id).cloned();
        report.person = Some(looked.person.clone());
    }
    let reader = Reader::new(target, timing, mind.phones());
    let mut plan = None;
    let must_list = mind.must_list();
    mind.look_at_access(&reader, must_list).await?;
    if !must_list {
        let snapshot = World::from_snapshot(&mind.memory.managed);
        plan = Some(mind.plan(&snapshot));
    }
    let plan = match plan.filter(|plan| plan.diff.is_renames_only()) {
        Some(plan) => plan,
        None => {
            let world = mind.observe(&reader).await?;
            mind.look_at_access(&reader, true).await?;
            mind.plan(&world)
        }
    };
    let checked = plan.check(mind.capabilities)?;
    report_plan(&checked, &mind, target, report);
    let plan = checked.plan();
    if let Some(looked) = person {
        report.person = Some(Person {
            is_platform_read: plan.world.is_fresh,
            user: plan.world.users.get(looked.id).cloned(),
            ..looked.person
        });
    }
    report.census = Some(Census {
        columns,
        on_platform: plan.world.users.len(),
        adopted: plan.diff.adopted.len(),
        desired: plan.diff.desired.users.len() + report.unlisted,
        seats: plan.seats,
        former: former(plan, &mind.employees),
    });
    match mind.access.take_problem() {
        Some(stop) => Err(stop),
        None => Ok(()),
    }
}

/// The person that a plan is about, and what was read of them so far.
struct Looked<'a> {
    id: &'a UserId,
    person: Person,
}

/// The only one of these ids.
fn only_one(ids: &BTreeSet<UserId>) -> Option<&UserId> {
    ids.first().filter(|_| ids.len() == 1)
}

/// How many users that are not ours look like somebody who has left: nobody took them away when that one went.
fn former(plan: &Plan, employees: &Employees) -> usize {
    if plan.diff.foreign.is_empty() {
        return 0;
    }
    let (names, phones) = employees.leavers();
    let users = plan.diff.foreign.iter().filter_map(|id| plan.world.users.get(id));
    users
        .filter(|user| {
            let has_phone = user.phone.as_ref().is_some_and(|it| phones.contains(it));
            has_phone || names.contains(&user.name.to_lowercase())
        })
        .count()
}

fn report_plan(checked: &CheckedPlan, mind: &Mind<'_>, target: &dyn ReadTarget, report: &mut AccountReport) {
    let plan = checked.plan();
    let rights = mind.plan_access(plan);
    report.plan_digest = Some(agreed_digest(plan, &rights));
    report.batches = plan
        .batches
        .iter()
        .map(|batch| {
            let (method, path) = target.describe(batch);
            PlannedBatch {
                method,
                path,
                users: batch.items.iter().map(|item| item.id.clone()).collect(),
            }
        })
        .collect();
    if let Some(access) = target.access() {
        let (first, last) = rights.batches(access);
        report.batches.splice(0..0, first);
        report.batches.extend(last);
    }
    let planned = plan.changes.iter().map(|(id, change)| {
        let blocked = plan.blocked.get(id);
        let change = blocked.map_or(change, |it| &it.wanted).clone();
        let settled = Settled {
            change,
            outcome: Outcome::Unknown,
            code: blocked.map(|it| it.code.into()),
            detail: blocked.map(|it| it.detail.clone()),
            attempts: 0,
            status: None,
        };
        ReportedChange {
            settled,
            is_planned: true,
        }
    });
    let waiting = plan.settled.iter().map(|settled| ReportedChange {
        settled: settled.clone(),
        is_planned: false,
    });
    report.users = planned.chain(waiting).chain(rights.reported()).collect();
    report.add_parks(plan.parks().cloned());
    report
        .users
        .sort_by(|one, other| one.settled.change.id.cmp(&other.settled.change.id));
    report.unlisted = mind.n_unlisted();
    report.findings.clone_from(&plan.findings);
    report.holds.clone_from(&plan.holds);
    report.foreign = if plan.world.is_fresh {
        plan.diff.foreign.len()
    } else {
        mind.memory.state.foreign
    };
    report.drift = plan.diff.drift.len() + rights.n_drifted(&plan.diff.drift);
    report.result = report.judge();
}
