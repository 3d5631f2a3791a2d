//! What needs a person's consent before it is done.
//!
//! A guard looks at changes before they are ordered, because what it holds takes part in the order: a
//! held leaver keeps its phone and its seat. Each hold names its reason, its users and what was counted;
//! all that does not depend on it goes on.

use std::collections::{BTreeMap, BTreeSet};

use foldhash::HashSet;
use sha2::{Digest as _, Sha256};

mod circumstances;
mod limits;

pub use circumstances::{Circumstances, Passed};
use limits::{
    ADOPTION_FLOOR, ADOPTION_PERCENT, HALF_FLOOR, PHONE_LOSSES_FLOOR, REMOVALS_FLOOR, REMOVALS_PER_DAY_FLOOR,
    TARGET_CHANGED_FLOOR, UPDATES_FLOOR,
};
pub use limits::{Limit, Limits};

use super::diff::{Diff, Known};
use super::memory::{HeldUser, Hold, Reason, Subject};
use super::outcome::{Change, Op};
use super::phone::Phone;
use super::user::UserId;
use crate::text::hex;

/// The verdict of all guards.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Guarded {
    /// May be planned.
    pub passed: BTreeMap<UserId, Change>,
    /// Wait for a person, and why.
    pub held: BTreeMap<UserId, (Change, Reason)>,
    /// Users of [`Circumstances::access`] whose rights wait for a person, and why.
    pub held_access: BTreeMap<UserId, Reason>,
    /// One for each reason.
    pub holds: Vec<Hold>,
    /// What passed without approval, to be added up over the plans of a run.
    pub counted: Passed,
    /// Nothing of this list may be remembered: it may be another company's.
    pub is_target_doubtful: bool,
}

/// Applies all guards.
pub fn guard(known: &Known<'_>, diff: &Diff, circumstances: &Circumstances) -> Guarded {
    let desk = Desk {
        known,
        diff,
        circumstances,
        managed: known.managed.len() + diff.adopted.len() - diff.gone.len().min(known.managed.len()),
        verdict: Guarded {
            passed: diff.changes.clone(),
            ..Guarded::default()
        },
    };
    desk.judge()
}

struct Desk<'a> {
    known: &'a Known<'a>,
    diff: &'a Diff,
    circumstances: &'a Circumstances,
    /// Users that are ours now, those about to be adopted included.
    managed: usize,
    verdict: Guarded,
}

impl Desk<'_> {
    fn judge(mut self) -> Guarded {
        if !self.target_changed() {
            self.adoption();
            self.removals();
            self.phone_losses();
            self.updates();
            self.rekeyed();
            self.count();
        }
        self.verdict.holds.sort_by_key(|hold| hold.reason);
        self.verdict
    }

    /// Moves the changes of these users from passed to held. There is one hold for each reason: who is held
    /// for it already joins them.
    fn hold(&mut self, reason: Reason, ids: &BTreeSet<UserId>, detail: String) {
        if ids.is_empty() {
            return;
        }
        for id in ids {
            if let Some(change) = self.verdict.passed.remove(id) {
                self.verdict.held.insert(id.clone(), (change, reason));
            }
        }
        if matches!(reason.subject(), Subject::Update | Subject::Adoption) {
            self.hold_access(reason, ids);
        }
        let mut ids = ids.clone();
        self.verdict.holds.retain(|hold| {
            let is_same = hold.reason == reason;
            if is_same {
                ids.extend(hold.users.iter().map(|it| it.id.clone()));
            }
            !is_same
        });
        self.verdict.holds.push(self.make_hold(reason, &ids, detail));
    }

    fn hold_access(&mut self, reason: Reason, ids: &BTreeSet<UserId>) {
        let held = self.circumstances.access.intersection(ids);
        let held = held.map(|id| (id.clone(), reason));
        self.verdict.held_access.extend(held);
    }

    fn make_hold(&self, reason: Reason, ids: &BTreeSet<UserId>, detail: String) -> Hold {
        let mut hasher = Sha256::new();
        hasher.update(reason.word());
        for id in ids {
            hasher.update([0]);
            hasher.update(id.as_str());
        }
        let digest = hex(&hasher.finalize()[..16]);
        let row = |id: &UserId| self.known.employees.by_id.get(id).map(|employee| employee.row);
        let users = ids
            .iter()
            .map(|id| HeldUser {
                id: id.clone(),
                row: row(id),
            })
            .collect();
        Hold {
            digest,
            reason,
            users,
            detail,
        }
    }

    /// Whether somebody loses the platform's user: it goes, or becomes another person's.
    fn is_removal(&self, change: &Change) -> bool {
        change.op == Op::Delete || self.diff.identity_changes.contains(&change.id)
    }

    /// Whether a user stays and becomes different.
    fn is_update(&self, change: &Change) -> bool {
        matches!(change.op, Op::Update | Op::Access) && !self.is_removal(change)
    }

    /// The ids of passed changes that match and that nobody approved as `subject`.
    fn unapproved(&self, subject: Subject, matches: impl Fn(&Change) -> bool) -> BTreeSet<UserId> {
        let changes = self.verdict.passed.values().filter(|change| matches(change));
        changes
            .map(|it| &it.id)
            .filter(|id| !self.known.is_approved(id, subject))
            .cloned()
            .collect()
    }

    /// The users who stay and become different, by a change or in their rights, and whom nobody approved.
    fn unapproved_updates(&self) -> BTreeSet<UserId> {
        let mut changing = self.unapproved(Subject::Update, |change| self.is_update(change));
        let is_open = |id: &&UserId| {
            !self.verdict.held_access.contains_key(*id) && !self.known.is_approved(id, Subject::Update)
        };
        changing.extend(self.circumstances.access.iter().filter(is_open).cloned());
        changing
    }

    /// Takes out of `ids` those that were held before, and holds them again for the same reasons. Returns
    /// those that still count against the limits: a mass that was stopped must not pass bit by bit.
    fn hold_again(&mut self, subject: Subject, ids: &mut BTreeSet<UserId>) -> BTreeSet<UserId> {
        let mut counting = BTreeSet::new();
        let mut again: BTreeMap<Reason, BTreeSet<UserId>> = BTreeMap::new();
        for ((held_subject, id), reason) in &self.circumstances.still_held {
            if *held_subject == subject && ids.remove(id) {
                again.entry(*reason).or_default().insert(id.clone());
                // A change of the settings is a question of its own, and may wait for days.
                if *reason != Reason::SettingsChanged {
                    counting.insert(id.clone());
                }
            }
        }
        for (reason, ids) in again {
            let detail = format!("{} held before and not decided yet", users(ids.len()));
            self.hold(reason, &ids, detail);
        }
        counting
    }

    /// Another company's token? Then everything waits, and the list is not believed.
    fn target_changed(&mut self) -> bool {
        let seen = self
            .known
            .managed
            .values()
            .filter(|it| it.observed.is_some())
            .count();
        let missing: BTreeSet<UserId> = self.diff.missing.iter().cloned().collect();
        let unexplained: BTreeSet<UserId> = missing
            .into_iter()
            .filter(|id| !self.known.is_approved(id, Subject::Absence))
            .collect();
        let floor = if self.circumstances.binding_changed {
            1
        } else {
            TARGET_CHANGED_FLOOR
        };
        let n_missing = unexplained.len();
        if n_missing < floor || n_missing * 2 < seen {
            return false;
        }
        let cause = if self.circumstances.binding_changed {
            "; the credential or address changed"
        } else {
            ""
        };
        let detail = format!(
            "{n_missing} of {seen} users of ours are not on the platform{cause}: is this the right account?"
        );
        let hold = self.make_hold(Reason::TargetChanged, &unexplained, detail);
        self.verdict.holds.push(hold);
        let changes = std::mem::take(&mut self.verdict.passed);
        self.verdict.held = changes
            .into_iter()
            .map(|(id, change)| (id, (change, Reason::TargetChanged)))
            .collect();
        self.hold_access(Reason::TargetChanged, &self.circumstances.access);
        self.verdict.is_target_doubtful = true;
        true
    }

    /// Users that bear an employee's id and look like somebody else.
    fn adoption(&mut self) {
        let subject = Subject::Adoption;
        let adopted: BTreeSet<UserId> = self
            .diff
            .adopted
            .iter()
            .filter(|id| !self.known.is_approved(id, subject))
            .cloned()
            .collect();
        let doubtful = self.diff.doubtful.intersection(&adopted).count();
        let was_held = adopted
            .iter()
            .any(|id| self.circumstances.still_held.get(&(subject, id.clone())) == Some(&Reason::Adoption));
        let limit = Limit::Percent(ADOPTION_PERCENT);
        if was_held || limit.is_exceeded(doubtful, self.diff.adopted.len(), ADOPTION_FLOOR) {
            let detail = format!(
                "{doubtful} of {} with an employee's id have neither that employee's name nor phone",
                users(adopted.len())
            );
            self.hold(Reason::Adoption, &adopted, detail);
        }
    }

    fn removals(&mut self) {
        if self.circumstances.removals_paused {
            return self.paused_removals();
        }
        let mut leaving = self.unapproved(Subject::Removal, |change| self.is_removal(change));
        let again = self.hold_again(Subject::Removal, &mut leaving);
        if leaving.is_empty() {
            return;
        }
        let Circumstances {
            limits,
            removed_in_24h,
            settings_changed,
            passed,
            ..
        } = self.circumstances;
        let n = count_all([&leaving, &again, &passed.removals]);
        // The share is of those who were there when the run began.
        let is_gone = |id: &&UserId| {
            let is_ours = self.known.managed.contains_key(*id) || self.diff.adopted.contains(*id);
            !is_ours || self.diff.gone.contains(*id)
        };
        let managed = self.managed + passed.removals.iter().filter(is_gone).count();
        let today = n + removed_in_24h;
        let who = format!("{} of {managed} would be removed", users(n));
        let is_half = managed >= HALF_FLOOR && n * 2 >= managed;
        let (reason, detail) = if self.known.employees.active().next().is_none() {
            (
                Reason::NoRows,
                format!("{who}: the source has no active employee at all"),
            )
        } else if *settings_changed {
            (
                Reason::SettingsChanged,
                format!("{who}, in the first plan after the query or the source's settings changed"),
            )
        } else if is_half || limits.removals.is_exceeded(n, managed, REMOVALS_FLOOR) {
            let limit = limits.removals.words(REMOVALS_FLOOR);
            let rule = if is_half {
                "half or more always asks"
            } else {
                "more than max_removals"
            };
            (Reason::Removals, format!("{who}; {rule} ({limit})"))
        } else if limits
            .removals_per_day
            .is_exceeded(today, managed + removed_in_24h, REMOVALS_PER_DAY_FLOOR)
        {
            let limit = limits.removals_per_day.words(REMOVALS_PER_DAY_FLOOR);
            (
                Reason::RemovalsPerDay,
                format!("{who}, {today} in 24 hours; more than max_removals_per_day ({limit})"),
            )
        } else {
            return;
        };
        self.hold(reason, &leaving, detail);
    }

    /// The emergency brake: what was approved waits too.
    fn paused_removals(&mut self) {
        let leaving = self.verdict.passed.values();
        let leaving = leaving.filter(|change| self.is_removal(change));
        let leaving: BTreeSet<UserId> = leaving.map(|it| it.id.clone()).collect();
        let detail = format!(
            "{} of {} would be removed: removals are paused",
            users(leaving.len()),
            self.managed
        );
        self.hold(Reason::Removals, &leaving, detail);
    }

    fn phone_losses(&mut self) {
        let mut losing = self.unapproved(Subject::PhoneLoss, loses_phone);
        let again = self.hold_again(Subject::PhoneLoss, &mut losing);
        let n = count_all([&losing, &again, &self.circumstances.passed.phone_losses]);
        let limit = self.circumstances.limits.phone_losses;
        if limit.is_exceeded(n, self.managed, PHONE_LOSSES_FLOOR) {
            let detail = format!(
                "{} of {} would lose their phone and get no other; more than max_phone_losses ({})",
                users(n),
                self.managed,
                limit.words(PHONE_LOSSES_FLOOR)
            );
            self.hold(Reason::PhoneLosses, &losing, detail);
        }
    }

    fn updates(&mut self) {
        let mut changing = self.unapproved_updates();
        changing.retain(|id| !self.known.is_approved(id, Subject::PhoneLoss));
        let again = self.hold_again(Subject::Update, &mut changing);
        let n = count_all([&changing, &again, &self.circumstances.passed.updates]);
        let limit = self.circumstances.limits.updates;
        if limit.is_exceeded(n, self.managed, UPDATES_FLOOR) {
            let detail = format!(
                "{} of {} would change; more than max_updates ({})",
                users(n),
                self.managed,
                limit.words(UPDATES_FLOOR)
            );
            self.hold(Reason::Updates, &changing, detail);
        }
    }

    /// New users that look like leavers who may not go: the same people under other ids.
    fn rekeyed(&mut self) {
        let leavers = self
            .verdict
            .held
            .values()
            .filter(|(change, _)| change.op == Op::Delete);
        let olds: Vec<_> = leavers.filter_map(|(change, _)| change.old.as_ref()).collect();
        let phones: HashSet<&Phone> = olds.iter().filter_map(|old| old.phone.as_ref()).collect();
        let names: HashSet<String> = olds.iter().map(|old| old.name.to_lowercase()).collect();
        let mut alike = self.unapproved(Subject::Create, |change| {
            // Somebody of ours who vanished, or was deleted for a moment, comes back under the same id.
            let is_new = change.op == Op::Create && !self.known.managed.contains_key(&change.id);
            let Some(new) = change.new.as_ref().filter(|_| is_new) else {
                return false;
            };
            new.phone.as_ref().is_some_and(|it| phones.contains(it))
                || names.contains(&new.name.to_lowercase())
        });
        let before = alike.len();
        self.hold_again(Subject::Create, &mut alike);
        if before == 0 {
            return;
        }
        let detail = format!(
            "{} to create have the phone or name of users whose removal is held: did the ids change?",
            users(alike.len())
        );
        self.hold(Reason::Rekeyed, &alike, detail);
    }

    fn count(&mut self) {
        self.verdict.counted = Passed {
            removals: self.unapproved(Subject::Removal, |change| self.is_removal(change)),
            phone_losses: self.unapproved(Subject::PhoneLoss, loses_phone),
            updates: self.unapproved_updates(),
        };
    }
}

fn count_all(sets: [&BTreeSet<UserId>; 3]) -> usize {
    sets.into_iter().flatten().collect::<BTreeSet<_>>().len()
}

fn loses_phone(change: &Change) -> bool {
    change.op == Op::Update && change.frees().is_some() && change.takes().is_none()
}

fn users(n: usize) -> String {
    if n == 1 {
        "1 user".to_owned()
    } else {
        format!("{n} users")
    }
}

#[cfg(test)]
mod tests;
