//! What became of each change so far in this run: one entry a user, one outcome an entry.

use std::collections::BTreeMap;
use std::sync::Arc;

use crate::domain::batch::{Item, PhoneField, Purpose};
use crate::domain::finding::FindingKind;
use crate::domain::outcome::{Change, Outcome, Settled};
use crate::domain::phone::Phone;
use crate::domain::plan::Plan;
use crate::domain::user::{User, UserId};
use crate::target::Answer;

/// How far a change has come.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(super) enum Fate {
    /// Nothing is known of any effect.
    Open,
    /// The platform took it; to be confirmed by a read.
    Accepted,
    /// Read back.
    Confirmed,
    /// The platform refuses the record itself.
    Rejected,
    /// The platform says that somebody has this phone.
    Contested(Phone),
}

/// One user of this run.
#[derive(Clone, Debug)]
pub(super) struct Entry {
    /// From what the user was at first to what it shall be at last.
    pub(super) change: Change,
    /// How far it has come.
    pub(super) fate: Fate,
    /// What the platform shows once the last accepted request had its effect: a record, or no user.
    pub(super) expected: Option<User>,
    /// Requests that carried it.
    pub(super) attempts: u32,
    /// The last answer that was about it.
    pub(super) answer: Option<Answer>,
}

/// All users of this run.
#[derive(Clone, Debug, Default)]
pub(super) struct Ledger {
    entries: BTreeMap<UserId, Entry>,
    /// Requests that were accepted.
    pub(super) n_accepted: usize,
}

impl Ledger {
    /// Takes in a plan made on a list of this run. What was sent before and is planned no more has come
    /// about: the list shows it.
    ///
    /// `is_guess`: that no way takes phones away is not certain, so what became of such a change is open.
    pub(super) fn begin(&mut self, plan: &Plan, is_guess: bool) {
        let kept = plan
            .findings
            .iter()
            .filter(|it| it.kind == FindingKind::PhoneKept);
        let kept: Vec<&UserId> = kept.map(|it| &it.id).collect();
        if !is_guess {
            self.keep_phones(&kept);
        }
        let settled: Vec<&UserId> = plan.settled.iter().map(|it| &it.change.id).collect();
        for (id, entry) in &mut self.entries {
            let is_planned =
                plan.changes.contains_key(id) || settled.contains(&id) || (is_guess && kept.contains(&id));
            if !is_planned && matches!(entry.fate, Fate::Open | Fate::Accepted | Fate::Contested(_)) {
                entry.fate = Fate::Confirmed;
            }
        }
        for (id, change) in &plan.changes {
            let wanted = plan.blocked.get(id).map_or(change, |blocked| &blocked.wanted);
            match self.entries.get_mut(id) {
                None => {
                    let entry = Entry {
                        change: wanted.clone(),
                        fate: Fate::Open,
                        expected: None,
                        attempts: 0,
                        answer: None,
                    };
                    self.entries.insert(id.clone(), entry);
                }
                Some(entry) => {
                    entry.change.new.clone_from(&wanted.new);
                    entry.fate = Fate::Open;
                }
            }
        }
    }

    /// A phone that nothing takes away stays, and to take it away is planned no more: the finding tells.
    fn keep_phones(&mut self, kept: &[&UserId]) {
        for id in kept {
            let Some(Entry { change, .. }) = self.entries.get_mut(*id) else {
                continue;
            };
            if let (Some(old), Some(new)) = (&change.old, &mut change.new) {
                new.phone.clone_from(&old.phone);
            }
            if change.old == change.new {
                self.entries.remove(*id);
            }
        }
    }

    pub(super) fn get(&self, id: &UserId) -> Option<&Entry> {
        self.entries.get(id)
    }

    pub(super) fn get_mut(&mut self, id: &UserId) -> Option<&mut Entry> {
        self.entries.get_mut(id)
    }

    /// Every change of the run.
    pub(super) fn entries(&self) -> impl Iterator<Item = (&UserId, &Entry)> {
        self.entries.iter()
    }

    /// Users whose change was taken and not read back yet.
    pub(super) fn unconfirmed(&self) -> impl Iterator<Item = (&UserId, &Entry)> {
        self.entries
            .iter()
            .filter(|(_, entry)| entry.fate == Fate::Accepted)
    }

    /// Users that the platform refused in this run.
    pub(super) fn rejected(&self) -> impl Iterator<Item = &UserId> {
        self.entries
            .iter()
            .filter(|(_, entry)| entry.fate == Fate::Rejected)
            .map(|(id, _)| id)
    }

    /// Phones that the platform called taken in this run.
    pub(super) fn contested(&self) -> impl Iterator<Item = (&UserId, &Phone)> {
        self.entries.iter().filter_map(|(id, entry)| match &entry.fate {
            Fate::Contested(phone) => Some((id, phone)),
            _ => None,
        })
    }

    /// A request with these items leaves.
    pub(super) fn sent(&mut self, items: &[Item]) {
        for item in items {
            if let Some(entry) = self.entries.get_mut(&item.id) {
                entry.attempts += 1;
            }
        }
    }

    /// The platform took this item.
    pub(super) fn accepted(&mut self, item: &Item, answer: Option<&Answer>) {
        let Some(entry) = self.entries.get_mut(&item.id) else {
            return;
        };
        if let Some(answer) = answer {
            entry.answer = Some(answer.clone());
        }
        if matches!(item.purpose, Purpose::Remove | Purpose::Apply) {
            entry.fate = Fate::Accepted;
            entry.expected = expected(item);
        }
    }

    /// One outcome for every change of the run. `last` is the plan that was made last.
    pub(super) fn outcomes(&self, last: Option<&Plan>) -> Vec<Settled> {
        let mut settled: BTreeMap<UserId, Settled> = BTreeMap::new();
        for (id, entry) in &self.entries {
            settled.insert(id.clone(), entry.outcome(last));
        }
        for waiting in last.into_iter().flat_map(|plan| &plan.settled) {
            let mut waiting = waiting.clone();
            if let Some(entry) = self.entries.get(&waiting.change.id) {
                waiting.attempts = entry.attempts;
                waiting.change.old.clone_from(&entry.change.old);
            }
            settled.insert(waiting.change.id.clone(), waiting);
        }
        settled.into_values().collect()
    }
}

/// What the platform shows once an item had its effect.
pub(super) fn expected(item: &Item) -> Option<User> {
    let phone = match &item.phone {
        PhoneField::Number(phone) => Some(phone.clone()),
        PhoneField::None | PhoneField::Clear(_) => None,
    };
    let is_there = !matches!(item.purpose, Purpose::Remove | Purpose::Recreate);
    is_there.then(|| User {
        id: item.id.clone(),
        name: Arc::clone(&item.name),
        phone,
        grant: item.grant.clone(),
    })
}

impl Entry {
    fn outcome(&self, last: Option<&Plan>) -> Settled {
        let blocked = last.and_then(|plan| plan.blocked.get(&self.change.id));
        let said = |part: fn(&Answer) -> Option<Arc<str>>| self.answer.as_ref().and_then(part);
        let code = || said(|it| it.code.as_deref().map(Arc::from));
        let text = || said(|it| Some(it.text.as_str().into()).filter(|text: &Arc<str>| !text.is_empty()));
        let (outcome, code, detail) = match (&self.fate, blocked) {
            (Fate::Confirmed, None) => (Outcome::Applied, None, None),
            (Fate::Confirmed, Some(blocked)) => (
                Outcome::Conflict,
                Some(blocked.code.into()),
                Some(Arc::clone(&blocked.detail)),
            ),
            (Fate::Rejected, _) => (Outcome::Rejected, code(), text()),
            (Fate::Contested(phone), _) => {
                let detail = format!(
                    "the platform says that +{} belongs to another user",
                    phone.digits()
                );
                (
                    Outcome::Conflict,
                    code().or(Some("phone_taken".into())),
                    Some(detail.into()),
                )
            }
            (Fate::Accepted, _) => {
                let detail = "the platform accepted the request and does not show its effect";
                (
                    Outcome::Unknown,
                    Some("not_confirmed".into()),
                    Some(detail.into()),
                )
            }
            (Fate::Open, _) if self.attempts == 0 => (
                Outcome::Unknown,
                Some("not_sent".into()),
                Some("the run ended before it was sent".into()),
            ),
            (Fate::Open, _) => (Outcome::Unknown, code(), text()),
        };
        Settled {
            change: self.change.clone(),
            outcome,
            code,
            detail,
            attempts: self.attempts,
            status: self.answer.as_ref().and_then(|it| it.status),
        }
    }
}
