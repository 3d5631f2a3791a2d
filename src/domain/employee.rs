//! From rows to employees: what each row says, and which rows can't be trusted to say it.
//!
//! A row that can't be used is **quarantined**: nothing is sent for it, and the platform's user of that
//! id is left exactly as it is. One bad row never stops another. Which phone an employee gets when
//! several claim it depends on the platform and is decided in [`super::desired`].

use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};
use std::hash::{DefaultHasher, Hash as _, Hasher as _};
use std::sync::Arc;

use sha2::{Digest as _, Sha256};

use super::finding::{Finding, FindingKind};
use super::name;
use super::phone::Phone;
use super::reserve::Reserve;
use super::table::{Column, Columns, CompleteRead, Row};
use super::user::{UserId, compare_ids};

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
    /// How many active employees are looked at, the smallest ids first, beside those whose users are known;
    /// all others are only counted. `None`: all are looked at.
    pub room: Option<usize>,
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

    /// Makes an employee of a usable row.
    fn add(&mut self, id: UserId, said: Said, row: &Row, columns: Columns, rules: &Rules) {
        let Said { is_active, name } = said;
        let mut name: Arc<str> = name.into();
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
        let employee = Employee {
            id: id.clone(),
            name,
            phone: read_phone(row, columns, rules),
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

/// Applies the rules of the employee table. The order of the rows does not matter.
pub fn employees(read: CompleteRead, rules: &Rules) -> Employees {
    let columns = read.columns();
    let n_rows = read.rows().len();
    let mut rows = read.into_rows();
    // All is done in place, since the table may be large.
    rows.sort_unstable_by(|one, other| compare_ids(one.id(), other.id()));
    let mut reader = Reader {
        columns,
        rules,
        twins: case_twins(&rows),
        rows: &rows,
        n_listed: 0,
        n_counted: 0,
        found: Employees {
            manage_phones: columns.manage_phones(),
            n_rows,
            ..Employees::default()
        },
    };
    let mut is_kept = Vec::with_capacity(n_rows);
    for group in rows.chunk_by(|one, other| one.id() == other.id()) {
        is_kept.push(reader.read(group));
        is_kept.resize(is_kept.len() + group.len() - 1, false);
    }
    let Reader {
        mut found, n_counted, ..
    } = reader;
    let mut is_kept = is_kept.into_iter();
    rows.retain(|_| is_kept.next().unwrap_or(false));
    rows.shrink_to_fit();
    if !rows.is_empty() {
        found.reserve = Reserve::new(rows, n_counted, columns, rules.clone());
    }
    quarantine_borrowed_ids(&mut found);
    found.findings.sort();
    found
}

/// A table under way.
struct Reader<'a> {
    columns: Columns,
    rules: &'a Rules,
    /// In order of id.
    rows: &'a [Row],
    twins: HashMap<&'a str, Arc<str>>,
    /// Active employees that are looked at, and those that are not.
    n_listed: usize,
    n_counted: usize,
    found: Employees,
}

impl Reader<'_> {
    /// Reads the rows of one trimmed id; whether the first of them is kept for later.
    fn read(&mut self, group: &[Row]) -> bool {
        let row = &group[0];
        let raw_id = row.id();
        let id = match self.identify(raw_id, group) {
            Ok(id) => id,
            Err((kind, detail)) => {
                self.found.quarantine(raw_id, kind, detail);
                return false;
            }
        };
        let said = match judge(row, self.columns) {
            Ok(said) => said,
            Err((kind, detail)) => {
                self.found.quarantine(raw_id, kind, detail);
                return false;
            }
        };
        // A hashed id would not be found again among the rows.
        let may_wait = id.as_str() == raw_id;
        let has_room = self
            .rules
            .room
            .is_none_or(|room| said.is_active && self.n_listed < room);
        let is_kept = may_wait && !has_room;
        if said.is_active {
            let counter = if is_kept {
                &mut self.n_counted
            } else {
                &mut self.n_listed
            };
            *counter += 1;
        }
        if !is_kept {
            self.found.add(id, said, row, self.columns, self.rules);
        }
        is_kept
    }

    /// The id under which the platform shall know the rows, if they are of one person.
    fn identify(&self, raw_id: &str, group: &[Row]) -> Result<UserId, (FindingKind, String)> {
        let id = usable_id(raw_id, self.rules).map_err(|problem| (FindingKind::IdInvalid, problem))?;
        let find = |id: &UserId| self.rows.binary_search_by(|it| compare_ids(it.id(), id.as_str()));
        let duplicate = if let Some(all) = self.twins.get(raw_id) {
            format!("{all} differ in letter case only; give each person one id")
        } else if let n @ 2.. = n_differing(group) {
            format!("{n} differing rows have the id \"{raw_id}\"; give each person one row and one id")
        } else if id.as_str() != raw_id && find(&id).is_ok() {
            // Only somebody who means harm can arrange that.
            "the hash of this id is the id of another row".to_owned()
        } else {
            return Ok(id);
        };
        Err((FindingKind::IdDuplicate, duplicate))
    }
}

/// How many different rows these are; identical ones count once.
fn n_differing(rows: &[Row]) -> usize {
    match rows {
        [_] => 1,
        _ => rows.iter().map(Row::mark).collect::<BTreeSet<u128>>().len(),
    }
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

/// What a usable row says of somebody, beside the id and phones.
struct Said {
    is_active: bool,
    /// Cleaned, in whole length.
    name: String,
}

/// Whether the row can be used, beside its id.
fn judge(row: &Row, columns: Columns) -> Result<Said, (FindingKind, String)> {
    let is_active = read_active(row, columns).map_err(|text| {
        let detail =
            format!("`active` is {text}; yield 1 or 0 (true/false, yes/no, on/off, active/inactive)");
        (FindingKind::ActiveUnreadable, detail)
    })?;
    let name = name::clean(row.get(Column::Name).unwrap_or_default());
    if is_active && name.is_empty() {
        let detail = "the row has no name; fill it in".to_owned();
        return Err((FindingKind::NameMissing, detail));
    }
    Ok(Said { is_active, name })
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
    if !columns.manage_phones() {
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
/// The rows are in order of id.
fn case_twins(rows: &[Row]) -> HashMap<&str, Arc<str>> {
    // An id without letters has no other case.
    let has_letters = |id: &&str| !id.bytes().all(|byte| byte.is_ascii_digit());
    let groups = rows.chunk_by(|one, other| one.id() == other.id());
    let ids = groups.map(|group| group[0].id()).filter(has_letters);
    // First by a short mark of each, since hardly any id has a twin.
    let mut marks: Vec<u64> = ids.clone().map(mark_of_folded).collect();
    marks.sort_unstable();
    let is_alike = |pair: &[u64]| pair[0] == pair[1];
    let alike: HashSet<u64> = marks
        .windows(2)
        .filter(|it| is_alike(it))
        .map(|it| it[0])
        .collect();
    let mut by_folded: HashMap<String, Vec<&str>> = HashMap::new();
    if !alike.is_empty() {
        for id in ids.filter(|id| alike.contains(&mark_of_folded(id))) {
            by_folded.entry(id.to_lowercase()).or_default().push(id);
        }
    }
    let mut words = HashMap::new();
    for twins in by_folded.into_values().filter(|it| it.len() > 1) {
        let quoted: Vec<String> = twins.iter().map(|id| format!("\"{id}\"")).collect();
        let all: Arc<str> = quoted.join(" and ").into();
        words.extend(twins.into_iter().map(|id| (id, Arc::clone(&all))));
    }
    words
}

/// Equal for ids that differ in letter case alone.
fn mark_of_folded(id: &str) -> u64 {
    let mut hasher = DefaultHasher::new();
    id.to_lowercase().hash(&mut hasher);
    hasher.finish()
}

/// Rows whose id is the hash of another row's that is set aside: the platform's user of that id may belong
/// to either, so both are.
fn quarantine_borrowed_ids(found: &mut Employees) {
    let quarantined = std::mem::take(&mut found.quarantined);
    found.admit(&quarantined);
    let is_borrowed = |id: &&UserId| quarantined.contains(*id);
    let borrowed: Vec<UserId> = found.by_id.keys().filter(is_borrowed).cloned().collect();
    found.quarantined = quarantined;
    for id in borrowed {
        found.by_id.remove(&id);
        let detail = "this id is the hash of another id whose row can't be used";
        found.quarantine(id.as_str(), FindingKind::IdDuplicate, detail);
    }
}

#[cfg(test)]
mod tests;
