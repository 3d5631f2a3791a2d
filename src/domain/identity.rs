//! Who is whom, on a platform that gives its users ids of its own.
//!
//! An employee is found there once, by e-mail or name, and remembered by the platform's id from then on (a
//! *pin*). From here on the user bears the employee's id, so that the rest of the core never learns that
//! the platform has another one. Users that nobody is found for bear a name of their own that no employee
//! has: the key where that is one, else the platform's id.
//!
//! Where people are known by e-mail, another e-mail is another user: the old one stays the employee's until
//! it was replaced, so that the change of identity is one change. A user whom a desired row, or one that was
//! set aside, matches by key is never the user of somebody who leaves.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use foldhash::{HashMap, HashMapExt as _};

use super::employee::Employees;
use super::finding::{Finding, FindingKind};
use super::member::{Member, MemberId};
use super::user::UserId;

/// By what a platform knows a person.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub enum Key {
    /// By the employee's id, which is the platform's own.
    #[default]
    Id,
    /// By e-mail, which never changes there.
    Email,
    /// By a name that only one user bears, and that may change.
    Name,
}

/// What is remembered of who is whom.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Pin {
    /// The platform's id; `None` while a create is under way whose answer nobody has seen.
    pub member: Option<MemberId>,
    /// The key by which it was found or was to be created, in lower case.
    pub key: Arc<str>,
}

/// All pins of an account.
pub type Pins = BTreeMap<UserId, Pin>;

/// The users of a platform, each under the id by which the core knows it.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Identified {
    /// All that the platform shows, active or not, by the employee's id or a name of their own.
    pub members: BTreeMap<UserId, Member>,
    /// The user that an employee is to have in the place of the one in `members`: another e-mail.
    pub successors: BTreeMap<UserId, Member>,
    /// Employees for whom several users could be meant: nothing is done for them.
    pub ambiguous: BTreeSet<UserId>,
    /// Those of `members` that belong to an employee, or to somebody of ours.
    pub known: BTreeSet<UserId>,
    /// What the owner of the CRM should mend.
    pub findings: Vec<Finding>,
}

/// Finds the employee, or the one of ours who left, of each user.
pub fn identify<'a>(
    members: &'a [Member],
    employees: &'a Employees,
    ours: impl IntoIterator<Item = &'a UserId>,
    pins: &'a Pins,
    key: Key,
) -> Identified {
    let mut desk = Desk {
        by_id: members.iter().map(|it| (&it.id, it)).collect(),
        by_key: HashMap::new(),
        taken: BTreeSet::new(),
        found: Identified::default(),
        employees,
        pins,
        key,
    };
    for member in members {
        desk.by_key.entry(folded(&member.key)).or_default().push(member);
    }
    desk.employees();
    desk.leavers(ours);
    desk.strangers(members);
    desk.found.findings.sort();
    desk.found
}

/// A key as it is compared.
pub fn folded(key: &str) -> Arc<str> {
    key.trim().to_lowercase().into()
}

struct Desk<'a> {
    by_id: HashMap<&'a MemberId, &'a Member>,
    by_key: HashMap<Arc<str>, Vec<&'a Member>>,
    /// Users that belong to somebody.
    taken: BTreeSet<&'a MemberId>,
    found: Identified,
    employees: &'a Employees,
    pins: &'a Pins,
    key: Key,
}

impl<'a> Desk<'a> {
    fn take(&mut self, id: &UserId, member: &'a Member) {
        self.taken.insert(&member.id);
        self.found.known.insert(id.clone());
        self.found.members.insert(id.clone(), member.clone());
    }

    /// The user that was once found for this id, if the platform still has it and nobody else was found for it.
    fn pinned(&self, id: &UserId) -> Option<&'a Member> {
        let member = self.pins.get(id)?.member.as_ref()?;
        self.by_id
            .get(member)
            .copied()
            .filter(|it| !self.taken.contains(&it.id))
    }

    fn employees(&mut self) {
        if self.key == Key::Id {
            for id in self.employees.by_id.keys() {
                if let Some(member) = self.by_id.get(&MemberId(id.as_str().into())) {
                    self.take(id, member);
                }
            }
            return;
        }
        if self.key == Key::Name {
            // A name may change on both sides; who was found once stays found.
            for id in self.employees.by_id.keys() {
                if let Some(member) = self.pinned(id) {
                    self.take(id, member);
                }
            }
        }
        let mut by_key = BTreeMap::new();
        for (id, employee) in &self.employees.by_id {
            if self.found.known.contains(id) {
                continue;
            }
            if let Some(member) = employee.key.as_ref().and_then(|key| self.only_one(id, key)) {
                self.taken.insert(&member.id);
                by_key.insert(id, member);
            }
        }
        // Only now is it certain whose keys match whom: an old user that somebody else's key matches is theirs.
        for (id, employee) in &self.employees.by_id {
            if self.found.known.contains(id) {
                continue;
            }
            let before = self.pinned(id).filter(|it| !self.is_reserved(it));
            match (before, by_key.get(id)) {
                (Some(before), Some(member)) if before.is_active && employee.is_active => {
                    self.take(id, before);
                    self.found.successors.insert(id.clone(), (*member).clone());
                }
                (_, Some(member)) => self.take(id, member),
                (Some(before), None) => self.take(id, before),
                (None, None) => {}
            }
        }
    }

    /// The one user with this key; several are nobody's.
    fn only_one(&mut self, id: &UserId, key: &Arc<str>) -> Option<&'a Member> {
        let candidates: Vec<&'a Member> = self.by_key.get(key).into_iter().flatten().copied().collect();
        let is_free = |it: &&&'a Member| !self.taken.contains(&it.id);
        match candidates.iter().filter(is_free).collect::<Vec<_>>().as_slice() {
            [] => None,
            [member] if candidates.len() == 1 || self.key == Key::Name => Some(**member),
            several => {
                let ids: Vec<String> = several
                    .iter()
                    .map(|it| format!("\"{}\"", it.id.as_str()))
                    .collect();
                let detail = format!(
                    "{} users of the platform match this employee ({}); leave one of them, or name it by id",
                    ids.len(),
                    ids.join(", ")
                );
                self.found.ambiguous.insert(id.clone());
                self.found.findings.push(Finding {
                    id: id.clone(),
                    kind: FindingKind::UserAmbiguous,
                    detail: detail.into(),
                });
                None
            }
        }
    }

    fn is_reserved(&self, member: &Member) -> bool {
        self.employees.reserved_keys.contains(&folded(&member.key))
    }

    /// Those of ours who are no employees any more, rows that were set aside included.
    fn leavers(&mut self, ours: impl IntoIterator<Item = &'a UserId>) {
        for id in ours
            .into_iter()
            .filter(|id| !self.employees.by_id.contains_key(*id))
        {
            let by_pin = self.pinned(id);
            let by_lost_create = || {
                let pin = self.pins.get(id).filter(|it| it.member.is_none())?;
                let same = self.by_key.get(&pin.key)?;
                same.iter().copied().find(|it| !self.taken.contains(&it.id))
            };
            let by_own_name = || {
                let mut free = self.by_id.values().filter(|it| !self.taken.contains(&it.id));
                free.find(|it| self.own_name(it) == *id).copied()
            };
            let member = by_pin.or_else(by_lost_create).or_else(by_own_name);
            let is_set_aside = self.employees.quarantined.contains(id);
            if let Some(member) = member.filter(|it| is_set_aside || !self.is_reserved(it)) {
                self.take(id, member);
            }
        }
    }

    fn strangers(&mut self, members: &'a [Member]) {
        for member in members.iter().filter(|it| !self.taken.contains(&it.id)) {
            let mut name = self.own_name(member);
            while self.employees.by_id.contains_key(&name) || self.found.members.contains_key(&name) {
                name = UserId::new(format!("{name}~"));
            }
            self.found.members.insert(name, member.clone());
        }
    }

    /// The id in the core of a user that is no employee's.
    fn own_name(&self, member: &Member) -> UserId {
        match self.key {
            Key::Email if !member.key.trim().is_empty() => UserId::new(folded(&member.key)),
            Key::Id | Key::Email | Key::Name => UserId::new(Arc::clone(&member.id.0)),
        }
    }
}

#[cfg(test)]
mod tests;
