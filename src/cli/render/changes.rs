//! Changes of users as a table: who, what, old → new, and what became of it.

use super::table::{aligned, cut};
use super::{MAX_SHOWN, Show, WIDTH, wrap};
use crate::domain::memory::Hold;
use crate::domain::outcome::{Change, Op, Outcome};
use crate::domain::user::User;
use crate::reconcile::ReportedChange;

/// How much room a change takes.
struct Shape {
    /// Between an old value and a new one.
    arrow: &'static str,
    /// Longest name that is shown whole.
    name_chars: usize,
}

/// Side by side.
const WIDE: Shape = Shape {
    arrow: " → ",
    name_chars: 28,
};

/// The old above the new, where both do not fit side by side.
const NARROW: Shape = Shape {
    arrow: "\n→ ",
    name_chars: 20,
};

/// The order of the groups.
const OPS: [Op; 5] = [Op::Delete, Op::Park, Op::Update, Op::Create, Op::Access];

/// One table over all kinds of change; empty if there are none.
pub(in crate::cli) fn changes(users: &[ReportedChange], holds: &[Hold], show: &Show) -> String {
    if users.is_empty() {
        return String::new();
    }
    let mut entries = Vec::new();
    for is_open in [false, true] {
        for op in OPS {
            let is_of = |it: &&ReportedChange| it.settled.change.op == op && is_open_one(it) == is_open;
            let group: Vec<&ReportedChange> = users.iter().filter(is_of).collect();
            entries.extend(group.iter().take(MAX_SHOWN).copied().map(Entry::Change));
            if let Some(first) = group.get(MAX_SHOWN) {
                entries.push(Entry::More(more(first), group.len() - MAX_SHOWN));
            }
        }
    }
    let table = Table {
        columns: Columns::of(users),
        entries,
        holds,
        show,
    };
    let text = table.drawn(&WIDE);
    if text.lines().any(|line| line.chars().count() > WIDTH) {
        return table.drawn(&NARROW);
    }
    text
}

/// What became, or is to become, of those that are not shown.
fn more(it: &ReportedChange) -> String {
    let op = it.settled.change.op;
    if it.is_planned || is_open_one(it) {
        format!("to {}", verb(op, true))
    } else {
        verb(op, false).to_owned()
    }
}

/// A line of the table.
enum Entry<'a> {
    Change(&'a ReportedChange),
    /// So many more of a kind.
    More(String, usize),
}

/// The columns between name and outcome: not every platform has phones, or rights that we give.
#[derive(Clone, Copy)]
struct Columns {
    phones: bool,
    grants: bool,
}

impl Columns {
    fn of(users: &[ReportedChange]) -> Columns {
        let changes = || users.iter().map(|it| &it.settled.change);
        let any = |has: fn(&User) -> bool| changes().any(|it| it.old.iter().chain(&it.new).any(has));
        let grants = any(|user| user.grant.is_some());
        Columns {
            phones: !grants || any(|user| user.phone.is_some()),
            grants,
        }
    }
}

struct Table<'a> {
    columns: Columns,
    entries: Vec<Entry<'a>>,
    /// Told after the table, so that their reasons need not stand at each change.
    holds: &'a [Hold],
    show: &'a Show,
}

impl Table<'_> {
    fn drawn(&self, shape: &Shape) -> String {
        let rows: Vec<Vec<String>> = self
            .entries
            .iter()
            .filter_map(|entry| match entry {
                Entry::Change(it) => Some(row(it, shape, self.columns, self.show)),
                Entry::More(..) => None,
            })
            .collect();
        let heights: Vec<usize> = rows.iter().map(|row| height(row)).collect();
        let table = aligned(rows, 2);
        let (mut lines, mut heights) = (table.split_inclusive('\n'), heights.into_iter());
        let mut text = String::with_capacity(table.len());
        for entry in &self.entries {
            match entry {
                Entry::Change(it) => {
                    text.extend(lines.by_ref().take(heights.next().unwrap_or(1)));
                    text.push_str(&self.cause(it));
                }
                Entry::More(what, more) => {
                    text.push_str(&format!("  … and {more} more {what}; --output json lists all\n"));
                }
            }
        }
        text
    }

    /// Why a change is open, or goes without what it wants.
    fn cause(&self, it: &ReportedChange) -> String {
        let settled = &it.settled;
        let is_done = settled.outcome == Outcome::Applied && !it.is_planned;
        let is_told_by_hold = settled.outcome == Outcome::Held
            && self
                .holds
                .iter()
                .any(|hold| settled.code.as_deref() == Some(hold.reason.word()));
        if is_done || is_told_by_hold {
            return String::new();
        }
        let detail = settled.detail.as_deref().map(|it| self.show.text(it));
        let code = settled.code.as_deref().map(|it| self.show.plain(it));
        // Some details say it themselves.
        let code = code.filter(|code| detail.as_ref().is_none_or(|it| !it.contains(code)));
        let status = settled.status.map(|it| format!("HTTP {it}"));
        let marks: Vec<String> = [code, status].into_iter().flatten().collect();
        let marks = marks.join(", ");
        let told = match (detail, marks.is_empty()) {
            (None, true) => return String::new(),
            (None, false) => marks,
            (Some(detail), true) => detail,
            (Some(detail), false) => format!("{detail} ({marks})"),
        };
        let without = if it.is_planned {
            "goes without the phone: "
        } else {
            ""
        };
        wrap(&format!("↳ {without}{told}"), 4)
    }
}

fn height(row: &[String]) -> usize {
    let lines = row.iter().map(|cell| cell.lines().count());
    lines.max().unwrap_or(1).max(1)
}

/// Whether nothing was, or will be, done for the change.
fn is_open_one(it: &ReportedChange) -> bool {
    !it.is_planned && it.settled.outcome != Outcome::Applied
}

fn row(it: &ReportedChange, shape: &Shape, columns: Columns, show: &Show) -> Vec<String> {
    let change = &it.settled.change;
    let outcome = if it.is_planned {
        ""
    } else {
        it.settled.outcome.word()
    };
    let name = match change.op {
        Op::Park if change.old.is_none() => "without a phone for a moment".to_owned(),
        _ => old_and_new(change, shape.arrow, |user| {
            cut(&show.plain(&user.name), shape.name_chars)
        }),
    };
    let mut cells = vec![
        verb(change.op, it.is_planned || is_open_one(it)).to_owned(),
        show.plain(change.id.as_str()),
        name,
    ];
    if columns.phones {
        cells.push(old_and_new(change, shape.arrow, |user| {
            show.phone(user.phone.as_ref())
        }));
    }
    if columns.grants {
        // Where rights are managed apart, other changes say nothing of them.
        let says_nothing = |user: &User| change.op != Op::Access && user.grant.is_none();
        cells.push(old_and_new(change, shape.arrow, |user| {
            match says_nothing(user) {
                true => String::new(),
                false => rights(user, show),
            }
        }));
    }
    cells.push(outcome.to_owned());
    cells
}

/// What somebody may do, in the platform's words.
pub(in crate::cli) fn rights(user: &User, show: &Show) -> String {
    match &user.grant {
        Some(grant) if grant.is_empty() => "none".to_owned(),
        Some(grant) => show.text(&grant.to_string()),
        None => "not known".to_owned(),
    }
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
