//! Rights on channels, within one pass: what is known of them, what is planned, and when it is done.
//!
//! The platform keeps everybody's rights in one document. A pass reads it when it reads the list of users, or
//! when the rights that were last accepted are not those that are wished; so a pass without news asks nothing.
//! Rights of leavers go before the users go ([`Access::make_ready`]), all others come after the users are in
//! place ([`Access::finish`]). Neither is in the way of the users: a platform that refuses the document, or can't
//! be asked for it, has its users kept in sync all the same.

mod closing;
mod link;
mod planned;
mod sweep;
mod write;

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use tokio::time::Instant;

pub(super) use self::planned::Planned;
use self::sweep::Gone;
use self::write::Entry;
use super::account::Account;
use super::deliver::Run;
use super::link::Reader;
use super::mind::Mind;
use super::stop::Stop;
use crate::domain::access::wish::{Accepted, Comparison, compare, supervisors, wanted};
use crate::domain::access::{Channel, Channels, Document, Kept, Policy, Wish, Wishes};
use crate::domain::batch::Purpose;
use crate::domain::outcome::Op;
use crate::domain::plan::Plan;
use crate::domain::user::UserId;
use crate::domain::world::World;
use crate::store::AccessMemory;

/// What a pass knows of rights on channels.
pub(super) struct Access<'a> {
    account: &'a Account,
    memory: AccessMemory,
    /// The managed ones, once they were found.
    channels: Option<Channels>,
    /// As last read, and when.
    document: Option<(Document, Instant)>,
    /// Why rights can't be judged. The users come first; then the run ends with it.
    problem: Option<Stop>,
    /// The same in words, once it was told.
    trouble: Option<Arc<str>>,
    /// What the plan that was made last is to do.
    planned: Planned,
    /// Whose rights somebody changed on the platform before this pass.
    drift: BTreeSet<UserId>,
    /// What was done.
    entries: BTreeMap<UserId, Entry>,
    /// Whose rights are journalled as being changed.
    intended: BTreeSet<UserId>,
    /// What a refused document has and the platform has not; `None` until one is refused.
    gone: Option<Gone>,
    /// Rows travel with nothing in them but what is documented.
    is_plain: bool,
    /// What shall be true at the end, once that is known.
    wishes: Wishes,
    /// Some write may still have its effect later.
    had_unknown: bool,
    /// All that can be done was done.
    is_finished: bool,
}

impl<'a> Access<'a> {
    pub(super) fn new(account: &'a Account, memory: AccessMemory) -> Access<'a> {
        Access {
            account,
            memory,
            channels: None,
            document: None,
            problem: None,
            trouble: None,
            planned: Planned::default(),
            drift: BTreeSet::new(),
            entries: BTreeMap::new(),
            intended: BTreeSet::new(),
            gone: None,
            is_plain: false,
            wishes: Wishes::default(),
            had_unknown: false,
            is_finished: false,
        }
    }

    fn policy(&self) -> Option<&'a Policy> {
        self.account.access.as_ref()
    }

    /// Why rights can't be judged, if they can't.
    pub(super) fn take_problem(&mut self) -> Option<Stop> {
        let problem = self.problem.take();
        self.trouble = problem.as_ref().map(|it| it.to_string().into());
        problem
    }

    /// What was accepted on the channels that are managed now.
    fn accepted(&self) -> Accepted {
        if self.has_other_channels() {
            return Accepted::new();
        }
        self.memory.accepted.clone()
    }

    /// Whether what was accepted was about other channels than those that are configured now.
    fn has_other_channels(&self) -> bool {
        let mark = self.policy().map(|it| it.channels.mark());
        self.memory.channels != mark
    }

    fn compare(&self, wishes: &Wishes) -> Comparison {
        let seen = match (&self.document, &self.channels) {
            (Some((document, _)), Some(channels)) => Some((document, channels)),
            _ => None,
        };
        compare(wishes, &self.accepted(), seen, self.account.policy.on_drift)
    }
}

impl Mind<'_> {
    /// Users who are there and stay, and whose rights would change: the guards count them.
    pub(super) fn changing_access(&self, world: &World) -> BTreeSet<UserId> {
        if self.access.policy().is_none() || self.access.problem.is_some() {
            return BTreeSet::new();
        }
        let users = wanted(&self.known(world)).into_iter();
        let users = users.filter(|(id, _)| world.users.contains_key(id));
        let wishes = Wishes {
            users: users.map(|(id, rights)| (id, Wish::Have(rights))).collect(),
            ..Wishes::default()
        };
        self.access.compare(&wishes).changes.into_keys().collect()
    }

    /// Reads the document, and finds the channels, if `is_verifying` or if there is a difference to what was
    /// last accepted.
    ///
    /// # Errors
    /// What ends the run at once. All other trouble waits until the users are in sync.
    pub(super) async fn look_at_access(
        &mut self,
        reader: &Reader<'_>,
        is_verifying: bool,
    ) -> Result<(), Stop> {
        let (Some(policy), Some(target)) = (self.access.policy(), reader.target().access()) else {
            return Ok(());
        };
        let is_known = self.access.document.is_some() || self.access.problem.is_some();
        if is_known || !(is_verifying || self.seems_to_change_access()) {
            return Ok(());
        }
        let access = &mut self.access;
        match reader.settings(target).await {
            Ok(document) => access.document = Some((document, Instant::now())),
            Err(stop) => return access.postpone(stop),
        }
        let listed = if policy.channels.needs_list() {
            match reader.channels(target).await {
                Ok(channels) => channels,
                Err(stop) => return access.postpone(stop),
            }
        } else {
            Vec::<Channel>::new()
        };
        match policy.channels.resolve(&listed) {
            Ok(channels) => access.channels = Some(channels),
            Err(why) => {
                let key = format!("accounts[{}].access.channels", access.account.name);
                return access.postpone(Stop::Misconfigured(format!("{key}: {why}")));
            }
        }
        Ok(())
    }

    /// Whether the wishes differ from what was last accepted.
    fn seems_to_change_access(&self) -> bool {
        let Some(policy) = self.access.policy() else {
            return false;
        };
        let world = World::from_snapshot(&self.memory.managed);
        let users = wanted(&self.known(&world)).into_iter();
        let wishes = Wishes {
            users: users.map(|(id, rights)| (id, Wish::Have(rights))).collect(),
            kept: BTreeMap::new(),
            notify_supervisors: policy.notify_supervisors,
        };
        self.access.has_other_channels() || !self.access.compare(&wishes).changes.is_empty()
    }
}

impl Access<'_> {
    /// Whether something is to be done for these wishes, as far as is known.
    fn is_open(&self, wishes: &Wishes) -> bool {
        !wishes.kept.is_empty() || !self.compare(wishes).changes.is_empty()
    }

    /// Takes in what a plan that is about to be carried out does about rights.
    pub(super) fn begin(&mut self, planned: Planned, is_first: bool) {
        if is_first {
            self.drift.clone_from(&planned.drift);
        }
        self.planned = planned;
    }

    /// Reads the document again, if it was read and may be another one by now.
    ///
    /// # Errors
    /// What ends the run at once.
    pub(super) async fn look_again(&mut self, run: &Run<'_>) -> Result<(), Stop> {
        if self.policy().is_none() || self.document.is_none() {
            return Ok(());
        }
        match self.refresh(run).await {
            Ok(()) => Ok(()),
            Err(stop) => self.postpone(stop),
        }
    }

    /// Keeps a trouble that concerns rights alone until the users are in sync.
    fn postpone(&mut self, stop: Stop) -> Result<(), Stop> {
        match stop {
            Stop::Unreachable(_) | Stop::Unreadable(_) | Stop::Misconfigured(_) => {
                tracing::warn!(error = %stop, "rights on channels can't be judged; the users go on");
                self.problem.get_or_insert(stop);
                Ok(())
            }
            other => Err(other),
        }
    }

    /// Before users are deleted: the rights of those who leave go first, on all channels, and the rights of
    /// those who come back at once are written down.
    ///
    /// # Errors
    /// What ends the run.
    pub(super) async fn make_ready(&mut self, run: &mut Run<'_>, plan: &Plan) -> Result<(), Stop> {
        let items = plan.batches.iter().flat_map(|batch| &batch.items);
        let recreated = items.filter(|item| item.purpose == Purpose::Recreate);
        let recreated: BTreeSet<UserId> = recreated.map(|item| item.id.clone()).collect();
        self.keep(run, &recreated).await?;
        let leaving = &self.planned.leavers;
        let gone = leaving.iter().filter(|id| self.planned.changes.contains_key(*id));
        let wishes = Wishes {
            users: gone.map(|id| (id.clone(), Wish::Gone)).collect(),
            ..Wishes::default()
        };
        if wishes.is_empty() {
            return Ok(());
        }
        self.fulfil(run, &wishes).await
    }

    /// Writes down the rights of users who are about to be deleted for a moment. Where nobody can tell them,
    /// nobody is deleted; where we may not ask, there is nothing that we could give back.
    async fn keep(&mut self, run: &mut Run<'_>, ids: &BTreeSet<UserId>) -> Result<(), Stop> {
        run.may_recreate = true;
        let open: BTreeSet<&UserId> = ids
            .iter()
            .filter(|id| !self.memory.kept.contains_key(*id))
            .collect();
        if open.is_empty() || run.link.reader.target().access().is_none() {
            return Ok(());
        }
        match self.refresh(run).await {
            Ok(()) => {}
            Err(Stop::Unreadable(why)) => {
                tracing::warn!(%why, "rights can't be read, so users that are recreated may lose theirs");
                return Ok(());
            }
            Err(Stop::Unreachable(why)) => {
                tracing::warn!(%why, "rights can't be read, so no user is recreated in this run");
                run.may_recreate = false;
                return Ok(());
            }
            Err(other) => return Err(other),
        }
        let Some((document, _)) = &self.document else {
            return Ok(());
        };
        let index = document.index();
        let mut kept = BTreeMap::new();
        for id in open {
            let held = index.of(id);
            if !held.is_empty() {
                let rows = held.rows.into_iter().cloned().collect();
                let is_hidden = held.is_hidden;
                kept.insert(id.clone(), Kept { rows, is_hidden });
            }
        }
        if !kept.is_empty() {
            run.link.keep_access(&kept).await?;
            self.memory.kept.extend(kept);
        }
        Ok(())
    }
}

impl Mind<'_> {
    /// After the users are in place: everybody gets what is wished, in one write.
    ///
    /// # Errors
    /// What ends the run.
    pub(super) async fn finish_access(
        &mut self,
        run: &mut Run<'_>,
        plan: &Plan,
        world: &World,
    ) -> Result<(), Stop> {
        if plan.is_target_doubtful {
            return Ok(());
        }
        if run.link.reader.target().access().is_some() {
            let mut wishes = self.final_wishes(plan, world);
            if self.access.is_open(&wishes) {
                self.look_at_access(&run.link.reader, true).await?;
                wishes = self.final_wishes(plan, world);
                let wishes = self.access.compare(&wishes).without_left(wishes.clone());
                self.access.fulfil(run, &wishes).await?;
            }
            self.access.wishes = wishes;
        }
        self.access.is_finished = self.access.problem.is_none();
        Ok(())
    }

    /// What shall be true at the end of this run.
    fn final_wishes(&self, plan: &Plan, world: &World) -> Wishes {
        let access = &self.access;
        let in_scope = |id: &UserId| self.is_asked_for(id);
        let kept = access.memory.kept.iter();
        let kept = kept.filter(|(id, _)| world.users.contains_key(*id) && in_scope(id));
        let mut wishes = Wishes {
            kept: kept.map(|(id, it)| (id.clone(), it.clone())).collect(),
            ..Wishes::default()
        };
        let Some(policy) = access.policy().filter(|_| access.problem.is_none()) else {
            return wishes;
        };
        let is_there = |id: &UserId| {
            self.memory.managed.contains_key(id)
                && world.users.contains_key(id)
                && !plan.held_access.contains_key(id)
        };
        let users = wanted(&self.known(world)).into_iter();
        let users = users.filter(|(id, _)| is_there(id) && in_scope(id));
        let have = users.map(|(id, rights)| (id, Wish::Have(rights)));
        let gone = self.gone_from(plan, world);
        let gone = gone.into_iter().filter(|id| !access.is_rejected(id));
        wishes.users = have.chain(gone.map(|id| (id, Wish::Gone))).collect();
        if self.order.only.is_none() {
            wishes.notify_supervisors = policy.notify_supervisors;
        }
        wishes
    }

    /// Who was ours and leaves, or is gone already, as far as this run is about them.
    fn gone_from(&self, plan: &Plan, world: &World) -> BTreeSet<UserId> {
        let leaving = plan.changes.values().filter(|it| it.op == Op::Delete);
        let mut gone: BTreeSet<UserId> = leaving.map(|it| it.id.clone()).collect();
        gone.extend(self.access.planned.leavers.iter().cloned());
        if world.is_fresh {
            gone.extend(plan.diff.gone.iter().cloned());
            // Somebody who was removed by an earlier run, and whose rights could not be.
            let is_left_over = |id: &&UserId| {
                **id != supervisors()
                    && !self.memory.managed.contains_key(*id)
                    && !plan.diff.desired.users.contains_key(*id)
                    && !world.users.contains_key(*id)
            };
            gone.extend(self.access.memory.accepted.keys().filter(is_left_over).cloned());
        }
        gone.retain(|id| self.is_asked_for(id));
        gone
    }

    /// Whether this pass is about that user.
    fn is_asked_for(&self, id: &UserId) -> bool {
        self.order.only.as_ref().is_none_or(|only| only.contains(id))
    }
}
