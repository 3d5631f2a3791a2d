//! From all rows to those that are looked at, those that wait, and those that are set aside.

use std::collections::BTreeSet;
use std::hash::{DefaultHasher, Hash as _, Hasher as _};
use std::sync::Arc;

use foldhash::{HashMap, HashMapExt as _, HashSet};
use sha2::{Digest as _, Sha256};

use super::keys;
use super::reserve::Reserve;
use super::row::judge;
use super::{Employees, LongIds, Rules};
use crate::domain::finding::FindingKind;
use crate::domain::name;
use crate::domain::table::{Columns, CompleteRead, Row};
use crate::domain::user::{UserId, compare_ids};
use crate::text::hex;

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
        shared_keys: keys::shared(&rows, rules),
        rows: &rows,
        n_listed: 0,
        n_counted: 0,
        found: Employees {
            manage_phones: rules.phones && columns.manage_phones(),
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
    shared_keys: keys::Shared,
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
            Err(problem) => return self.set_aside(group, problem),
        };
        let said = match judge(row, self.columns).and_then(|said| {
            keys::check(row, self.rules, &self.shared_keys)?;
            Ok(said)
        }) {
            Ok(said) => said,
            Err(problem) => return self.set_aside(group, problem),
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

    /// Leaves whoever is meant by these rows alone; nothing of them is kept.
    fn set_aside(&mut self, group: &[Row], (kind, detail): (FindingKind, String)) -> bool {
        self.found.quarantine(group[0].id(), kind, detail);
        let keys = group.iter().filter_map(|row| keys::read(row, self.rules.key));
        self.found.reserved_keys.extend(keys);
        false
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

/// The id by which the platform would know a row of that trimmed id, if it can be used: itself, or what stands
/// for one that is too long.
pub fn platform_id(raw: &str, rules: &Rules) -> UserId {
    usable_id(raw, rules).unwrap_or_else(|_| UserId::new(raw))
}

/// The first 32 lower-case hex digits of the SHA-256 of the text.
pub(super) fn hashed(raw: &str) -> String {
    hex(&Sha256::digest(raw)[..16])
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
