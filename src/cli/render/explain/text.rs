//! The explanation for people, a section for each question.

use super::{Case, Verdict};
use crate::cli::desk::quoted;
use crate::cli::render::findings::sentence;
use crate::cli::render::{Show, date, json, wrap};
use crate::domain::employee::PhoneWish;
use crate::domain::memory::{Hold, Millis, Origin};
use crate::domain::outcome::{Change, Op, Outcome};
use crate::domain::table::{Column, Row};
use crate::domain::user::User;
use crate::reconcile::due_at;
use crate::store::OpenOutcome;

/// Fewer digits than this are no number that anybody could call.
const MIN_MASKED_DIGITS: usize = 6;

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

/// One cell; `None` for NULL and for what the query does not yield.
pub(super) fn cell(row: &Row, column: Column, show: &Show) -> Option<String> {
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
                json::verb(it.verb),
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
    match (code, detail.filter(|it| !it.is_empty())) {
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
pub(super) fn next(case: &Case, now: Millis, show: &Show) -> Vec<String> {
    let mut lines = Vec::new();
    let command = &show.command;
    let account = quoted(&case.account);
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
            quoted(case.id.as_str())
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
