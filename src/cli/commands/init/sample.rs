//! What would be synced, made by the same rules as in every pass, and shown in short.

use std::collections::BTreeMap;

use crate::cli::render::table::{aligned, cut};
use crate::cli::render::{Show, count, findings};
use crate::domain::employee::{Employee, PhoneWish, Rules, employees};
use crate::domain::table::{Column, CompleteRead};

/// So many people are shown.
const MAX_PEOPLE: usize = 8;

/// So many roles are named.
const MAX_ROLES: usize = 8;

/// What the rows come to.
pub(super) fn sample(read: CompleteRead, rules: Rules, show: &Show) -> String {
    let columns: Vec<&str> = Column::ALL
        .into_iter()
        .filter(|it| read.columns().contains(*it))
        .map(Column::name)
        .collect();
    let roles = roles(&read, show);
    let has_region = rules.default_region.is_some();
    // All are looked at, also those who are not active and those for whom there may be no seat.
    let rules = Rules { room: None, ..rules };
    let found = employees(read, &rules);
    let all: Vec<&Employee> = found.by_id.values().collect();
    let active: Vec<&Employee> = all.iter().copied().filter(|it| it.is_active).collect();
    let n_phones = |wish: fn(&PhoneWish) -> bool| active.iter().filter(|it| wish(&it.phone)).count();
    let with_phone = n_phones(|it| matches!(it, PhoneWish::Number(_)));
    let invalid = n_phones(|it| *it == PhoneWish::Invalid);
    let mut rows = vec![
        vec![
            "rows".to_owned(),
            format!(
                "{}: {} active, {} not active, {} set aside",
                found.n_rows,
                active.len(),
                all.len() - active.len(),
                found.n_rows.saturating_sub(all.len())
            ),
        ],
        vec!["columns".to_owned(), columns.join(", ")],
    ];
    if found.manage_phones {
        let mut phones = format!("{with_phone} of {} active people have a valid one", active.len());
        let shared = shared_phones(&active);
        if shared > 0 {
            phones.push_str(&format!("; {} several of them have", count(shared, "number")));
        }
        if invalid > 0 && !has_region {
            phones.push_str("; numbers without a country code need --default-region");
        }
        rows.push(vec!["phones".to_owned(), phones]);
    }
    if !roles.is_empty() {
        rows.push(vec!["roles".to_owned(), roles]);
    }
    let mut text = format!("\n{}\n", show.heading("What would be synced"));
    text.push_str(&aligned(rows, 2));
    text.push('\n');
    text.push_str(&aligned(all.iter().take(MAX_PEOPLE).map(|it| row(it, show)), 2));
    if all.len() > MAX_PEOPLE {
        text.push_str(&format!("  … and {} more\n", all.len() - MAX_PEOPLE));
    }
    text.push_str(&findings::findings(&found.findings, show));
    text
}

fn row(employee: &Employee, show: &Show) -> Vec<String> {
    let phone = match &employee.phone {
        PhoneWish::Number(phone) => show.phone(Some(phone)),
        PhoneWish::Invalid => "invalid".to_owned(),
        PhoneWish::None => "none".to_owned(),
        PhoneWish::Unmanaged => String::new(),
    };
    let state = if employee.is_active {
        "active"
    } else {
        "not active"
    };
    vec![
        cut(&show.plain(employee.id.as_str()), 36),
        cut(&show.plain(&employee.name), 32),
        phone,
        state.to_owned(),
    ]
}

/// How many phones more than one of the people has.
fn shared_phones(people: &[&Employee]) -> usize {
    let mut owners: BTreeMap<&str, usize> = BTreeMap::new();
    for person in people {
        if let PhoneWish::Number(phone) = &person.phone {
            *owners.entry(phone.digits()).or_default() += 1;
        }
    }
    owners.values().filter(|n| **n > 1).count()
}

/// The roles that the rows name, the most frequent ones first.
fn roles(read: &CompleteRead, show: &Show) -> String {
    let mut counts: BTreeMap<&str, usize> = BTreeMap::new();
    for row in read.rows() {
        for role in row.get(Column::Role).unwrap_or_default().split('|') {
            if !role.trim().is_empty() {
                *counts.entry(role.trim()).or_default() += 1;
            }
        }
    }
    let mut counts: Vec<(&str, usize)> = counts.into_iter().collect();
    counts.sort_by_key(|(_, n)| std::cmp::Reverse(*n));
    let shown = counts.iter().take(MAX_ROLES);
    let mut shown: Vec<String> = shown
        .map(|(role, n)| format!("{} ({n})", cut(&show.plain(role), 40)))
        .collect();
    if counts.len() > MAX_ROLES {
        shown.push("…".to_owned());
    }
    shown.join(", ")
}
