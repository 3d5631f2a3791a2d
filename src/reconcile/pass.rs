//! The pass itself: read, compare, plan, apply, read back, record.

use std::collections::BTreeSet;

use sha2::{Digest as _, Sha256};
use tokio::time::Instant;

use super::access::Planned;
use super::account::{Account, Clock, Order, Timing};
use super::again;
use super::deliver::Run;
use super::directory::Directory;
use super::link::Link;
use super::mind::{Memory, Mind};
use super::progress::{Progress, Step};
use super::record::{Finish, record};
use super::refused::{Trial, try_again};
use super::report::{AccountReport, RunResult};
use super::stop::Stop;
use crate::domain::capability::{Capabilities, Names};
use crate::domain::check::Replay;
use crate::domain::employee::{Rules, employees};
use crate::domain::numbering;
use crate::domain::plan::{CheckedPlan, Plan};
use crate::domain::table::CompleteRead;
use crate::domain::user::UserId;
use crate::domain::world::World;
use crate::source::Source;
use crate::store::{AccountState, OpenOutcome, RunId, Store};
use crate::target::{AnyTarget, WriteTarget};
use crate::text::hex;

/// Plans in one run: the first, one for what it taught us, and one more. What is open then waits for the
/// next run, which begins with fresh reads anyway.
const MAX_PLANS: usize = 3;

/// So many employees are looked at beyond the seats of the account, and listed if they get none. Some of those
/// who come first may be held or refused, and then others get their seats.
const SPARE_EMPLOYEES: usize = 1000;

/// What a pass works with.
pub struct Parts<'a> {
    /// The CRM's database.
    pub source: &'a dyn Source,
    /// The state.
    pub store: &'a Store,
    /// The platform.
    pub target: &'a AnyTarget,
    /// The account.
    pub account: &'a Account,
    /// How long things may take.
    pub timing: Timing,
    /// The time of day.
    pub clock: &'a Clock,
    /// Where steps are told.
    pub progress: &'a Progress,
}

/// Makes the platform equal to the employee table, as far as the guards and the platform allow.
///
/// Never fails as a call: what went wrong is in the report, and on record as far as the store can be
/// written.
pub async fn reconcile(parts: &Parts<'_>, order: &Order) -> AccountReport {
    let started = Instant::now();
    let mut report = AccountReport::empty(&parts.account.name);
    report.requests_before = parts.target.requests();
    match locked_pass(parts, order, &mut report).await {
        Ok(()) => {}
        Err(stop) => report.fail(stop),
    }
    report.count_requests(parts.target.requests());
    report.duration = started.elapsed();
    report
}

async fn locked_pass(parts: &Parts<'_>, order: &Order, report: &mut AccountReport) -> Result<(), Stop> {
    let Parts {
        store,
        account,
        clock,
        ..
    } = parts;
    let Some(_lock) = store.lock_remote(&account.binding.remote).await? else {
        report.result = RunResult::Busy;
        return Ok(());
    };
    let state = store.account(&account.name).await?;
    if state.is_paused {
        return Err(Stop::Paused);
    }
    if let Some(refusal) = &state.refusal {
        match try_again(parts, order, refusal).await? {
            Trial::Taken => {}
            Trial::Waiting(stop) => {
                recall(parts, &state, report).await?;
                return Err(stop);
            }
            Trial::Failed(stop) => return record_failure(parts, state, stop, report).await,
        }
    }
    parts.progress.tell(Step::ReadingSource);
    // Read after the lock is had: what another process did meanwhile is what we compare with.
    let read = match parts.source.read().await {
        Ok(read) => read,
        Err(error) => return record_failure(parts, state, error.into(), report).await,
    };
    report.rows = Some(read.rows().len());
    let digest = digest(&read, account);
    let now = clock();
    let may_skip = !order.verify && order.expected_plan.as_deref().is_none_or(str::is_empty);
    if may_skip && state.digest.as_ref() == Some(&digest) {
        if Memory::is_settled(&state, account, now) {
            return quiet(parts, order, &state, Vec::new(), report).await;
        }
        // Without open changes and holds, it is something else that is due.
        if order.is_patient && Memory::is_calm(&state, account, now) {
            let open = store.open_outcomes(&account.name).await?;
            if !open.iter().any(|it| again::is_due(it, now)) {
                return quiet(parts, order, &state, open, report).await;
            }
        }
    }
    let found = employees(read, &rules(account, parts.target.capabilities()));
    if !order.is_patient {
        // A service reads more of them soon.
        numbering::forget_plans();
    }
    if found.is_all_quarantined() {
        let stop = Stop::AllQuarantined(found.n_rows);
        report.findings.clone_from(&found.findings);
        return record_failure(parts, state, stop, report).await;
    }
    let run_id = store.begin_run(&account.name, now).await?;
    report.run = Some(run_id.as_str().to_owned());
    let memory = Memory::load(store, account, state, now).await?;
    let directory = match parts.target {
        AnyTarget::Ids(_) => None,
        AnyTarget::Members(members) => {
            let pins = store.pins(&account.name).await?;
            let keep = Some((*store, account.name.as_str()));
            Some(Directory::new(
                &**members,
                account,
                &found,
                &memory.managed,
                pins,
                keep,
            ))
        }
    };
    let target: &dyn WriteTarget = match (parts.target, &directory) {
        (AnyTarget::Ids(target), _) => &**target,
        (AnyTarget::Members(_), Some(directory)) => directory,
        (AnyTarget::Members(_), None) => unreachable!("a directory was made for it just now"),
    };
    let mind = Mind::new(account, parts.target.capabilities(), found, memory, now, order);
    let talk = Talk {
        target,
        directory: directory.as_ref(),
    };
    open_pass(parts, &talk, mind, &run_id, digest, report).await
}

/// A pass with nothing to do. What is open stays so, and is reported.
async fn quiet(
    parts: &Parts<'_>,
    order: &Order,
    state: &AccountState,
    open: Vec<OpenOutcome>,
    report: &mut AccountReport,
) -> Result<(), Stop> {
    let Parts { store, account, .. } = parts;
    report.is_quiet = true;
    report.foreign = state.foreign;
    if order.is_patient {
        report.add_open(&open);
        // The users of a hold are on record; here it is enough that there is one.
        let is_held = state.n_holds > 0;
        report.result = if is_held { RunResult::Held } else { report.judge() };
        return Ok(());
    }
    let rows = report.rows.unwrap_or_default() as u64;
    store.quiet(&[(&account.name, rows)], (parts.clock)()).await?;
    if state.n_findings > 0 {
        report.findings = store.findings(&account.name).await?;
    }
    Ok(())
}

/// How a pass talks to its platform.
pub(super) struct Talk<'a> {
    /// By the employees' ids.
    pub(super) target: &'a dyn WriteTarget,
    /// Who is whom, where the platform has ids of its own.
    pub(super) directory: Option<&'a Directory<'a>>,
}

/// A pass that has something to look at.
async fn open_pass(
    parts: &Parts<'_>,
    talk: &Talk<'_>,
    mut mind: Mind<'_>,
    run_id: &RunId,
    digest: String,
    report: &mut AccountReport,
) -> Result<(), Stop> {
    let loaded = mind.memory.managed.clone();
    let approved = mind.approved_removals();
    let mut link = Link::new(
        talk.target,
        parts.timing,
        mind.phones(),
        parts.store,
        run_id,
        parts.clock,
        approved,
    );
    link.reader.halt = parts.progress.halt();
    let mut run = Run::new(link, mind.clearing, mind.suspects(), parts.progress);
    let mut course = Course::default();
    let mut stop = follow(&mut mind, &mut run, parts.progress, &mut course)
        .await
        .err();
    if !matches!(
        stop,
        Some(
            Stop::Refused(_)
                | Stop::Unreachable(_)
                | Stop::Store(_)
                | Stop::NotKept(_)
                | Stop::Misconfigured(_)
                | Stop::Bug(_)
        )
    ) {
        // Ending early or not: nobody is left without the phone that was only to be moved.
        if let Err(late) = bring_back(&mut run, &mut course).await {
            stop.get_or_insert(late);
        }
    }
    let finish = Finish {
        loaded,
        digest,
        course,
        stop,
    };
    if let Some(directory) = talk.directory {
        directory.save(&mind.memory.managed).await?;
    }
    record(parts, &mind, &run, run_id, finish, report).await
}

/// What happened to the plans of a pass.
#[derive(Default)]
pub(super) struct Course {
    /// The platform as last observed, single reads included.
    pub(super) world: World,
    /// Whom the first plan found changed: of a later plan, that may be our own doing.
    pub(super) drift: BTreeSet<UserId>,
    /// The plan that was made last.
    pub(super) last: Option<CheckedPlan>,
}

/// Plans and applies, again where that is needed.
async fn follow(
    mind: &mut Mind<'_>,
    run: &mut Run<'_>,
    progress: &Progress,
    course: &mut Course,
) -> Result<(), Stop> {
    for n_plan in 1..=MAX_PLANS {
        let plan = if n_plan == 1 {
            first_plan(mind, run, progress).await?
        } else {
            next_plan(mind, run).await?
        };
        let rights = mind.plan_access(&plan);
        let expected = mind.order.expected_plan.as_ref().filter(|_| n_plan == 1);
        if expected.is_some_and(|it| *it != agreed_digest(&plan, &rights)) {
            return Err(Stop::Stale(
                "the source or the platform moved meanwhile".to_owned(),
            ));
        }
        course.world.clone_from(&plan.world);
        let checked = plan.check(mind.capabilities)?;
        mind.begin(checked.plan());
        mind.access.begin(rights, n_plan == 1);
        run.ledger.begin(checked.plan(), run.guesses_clearing);
        let carried_out = match mind.access.make_ready(run, checked.plan()).await {
            Ok(()) => run.carry_out(&checked).await,
            Err(stop) => Err(stop),
        };
        if n_plan == 1 {
            course.drift.clone_from(&checked.plan().diff.drift);
        }
        course.last = Some(checked);
        carried_out?;
        let Some(last) = &course.last else { break };
        if !run.plan_again || n_plan == MAX_PLANS {
            run.confirm(last.plan(), &mut mind.memory.managed).await?;
        }
        if !run.plan_again {
            break;
        }
    }
    let Some(last) = &course.last else { return Ok(()) };
    let world = overlaid(&course.world, run);
    mind.finish_access(run, last.plan(), &world).await?;
    match mind.access.take_problem() {
        Some(stop) => Err(stop),
        None => Ok(()),
    }
}

/// The first plan is made on the snapshot where that is enough, which saves all reads.
async fn first_plan(mind: &mut Mind<'_>, run: &Run<'_>, progress: &Progress) -> Result<Plan, Stop> {
    let must_list = mind.must_list();
    mind.look_at_access(&run.link.reader, must_list).await?;
    if !must_list {
        let snapshot = World::from_snapshot(&mind.memory.managed);
        let plan = mind.plan(&snapshot);
        if plan.diff.is_renames_only() {
            return Ok(plan);
        }
    }
    progress.tell(Step::Listing);
    let world = mind.observe(&run.link.reader).await?;
    mind.look_at_access(&run.link.reader, true).await?;
    Ok(mind.plan(&world))
}

/// A further plan is made on a list that shows what the last one led to.
async fn next_plan(mind: &mut Mind<'_>, run: &mut Run<'_>) -> Result<Plan, Stop> {
    let world = mind.learn(run).await?;
    run.seen.clear();
    mind.access.look_again(run).await?;
    Ok(mind.plan(&world))
}

/// What a run took away for a moment and can't give back as planned is given back as it was.
async fn bring_back(run: &mut Run<'_>, course: &mut Course) -> Result<(), Stop> {
    let Some(last) = &course.last else { return Ok(()) };
    run.forget_returned();
    if run.away.is_empty() {
        return Ok(());
    }
    run.link.reader.grant_grace();
    // Requests since the last list may have taken the old phones, with or without an answer.
    course.world = run.link.reader.list().await?;
    run.seen.clear();
    let capabilities = run.link.reader.target().capabilities();
    let movable = run.away.keys().cloned().collect();
    let mut replay = Replay::new(&course.world, movable, capabilities, last.plan().seats);
    run.bring_back(&mut replay).await
}

/// The last list with all later reads laid over it.
pub(super) fn overlaid(world: &World, run: &Run<'_>) -> World {
    let mut world = world.clone();
    for (id, user) in &run.seen {
        match user {
            Some(user) => world.users.insert(id.clone(), user.clone()),
            None => world.users.remove(id),
        };
    }
    world
}

/// The digest of a plan as people agree to it: a plan of nothing is the same, whether it was found out by
/// comparing or by the digest of the rows alone.
pub(super) fn agreed_digest(plan: &Plan, rights: &Planned) -> String {
    let is_users_only = rights.is_empty();
    if plan.batches.is_empty() && plan.settled.is_empty() && plan.holds.is_empty() && is_users_only {
        String::new()
    } else if is_users_only {
        plan.digest()
    } else {
        rights.digest_with(&plan.digest())
    }
}

/// Puts a failure on record that came before any plan: open changes stay as they are.
async fn record_failure(
    parts: &Parts<'_>,
    state: AccountState,
    stop: Stop,
    report: &mut AccountReport,
) -> Result<(), Stop> {
    let Parts {
        store,
        account,
        clock,
        ..
    } = parts;
    let run_id = store.begin_run(&account.name, clock()).await?;
    report.run = Some(run_id.as_str().to_owned());
    recall(parts, &state, report).await?;
    report.fail(stop);
    let closing = super::record::failed_closing(account, report, &state, clock());
    store.close_run(&run_id, &closing).await?;
    Ok(())
}

/// Reports what is open, held and found as it was before.
async fn recall(parts: &Parts<'_>, state: &AccountState, report: &mut AccountReport) -> Result<(), Stop> {
    let Parts { store, account, .. } = parts;
    report.foreign = state.foreign;
    report.add_open(&store.open_outcomes(&account.name).await?);
    let holds = store.open_holds(&account.name).await?;
    report.holds = holds.into_iter().map(|it| it.hold).collect();
    if report.findings.is_empty() {
        report.findings = store.findings(&account.name).await?;
    }
    Ok(())
}

/// What the rules for rows need to know of an account and its platform.
pub fn rules(account: &Account, capabilities: &Capabilities) -> Rules {
    Rules {
        default_region: account.default_region.clone(),
        long_ids: account.long_ids,
        id_chars: capabilities.id_chars,
        name_chars: capabilities.name_chars,
        key: account.key,
        is_named_by_key: capabilities.names == Names::Identity,
        phones: capabilities.phones,
        grants: account.grants.clone().filter(|_| capabilities.grants),
        access: account.access.clone(),
        room: capabilities.seats.map(|seats| seats + SPARE_EMPLOYEES),
    }
}

/// Stands for the rows and everything that shapes what is made of them.
pub(super) fn digest(read: &CompleteRead, account: &Account) -> String {
    let rows = read.digest();
    let mut hasher = Sha256::new();
    hasher.update(rows.count.to_le_bytes());
    hasher.update(rows.sum.to_le_bytes());
    for part in [
        account.plan_mark.as_str(),
        numbering::METADATA,
        env!("CARGO_PKG_VERSION"),
    ] {
        hasher.update((part.len() as u64).to_le_bytes());
        hasher.update(part);
    }
    hasher.update(read.columns().bits().to_le_bytes());
    hex(&hasher.finalize()[..16])
}
