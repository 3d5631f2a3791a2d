//! The end of a pass: one outcome for every change, one transaction for all of it.

use super::account::{Account, Order};
use super::deliver::Run;
use super::mind::Mind;
use super::pass::{Course, Parts, overlaid};
use super::report::{AccountReport, ReportedChange, RunResult};
use super::stop::Stop;
use crate::domain::contention::Clearing;
use crate::domain::diff::{Known, OnDrift, diff};
use crate::domain::employee::PhoneWish;
use crate::domain::finding::{Finding, FindingKind};
use crate::domain::memory::{Managed, Millis, Remembered};
use crate::domain::outcome::{Op, Outcome, Settled};
use crate::domain::plan::Plan;
use crate::domain::user::{User, UserId};
use crate::domain::world::World;
use crate::store::{
    AccountState, ClearFact, Closing, DigestChange, OpenOutcome, OpenScope, Refused, Requests, RunError,
    RunId,
};

/// What is known when a pass ends.
pub(super) struct Finish {
    /// The managed users as the store had them.
    pub(super) loaded: Managed,
    /// Of the rows and all that shapes them.
    pub(super) digest: String,
    /// What happened.
    pub(super) course: Course,
    /// Why it ended early, if it did.
    pub(super) stop: Option<Stop>,
}

/// Fills in the report and closes the run.
///
/// # Errors
/// The store can't be written.
pub(super) async fn record(
    parts: &Parts<'_>,
    mind: &Mind<'_>,
    run: &Run<'_>,
    run_id: &RunId,
    finish: Finish,
    report: &mut AccountReport,
) -> Result<(), Stop> {
    let Finish {
        loaded,
        digest,
        course,
        stop,
    } = finish;
    let last = course.last.as_ref().map(|checked| checked.plan());
    let world = overlaid(&course.world, run);
    let mut settled = run.ledger.outcomes(last);
    settled.extend(mind.access.settled());
    report.users = settled
        .iter()
        .map(|settled| ReportedChange {
            settled: settled.clone(),
            is_planned: false,
        })
        .collect();
    report.add_parks(run.parked.iter().cloned());
    report.add_open(&still_open(mind, &settled, last));
    report
        .users
        .sort_by(|one, other| one.settled.change.id.cmp(&other.settled.change.id));
    report.unlisted = last.map_or(0, |_| mind.n_unlisted());
    report.findings = final_findings(mind, last, &world);
    report.holds = match last {
        Some(plan) => plan.holds.clone(),
        None => mind.memory.holds.iter().map(|it| it.hold.clone()).collect(),
    };
    if last.is_none() {
        report.findings = parts.store.findings(&mind.account.name).await?;
    }
    report.foreign = match last.filter(|plan| plan.world.is_fresh) {
        Some(plan) => plan.diff.foreign.len(),
        None => mind.memory.state.foreign,
    };
    report.drift = course.drift.len() + mind.access.n_drifted(&course.drift);
    report.result = report.judge();
    if let Some(stop) = stop {
        report.fail(stop);
    }
    report.count_requests(parts.target.requests());
    learn(parts, mind, run).await?;
    let closing = closing(parts, mind, run, &loaded, digest, last, &world, report);
    parts.store.close_run(run_id, &closing).await?;
    Ok(())
}

/// Open outcomes that this pass did not judge.
fn still_open(mind: &Mind<'_>, settled: &[Settled], last: Option<&Plan>) -> Vec<OpenOutcome> {
    let is_judged = |open: &&OpenOutcome| {
        let is_access = open.op == Op::Access;
        let is_settled =
            |it: &Settled| it.change.id == open.user && (it.change.op == Op::Access) == is_access;
        let is_looked_at = last.is_some() && (!is_access || mind.access.is_finished());
        settled.iter().any(is_settled) || (is_looked_at && in_scope(mind.order, &open.user))
    };
    mind.memory
        .open
        .iter()
        .filter(|it| !is_judged(it))
        .cloned()
        .collect()
}

fn in_scope(order: &Order, id: &UserId) -> bool {
    order.only.as_ref().is_none_or(|only| only.contains(id))
}

/// The findings of the last plan, or what the platform made of its requests where that says more.
fn final_findings(mind: &Mind<'_>, last: Option<&Plan>, world: &World) -> Vec<Finding> {
    let Some(plan) = last else { return Vec::new() };
    if plan.batches.is_empty() {
        return plan.findings.clone();
    }
    let known = Known {
        employees: &mind.employees,
        world,
        managed: &mind.memory.managed,
        decisions: &mind.memory.decisions,
        under_way: &mind.memory.under_way,
        policy: &mind.account.policy,
        capabilities: mind.capabilities,
        now: mind.now,
    };
    let mut findings = diff(&known).findings;
    let kept = plan
        .findings
        .iter()
        .filter(|it| it.kind == FindingKind::PhoneKept);
    findings.extend(kept.cloned());
    findings.sort();
    findings.dedup();
    findings
}

/// Keeps what this run learned about the platform.
async fn learn(parts: &Parts<'_>, mind: &Mind<'_>, run: &Run<'_>) -> Result<(), Stop> {
    let Parts {
        store,
        account,
        clock,
        ..
    } = parts;
    if run.learned_clearing {
        let fact = match run.clearing {
            Clearing::Works(by) => Some(ClearFact::Works(by)),
            Clearing::Impossible => Some(ClearFact::Nothing),
            Clearing::Unknown => None,
        };
        if let Some(fact) = fact {
            store
                .learn_clear(&account.kind, &account.base_url, fact, clock())
                .await?;
        }
    }
    if let Some(seats) = run
        .learned_seats
        .filter(|it| Some(*it) != mind.memory.facts.seats)
    {
        store.learn_seats(&account.name, seats, clock()).await?;
    }
    Ok(())
}

#[expect(
    clippy::too_many_arguments,
    reason = "all that a pass found out goes into one transaction"
)]
fn closing(
    parts: &Parts<'_>,
    mind: &Mind<'_>,
    run: &Run<'_>,
    loaded: &Managed,
    digest: String,
    last: Option<&Plan>,
    world: &World,
    report: &AccountReport,
) -> Closing {
    let is_whole = mind.order.only.is_none();
    let believed = last.filter(|plan| !plan.is_target_doubtful);
    let listed = believed.filter(|plan| plan.world.is_fresh);
    let mut closing = failed_closing(parts.account, report, &mind.memory.state, (parts.clock)());
    closing.settled = report
        .users
        .iter()
        .filter(|it| is_own(it, mind, last))
        .map(|it| it.settled.clone())
        .collect();
    closing.unlisted = report.unlisted;
    closing.scope = match (&mind.order.only, last) {
        (_, None) => OpenScope::None,
        (None, Some(_)) => OpenScope::All,
        (Some(only), Some(_)) => OpenScope::Users(only.iter().cloned().collect()),
    };
    if let Some(plan) = last {
        closing.findings = Some(report.findings.clone());
        closing.holds = Some(plan.holds.clone());
        closing.settings_mark = is_whole.then(|| mind.account.settings_mark.clone());
    }
    if believed.is_some() {
        let (remember, forget) = memories(mind, run, loaded, last, world);
        closing.remember = remember;
        closing.forget = forget;
        closing.access = mind.access_closing(world);
    }
    if let Some(plan) = listed {
        let foreign = plan
            .diff
            .foreign
            .iter()
            .filter_map(|id| world.users.get(id).cloned());
        closing.foreign = Some(foreign.collect());
        closing.drift = Some(report.drift);
        closing.binding = Some(mind.account.binding.clone());
        closing.verified_at = Some(mind.now);
    }
    let is_finished = report.stop.is_none() && last.is_some();
    closing.digest = match (is_finished, is_whole) {
        // Who is only counted has no open outcome of its own that would bring the next run to look again.
        (true, true) if report.unlisted > 0 => DigestChange::Clear,
        (true, true) => DigestChange::Set(digest),
        (true, false) => DigestChange::Keep,
        (false, _) => DigestChange::Clear,
    };
    closing.verify_next = run.had_unknown
        || mind.access.is_doubtful()
        || run.ledger.unconfirmed().next().is_some()
        || !is_finished;
    closing
}

/// Whether an entry of the report is of this run, not one that stays open from an earlier one.
fn is_own(reported: &ReportedChange, mind: &Mind<'_>, last: Option<&Plan>) -> bool {
    let id = &reported.settled.change.id;
    reported.settled.change.op == Op::Park || (last.is_some() && in_scope(mind.order, id))
}

/// What is to be remembered of each managed user, where that is new, and who is ours no more.
fn memories(
    mind: &Mind<'_>,
    run: &Run<'_>,
    loaded: &Managed,
    last: Option<&Plan>,
    world: &World,
) -> (Vec<(UserId, Remembered)>, Vec<UserId>) {
    let mut remember = Vec::new();
    let mut forget: Vec<UserId> = Vec::new();
    for (id, remembered) in &mind.memory.managed {
        let mut now = remembered.clone();
        let is_known = world.is_fresh || run.seen.contains_key(id);
        let user = world.users.get(id);
        let is_gone = last.is_some_and(|plan| plan.diff.gone.contains(id));
        let is_removed = run
            .ledger
            .get(id)
            .is_some_and(|entry| entry.change.op == Op::Delete);
        if is_known && user.is_none() && (is_gone || is_removed) {
            forget.push(id.clone());
            continue;
        }
        let is_left_alone = mind.account.policy.on_drift == OnDrift::Report
            && run.ledger.get(id).is_none()
            && last.is_some_and(|plan| plan.diff.drift.contains(id));
        if run.away.contains_key(id) && user.is_none() {
            // Deleted for a moment, and its create is still to come.
            now.observed = None;
        } else if is_known && !is_left_alone {
            now.observed = user.cloned();
        }
        now.absent_since = last.and_then(|plan| plan.diff.absent.get(id)).copied();
        if let Some(employee) = mind.employees.by_id.get(id) {
            match &employee.phone {
                PhoneWish::Number(phone) if user.and_then(|it| it.phone.as_ref()) == Some(phone) => {
                    now.phone_cells = Some(employee.phone_cells);
                }
                PhoneWish::None => now.phone_cells = None,
                PhoneWish::Number(_) | PhoneWish::Invalid | PhoneWish::Unmanaged => {}
            }
        }
        if loaded.get(id) != Some(&now) {
            remember.push((id.clone(), now));
        }
    }
    forget.extend(
        loaded
            .keys()
            .filter(|id| !mind.memory.managed.contains_key(*id))
            .cloned(),
    );
    (remember, forget)
}

/// What is put on record of a pass that came to nothing: its result, and no word on users.
pub(super) fn failed_closing(
    account: &Account,
    report: &AccountReport,
    state: &AccountState,
    now: Millis,
) -> Closing {
    let mut closing = Closing::new(now, report.result.word(), report.exit_code());
    closing.error = report.stop.as_ref().map(|stop| RunError {
        code: stop.code().to_owned(),
        message: stop.to_string(),
    });
    if let Some(Stop::Refused(said)) = &report.stop {
        closing.refused = Some(Refused {
            secret: account.secret_mark.clone(),
            text: said.0.clone(),
        });
    }
    closing.revision = state.revision;
    // Nothing was verified, so what had to be still has to.
    closing.verify_next = state.verify_next;
    closing.rows = report.rows.map(|rows| rows as u64);
    closing.requests = Requests {
        read: report.requests.read,
        write: report.requests.write,
    };
    closing
}

impl AccountReport {
    /// Says why the pass failed. A pause waits for a person. Running out of time is no failure: what is open is open. It is no success
    /// either: what was not looked at may be open.
    pub(super) fn fail(&mut self, stop: Stop) {
        if matches!(stop, Stop::Paused) {
            self.result = RunResult::Held;
        } else if !matches!(stop, Stop::OutOfTime | Stop::Halted) {
            self.result = RunResult::Failed;
        } else if self.result == RunResult::InSync {
            self.result = RunResult::Partial;
        }
        self.stop = Some(stop);
    }

    /// The result, by what is held and what is open.
    pub(super) fn judge(&self) -> RunResult {
        let open = || {
            self.users
                .iter()
                .filter(|it| !it.is_planned)
                .map(|it| it.settled.outcome)
        };
        if !self.holds.is_empty() || open().any(|it| it == Outcome::Held) {
            RunResult::Held
        } else if self.unlisted > 0 || open().any(|it| it != Outcome::Applied) {
            RunResult::Partial
        } else {
            RunResult::InSync
        }
    }

    /// Lists the users that were without their phone for a moment. Why they were stands in their own changes,
    /// which are listed already.
    pub(super) fn add_parks(&mut self, ids: impl Iterator<Item = UserId>) {
        let parks = ids.map(|id| {
            let mut own = self
                .users
                .iter()
                .map(|it| &it.settled.change)
                .filter(|it| it.id == id);
            let old = own.find_map(|it| it.old.clone());
            let new = old.clone().map(|user| User { phone: None, ..user });
            let change = crate::domain::outcome::Change {
                id,
                op: Op::Park,
                old,
                new,
            };
            let settled = Settled {
                change,
                outcome: Outcome::Applied,
                code: None,
                detail: None,
                attempts: 1,
                status: None,
            };
            ReportedChange {
                settled,
                is_planned: self.plan_digest.is_some(),
            }
        });
        let parks: Vec<ReportedChange> = parks.collect();
        self.users.extend(parks);
    }

    /// Lists what stays open from earlier runs.
    pub(super) fn add_open(&mut self, open: &[crate::store::OpenOutcome]) {
        self.users.extend(open.iter().map(|it| {
            let change = crate::domain::outcome::Change {
                id: it.user.clone(),
                op: it.op,
                old: None,
                new: None,
            };
            let settled = Settled {
                change,
                outcome: it.outcome,
                code: it.code.as_deref().map(Into::into),
                detail: it.detail.as_deref().map(Into::into),
                attempts: 0,
                status: None,
            };
            ReportedChange {
                settled,
                is_planned: false,
            }
        }));
    }
}
