//! All steps together: from what is known to a plan, and from a plan to one that may be applied.

use std::collections::{BTreeMap, BTreeSet};

use sha2::{Digest as _, Sha256};

use super::batch::{Batch, PhoneField, Purpose, Verb};
use super::capability::Capabilities;
use super::check::{Violation, check};
use super::contention::{Blocked, Terms, contend};
use super::diff::{Diff, Known, diff};
use super::finding::{Finding, FindingKind};
use super::guard::{Circumstances, Passed, guard};
use super::memory::{Hold, Reason};
use super::order::order;
use super::outcome::{Change, Settled};
use super::user::UserId;
use super::world::World;
use crate::text::hex;

/// Which changes of a diff this plan is about.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Scope {
    /// Only these users, if any are named.
    pub only: Option<BTreeSet<UserId>>,
    /// Not these: the platform refused them in this run already.
    pub except: BTreeSet<UserId>,
    /// Refused in an earlier run: each travels alone.
    pub suspects: BTreeSet<UserId>,
}

impl Scope {
    fn includes(&self, id: &UserId) -> bool {
        !self.except.contains(id) && self.only.as_ref().is_none_or(|only| only.contains(id))
    }
}

/// What will be done, in which requests; what will not be done, and why.
#[derive(Clone, PartialEq, Eq, Debug)]
#[must_use]
pub struct Plan {
    /// The requests, in order.
    pub batches: Vec<Batch>,
    /// The changes that the requests carry out. The phone in `new` is the one that the user gets now.
    pub changes: BTreeMap<UserId, Change>,
    /// Those of `changes` that go without the phone they want, and so end as conflicts.
    pub blocked: BTreeMap<UserId, Blocked>,
    /// Changes that nothing is sent for.
    pub settled: Vec<Settled>,
    /// What waits for a person.
    pub holds: Vec<Hold>,
    /// Users whose rights on channels wait for a person, and why.
    pub held_access: BTreeMap<UserId, Reason>,
    /// What passed the guards, to be added up over the plans of a run.
    pub counted: Passed,
    /// The list may be another company's and must not be remembered.
    pub is_target_doubtful: bool,
    /// What the owner of the CRM should mend.
    pub findings: Vec<Finding>,
    /// The comparison that the plan was made from.
    pub diff: Diff,
    /// The world that it was made for: its proof starts here.
    pub world: World,
    /// Seats in force.
    pub seats: Option<usize>,
}

/// Plans. Deterministic: equal arguments give an equal plan.
pub fn plan(
    known: &Known<'_>,
    circumstances: &Circumstances,
    terms: &Terms,
    capabilities: &Capabilities,
    scope: &Scope,
) -> Plan {
    let mut diff = diff(known);
    diff.changes.retain(|id, _| !scope.except.contains(id));
    let mut guarded = guard(known, &diff, circumstances);
    // A mass departure stays one, whoever is asked about: so the guards see all, and only then this.
    guarded.passed.retain(|id, _| scope.includes(id));
    guarded.held.retain(|id, _| scope.includes(id));
    guarded.held_access.retain(|id, _| scope.includes(id));
    let contended = contend(guarded.passed, guarded.held, known.world, known.managed, terms);
    let batches = order(
        &contended.moves,
        known.world,
        terms,
        capabilities,
        &scope.suspects,
    );
    let mut findings = diff.findings.clone();
    findings.extend(contended.phone_kept.iter().map(|id| phone_kept(id, known.world)));
    findings.sort();
    findings.dedup();
    Plan {
        batches,
        changes: contended.moves,
        blocked: contended.blocked,
        settled: contended.settled,
        holds: guarded.holds,
        held_access: guarded.held_access,
        counted: guarded.counted,
        is_target_doubtful: guarded.is_target_doubtful,
        findings,
        diff,
        world: known.world.clone(),
        seats: terms.seats,
    }
}

fn phone_kept(id: &UserId, world: &World) -> Finding {
    let phone = world
        .phone_of(id)
        .map(|it| it.digits().to_owned())
        .unwrap_or_default();
    let detail = format!(
        "the CRM has no phone for this user any more, and nothing takes +{phone} away; set park = \"recreate\""
    );
    Finding {
        id: id.clone(),
        kind: FindingKind::PhoneKept,
        detail: detail.into(),
    }
}

impl Plan {
    /// Users that lose their phone, or vanish, for a moment.
    pub fn parks(&self) -> impl Iterator<Item = &UserId> {
        let items = self.batches.iter().flat_map(|batch| &batch.items);
        items
            .filter(|item| matches!(item.purpose, Purpose::Park | Purpose::Recreate))
            .map(|item| &item.id)
    }

    /// Stands for all that the plan would do and all that it leaves undone: equal plans have equal digests.
    pub fn digest(&self) -> String {
        let mut hasher = Sha256::new();
        let mut put = |parts: &[&str]| {
            for part in parts {
                hasher.update((part.len() as u64).to_le_bytes());
                hasher.update(part);
            }
        };
        for batch in &self.batches {
            put(&["batch", verb_word(batch.verb)]);
            for item in &batch.items {
                let phone = match &item.phone {
                    PhoneField::Number(phone) => phone.digits(),
                    PhoneField::None => "none",
                    PhoneField::Clear(_) => "clear",
                };
                put(&[item.id.as_str(), &item.name, phone]);
            }
        }
        for Settled {
            change,
            outcome,
            code,
            ..
        } in &self.settled
        {
            let wanted = change.new.as_ref();
            put(&[
                "settled",
                change.id.as_str(),
                change.op.word(),
                outcome.word(),
                code.as_deref().unwrap_or_default(),
                wanted.map(|it| &*it.name).unwrap_or_default(),
                wanted
                    .and_then(|it| it.phone.as_ref())
                    .map(|it| it.digits())
                    .unwrap_or_default(),
            ]);
        }
        for hold in &self.holds {
            put(&["hold", &hold.digest]);
        }
        hex(&hasher.finalize()[..16])
    }

    /// Replays the plan.
    ///
    /// # Errors
    /// A rule that the plan breaks: a bug of the planner, and nothing may be sent.
    pub fn check(self, capabilities: &Capabilities) -> Result<CheckedPlan, Violation> {
        let used_seats = check(
            &self.world,
            &self.changes,
            &self.batches,
            capabilities,
            self.seats,
        )?;
        Ok(CheckedPlan {
            plan: self,
            used_seats,
        })
    }
}

fn verb_word(verb: Verb) -> &'static str {
    match verb {
        Verb::Delete => "delete",
        Verb::Update => "update",
        Verb::Create => "create",
        Verb::Upsert => "upsert",
    }
}

/// A plan that the checker found sound. Only [`Plan::check`] makes one, and only this can be applied.
#[derive(Clone, PartialEq, Eq, Debug)]
#[must_use]
pub struct CheckedPlan {
    plan: Plan,
    used_seats: Vec<usize>,
}

impl CheckedPlan {
    /// The plan.
    pub fn plan(&self) -> &Plan {
        &self.plan
    }

    /// Users of the account after each request.
    pub fn used_seats(&self) -> &[usize] {
        &self.used_seats
    }
}
