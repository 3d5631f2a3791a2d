//! Desired against observed: which users to create, update and remove, if nobody objected.
//!
//! Nothing is held, ordered or refused here. A user is changed only if it is ours: created, adopted or
//! claimed. All others are foreign, counted and left alone.

use std::collections::{BTreeMap, BTreeSet};

use super::capability::{Capabilities, Names};
use super::desired::{Desired, desired};
use super::employee::{Employee, Employees, PhoneWish};
use super::finding::{Finding, FindingKind};
use super::memory::{Decision, Managed, Millis, Remembered, Subject, Verdict};
use super::outcome::{Change, Op};
use super::user::{User, UserId};
use super::world::World;

/// What becomes of users whose employee left.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Leavers {
    /// They are removed.
    Remove,
    /// They stay as they are, phone included.
    Keep,
}

/// What is done about a managed user that somebody changed on the platform.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum OnDrift {
    /// It is made equal to the CRM again.
    Repair,
    /// It is reported and left.
    Report,
}

impl OnDrift {
    /// The word in the configuration.
    pub fn word(self) -> &'static str {
        match self {
            OnDrift::Repair => "repair",
            OnDrift::Report => "report",
        }
    }
}

/// The settings of an account that decide what a difference leads to.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Policy {
    /// What becomes of leavers.
    pub leavers: Leavers,
    /// How long an employee must be absent from complete reads before its user goes, in milliseconds.
    pub removal_after: i64,
    /// What is done about drift.
    pub on_drift: OnDrift,
    /// Never touched, whatever the CRM says.
    pub protected: BTreeSet<UserId>,
}

/// What is known when a diff is made.
#[derive(Clone, Copy, Debug)]
pub struct Known<'a> {
    /// All that the rows say.
    pub employees: &'a Employees,
    /// Who is on the platform.
    pub world: &'a World,
    /// Who is ours.
    pub managed: &'a Managed,
    /// What people decided.
    pub decisions: &'a [Decision],
    /// Users whom an earlier run was changing when it was killed, or ended without knowing what came of it:
    /// what they are now is our own doing, and no drift.
    pub under_way: &'a BTreeSet<UserId>,
    /// The account's settings.
    pub policy: &'a Policy,
    /// What the platform can do.
    pub capabilities: &'a Capabilities,
    /// The time of this run.
    pub now: Millis,
}

impl Known<'_> {
    /// Whether the user is never changed, whatever the CRM says.
    pub(super) fn is_protected(&self, id: &UserId) -> bool {
        self.policy.protected.contains(id) || self.world.untouchable.contains(id)
    }

    /// Whether a person rejected such a change of the user, and its row is still the same.
    pub fn is_rejected(&self, id: &UserId, subject: Subject) -> bool {
        self.decisions.iter().any(|it| {
            let row = self.employees.by_id.get(id).map(|employee| employee.row);
            it.user == *id && it.subject == subject && it.verdict == Verdict::Rejected { row }
        })
    }

    /// Whether a person approved such a change of the user, and the approval still holds.
    pub fn is_approved(&self, id: &UserId, subject: Subject) -> bool {
        self.decisions.iter().any(|it| match it.verdict {
            Verdict::Approved { until } => it.user == *id && it.subject == subject && self.now < until,
            Verdict::Rejected { .. } => false,
        })
    }
}

/// The difference between the CRM and the platform.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Diff {
    /// At most one change a user.
    pub changes: BTreeMap<UserId, Change>,
    /// Users that were not ours and bear the id of an employee.
    pub adopted: BTreeSet<UserId>,
    /// Those of `adopted` that share neither name nor phone with the employee.
    pub doubtful: BTreeSet<UserId>,
    /// Users that are not ours and stay so.
    pub foreign: BTreeSet<UserId>,
    /// Managed users that somebody changed or removed on the platform.
    pub drift: BTreeSet<UserId>,
    /// Managed users that were seen once and are not there now, whatever their rows say: if they are many,
    /// this is another company's list.
    pub missing: BTreeSet<UserId>,
    /// Those of `changes` that make another person's user of it, since the platform knows people by name.
    pub identity_changes: BTreeSet<UserId>,
    /// Managed users that are neither there nor wanted: nothing is left to do.
    pub gone: BTreeSet<UserId>,
    /// Leavers whose time has not come, and since when they are absent.
    pub absent: BTreeMap<UserId, Millis>,
    /// What the owner of the CRM should mend.
    pub findings: Vec<Finding>,
    /// The users that the platform shall have.
    pub desired: Desired,
}

impl Diff {
    /// Whether the changes can be made on a snapshot: names and access only.
    pub fn is_renames_only(&self) -> bool {
        let is_rename = |it: &Change| {
            matches!(it.op, Op::Update | Op::Access) && it.takes().is_none() && it.frees().is_none()
        };
        self.identity_changes.is_empty() && self.changes.values().all(is_rename)
    }
}

/// Compares.
pub fn diff(known: &Known<'_>) -> Diff {
    let mut diff = Diff {
        desired: desired(
            known.employees,
            known.world,
            known.managed,
            known.capabilities.names,
        ),
        ..Diff::default()
    };
    diff.findings.extend(known.employees.findings.iter().cloned());
    diff.findings.extend(diff.desired.findings.iter().cloned());
    diff.findings.extend(known.world.findings.iter().cloned());
    sort_strangers(known, &mut diff);
    let is_missing =
        |id: &UserId, it: &Remembered| it.observed.is_some() && !known.world.users.contains_key(id);
    let managed = known.managed.iter();
    diff.missing = managed
        .filter(|(id, it)| is_missing(id, it))
        .map(|(id, _)| id.clone())
        .collect();
    let desired = std::mem::take(&mut diff.desired);
    for user in desired.users.values() {
        compare_wanted(known, user, &mut diff);
    }
    diff.desired = desired;
    let ours = known.managed.keys().chain(&diff.adopted);
    let unwanted: Vec<UserId> = ours
        .filter(|id| !diff.desired.users.contains_key(id))
        .cloned()
        .collect();
    for id in unwanted {
        compare_unwanted(known, &id, &mut diff);
    }
    diff.findings.sort();
    diff.findings.dedup();
    diff
}

/// Users that are not ours: adopted if they bear an employee's id, foreign otherwise.
fn sort_strangers(known: &Known<'_>, diff: &mut Diff) {
    if !known.world.is_fresh {
        return;
    }
    for (id, user) in &known.world.users {
        if known.managed.contains_key(id) {
            continue;
        }
        let employee = known.employees.by_id.get(id);
        match employee {
            Some(employee) if !known.is_protected(id) && !known.is_rejected(id, Subject::Adoption) => {
                diff.adopted.insert(id.clone());
                if known.capabilities.names == Names::Managed && differs_in_both(employee, user) {
                    diff.doubtful.insert(id.clone());
                }
            }
            _ => {
                diff.foreign.insert(id.clone());
            }
        }
    }
}

fn differs_in_both(employee: &Employee, user: &User) -> bool {
    let wish = match &employee.phone {
        PhoneWish::Number(phone) => Some(phone),
        PhoneWish::None | PhoneWish::Invalid => None,
        PhoneWish::Unmanaged => return false,
    };
    employee.name != user.name && wish != user.phone.as_ref()
}

/// An employee who shall have a user.
fn compare_wanted(known: &Known<'_>, wanted: &User, diff: &mut Diff) {
    let id = wanted.id.clone();
    if known.is_protected(&id) || diff.foreign.contains(&id) {
        return;
    }
    let remembered = known.managed.get(&id);
    let snapshot = remembered.and_then(|it| it.observed.as_ref());
    let Some(user) = known.world.users.get(&id) else {
        return compare_absent(known, wanted, snapshot, diff);
    };
    let is_our_doing = known.under_way.contains(&id);
    let has_drifted = !is_our_doing && snapshot.is_some_and(|it| it != user);
    if has_drifted {
        diff.drift.insert(id.clone());
    }
    let (name_accepted, phone_accepted) = accepted_forms(remembered, wanted, user);
    if name_accepted && user.name != wanted.name {
        let detail = format!("the platform shows \"{}\" for \"{}\"", user.name, wanted.name);
        diff.findings.push(Finding {
            id: id.clone(),
            kind: FindingKind::ValueNormalised,
            detail: detail.into(),
        });
    }
    if phone_accepted && user.phone != wanted.phone {
        diff.findings.push(phone_finding(&id, wanted, user));
    }
    if name_accepted && phone_accepted && wanted.grant == user.grant {
        return;
    }
    // What the CRM says is what was last accepted: the platform's side moved, not ours.
    let is_drift_only = snapshot.is_some_and(|it| {
        let (name_was_accepted, phone_was_accepted) = accepted_forms(remembered, wanted, it);
        has_drifted && name_was_accepted && phone_was_accepted && wanted.grant == it.grant
    });
    if is_drift_only && known.policy.on_drift == OnDrift::Report {
        return;
    }
    let is_access_only = name_accepted && phone_accepted;
    let change = Change {
        id: id.clone(),
        op: if is_access_only { Op::Access } else { Op::Update },
        old: Some(user.clone()),
        new: Some(wanted.clone()),
    };
    let loses_phone = change.frees().is_some() && change.takes().is_none();
    if known.is_rejected(&id, Subject::Update) || (loses_phone && known.is_rejected(&id, Subject::PhoneLoss))
    {
        return;
    }
    if known.capabilities.names == Names::Identity && !name_accepted {
        diff.identity_changes.insert(id.clone());
    }
    diff.changes.insert(id, change);
}

/// Whether name and phone are as good as they can get: equal, or the accepted form of what is wanted.
fn accepted_forms(remembered: Option<&Remembered>, wanted: &User, user: &User) -> (bool, bool) {
    let name_form = remembered.and_then(|it| it.name_form.as_ref());
    let phone_form = remembered.and_then(|it| it.phone_form.as_ref());
    let name =
        wanted.name == user.name || name_form.is_some_and(|form| form.accepts(&wanted.name, &user.name));
    let phone =
        wanted.phone == user.phone || phone_form.is_some_and(|form| form.accepts(&wanted.phone, &user.phone));
    (name, phone)
}

/// What an accepted form of a phone means to a person.
fn phone_finding(id: &UserId, wanted: &User, user: &User) -> Finding {
    let (kind, detail) = match (&wanted.phone, &user.phone) {
        (Some(phone), None) => (
            FindingKind::PhoneDropped,
            format!(
                "the platform takes the record and drops +{}; check the number",
                phone.digits()
            ),
        ),
        (Some(phone), Some(shown)) => (
            FindingKind::ValueNormalised,
            format!("the platform shows +{} for +{}", shown.digits(), phone.digits()),
        ),
        (None, shown) => (
            FindingKind::PhoneKept,
            format!(
                "the platform keeps +{}; take it away by hand",
                shown.as_ref().map(|it| it.digits()).unwrap_or_default()
            ),
        ),
    };
    Finding {
        id: id.clone(),
        kind,
        detail: detail.into(),
    }
}

/// An employee who has no user yet, or whose user somebody removed.
fn compare_absent(known: &Known<'_>, wanted: &User, snapshot: Option<&User>, diff: &mut Diff) {
    let id = wanted.id.clone();
    if snapshot.is_some() && !known.under_way.contains(&id) {
        diff.drift.insert(id.clone());
        if known.policy.on_drift == OnDrift::Report {
            return;
        }
    }
    if known.is_rejected(&id, Subject::Create) {
        return;
    }
    // Without a role or a task there is nothing to admit anybody to; the finding says what to mend.
    if known.capabilities.grants && wanted.grant.is_none() {
        return;
    }
    if !known.capabilities.creates && !known.world.dormant.contains_key(&id) {
        let detail =
            "the platform has no such user, and none may be created: add it there, or set create_users";
        diff.findings.push(Finding {
            id,
            kind: FindingKind::UserMissing,
            detail: detail.into(),
        });
        return;
    }
    diff.changes.insert(
        id.clone(),
        Change {
            id,
            op: Op::Create,
            old: None,
            new: Some(wanted.clone()),
        },
    );
}

/// A user of ours whose employee is not active, or not there at all.
fn compare_unwanted(known: &Known<'_>, id: &UserId, diff: &mut Diff) {
    if known.employees.quarantined.contains(id) || known.is_protected(id) {
        return;
    }
    let remembered = known.managed.get(id);
    let Some(user) = known.world.users.get(id) else {
        // A create whose answer was lost may land yet: it is remembered for a day.
        if remembered.is_none_or(|it| it.observed.is_some() || it.since.plus(Millis::DAY) <= known.now) {
            diff.gone.insert(id.clone());
        }
        return;
    };
    let snapshot = remembered.and_then(|it| it.observed.as_ref());
    if snapshot.is_some_and(|it| it != user) && !known.under_way.contains(id) {
        diff.drift.insert(id.clone());
    }
    let is_in_table = known.employees.by_id.contains_key(id);
    let kept = match known.policy.leavers {
        Leavers::Keep => Some("leavers are kept by `removal = \"keep\"`"),
        Leavers::Remove if known.is_rejected(id, Subject::Removal) => Some("a person rejected the removal"),
        Leavers::Remove => None,
    };
    if let Some(why) = kept {
        let detail = format!("no longer an active employee, and stays on the platform: {why}");
        diff.findings.push(Finding {
            id: id.clone(),
            kind: FindingKind::LeaverKept,
            detail: detail.into(),
        });
        return;
    }
    if !is_in_table {
        let since = remembered.and_then(|it| it.absent_since).unwrap_or(known.now);
        // A clock that was set back must not make an absence look long.
        let since = since.min(known.now);
        diff.absent.insert(id.clone(), since);
        if known.now < since.plus(known.policy.removal_after) {
            return;
        }
    }
    diff.changes.insert(
        id.clone(),
        Change {
            id: id.clone(),
            op: Op::Delete,
            old: Some(user.clone()),
            new: None,
        },
    );
}

#[cfg(test)]
mod tests;
