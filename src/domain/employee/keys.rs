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
use super::Rules;

/// The key of a row, in lower case; `None` where there is none to have.
pub(super) fn read(row: &Row, key: Key) -> Option<Arc<str>> {
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
pub(super) type Shared = BTreeMap<Arc<str>, BTreeSet<UserId>>;

/// Finds the keys that several people have.
pub(super) fn shared(rows: &[Row], rules: &Rules) -> Shared {
    let mut ids = Shared::new();
    if rules.key == Key::Id {
        return ids;
    }
    for row in rows {
        if let Some(key) = read(row, rules.key) {
            ids.entry(key).or_default().insert(UserId::new(row.id()));
        }
    }
    ids.retain(|_, ids| ids.len() > 1);
    ids
}

/// Whether the row has a key of its own, where the platform knows people by one.
pub(super) fn check(row: &Row, rules: &Rules, shared: &Shared) -> Result<(), (FindingKind, String)> {
    let what = match rules.key {
        Key::Id => return Ok(()),
        Key::Email => "e-mail",
        Key::Name => "name",
    };
    let Some(key) = read(row, rules.key) else {
        let kind = match rules.key {
            Key::Email => FindingKind::EmailMissing,
            Key::Id | Key::Name => FindingKind::NameMissing,
        };
        let detail = format!("the row has no usable {what}; the platform knows people by it");
        return Err((kind, detail));
    };
    let Some(ids) = shared.get(&key) else {
        return Ok(());
    };
    let ids: Vec<String> = ids.iter().map(|id| format!("\"{id}\"")).collect();
    let kind = match rules.key {
        Key::Email => FindingKind::EmailDuplicate,
        Key::Id | Key::Name => FindingKind::UserAmbiguous,
    };
    let detail = format!(
        "{} have the same {what}; give each person one of their own",
        ids.join(" and ")
    );
    Err((kind, detail))
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
