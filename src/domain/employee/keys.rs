//! By what a platform with ids of its own knows an employee, and what the employee's role gives there.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use super::super::access::Rights;
use super::super::finding::FindingKind;
use super::super::grant::Grant;
use super::super::identity::Key;
use super::super::name;
use super::super::table::{Column, Row};
use super::super::user::UserId;
use super::{Employees, Rules};

/// Rows by id, as [`super::employees`] groups them.
type Groups<'a> = BTreeMap<UserId, Vec<&'a Row>>;

/// The key of a row, in lower case; `None` where there is none to have.
fn read(row: &Row, key: Key) -> Option<Arc<str>> {
    let text = match key {
        Key::Id => return None,
        Key::Email => row.get(Column::Email).unwrap_or_default().trim().to_owned(),
        Key::Name => name::clean(row.get(Column::Name).unwrap_or_default()),
    };
    let is_usable = match key {
        // A local part, an at sign, a domain: what else an e-mail may be is the platform's business.
        Key::Email => {
            let (local, domain) = text.split_once('@').unwrap_or_default();
            !local.is_empty()
                && !domain.is_empty()
                && !text.contains(|it: char| it.is_whitespace() || it.is_control())
        }
        Key::Id | Key::Name => !text.is_empty(),
    };
    is_usable.then(|| text.to_lowercase().into())
}

/// Keys that rows of different ids have, each with those ids.
pub(super) fn shared(groups: &Groups<'_>, rules: &Rules) -> BTreeMap<Arc<str>, BTreeSet<UserId>> {
    let mut ids: BTreeMap<Arc<str>, BTreeSet<UserId>> = BTreeMap::new();
    if rules.key == Key::Id {
        return ids;
    }
    for (id, rows) in groups {
        for key in rows.iter().filter_map(|row| read(row, rules.key)) {
            ids.entry(key).or_default().insert(id.clone());
        }
    }
    ids.retain(|_, ids| ids.len() > 1);
    ids
}

/// The row's key, or why the row can't be used without one of its own.
pub(super) fn of(
    row: &Row,
    rules: &Rules,
    shared: &BTreeMap<Arc<str>, BTreeSet<UserId>>,
) -> Result<Option<Arc<str>>, (FindingKind, String)> {
    let what = match rules.key {
        Key::Id => return Ok(None),
        Key::Email => "e-mail",
        Key::Name => "name",
    };
    let Some(key) = read(row, rules.key) else {
        let kind = match rules.key {
            Key::Email => FindingKind::EmailMissing,
            Key::Id | Key::Name => FindingKind::NameMissing,
        };
        return Err((
            kind,
            format!("the row has no usable {what}; the platform knows people by it"),
        ));
    };
    let Some(ids) = shared.get(&key) else {
        return Ok(Some(key));
    };
    let ids: Vec<String> = ids.iter().map(|id| format!("\"{id}\"")).collect();
    let kind = match rules.key {
        Key::Email => FindingKind::EmailDuplicate,
        Key::Id | Key::Name => FindingKind::UserAmbiguous,
    };
    Err((
        kind,
        format!(
            "{} have the same {what}; give each person one of their own",
            ids.join(" and ")
        ),
    ))
}

/// Remembers the keys of all rows that were set aside, whatever was wrong with them.
pub(super) fn reserve(found: &mut Employees, groups: &Groups<'_>, rules: &Rules) {
    if rules.key == Key::Id {
        return;
    }
    let set_aside = groups
        .iter()
        .filter(|(raw_id, _)| found.quarantined.contains(*raw_id));
    let rows = set_aside.flat_map(|(_, rows)| rows);
    found
        .reserved_keys
        .extend(rows.filter_map(|row| read(row, rules.key)));
}

/// The roles of a row.
fn roles(row: &Row) -> impl Iterator<Item = &str> + Clone {
    let text = row.get(Column::Role).unwrap_or_default();
    text.split('|').map(str::trim).filter(|it| !it.is_empty())
}

/// What the row's roles give.
pub(super) fn grant(row: &Row, rules: &Rules) -> Option<Grant> {
    rules.grants.as_ref()?.of(roles(row)).cloned()
}

/// What the row's roles give on channels.
pub(super) fn rights(row: &Row, rules: &Rules) -> Option<Rights> {
    rules.access.as_ref()?.rights(roles(row))
}

/// What to mend where no rule matches.
pub(super) fn unmapped(row: &Row) -> String {
    let all: Vec<String> = roles(row).map(|it| format!("\"{}\"", name::clean(it))).collect();
    match all.as_slice() {
        [] => "the row has no role; what the user may do stays as it is".to_owned(),
        all => format!(
            "no rule of the configuration matches the role {}; what the user may do stays as it is",
            all.join(", ")
        ),
    }
}
