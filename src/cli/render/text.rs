//! Reports for people: a heading for each account, what was changed, what to mend, what to decide, and at
//! the end one line that says it all.

use std::collections::BTreeMap;

use super::style::Tone;
use super::{Show, changes, count, findings, holds, wrap};
use crate::cli::passes::End;
use crate::domain::outcome::{Op, Outcome};
use crate::domain::user::UserId;
use crate::reconcile::{AccountReport, PlannedBatch, RunResult, Stop};
use crate::source::SourceError;

/// So many requests of a plan are shown.
const MAX_REQUESTS: usize = 50;

/// The reports of several accounts.
pub(in crate::cli) fn reports(ends: &[End], show: &Show) -> String {
    let mut text = String::new();
    let is_quiet = |end: &End| body(end, show).is_empty();
    for end in ends {
        let body = body(end, show);
        if !body.is_empty() {
            text.push_str(&format!(
                "{}\n{body}",
                show.heading(&show.plain(&end.report.account))
            ));
        }
        text.push_str(&last_line(end, show));
        if !body.is_empty() && ends.len() > 1 {
            text.push('\n');
        }
    }
    if ends.len() > 1 {
        if ends.last().is_some_and(is_quiet) {
            text.push('\n');
        }
        text.push_str(&total(ends));
    }
    text
}

/// All but the last line; empty if there is nothing to tell.
fn body(end: &End, show: &Show) -> String {
    let report = &end.report;
    let mut text = changes::changes(&report.users, &report.holds, show);
    if report.unlisted > 0 {
        text.push_str(&format!(
            "  … and {} without a seat, who are only counted\n",
            count(report.unlisted, "more employee")
        ));
    }
    text.push_str(&requests(&report.batches));
    text.push_str(&findings::findings(&report.findings, show));
    let names = names(report);
    for hold in &report.holds {
        let id = end.hold_ids.get(&hold.digest).map(String::as_str);
        text.push_str(&holds::hold(hold, id, &names, show));
    }
    if report.foreign > 0 && !text.is_empty() {
        text.push_str(&wrap(
            &format!(
                "{} on the platform not ours: left alone; `{} foreign` lists them",
                count(report.foreign, "user"),
                show.command
            ),
            2,
        ));
    }
    if let Some(stop) = &report.stop {
        let said = show.text(&crate::text::chain(stop));
        text.push_str(&wrap(&format!("error: {said}"), 2));
        text.push_str(&wrap(&advice(stop, report), 2));
    }
    text
}

/// The names that the report knows.
fn names(report: &AccountReport) -> BTreeMap<&UserId, &str> {
    let changes = report.users.iter().map(|it| &it.settled.change);
    changes
        .filter_map(|it| Some((&it.id, &*it.old.as_ref().or(it.new.as_ref())?.name)))
        .collect()
}

/// The requests of a plan, in order.
fn requests(batches: &[PlannedBatch]) -> String {
    let mut text = String::new();
    for (idx, batch) in batches.iter().take(MAX_REQUESTS).enumerate() {
        let PlannedBatch { method, path, users } = batch;
        let users = count(users.len(), "user");
        text.push_str(&format!("  request {}: {method} {path}, {users}\n", idx + 1));
    }
    if batches.len() > MAX_REQUESTS {
        let more = batches.len() - MAX_REQUESTS;
        text.push_str(&format!(
            "  … and {more} more requests; --output json lists all\n"
        ));
    }
    text
}

/// What to do about a failure.
fn advice(stop: &Stop, report: &AccountReport) -> String {
    let account = &report.account;
    match stop {
        Stop::Misconfigured(_) if report.run.is_some() => {
            "The users are kept in sync, their rights are not. Mend the configuration; `check` tells if it is right.".to_owned()
        }
        Stop::Misconfigured(_) => "Nothing was sent for this account. Mend the configuration; the others go on.".to_owned(),
        Stop::Source(SourceError::Unreachable { .. }) => {
            "Nothing was sent: without a complete read nobody can be said to have left. Check address, network \
             and password of the source; the next run tries again."
                .to_owned()
        }
        Stop::Source(SourceError::Unusable { .. }) => {
            "Nothing was sent. Mend the query of the source, or the table that it reads.".to_owned()
        }
        Stop::AllQuarantined(_) => {
            "Nothing was sent. Every row has a finding; often it is one column of the query that is wrong.".to_owned()
        }
        Stop::Store(_) | Stop::NotKept(_) => "Nothing can be sent without the store, because nothing could be remembered.".to_owned(),
        Stop::Refused(_) => format!(
            "Check the credential that accounts[{account}].target names: is it still valid, and of this platform? \
             Another one is tried at once; the same one when the account is named to `reconcile`, else after 5 \
             minutes, an hour, then daily."
        ),
        Stop::RateLimited(_) => "What is left is done by the next run; a lower [http] requests_per_second helps.".to_owned(),
        Stop::Unreachable(_) => {
            "What was sent is journalled, and the next run reads before it sends. Check network and base_url.".to_owned()
        }
        Stop::Unreadable(_) => "Nothing is done on a list that can't be trusted. The next run reads again.".to_owned(),
        Stop::ContractChanged(_) => {
            "The run stopped before it did harm. Look at one refused user; if the platform changed its rules, a newer \
             version of this program is needed."
                .to_owned()
        }
        Stop::Halted => "The next run goes on where this one ended.".to_owned(),
        Stop::Paused => "Nothing was read or sent. The command `resume` lifts the pause.".to_owned(),
        Stop::OutOfTime => "The next run goes on where this one ended; [daemon] max_run sets the time.".to_owned(),
        Stop::Stale(_) => "Nothing was sent. Plan again, look at it, and apply the new file.".to_owned(),
        Stop::Bug(_) => {
            "Nothing was sent. This is a bug of wazzup-sync: please report it with the output of `plan --output json`."
                .to_owned()
        }
    }
}

/// The result of an account in one line.
pub(in crate::cli) fn last_line(end: &End, show: &Show) -> String {
    let report = &end.report;
    let account = show.plain(&report.account);
    let told = match (&report.stop, report.plan_digest.as_ref()) {
        (Some(Stop::Paused), _) => "paused".to_owned(),
        (Some(stop), _) if end.result == RunResult::Failed => format!("failed ({})", stop.code()),
        (_, Some(_)) => planned(report),
        _ => done(end),
    };
    let line = format!("{account}: {told}");
    let tone = match end.result {
        RunResult::InSync => Tone::Good,
        RunResult::Partial | RunResult::Held | RunResult::Busy => Tone::Warning,
        RunResult::Failed => Tone::Bad,
    };
    format!("{}\n", show.style.paint(tone, &line))
}

/// What a plan comes to.
fn planned(report: &AccountReport) -> String {
    let of = |op| {
        let is_of = |it: &&crate::reconcile::ReportedChange| it.is_planned && it.settled.change.op == op;
        report.users.iter().filter(is_of).count()
    };
    let parts = [
        (of(Op::Create), "to create"),
        (of(Op::Update), "to update"),
        (of(Op::Delete), "to delete"),
        (of(Op::Access), "to get other rights"),
        (of(Op::Park), "to park for a moment"),
    ];
    let mut parts: Vec<String> = numbered(parts);
    parts.extend(open_counts(report));
    let rows = report.rows.map(|it| count(it, "employee")).unwrap_or_default();
    match (parts.is_empty(), report.batches.len()) {
        (true, 0) => format!("in sync ({rows}, nothing to do); nothing was sent"),
        (_, 0) => format!("{}; nothing was sent", parts.join(", ")),
        (_, n) => format!(
            "{} in {}; nothing was sent",
            parts.join(", "),
            count(n, "request")
        ),
    }
}

/// What a pass came to.
fn done(end: &End) -> String {
    let report = &end.report;
    let rows = report.rows.map(|it| count(it, "employee")).unwrap_or_default();
    let took = took(report.duration);
    let applied = report
        .users
        .iter()
        .filter(|it| it.settled.outcome == Outcome::Applied && it.settled.change.op != Op::Park)
        .count();
    let mut parts = numbered([(applied, "applied")]);
    parts.extend(open_parts(report));
    let mend = match report.findings.len() {
        0 => String::new(),
        n => format!("{n} to mend in the CRM, "),
    };
    match end.result {
        RunResult::Busy => "busy — another process is at work on this remote; try again later".to_owned(),
        RunResult::InSync if parts.is_empty() => format!("in sync ({rows}, nothing to do, {mend}{took})"),
        RunResult::InSync => format!("in sync ({rows}, {}, {mend}{took})", parts.join(", ")),
        RunResult::Partial if open_parts(report).is_empty() && report.stop.is_none() => {
            parts.push(format!("{} (--strict)", count(report.findings.len(), "finding")));
            format!("partial — {}", parts.join(", "))
        }
        RunResult::Partial | RunResult::Held | RunResult::Failed => {
            if parts.is_empty() {
                parts.push(count(report.holds.len(), "hold"));
            }
            format!("{} — {}", end.result.word(), parts.join(", "))
        }
    }
}

/// Open changes, by outcome: the last word is that they are, or for whom they wait.
fn open_parts(report: &AccountReport) -> Vec<String> {
    let mut parts = open_counts(report);
    if let Some(last) = parts.last_mut().filter(|it| !it.ends_with(WAITING)) {
        last.push_str(" open");
    }
    parts
}

/// What is said of held changes: who has to do something.
const WAITING: &str = "waiting for a decision";

/// Changes that are open, or will be, by outcome.
fn open_counts(report: &AccountReport) -> Vec<String> {
    let of = |outcome| {
        let users = report
            .users
            .iter()
            .filter(|it| !it.is_planned && it.settled.change.op != Op::Park);
        users.filter(|it| it.settled.outcome == outcome).count()
    };
    let parts = [
        (of(Outcome::Conflict), "conflict"),
        (of(Outcome::Rejected), "rejected"),
        (of(Outcome::Deferred) + report.unlisted, "deferred"),
        (of(Outcome::Unknown), "unknown"),
        (of(Outcome::Held), WAITING),
    ];
    numbered(parts)
}

/// Numbers with their words, without those of nothing.
fn numbered<const N: usize>(parts: [(usize, &str); N]) -> Vec<String> {
    let parts = parts.into_iter().filter(|(n, _)| *n > 0);
    parts.map(|(n, word)| format!("{n} {word}")).collect()
}

fn took(duration: std::time::Duration) -> String {
    match duration.as_millis() {
        millis if millis < 10_000 => format!("{millis} ms"),
        millis => format!("{} s", millis / 1000),
    }
}

/// All accounts in one line.
fn total(ends: &[End]) -> String {
    let of = |result| ends.iter().filter(|it| it.result == result).count();
    let parts = numbered([
        (of(RunResult::InSync), "in sync"),
        (of(RunResult::Partial), "partial"),
        (of(RunResult::Held), "held"),
        (of(RunResult::Busy), "busy"),
        (of(RunResult::Failed), "failed"),
    ]);
    format!("total: {} — {}\n", count(ends.len(), "account"), parts.join(", "))
}
