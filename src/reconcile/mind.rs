//! All that a pass knows, and the plans that follow from it.

use std::collections::{BTreeMap, BTreeSet};

use super::access::Access;
use super::account::{Account, Order};
use super::deliver::Run;
use super::link::Reader;
use super::phones::{Phones, at_stake};
use super::stop::{Said, Stop};
use crate::domain::batch::Purpose;
use crate::domain::capability::Capabilities;
use crate::domain::contention::{Clearing, Terms};
use crate::domain::diff::Known;
use crate::domain::employee::Employees;
use crate::domain::guard::{Circumstances, Passed};
use crate::domain::memory::{Decision, Managed, Millis, Origin, Reason, Remembered, Subject};
use crate::domain::outcome::{Op, Outcome};
use crate::domain::phone::Phone;
use crate::domain::plan::{Plan, Scope, plan};
use crate::domain::user::{User, UserId};
use crate::domain::world::World;
use crate::store::{AccessMemory, AccountState, ClearFact, Facts, OpenHold, OpenOutcome, Store, StoreError};

/// Absences in a list that are confirmed one by one; where more are missing, the first ones stand for all.
const MAX_SINGLE_READS: usize = 20;

/// What the store remembers of an account.
#[derive(Debug, Default)]
pub(super) struct Memory {
    pub(super) state: AccountState,
    pub(super) managed: Managed,
    /// The users of the last whole list that are not ours.
    pub(super) foreign: Vec<User>,
    pub(super) decisions: Vec<Decision>,
    pub(super) open: Vec<OpenOutcome>,
    /// Users whom an earlier run was changing when it ended: what they are now is our own doing.
    pub(super) under_way: BTreeSet<UserId>,
    pub(super) holds: Vec<OpenHold>,
    pub(super) facts: Facts,
    /// Of rights on channels.
    pub(super) access: AccessMemory,
    /// Users of requests of the last 24 hours that had no answer: they may be changed by them any time.
    pub(super) unanswered: Vec<UserId>,
    /// Leavers removed in the last 24 hours without approval.
    pub(super) removed: Vec<UserId>,
}

impl Memory {
    /// Reads all of it; an account that was never seen has none.
    pub(super) async fn load(
        store: &Store,
        account: &Account,
        state: AccountState,
        now: Millis,
    ) -> Result<Memory, StoreError> {
        let name = &account.name;
        let mut managed = store.managed(name).await?;
        let open = store.open_outcomes(name).await?;
        let unknown = open.iter().filter(|it| it.outcome == Outcome::Unknown);
        let mut under_way: BTreeSet<UserId> = unknown.map(|it| it.user.clone()).collect();
        if state.open_intents {
            for (id, purpose) in store.under_way(name).await? {
                if let Some(remembered) = managed.get_mut(&id).filter(|_| purpose == Purpose::Recreate) {
                    // Deleted for a moment, and its create was still to come.
                    remembered.observed = None;
                }
                under_way.insert(id);
            }
        }
        let foreign = match state.foreign {
            0 => Vec::new(),
            _ => store.foreign(name).await?,
        };
        Ok(Memory {
            managed,
            foreign,
            decisions: store.decisions(name, now).await?,
            open,
            under_way,
            holds: store.open_holds(name).await?,
            facts: store.facts(&account.kind, &account.base_url, name, now).await?,
            access: store.access(name).await?,
            unanswered: store.unanswered_since(name, now.plus(-Millis::DAY)).await?,
            removed: store.removals_since(name, now.plus(-Millis::DAY)).await?,
            state,
        })
    }

    /// Whether nothing is open or due, so that equal rows mean equal users.
    pub(super) fn is_settled(state: &AccountState, account: &Account, now: Millis) -> bool {
        state.n_open == 0 && state.n_holds == 0 && Memory::is_calm(state, account, now)
    }

    /// Whether nothing is due but, may be, what is open.
    pub(super) fn is_calm(state: &AccountState, account: &Account, now: Millis) -> bool {
        let is_verified = state.verified_at.is_some_and(|at| {
            let until = at.plus(i64::try_from(account.verify_every.as_millis()).unwrap_or(i64::MAX));
            // A list that was read in the future was read by a clock that has been set back since.
            at <= now && now < until
        });
        let is_absence_due = state
            .first_absent
            .is_some_and(|since| since.plus(account.policy.removal_after) <= now);
        is_verified
            && !is_absence_due
            && !state.verify_next
            && !state.open_intents
            && state.binding.as_ref() == Some(&account.binding)
            && state.settings_mark.as_ref() == Some(&account.settings_mark)
    }
}

/// The state of mind of a pass.
pub(super) struct Mind<'a> {
    pub(super) account: &'a Account,
    pub(super) capabilities: &'a Capabilities,
    pub(super) employees: Employees,
    pub(super) memory: Memory,
    pub(super) now: Millis,
    pub(super) order: &'a Order,
    /// What earlier plans of this pass held.
    held: BTreeMap<(Subject, UserId), Reason>,
    /// What earlier plans of this pass let pass.
    passed: Passed,
    /// Phones that the platform called taken although nobody is shown to have them.
    pub(super) unseen_phones: BTreeSet<Phone>,
    /// Users that the platform refused in this pass.
    pub(super) rejected: BTreeSet<UserId>,
    pub(super) clearing: Clearing,
    pub(super) learned_seats: Option<usize>,
    /// Rights on channels.
    pub(super) access: Access<'a>,
}

impl<'a> Mind<'a> {
    pub(super) fn new(
        account: &'a Account,
        capabilities: &'a Capabilities,
        mut employees: Employees,
        mut memory: Memory,
        now: Millis,
        order: &'a Order,
    ) -> Mind<'a> {
        employees.admit(memory.managed.keys().chain(order.only.iter().flatten()));
        let held = memory
            .holds
            .iter()
            .filter(|it| it.hold.reason == Reason::SettingsChanged);
        let held = held.flat_map(|it| it.hold.users.iter().map(|user| user.id.clone()));
        let clearing = match memory.facts.clear {
            None => Clearing::Unknown,
            Some(ClearFact::Works(by)) => Clearing::Works(by),
            Some(ClearFact::Nothing) => Clearing::Impossible,
        };
        Mind {
            held: held
                .map(|id| ((Subject::Removal, id), Reason::SettingsChanged))
                .collect(),
            passed: Passed::default(),
            unseen_phones: BTreeSet::new(),
            rejected: BTreeSet::new(),
            clearing,
            learned_seats: memory.facts.seats,
            access: Access::new(account, std::mem::take(&mut memory.access)),
            account,
            capabilities,
            employees,
            memory,
            now,
            order,
        }
    }

    /// Plans on the world as observed.
    pub(super) fn plan(&mut self, world: &World) -> Plan {
        self.employees.admit(world.users.keys());
        let state = &self.memory.state;
        let is_on_platform = |id: &&UserId| !world.users.contains_key(*id);
        let circumstances = Circumstances {
            limits: self.account.limits,
            removed_in_24h: self.memory.removed.iter().filter(is_on_platform).count(),
            settings_changed: state
                .settings_mark
                .as_ref()
                .is_some_and(|it| *it != self.account.settings_mark),
            binding_changed: state
                .binding
                .as_ref()
                .is_some_and(|it| *it != self.account.binding),
            removals_paused: state.removals_paused,
            still_held: self.held.clone(),
            passed: self.passed.clone(),
            access: self.changing_access(world),
        };
        let documented = self.capabilities.seats;
        let seats = [documented, self.learned_seats].into_iter().flatten().min();
        let terms = Terms {
            clearing: self.clearing,
            park: self.account.park,
            seats,
            unique_phones: self.capabilities.unique_phones,
            unseen_phones: self.unseen_phones.clone(),
        };
        let scope = Scope {
            only: self.order.only.clone(),
            except: self.rejected.clone(),
            suspects: self.suspects(),
        };
        plan(
            &self.known(world),
            &circumstances,
            &terms,
            self.capabilities,
            &scope,
        )
    }

    /// Employees who are only counted, if the order is about all.
    pub(super) fn n_unlisted(&self) -> usize {
        match self.order.only {
            None => self.employees.n_unlisted(),
            Some(_) => 0,
        }
    }

    /// Users that an earlier run saw refused: each travels alone.
    pub(super) fn suspects(&self) -> BTreeSet<UserId> {
        let open = self.memory.open.iter();
        let rejected = open.filter(|it| it.outcome == Outcome::Rejected);
        rejected.map(|it| it.user.clone()).collect()
    }

    pub(super) fn known<'b>(&'b self, world: &'b World) -> Known<'b> {
        Known {
            employees: &self.employees,
            world,
            managed: &self.memory.managed,
            decisions: &self.memory.decisions,
            under_way: &self.memory.under_way,
            policy: &self.account.policy,
            capabilities: self.capabilities,
            now: self.now,
        }
    }

    /// Leavers whose removal a person approved.
    pub(super) fn approved_removals(&self) -> BTreeSet<UserId> {
        let world = World::default();
        let known = self.known(&world);
        let users = self
            .memory
            .managed
            .keys()
            .filter(|id| known.is_approved(id, Subject::Removal));
        users.cloned().collect()
    }

    /// Whether a plan can't be made without reading the platform's list.
    pub(super) fn must_list(&self) -> bool {
        self.order.verify || !Memory::is_settled(&self.memory.state, self.account, self.now)
    }

    /// Takes in a plan that is about to be carried out: its holds stay, its changes count, and its new
    /// users are ours from now on.
    pub(super) fn begin(&mut self, plan: &Plan) {
        for hold in &plan.holds {
            let subject = hold.reason.subject();
            self.held.extend(
                hold.users
                    .iter()
                    .map(|user| ((subject, user.id.clone()), hold.reason)),
            );
        }
        self.passed.extend(plan.counted.clone());
        if plan.is_target_doubtful {
            return;
        }
        let held: BTreeSet<&UserId> = plan
            .holds
            .iter()
            .filter(|hold| hold.reason == Reason::Adoption)
            .flat_map(|hold| hold.users.iter().map(|user| &user.id))
            .collect();
        for id in plan.diff.adopted.iter().filter(|id| !held.contains(id)) {
            self.own(id, Origin::Adopted, &plan.world);
        }
        for change in plan.changes.values().filter(|change| change.op == Op::Create) {
            self.own(&change.id, Origin::Created, &plan.world);
        }
    }

    /// Takes in what the last plan led to, and reads the platform again.
    pub(super) async fn learn(&mut self, run: &Run<'_>) -> Result<World, Stop> {
        self.clearing = run.clearing;
        self.learned_seats = run.learned_seats.or(self.learned_seats);
        self.rejected = run.ledger.rejected().cloned().collect();
        // What we did ourselves is no drift, and who we removed is not missing.
        let reader = &run.link.reader;
        let mut world = reader.list().await?;
        for (id, entry) in run.ledger.entries() {
            match world.users.get(id) {
                None if entry.change.op == Op::Delete => {
                    self.memory.managed.remove(id);
                }
                user => {
                    if let Some(remembered) = self.memory.managed.get_mut(id) {
                        remembered.observed = user.cloned();
                    }
                }
            }
        }
        for (id, phone) in run.ledger.contested() {
            if !reader.has_other_holder(&mut world, phone, id).await? {
                self.unseen_phones.insert(phone.clone());
            }
        }
        self.reveal(reader, world).await
    }

    /// The world with no phone that is only remembered where a plan would rest on it.
    async fn reveal(&mut self, reader: &Reader<'_>, mut world: World) -> Result<World, Stop> {
        while reader.hides_phones() {
            let ids = at_stake(&self.plan(&world));
            // What is read may lead to another plan, which rests on others.
            if !reader.refresh(&mut world, ids).await? {
                break;
            }
        }
        Ok(world)
    }

    /// What earlier runs have read of phones, as far as that can be relied on: not if it was read from another
    /// account, nor if a person wants all to be looked at, nor of users who may have changed since by requests
    /// of ours.
    pub(super) fn phones(&self) -> Phones {
        let Memory {
            state,
            managed,
            foreign,
            under_way,
            unanswered,
            ..
        } = &self.memory;
        let mut phones = Phones::default();
        if state.binding.as_ref() == Some(&self.account.binding) && !self.order.verify {
            phones.remember(managed, foreign);
            phones.forget(under_way.iter().chain(unanswered));
        }
        phones
    }

    fn own(&mut self, id: &UserId, origin: Origin, world: &World) {
        let remembered = Remembered::new(origin, self.now, world.users.get(id).cloned());
        self.memory.managed.entry(id.clone()).or_insert(remembered);
    }

    /// The platform's users, with the absence of ours confirmed by single reads.
    ///
    /// # Errors
    /// Also if a single read shows a user that the list lacks: then the list is not whole.
    pub(super) async fn observe(&mut self, reader: &Reader<'_>) -> Result<World, Stop> {
        let world = reader.list().await?;
        let missing = self.memory.managed.iter().filter(|(_, it)| it.observed.is_some());
        let missing = missing
            .map(|(id, _)| id)
            .filter(|id| !world.users.contains_key(id));
        for id in missing.take(MAX_SINGLE_READS) {
            if reader.get(id).await?.is_some() {
                let text = format!("the list of users lacks \"{id}\", whom a single read shows");
                return Err(Stop::Unreadable(Said(text)));
            }
        }
        self.reveal(reader, world).await
    }
}
