//! One person explained: in the CRM, by the rules, on the platform, in the past, and next.

use super::findings::sentence;
use super::json::Error;
use super::{Show, date, wrap};
use crate::domain::employee::{Employee, PhoneWish};
use crate::domain::finding::{Finding, FindingKind};
use crate::domain::memory::{Hold, Millis, Origin, Remembered};
use crate::domain::outcome::{Change, Op, Outcome};
use crate::domain::table::{Column, Row};
use crate::domain::user::{User, UserId};
use crate::reconcile::{Person, ReportedChange, due_at};
use crate::store::{AccountState, OpenHold, OpenOutcome, PastOutcome, RequestRecord};

mod document;

pub(in crate::cli) use document::document;

/// Fewer digits than this are no number that anybody could call.
const MIN_MASKED_DIGITS: usize = 6;

/// All that is known of one person.
#[derive(Debug)]
pub(in crate::cli) struct Case {
    pub(in crate::cli) account: String,
    pub(in crate::cli) id: UserId,
    /// The account is not in the configuration.
    pub(in crate::cli) is_retired: bool,
    pub(in crate::cli) state: AccountState,
    /// If the user is ours.
    pub(in crate::cli) managed: Option<Remembered>,
    /// If the user is not.
    pub(in crate::cli) foreign: Option<User>,
    pub(in crate::cli) findings: Vec<Finding>,
    pub(in crate::cli) open: Vec<OpenOutcome>,
    pub(in crate::cli) holds: Vec<OpenHold>,
    /// The newest first.
    pub(in crate::cli) history: Vec<PastOutcome>,
    /// The newest first.
    pub(in crate::cli) requests: Vec<RequestRecord>,
    pub(in crate::cli) live: Option<Live>,
}

/// What was read now.
#[derive(Debug)]
pub(in crate::cli) struct Live {
    pub(in crate::cli) person: Person,
    pub(in crate::cli) is_crm_read: bool,
    /// What the next run would do, and what is open.
    pub(in crate::cli) planned: Vec<ReportedChange>,
    pub(in crate::cli) holds: Vec<Hold>,
    /// Why not all could be read.
    pub(in crate::cli) error: Option<Error>,
}

/// How the person stands: the first that fits.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Verdict {
    Quarantined,
    Held,
    Open,
    Planned,
    Foreign,
    Kept,
    Synced,
    Inactive,
    Gone,
    Unclear,
}

impl Verdict {
    fn word(self) -> &'static str {
        match self {
            Verdict::Quarantined => "quarantined",
            Verdict::Held => "held",
            Verdict::Open => "open",
            Verdict::Planned => "planned",
            Verdict::Foreign => "foreign",
            Verdict::Kept => "kept",
            Verdict::Synced => "in_sync",
            Verdict::Inactive => "inactive",
            Verdict::Gone => "gone",
            Verdict::Unclear => "unclear",
        }
    }

    fn sentence(self) -> &'static str {
        match self {
            Verdict::Quarantined => {
                "The row in the CRM can't be used: nothing is sent for it, and a user of that id is left exactly as it is."
            }
            Verdict::Held => "A change waits for a person to decide.",
            Verdict::Open => "A change was planned and is not done yet.",
            Verdict::Planned => "The next run changes something.",
            Verdict::Foreign => "A user of the platform that is not ours: left alone.",
            Verdict::Kept => "No active employee, and the user stays, by setting or decision.",
            Verdict::Synced => "In sync.",
            Verdict::Inactive => "Not active in the CRM, so there is no user, as it should be.",
            Verdict::Gone => "There is no user any more.",
            Verdict::Unclear => "Too little is known to say.",
        }
    }
}

impl Case {
    /// A person of whom nothing is known.
    pub(in crate::cli) fn of(account: &str, id: UserId) -> Case {
        Case {
            account: account.to_owned(),
            id,
            is_retired: false,
            state: AccountState::default(),
            managed: None,
            foreign: None,
            findings: Vec::new(),
            open: Vec::new(),
            holds: Vec::new(),
            history: Vec::new(),
            requests: Vec::new(),
            live: None,
        }
    }

    /// Whether anybody knows the person.
    pub(in crate::cli) fn is_known(&self) -> bool {
        let person = self.live.as_ref().map(|it| &it.person);
        let is_read = person.is_some_and(|it| !it.rows.is_empty() || it.user.is_some());
        is_read
            || self.managed.is_some()
            || self.foreign.is_some()
            || !(self.findings.is_empty() && self.open.is_empty() && self.holds.is_empty())
            || !(self.history.is_empty() && self.requests.is_empty())
    }

    /// The user as the platform showed it last.
    fn user(&self) -> Option<&User> {
        match &self.live {
            Some(live) if live.person.is_platform_read => live.person.user.as_ref(),
            _ => self
                .managed
                .as_ref()
                .and_then(|it| it.observed.as_ref())
                .or(self.foreign.as_ref()),
        }
    }

    fn employee(&self) -> Option<&Employee> {
        self.live.as_ref()?.person.employee.as_ref()
    }

    /// Whether the user is there and not ours.
    fn is_foreign(&self) -> bool {
        self.managed.is_none() && self.user().is_some()
    }

    fn has_finding(&self, kind: FindingKind) -> bool {
        self.findings.iter().any(|it| it.kind == kind)
    }

    fn is_quarantined(&self) -> bool {
        match &self.live {
            Some(live) if live.is_crm_read => live.person.is_quarantined,
            _ => self.findings.iter().any(|it| sets_aside(it.kind)),
        }
    }

    fn verdict(&self) -> Verdict {
        let live_holds = self.live.as_ref().is_some_and(|it| !it.holds.is_empty());
        let is_planned = self.live.as_ref().is_some_and(|it| !it.planned.is_empty());
        let is_inactive = self.employee().is_some_and(|it| !it.is_active);
        if self.is_quarantined() {
            Verdict::Quarantined
        } else if live_holds || (self.live.is_none() && !self.holds.is_empty()) {
            Verdict::Held
        } else if !self.open.is_empty() {
            Verdict::Open
        } else if is_planned {
            Verdict::Planned
        } else if self.is_foreign() {
            Verdict::Foreign
        } else if self.has_finding(FindingKind::LeaverKept) {
            Verdict::Kept
        } else if self.user().is_some() {
            Verdict::Synced
        } else if is_inactive {
            Verdict::Inactive
        } else if !self.history.is_empty() {
            Verdict::Gone
        } else {
            Verdict::Unclear
        }
    }
}

/// Whether a row with such a finding is not used at all.
fn sets_aside(kind: FindingKind) -> bool {
    matches!(
        kind,
        FindingKind::IdInvalid
            | FindingKind::IdDuplicate
            | FindingKind::ActiveUnreadable
            | FindingKind::NameMissing
            | FindingKind::EmailMissing
            | FindingKind::EmailDuplicate
    )
}

/// The explanation for people.
pub(in crate::cli) fn text(case: &Case, now: Millis, show: &Show) -> String {
    let name = case.user().map(|it| it.name.to_string());
    let name = name.or_else(|| Some(case.employee()?.name.to_string()));
    let heading = [
        format!("{}:", show.plain(&case.account)),
        show.plain(case.id.as_str()),
        show.plain(&name.unwrap_or_default()),
    ];
    let mut text = format!("{}\n", show.heading(heading.join(" ").trim_end()));
    text.push_str(&wrap(case.verdict().sentence(), 0));
    let mut section = |title: &str, lines: Vec<String>| {
        if !lines.is_empty() {
            text.push_str(&format!("\n{}\n", show.heading(title)));
        }
        for line in lines {
            text.push_str(&wrap(&line, 2));
        }
    };
    section("In the CRM", crm(case, show));
    section("By the rules", rules(case, show));
    section("On the platform", platform(case, show));
    section("What was done", past(case, show));
    section("What comes next", next(case, now, show));
    text
}

fn crm(case: &Case, show: &Show) -> Vec<String> {
    let Some(live) = &case.live else {
        let read = match case.state.rows {
            Some(n) => format!("The last read had {n} rows, which are not kept; --live reads the table now."),
            None => "Not read yet; --live reads the table now.".to_owned(),
        };
        return vec![read];
    };
    if !live.is_crm_read {
        return vec!["Could not be read now.".to_owned()];
    }
    match live.person.rows.as_slice() {
        [] => vec!["No row has this id.".to_owned()],
        rows => rows.iter().map(|it| cells(it, show)).collect(),
    }
}

/// A row as it is, column by column; what the query does not yield looks like NULL.
fn cells(row: &Row, show: &Show) -> String {
    let cells = Column::ALL
        .into_iter()
        .filter_map(|column| Some(format!("{} \"{}\"", column.name(), cell(row, column, show)?)));
    cells.collect::<Vec<_>>().join(", ")
}

fn cell(row: &Row, column: Column, show: &Show) -> Option<String> {
    let raw = row.get(column)?;
    let shown = match column {
        Column::Phone | Column::Phone2 | Column::Phone3 if !show.show_phones => masked(raw),
        _ => raw.to_owned(),
    };
    Some(show.plain(&shown))
}

/// Free text with all digits but the last two hidden, as it is written: how it is written may be what is wrong.
fn masked(raw: &str) -> String {
    let n_digits = raw.chars().filter(|it| it.is_numeric()).count();
    if n_digits < MIN_MASKED_DIGITS {
        return raw.to_owned();
    }
    let mut left = n_digits;
    raw.chars()
        .map(|it| {
            if !it.is_numeric() {
                return it;
            }
            left -= 1;
            if left < 2 { it } else { '*' }
        })
        .collect()
}

fn rules(case: &Case, show: &Show) -> Vec<String> {
    let mut lines = Vec::new();
    if let Some(it) = case.employee() {
        let phone = match &it.phone {
            PhoneWish::Unmanaged => "phone not managed".to_owned(),
            PhoneWish::None => "no phone".to_owned(),
            PhoneWish::Invalid => "no valid phone".to_owned(),
            PhoneWish::Number(phone) => format!("phone {}", show.phone(Some(phone))),
        };
        let grant = it.grant.as_ref().map(|it| {
            let words: Vec<String> = it.words().map(|it| show.plain(it)).collect();
            format!(", access {}", words.join(" "))
        });
        let active = if it.is_active {
            "active: shall have a user"
        } else {
            "not active: shall have no user"
        };
        lines.push(format!(
            "id \"{}\", name \"{}\", {phone}{}; {active}",
            show.plain(it.id.as_str()),
            show.plain(&it.name),
            grant.unwrap_or_default()
        ));
    }
    lines.extend(case.findings.iter().map(|it| {
        format!(
            "{} ({}): {}",
            sentence(it.kind),
            it.kind.word(),
            show.text(&it.detail)
        )
    }));
    lines
}

/// A user in words.
fn user_text(user: &User, show: &Show) -> String {
    let mut text = format!("\"{}\"", show.plain(&user.name));
    if let Some(phone) = &user.phone {
        text.push_str(&format!(", phone {}", show.phone(Some(phone))));
    }
    if let Some(grant) = &user.grant {
        let words: Vec<String> = grant.words().map(|it| show.plain(it)).collect();
        text.push_str(&format!(", access {}", words.join(" ")));
    }
    text
}

fn platform(case: &Case, show: &Show) -> Vec<String> {
    let mut lines = Vec::new();
    let is_read = case.live.as_ref().is_some_and(|it| it.person.is_platform_read);
    if let Some(error) = case.live.as_ref().and_then(|it| it.error.as_ref()) {
        lines.push(format!(
            "Not all could be read now: {} ({})",
            error.message, error.code
        ));
    }
    let seen = match (is_read, case.state.verified_at) {
        (true, _) => "read now".to_owned(),
        (false, Some(at)) => format!("as last read; its whole list at {}", date(at)),
        (false, None) => "its list was never read".to_owned(),
    };
    lines.push(match case.user() {
        Some(user) => format!("{} ({seen})", user_text(user, show)),
        None => format!("No user of this id ({seen})."),
    });
    if let Some(it) = &case.managed {
        let origin = match it.origin {
            Origin::Created => "created by us",
            Origin::Adopted => "it was there under an employee's id",
            Origin::Claimed => "claimed by a person",
        };
        lines.push(format!("Ours since {}: {origin}.", date(it.since)));
        if let Some(since) = it.absent_since {
            lines.push(format!(
                "Complete reads of the CRM lack the row since {}.",
                date(since)
            ));
        }
    }
    lines
}

/// Changes and requests, the newest first.
fn past(case: &Case, show: &Show) -> Vec<String> {
    let mut lines: Vec<(Millis, String)> = Vec::new();
    for it in &case.history {
        let settled = &it.settled;
        let at = it.ended_at.unwrap_or(Millis(i64::MAX));
        let ended = it.ended_at.map_or("under way".to_owned(), date);
        let outcome = match settled.outcome {
            Outcome::Applied => "applied and read back",
            other => other.word(),
        };
        lines.push((
            at,
            format!(
                "{ended} planned {}: {outcome}{} (run {})",
                change_text(&settled.change, show),
                cause(settled.code.as_deref(), settled.detail.as_deref(), show),
                it.run
            ),
        ));
    }
    for it in &case.requests {
        let name = it.users.first().and_then(|user| user.name.as_deref());
        let sent = name.map(|it| format!(" \"{}\"", show.plain(it)));
        let phone = it.users.first().and_then(|user| user.phone.as_ref());
        let phone = phone.map(|it| format!(", phone {}", show.phone(Some(it))));
        let answer = it.answer.as_deref().unwrap_or("no answer on record");
        let status = it.status.map(|it| format!(", HTTP {it}"));
        lines.push((
            it.sent_at,
            format!(
                "{} sent {}{}{}; answer: {answer}{}{}",
                date(it.sent_at),
                super::json::verb(it.verb),
                sent.unwrap_or_default(),
                phone.unwrap_or_default(),
                status.unwrap_or_default(),
                cause(it.code.as_deref(), it.text.as_deref(), show)
            ),
        ));
    }
    // Stable: of one instant, what a run came to stands above what it sent.
    lines.sort_by_key(|(at, _)| std::cmp::Reverse(*at));
    lines.into_iter().map(|(_, line)| line).collect()
}

fn cause(code: Option<&str>, detail: Option<&str>, show: &Show) -> String {
    match (code, detail) {
        (None, None) => String::new(),
        (Some(code), None) => format!(", {}", show.plain(code)),
        (None, Some(detail)) => format!(": {}", show.text(detail)),
        (Some(code), Some(detail)) => format!(", {}: {}", show.plain(code), show.text(detail)),
    }
}

fn change_text(change: &Change, show: &Show) -> String {
    let user = |it: &Option<User>| it.as_ref().map_or("nothing".to_owned(), |it| user_text(it, show));
    match change.op {
        Op::Create => format!("create {}", user(&change.new)),
        Op::Delete => format!("delete {}", user(&change.old)),
        op => format!("{} {} → {}", op.word(), user(&change.old), user(&change.new)),
    }
}

/// What will happen, and when.
fn next(case: &Case, now: Millis, show: &Show) -> Vec<String> {
    let mut lines = Vec::new();
    let command = &show.command;
    let account = crate::cli::desk::quoted(&case.account);
    if case.is_retired {
        return vec!["Nothing: the account is not in the configuration any more.".to_owned()];
    }
    if case.state.is_paused {
        lines.push(format!(
            "The account is paused: nothing before `{command} resume {account}`."
        ));
    }
    for it in &case.holds {
        lines.push(format!(
            "Held by {} since {}: {}. To decide: `{command} holds approve {}`, or `reject`.",
            it.hold.reason.word(),
            date(it.since),
            show.text(&it.hold.detail).trim_end_matches('.'),
            it.id
        ));
    }
    for it in &case.open {
        lines.push(format!(
            "{} is open ({}{}) since {}, tried {} in this way, last at {}. {}",
            it.op.word(),
            it.outcome.word(),
            cause(it.code.as_deref(), it.detail.as_deref(), show),
            date(it.since),
            times(it.tries),
            date(it.last_tried),
            again(it, now)
        ));
    }
    let live = case.live.as_ref();
    for it in live
        .into_iter()
        .flat_map(|it| &it.planned)
        .filter(|it| it.is_planned)
    {
        let settled = &it.settled;
        lines.push(format!(
            "The next run plans: {}{}",
            change_text(&settled.change, show),
            cause(settled.code.as_deref(), settled.detail.as_deref(), show)
        ));
    }
    let is_on_record = |hold: &Hold| case.holds.iter().any(|it| it.hold.digest == hold.digest);
    for it in live
        .into_iter()
        .flat_map(|it| &it.holds)
        .filter(|it| !is_on_record(it))
    {
        lines.push(format!(
            "The next run holds this: {}: {}",
            it.reason.word(),
            show.text(&it.detail)
        ));
    }
    match case.verdict() {
        Verdict::Quarantined => lines.push("Nothing, until the row is mended in the CRM.".to_owned()),
        Verdict::Foreign => lines.push(format!(
            "Nothing. `{command} foreign claim {account} {}` makes the user ours.",
            crate::cli::desk::quoted(case.id.as_str())
        )),
        _ if lines.is_empty() => lines.push("Nothing, until the row or the platform changes.".to_owned()),
        _ => {}
    }
    lines
}

fn times(n: u32) -> String {
    match n {
        1 => "once".to_owned(),
        n => format!("{n} times"),
    }
}

fn again(open: &OpenOutcome, now: Millis) -> String {
    match (due_at(open), open.outcome) {
        (Some(at), _) if at <= now => "Tried again at the next run.".to_owned(),
        (Some(at), _) => format!(
            "The service tries again from {} on, or when the row changes; `reconcile` tries at once.",
            date(at)
        ),
        (None, Outcome::Held) => "It waits for the decision.".to_owned(),
        (None, _) => "Tried again when a seat is freed, or when the list is read next.".to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::masked;

    #[test]
    fn a_cell_is_masked_as_it_is_written() {
        assert_eq!(masked("+371 26-123-456"), "+*** **-***-*56");
        assert_eq!(masked("12"), "12");
        assert_eq!(masked("ask Anna"), "ask Anna");
    }
}
