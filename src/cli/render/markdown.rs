//! A plan for a ticket or a merge request.

use super::changes::rights;
use super::table::cut;
use super::{MAX_SHOWN, Show, count, findings, text};
use crate::cli::passes::End;
use crate::domain::outcome::{Op, Outcome};
use crate::domain::user::User;
use crate::reconcile::ReportedChange;

/// The plans of several accounts.
pub(in crate::cli) fn plans(ends: &[End], show: &Show) -> String {
    let mut text = String::from("## Plan of wazzup-sync\n\nNothing was sent.\n");
    for end in ends {
        text.push_str(&one_plan(end, show));
    }
    text
}

fn one_plan(end: &End, show: &Show) -> String {
    let report = &end.report;
    let last_line = text::last_line(end, show);
    let mut out = format!(
        "\n### {}\n\n{}\n",
        escaped(&report.account, show),
        line(&last_line)
    );
    if let Some(stop) = &report.stop {
        out.push_str(&format!(
            "\n**{}**: {}\n",
            stop.code(),
            escaped(&stop.to_string(), show)
        ));
    }
    if !report.users.is_empty() || report.unlisted > 0 {
        out.push_str("\n| | id | name | phone | |\n|---|---|---|---|---|\n");
    }
    for op in [Op::Delete, Op::Park, Op::Update, Op::Create, Op::Access] {
        let group: Vec<_> = report
            .users
            .iter()
            .filter(|it| it.settled.change.op == op)
            .collect();
        for it in group.iter().take(MAX_SHOWN) {
            out.push_str(&row(it, show));
        }
        if group.len() > MAX_SHOWN {
            let more = group.len() - MAX_SHOWN;
            out.push_str(&format!("| {} | … and {more} more | | | |\n", op.word()));
        }
    }
    if report.unlisted > 0 {
        let more = format!("… and {} more without a seat", report.unlisted);
        out.push_str(&format!("| {} | {more} | | | |\n", Op::Create.word()));
    }
    for hold in &report.holds {
        let users = count(hold.users.len(), "user");
        let detail = escaped(&hold.detail, show);
        out.push_str(&format!(
            "\n**Held ({})**, {users}: {detail}\n",
            hold.reason.word()
        ));
    }
    if !report.batches.is_empty() {
        out.push_str("\nRequests, in order:\n\n");
    }
    for (idx, batch) in report.batches.iter().take(MAX_SHOWN).enumerate() {
        let users = count(batch.users.len(), "user");
        out.push_str(&format!(
            "{}. `{} {}`, {users}\n",
            idx + 1,
            batch.method,
            batch.path
        ));
    }
    if report.batches.len() > MAX_SHOWN {
        out.push_str(&format!("\n… and {} more\n", report.batches.len() - MAX_SHOWN));
    }
    if !report.findings.is_empty() {
        out.push_str(&format!(
            "\nTo mend in the CRM: {}\n",
            findings::summary(&report.findings)
        ));
    }
    out
}

fn row(it: &ReportedChange, show: &Show) -> String {
    let change = &it.settled.change;
    let side = |value: &dyn Fn(&User) -> String| match (&change.old, &change.new) {
        (None, None) => String::new(),
        (Some(user), None) | (None, Some(user)) => value(user),
        (Some(old), Some(new)) => {
            let (old, new) = (value(old), value(new));
            if old == new {
                new
            } else {
                format!("{old} → {new}")
            }
        }
    };
    let mut note = match it.is_planned {
        true => String::new(),
        false => it.settled.outcome.word().to_owned(),
    };
    if it.settled.outcome != Outcome::Applied {
        let detail = it.settled.detail.as_deref().or(it.settled.code.as_deref());
        if let Some(detail) = detail {
            note = format!("{note} {}", escaped(detail, show)).trim().to_owned();
        }
    }
    format!(
        "| {} | {} | {} | {} | {note} |\n",
        change.op.word(),
        escaped(change.id.as_str(), show),
        side(&|user| escaped(&cut(&user.name, 60), show)),
        side(&|user| match change.op {
            Op::Access => escaped(&rights(user, show), show),
            _ => show.phone(user.phone.as_ref()).replace('*', "\\*"),
        }),
    )
}

/// Outside text that means nothing to Markdown and stays in its cell.
fn escaped(raw: &str, show: &Show) -> String {
    let mut text = String::new();
    for char in show.text(raw).chars() {
        if "\\`*_{}[]<>()#+-!|~&@".contains(char) {
            text.push('\\');
        }
        text.push(char);
    }
    text
}

fn line(text: &str) -> String {
    text.trim_end().replace('|', "\\|")
}
