//! Changes of users as a table: who, what, old → new, and what became of it.

use super::table::{aligned, cut};
use super::{MAX_SHOWN, Show, WIDTH, wrap};
use crate::domain::outcome::{Change, Op, Outcome};
use crate::domain::user::User;
use crate::reconcile::ReportedChange;

/// Longest name that is shown whole.
const NAME_CHARS: usize = 28;

/// The order of the groups.
const OPS: [Op; 5] = [Op::Delete, Op::Park, Op::Update, Op::Create, Op::Access];

/// One table over all kinds of change; empty if there are none.
pub(in crate::cli) fn changes(users: &[ReportedChange], show: &Show) -> String {
    let mut entries = Vec::new();
    for is_open in [false, true] {
        for op in OPS {
            let is_of = |it: &&ReportedChange| it.settled.change.op == op && is_open_one(it) == is_open;
            let mut group = users.iter().filter(is_of);
            entries.extend(group.by_ref().take(MAX_SHOWN).map(Entry::Change));
            match group.count() {
                0 => {}
                more => entries.push(Entry::More(verb(op, true), more)),
            }
        }
    }
    let text = drawn(&entries, " → ", show);
    if text.lines().any(|line| line.chars().count() > WIDTH) {
        // Old above new, where both do not fit side by side.
        return drawn(&entries, "\n→ ", show);
    }
    text
}

/// A line of the table.
enum Entry<'a> {
    Change(&'a ReportedChange),
    /// So many more of a kind.
    More(&'static str, usize),
}

fn drawn(entries: &[Entry<'_>], arrow: &str, show: &Show) -> String {
    let row_of = |entry: &Entry<'_>| match entry {
        Entry::Change(it) => Some(row(it, arrow, show)),
        Entry::More(..) => None,
    };
    let table = aligned(entries.iter().filter_map(row_of), 2);
    let mut lines = table.split_inclusive('\n');
    let mut text = String::with_capacity(table.len());
    for entry in entries {
        match entry {
            Entry::Change(it) => {
                let n_lines = row(it, arrow, show).iter().map(|cell| cell.lines().count()).max();
                text.extend(lines.by_ref().take(n_lines.unwrap_or(1)));
                text.push_str(&cause(it, show));
            }
            Entry::More(verb, more) => {
                text.push_str(&format!(
                    "  … and {more} more to {verb}; --output json lists all\n"
                ));
            }
        }
    }
    text
}

/// Whether nothing was, or will be, done for the change.
fn is_open_one(it: &ReportedChange) -> bool {
    !it.is_planned && it.settled.outcome != Outcome::Applied
}

fn row(it: &ReportedChange, arrow: &str, show: &Show) -> Vec<String> {
    let change = &it.settled.change;
    let outcome = if it.is_planned {
        ""
    } else {
        it.settled.outcome.word()
    };
    vec![
        verb(change.op, it.is_planned || is_open_one(it)).to_owned(),
        show.plain(change.id.as_str()),
        old_and_new(change, arrow, |user| cut(&show.plain(&user.name), NAME_CHARS)),
        old_and_new(change, arrow, |user| show.phone(user.phone.as_ref())),
        outcome.to_owned(),
    ]
}

/// What is to be done, or what was done.
pub(in crate::cli) fn verb(op: Op, is_to_do: bool) -> &'static str {
    match (op, is_to_do) {
        (op, true) => op.word(),
        (Op::Create, false) => "created",
        (Op::Update, false) => "updated",
        (Op::Delete, false) => "deleted",
        (Op::Park, false) => "parked",
        (Op::Access, false) => "access",
    }
}

/// The value of one side, or of both where they differ.
fn old_and_new(change: &Change, arrow: &str, value: impl Fn(&User) -> String) -> String {
    let (old, new) = (change.old.as_ref().map(&value), change.new.as_ref().map(&value));
    match (old, new) {
        (None, None) => String::new(),
        (Some(value), None) | (None, Some(value)) => value,
        (Some(old), Some(new)) if old == new => hidden_change(change, new),
        (Some(old), Some(new)) => format!("{old}{arrow}{new}"),
    }
}

/// Two values that look alike when masked or cut, and are not.
fn hidden_change(change: &Change, value: String) -> String {
    let phones_differ = change.takes().is_some() && value.starts_with('+');
    if phones_differ {
        format!("{value} (other digits)")
    } else {
        value
    }
}

/// Why a change is open, or goes without what it wants.
fn cause(it: &ReportedChange, show: &Show) -> String {
    let settled = &it.settled;
    if settled.outcome == Outcome::Applied && !it.is_planned {
        return String::new();
    }
    let mut parts = Vec::new();
    parts.extend(settled.code.as_deref().map(|it| show.plain(it)));
    parts.extend(settled.detail.as_deref().map(|it| show.text(it)));
    parts.extend(settled.status.map(|it| format!("HTTP {it}")));
    if parts.is_empty() {
        return String::new();
    }
    wrap(&format!("↳ {}", parts.join(", ")), 4)
}
