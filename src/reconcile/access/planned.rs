//! What a plan does about rights, as it is agreed to and reported before anything is done.

use std::collections::{BTreeMap, BTreeSet};

use sha2::{Digest as _, Sha256};

use super::super::mind::Mind;
use super::super::report::{PlannedBatch, ReportedChange};
use crate::domain::access::wish::{RightsChange, compare, supervisors, wanted};
use crate::domain::access::{Channels, Wish, Wishes};
use crate::domain::memory::Reason;
use crate::domain::outcome::{Change, Op, Outcome, Settled};
use crate::domain::plan::Plan;
use crate::domain::user::{User, UserId};
use crate::target::access::ReadAccess;
use crate::text::hex;

/// Changes of rights beside those of users.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub(in super::super) struct Planned {
    /// One a user, and perhaps one for the supervisors.
    pub(super) changes: BTreeMap<UserId, Change>,
    /// Changes that wait for a person, and why.
    pub(super) held: BTreeMap<UserId, (Change, Reason)>,
    /// All users that are to be removed, whether they have any rights or not.
    pub(super) leavers: BTreeSet<UserId>,
    /// Whose rights somebody changed on the platform.
    pub(super) drift: BTreeSet<UserId>,
}

/// Told in the place of a name where supervisors are meant.
const SUPERVISORS: &str = "supervisors";

impl Mind<'_> {
    /// What the plan does about rights.
    pub(in super::super) fn plan_access(&self, plan: &Plan) -> Planned {
        let access = &self.access;
        let Some(policy) = access.policy() else {
            return Planned::default();
        };
        let world = &plan.world;
        let leaving = plan.changes.values().filter(|it| it.op == Op::Delete);
        let leavers: BTreeSet<UserId> = leaving.map(|it| it.id.clone()).collect();
        let mut gone = BTreeSet::new();
        if !plan.is_target_doubtful {
            gone = self.gone_from(plan, world);
            gone.extend(leavers.iter().cloned());
        }
        let mut have = Wishes::default();
        if access.problem.is_none() {
            have.users = self.planned_rights(plan);
            let is_whole = self.order.only.is_none() && !plan.is_target_doubtful;
            have.notify_supervisors = policy.notify_supervisors.filter(|_| is_whole);
        }
        let gone = Wishes {
            users: gone.into_iter().map(|id| (id, Wish::Gone)).collect(),
            ..Wishes::default()
        };
        // Whatever is wrong with the channels that are managed, a leaver's rights go on all.
        let (all, document) = (Channels::default(), access.document.as_ref());
        let channels = access.channels.as_ref().unwrap_or(&all);
        let seen = document.map(|(document, _)| (document, channels));
        let on_drift = access.account.policy.on_drift;
        let going = compare(&gone, &access.accepted(), seen, on_drift);
        let staying = access.compare(&have);
        let changes = going.changes.into_iter().chain(staying.changes);
        let mut planned = Planned {
            leavers,
            drift: staying.drift,
            ..Planned::default()
        };
        for (id, rights) in changes {
            let change = change(&id, rights, self.subject(plan, &id));
            match plan.held_access.get(&id) {
                Some(reason) => planned.held.insert(id, (change, *reason)).map(drop),
                None => planned.changes.insert(id, change).map(drop),
            };
        }
        planned
    }

    /// The rights of those who are there or about to come, as far as this pass is about them.
    fn planned_rights(&self, plan: &Plan) -> BTreeMap<UserId, Wish> {
        let is_coming = |id: &UserId| plan.changes.get(id).is_some_and(|it| it.op == Op::Create);
        let is_ours = |id: &UserId| self.memory.managed.contains_key(id) || plan.diff.adopted.contains(id);
        let is_there = |id: &UserId| plan.world.users.contains_key(id) && is_ours(id);
        let users = wanted(&self.known(&plan.world)).into_iter();
        let users = users.filter(|(id, _)| self.is_asked_for(id) && (is_there(id) || is_coming(id)));
        users.map(|(id, rights)| (id, Wish::Have(rights))).collect()
    }

    /// The user whose rights change, as it is or will be.
    fn subject(&self, plan: &Plan, id: &UserId) -> User {
        let wanted = || plan.diff.desired.users.get(id);
        let found = plan.world.users.get(id).or_else(wanted);
        found.cloned().unwrap_or_else(|| nobody(id))
    }
}

/// What is told of somebody of whom only the id is known.
pub(super) fn nobody(id: &UserId) -> User {
    let name = if *id == supervisors() { SUPERVISORS } else { "" };
    User {
        id: id.clone(),
        name: name.into(),
        phone: None,
        grant: None,
    }
}

/// The change of one user's rights.
pub(super) fn change(id: &UserId, rights: RightsChange, user: User) -> Change {
    let RightsChange { old, new } = rights;
    let with = |grant| User {
        grant,
        ..user.clone()
    };
    Change {
        id: id.clone(),
        op: Op::Access,
        old: Some(with(old)),
        new: Some(with(Some(new))),
    }
}

/// How many users have drifted in their rights and are not among the others.
pub(super) fn n_drifted(drift: &BTreeSet<UserId>, others: &BTreeSet<UserId>) -> usize {
    let users = drift.iter().filter(|id| **id != supervisors());
    users.filter(|id| !others.contains(*id)).count()
}

/// A change that waits for a person.
pub(super) fn held(change: &Change, reason: Reason) -> Settled {
    Settled {
        change: change.clone(),
        outcome: Outcome::Held,
        code: Some(reason.word().into()),
        detail: None,
        attempts: 0,
        status: None,
    }
}

impl Planned {
    /// Whether there is nothing to do and nothing that waits.
    pub(in super::super) fn is_empty(&self) -> bool {
        self.changes.is_empty() && self.held.is_empty()
    }

    /// Users whose rights somebody changed on the platform, and who are not among the others.
    pub(in super::super) fn n_drifted(&self, others: &BTreeSet<UserId>) -> usize {
        n_drifted(&self.drift, others)
    }

    /// Stands for all that a person agrees to, together with the digest of the rest of the plan.
    pub(in super::super) fn digest_with(&self, digest: &str) -> String {
        let mut hasher = Sha256::new();
        hasher.update(digest);
        let held = self.held.values().map(|(change, _)| ("held", change));
        let changes = self.changes.values().map(|change| ("access", change));
        for (what, change) in changes.chain(held) {
            let rights = change.new.as_ref().and_then(|it| it.grant.as_ref());
            let rights = rights.map(ToString::to_string).unwrap_or_default();
            for part in [what, change.id.as_str(), rights.as_str()] {
                hasher.update((part.len() as u64).to_le_bytes());
                hasher.update(part);
            }
        }
        hex(&hasher.finalize()[..16])
    }

    /// The changes for a report.
    pub(in super::super) fn reported(&self) -> Vec<ReportedChange> {
        let to_do = self.changes.values().map(|change| ReportedChange {
            settled: Settled {
                change: change.clone(),
                outcome: Outcome::Unknown,
                code: None,
                detail: None,
                attempts: 0,
                status: None,
            },
            is_planned: true,
        });
        let waiting = self.held.values().map(|(change, reason)| ReportedChange {
            settled: held(change, *reason),
            is_planned: false,
        });
        to_do.chain(waiting).collect()
    }

    /// The requests: one before the users, for those who leave, and one after them.
    pub(in super::super) fn batches(
        &self,
        target: &dyn ReadAccess,
    ) -> (Option<PlannedBatch>, Option<PlannedBatch>) {
        let (method, path) = target.describe_access();
        let batch =
            |users: Vec<UserId>, is_needed: bool| is_needed.then_some(PlannedBatch { method, path, users });
        let (first, last): (Vec<UserId>, Vec<UserId>) = self
            .changes
            .keys()
            .cloned()
            .partition(|id| self.leavers.contains(id));
        let has_last = !last.is_empty();
        let last = last.into_iter().filter(|id| *id != supervisors()).collect();
        let has_first = !first.is_empty();
        (batch(first, has_first), batch(last, has_last))
    }
}
