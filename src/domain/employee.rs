//! From rows to employees: what each row says, and which rows can't be trusted to say it.
//!
//! A row that can't be used is **quarantined**: nothing is sent for it, and the platform's user of that
//! id is left exactly as it is. One bad row never stops another. Which phone an employee gets when
//! several claim it depends on the platform and is decided in [`super::desired`].

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use self::reader::hashed;
use self::reserve::Reserve;
use self::row::{Said, judge, phone_cells, read_active, read_phone};
use super::access;
use super::finding::{Finding, FindingKind};
use super::grant::Grant;
use super::identity::Key;
use super::name;
use super::phone::Phone;
use super::table::{Columns, Row};
use super::user::UserId;

mod keys;
mod reader;
mod reserve;
mod row;

pub use self::reader::{employees, platform_id};
pub use self::row::says_active;

/// What is done with an id that is longer than the platform allows.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub enum LongIds {
    /// The row is quarantined.
    #[default]
    Reject,
    /// The first 32 lower-case hex digits of the SHA-256 of the trimmed id stand for it.
    Hash,
}

impl LongIds {
    /// The word in the configuration.
    pub fn word(self) -> &'static str {
        match self {
            LongIds::Reject => "reject",
            LongIds::Hash => "hash",
        }
    }
}

/// What the rules need to know beside the rows.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Rules {
    /// Completes phones without a country code where the row names no region (ISO 3166).
    pub default_region: Option<Arc<str>>,
    /// What is done with long ids.
    pub long_ids: LongIds,
    /// Longest id of the target, in characters.
    pub id_chars: usize,
    /// Longest name of the target, in characters.
    pub name_chars: usize,
    /// By what the target knows a person.
    pub key: Key,
    /// What the target calls a user's name is the person's key.
    pub is_named_by_key: bool,
    /// Users of the target have phones.
    pub phones: bool,
    /// What users of the target may do, by role in the CRM; `None` where that is not managed.
    pub grants: Option<GrantRules>,
    /// What users may do on channels, by role in the CRM; `None` where that is not managed.
    pub access: Option<access::Policy>,
    /// How many active employees are looked at, the smallest ids first, beside those whose users are known;
    /// all others are only counted. `None`: all are looked at.
    pub room: Option<usize>,
}

/// Which role in the CRM gives which rights on the platform.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct GrantRules {
    /// By the exact role.
    pub by_role: BTreeMap<Arc<str>, Grant>,
    /// For all other roles, and for none.
    pub others: Option<Grant>,
}

impl GrantRules {
    /// What the first of these roles that has a rule gives.
    fn of<'a>(&self, mut roles: impl Iterator<Item = &'a str>) -> Option<&Grant> {
        roles
            .find_map(|role| self.by_role.get(role))
            .or(self.others.as_ref())
    }
}

/// The phone that a row asks for.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum PhoneWish {
    /// The query yields no phone column: the platform's value stays.
    Unmanaged,
    /// All phone cells are empty.
    None,
    /// There is text, and none of it is a valid number.
    Invalid,
    /// The first valid number.
    Number(Phone),
}

/// One usable row.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Employee {
    /// Key, as the platform shall know it.
    pub id: UserId,
    /// Cleaned and cut; may be empty only for one who is not active.
    pub name: Arc<str>,
    /// The phone asked for.
    pub phone: PhoneWish,
    /// E-mail or name, in lower case, where the platform knows people by that.
    pub key: Option<Arc<str>>,
    /// What the user shall be allowed to do; `None`: as it is.
    pub grant: Option<Grant>,
    /// What the user shall be allowed to do on channels; `None`: as it is.
    pub rights: Option<access::Rights>,
    /// Stands for the texts from which the phone was made.
    pub phone_cells: u128,
    /// Whether the employee shall have a user.
    pub is_active: bool,
    /// Stands for the whole row.
    pub row: u128,
}

/// All that the rows say, before anybody looks at a platform.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Employees {
    /// The usable rows that are looked at, by id: see [`Rules::room`] and [`Employees::admit`].
    pub by_id: BTreeMap<UserId, Employee>,
    /// Remote ids that are left exactly as they are: of each quarantined row, raw and hashed.
    pub quarantined: BTreeSet<UserId>,
    /// Keys of rows that were set aside, in lower case: whoever bears one on the platform is left alone.
    pub reserved_keys: BTreeSet<Arc<str>>,
    /// What the owner of the CRM should mend.
    pub findings: Vec<Finding>,
    /// Whether phones are managed at all.
    pub manage_phones: bool,
    /// Number of rows, before any rule.
    pub n_rows: usize,
    /// The other usable rows.
    pub(super) reserve: Reserve,
}

impl Employees {
    /// Those who shall have a user.
    pub fn active(&self) -> impl Iterator<Item = &Employee> {
        self.by_id.values().filter(|it| it.is_active)
    }

    /// Whether there are rows and none of them can be used.
    pub fn is_all_quarantined(&self) -> bool {
        self.n_rows > 0 && self.by_id.is_empty() && self.reserve.is_empty()
    }

    /// Active employees who are only counted: so many others come first that no seat is left for them.
    pub fn n_unlisted(&self) -> usize {
        self.reserve.n_active()
    }

    /// Looks at the rows of these ids too: somebody knows a user of theirs, or asks about them.
    pub fn admit<'a>(&mut self, ids: impl IntoIterator<Item = &'a UserId>) {
        let Some((columns, rules)) = self.reserve.terms() else {
            return;
        };
        let is_active = |row: &Row| read_active(row, columns) == Ok(true);
        let rows = self.reserve.take(ids, is_active);
        for row in &rows {
            if let Ok(said) = judge(row, columns) {
                self.add(UserId::new(row.id()), said, row, columns, &rules);
            }
        }
        if !rows.is_empty() {
            self.findings.sort();
        }
    }

    /// Names and phones of all who are not active, whether they are looked at or not.
    pub fn leavers(&self) -> (BTreeSet<String>, BTreeSet<Phone>) {
        let known = self.by_id.values().filter(|it| !it.is_active);
        let mut people: Vec<(String, PhoneWish)> =
            known.map(|it| (it.name.to_string(), it.phone.clone())).collect();
        if let Some((columns, rules)) = self.reserve.terms() {
            let rows = self.reserve.rows().iter();
            let left = rows.filter(|row| read_active(row, columns) == Ok(false));
            people.extend(left.filter_map(|row| {
                let said = judge(row, columns).ok()?;
                Some((said.name, read_phone(row, columns, &rules)))
            }));
        }
        let (mut names, mut phones) = (BTreeSet::new(), BTreeSet::new());
        for (name, phone) in people {
            // Somebody without a name is like nobody.
            names.extend(Some(name.to_lowercase()).filter(|it| !it.is_empty()));
            if let PhoneWish::Number(phone) = phone {
                phones.insert(phone);
            }
        }
        (names, phones)
    }

    /// Makes an employee of a usable row.
    fn add(&mut self, id: UserId, said: Said, row: &Row, columns: Columns, rules: &Rules) {
        let Said { is_active, name } = said;
        let key = keys::read(row, rules.key);
        let mut name: Arc<str> = match &key {
            Some(key) if rules.is_named_by_key => Arc::clone(key),
            _ => name.into(),
        };
        if let Some(short) = name::shorten(&name, rules.name_chars) {
            if is_active {
                let detail = format!(
                    "the platform allows {} characters; it shows \"{short}\"",
                    rules.name_chars
                );
                self.find(&id, FindingKind::NameShortened, detail);
            }
            name = short;
        }
        let (grant, rights) = (keys::grant(row, rules), keys::rights(row, rules));
        let is_unmapped =
            (rules.grants.is_some() && grant.is_none()) || (rules.access.is_some() && rights.is_none());
        if is_active && is_unmapped {
            self.find(&id, FindingKind::RoleUnmapped, keys::unmapped(row));
        }
        let employee = Employee {
            id: id.clone(),
            name,
            phone: read_phone(row, columns, rules),
            key,
            grant,
            rights,
            phone_cells: phone_cells(row),
            is_active,
            row: row.mark(),
        };
        self.by_id.insert(id, employee);
    }

    fn find(&mut self, id: &UserId, kind: FindingKind, detail: impl Into<Arc<str>>) {
        self.findings.push(Finding {
            id: id.clone(),
            kind,
            detail: detail.into(),
        });
    }

    fn quarantine(&mut self, raw: &str, kind: FindingKind, detail: impl Into<Arc<str>>) {
        let id = UserId::new(raw);
        self.find(&id, kind, detail);
        self.quarantined.insert(UserId::new(hashed(raw)));
        self.quarantined.insert(id);
    }
}

#[cfg(test)]
mod tests;
