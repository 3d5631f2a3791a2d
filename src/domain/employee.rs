//! From rows to employees: what each row says, and which rows can't be trusted to say it.
//!
//! A row that can't be used is **quarantined**: nothing is sent for it, and the platform's user of that
//! id is left exactly as it is. One bad row never stops another. Which phone an employee gets when
//! several claim it depends on the platform and is decided in [`super::desired`].

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::sync::Arc;

mod keys;

use sha2::{Digest as _, Sha256};

use super::access;
use super::finding::{Finding, FindingKind};
use super::grant::Grant;
use super::identity::Key;
use super::name;
use super::phone::Phone;
use super::table::{Column, Columns, CompleteRead, Row};
use super::user::UserId;

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
    /// The usable rows, active or not, by id.
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
}

impl Employees {
    /// Those who shall have a user.
    pub fn active(&self) -> impl Iterator<Item = &Employee> {
        self.by_id.values().filter(|it| it.is_active)
    }

    /// Whether there are rows and none of them can be used.
    pub fn is_all_quarantined(&self) -> bool {
        self.n_rows > 0 && self.by_id.is_empty()
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

/// Applies the rules of the employee table. The order of the rows does not matter.
pub fn employees(read: &CompleteRead, rules: &Rules) -> Employees {
    let mut found = Employees {
        manage_phones: rules.phones && read.columns().manage_phones(),
        n_rows: read.rows().len(),
        ..Employees::default()
    };
    let groups = group_by_id(read.rows());
    let shared_keys = keys::shared(&groups, rules);
    let twins = case_twins(groups.keys());
    for (raw_id, rows) in &groups {
        let raw_id = raw_id.as_str();
        match usable_id(raw_id, rules) {
            Ok(_) if twins.contains_key(raw_id) => {
                let all = &twins[raw_id];
                let detail = format!("{all} differ in letter case only; give each person one id");
                found.quarantine(raw_id, FindingKind::IdDuplicate, detail);
            }
            Err(problem) => found.quarantine(raw_id, FindingKind::IdInvalid, problem),
            Ok(id) => match rows.as_slice() {
                [row] => match keys::of(row, rules, &shared_keys) {
                    Ok(key) => read_row(&mut found, raw_id, id, key, row, read.columns(), rules),
                    Err((kind, detail)) => found.quarantine(raw_id, kind, detail),
                },
                _ => found.quarantine(
                    raw_id,
                    FindingKind::IdDuplicate,
                    format!(
                        "{} differing rows have the id \"{raw_id}\"; give each person one row and one id",
                        rows.len()
                    ),
                ),
            },
        }
    }
    quarantine_borrowed_ids(&mut found);
    keys::reserve(&mut found, &groups, rules);
    found.findings.sort();
    found
}

/// The rows of each trimmed id, in order; identical rows once.
fn group_by_id(rows: &[Row]) -> BTreeMap<UserId, Vec<&Row>> {
    let mut groups: BTreeMap<UserId, Vec<&Row>> = BTreeMap::new();
    for row in rows {
        let id = UserId::new(row.get(Column::Id).unwrap_or_default().trim());
        let group = groups.entry(id).or_default();
        if !group.iter().any(|it| it.mark() == row.mark()) {
            group.push(row);
        }
    }
    groups
}

/// The id under which the platform shall know the row, or what is wrong with it.
fn usable_id(raw: &str, rules: &Rules) -> Result<UserId, String> {
    if raw.is_empty() {
        return Err("the row has no id".to_owned());
    }
    if raw == "." || raw == ".." {
        return Err(format!(
            "\"{raw}\" can't be an id: it would change the address of a request"
        ));
    }
    if raw.chars().any(name::is_unprintable) {
        return Err("the id holds control characters or marks of direction".to_owned());
    }
    let n_chars = raw.chars().count();
    if n_chars <= rules.id_chars {
        return Ok(UserId::new(raw));
    }
    match rules.long_ids {
        LongIds::Hash => Ok(UserId::new(hashed(raw))),
        LongIds::Reject => Err(format!(
            "the id has {n_chars} characters, the platform allows {}; yield a shorter one, or set long_ids = \"hash\"",
            rules.id_chars
        )),
    }
}

/// The first 32 lower-case hex digits of the SHA-256 of the text.
fn hashed(raw: &str) -> String {
    Sha256::digest(raw)
        .iter()
        .take(16)
        .map(|byte| format!("{byte:02x}"))
        .collect()
}

fn read_row(
    found: &mut Employees,
    raw_id: &str,
    id: UserId,
    key: Option<Arc<str>>,
    row: &Row,
    columns: Columns,
    rules: &Rules,
) {
    let is_active = match read_active(row, columns) {
        Ok(is_active) => is_active,
        Err(text) => {
            let detail =
                format!("`active` is {text}; yield 1 or 0 (true/false, yes/no, on/off, active/inactive)");
            return found.quarantine(raw_id, FindingKind::ActiveUnreadable, detail);
        }
    };
    let mut name: Arc<str> = match &key {
        Some(key) if rules.is_named_by_key => Arc::clone(key),
        _ => name::clean(row.get(Column::Name).unwrap_or_default()).into(),
    };
    if is_active && name.is_empty() {
        return found.quarantine(
            raw_id,
            FindingKind::NameMissing,
            "the row has no name; fill it in",
        );
    }
    if let Some(short) = name::shorten(&name, rules.name_chars) {
        if is_active {
            let detail = format!(
                "the platform allows {} characters; it shows \"{short}\"",
                rules.name_chars
            );
            found.find(&id, FindingKind::NameShortened, detail);
        }
        name = short;
    }
    let phone = read_phone(row, columns, rules);
    let (grant, rights) = (keys::grant(row, rules), keys::rights(row, rules));
    let is_unmapped =
        (rules.grants.is_some() && grant.is_none()) || (rules.access.is_some() && rights.is_none());
    if is_active && is_unmapped {
        let detail = keys::unmapped(row);
        found.find(&id, FindingKind::RoleUnmapped, detail);
    }
    if found.by_id.contains_key(&id) {
        // The hash of a long id is the id of another row, which only somebody who means harm can arrange.
        found.by_id.remove(&id);
        found.quarantined.insert(id.clone());
        return found.quarantine(
            raw_id,
            FindingKind::IdDuplicate,
            "the hash of this id is the id of another row",
        );
    }
    let employee = Employee {
        id: id.clone(),
        name,
        phone,
        key,
        grant,
        rights,
        phone_cells: phone_cells(row),
        is_active,
        row: row.mark(),
    };
    found.by_id.insert(id, employee);
}

/// Whether the row says active; what it says instead if it can't be understood.
fn read_active(row: &Row, columns: Columns) -> Result<bool, String> {
    if !columns.contains(Column::Active) {
        return Ok(true);
    }
    let Some(text) = row.get(Column::Active) else {
        return Err("NULL".to_owned());
    };
    match text.trim().to_lowercase().as_str() {
        "1" | "true" | "t" | "yes" | "y" | "on" | "active" => Ok(true),
        "0" | "false" | "f" | "no" | "n" | "off" | "inactive" => Ok(false),
        _ => Err(format!(
            "\"{}\"",
            name::clean(text).chars().take(40).collect::<String>()
        )),
    }
}

const PHONE_COLUMNS: [Column; 3] = [Column::Phone, Column::Phone2, Column::Phone3];

fn read_phone(row: &Row, columns: Columns, rules: &Rules) -> PhoneWish {
    if !rules.phones || !columns.manage_phones() {
        return PhoneWish::Unmanaged;
    }
    let row_region = row
        .get(Column::PhoneRegion)
        .map(str::trim)
        .filter(|it| !it.is_empty());
    let row_region = row_region.map(str::to_uppercase);
    let region = row_region.as_deref().or(rules.default_region.as_deref());
    let mut wish = PhoneWish::None;
    for column in PHONE_COLUMNS {
        let Some(text) = row.get(column).map(str::trim).filter(|it| !it.is_empty()) else {
            continue;
        };
        if let Some(phone) = Phone::parse(text, region) {
            return PhoneWish::Number(phone);
        }
        wish = PhoneWish::Invalid;
    }
    wish
}

/// Stands for the texts that a phone is made from: the same texts, the same mark.
fn phone_cells(row: &Row) -> u128 {
    let cells = PHONE_COLUMNS.into_iter().chain([Column::PhoneRegion]);
    let mut only_phones = [None; Column::ALL.len()];
    for column in cells {
        only_phones[column as usize] = row.get(column);
    }
    Row::new(only_phones).mark()
}

/// Ids that differ in letter case alone, each with the words for all of its kind: one person twice, or a
/// platform that takes them for one. As the rows have them, since the hashes of two such ids are unlike.
fn case_twins<'a>(raw_ids: impl Iterator<Item = &'a UserId>) -> HashMap<&'a str, Arc<str>> {
    // An id without letters has no other case.
    let has_letters = |id: &&str| !id.bytes().all(|byte| byte.is_ascii_digit());
    let mut by_folded: HashMap<String, Vec<&str>> = HashMap::new();
    for id in raw_ids.map(UserId::as_str).filter(has_letters) {
        by_folded.entry(id.to_lowercase()).or_default().push(id);
    }
    let mut words = HashMap::new();
    for twins in by_folded.into_values().filter(|it| it.len() > 1) {
        let quoted: Vec<String> = twins.iter().map(|id| format!("\"{id}\"")).collect();
        let all: Arc<str> = quoted.join(" and ").into();
        words.extend(twins.into_iter().map(|id| (id, Arc::clone(&all))));
    }
    words
}

/// Rows whose id is the hash of another row's that is set aside: the platform's user of that id may belong
/// to either, so both are.
fn quarantine_borrowed_ids(found: &mut Employees) {
    let is_borrowed = |id: &&UserId| found.quarantined.contains(*id);
    let borrowed: Vec<UserId> = found.by_id.keys().filter(is_borrowed).cloned().collect();
    for id in borrowed {
        found.by_id.remove(&id);
        let detail = "this id is the hash of another id whose row can't be used";
        found.quarantine(id.as_str(), FindingKind::IdDuplicate, detail);
    }
}

#[cfg(test)]
mod tests;
