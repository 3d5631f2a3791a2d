//! What `check` found: the configuration in short, and for each account whether everything answers and what
//! its next reconcile would do.

use super::style::Tone;
use super::table::aligned;
use super::{Show, count, findings, wrap};
use crate::cli::exit::Exit;
use crate::cli::passes::End;
use crate::domain::outcome::{Op, Outcome};
use crate::domain::table::Column;
use crate::reconcile::{AccountReport, Census, Stop};
use crate::settings::{AccountSettings, DatabaseUrl, Settings, SourceRead, SourceSettings, StoreUrl};
use crate::source::Database;
use crate::text::chain;

/// One account that was looked at.
pub(in crate::cli) struct Checked {
    pub(in crate::cli) end: End,
    /// What the platform said, where the source kept the plan from asking it.
    pub(in crate::cli) target: Option<Result<(), Stop>>,
    /// What will stop working, or means something else than it seems to.
    pub(in crate::cli) warnings: Vec<Warning>,
}

/// Something that works today and should be looked at.
pub(in crate::cli) struct Warning {
    /// For programs.
    pub(in crate::cli) code: &'static str,
    /// For people.
    pub(in crate::cli) text: String,
}

/// The configuration in short.
pub(in crate::cli) fn configuration(settings: &Settings, show: &Show) -> String {
    let daemon = &settings.daemon;
    let mut rows = vec![
        vec!["store".to_owned(), store(settings)],
        vec![
            "schedule".to_owned(),
            format!("{} ({})", daemon.schedule.line(), daemon.timezone),
        ],
    ];
    for source in settings.sources.values() {
        rows.push(vec![
            "source".to_owned(),
            show.plain(&source.name),
            kind_of(source),
        ]);
    }
    for account in &settings.accounts {
        rows.push(vec![
            "account".to_owned(),
            show.plain(&account.name),
            account_line(account, show),
        ]);
    }
    let mut text = format!("{}\n", show.heading("Configuration"));
    // Apart, so that a long path does not push the columns of the others away.
    text.push_str(&aligned(rows.drain(..2), 2));
    text.push_str(&aligned(rows, 2));
    text
}

fn store(settings: &Settings) -> String {
    match &settings.store.url {
        StoreUrl::Sqlite(path) => path.display().to_string(),
        StoreUrl::Server(_) => "a database server".to_owned(),
    }
}

fn kind_of(source: &SourceSettings) -> String {
    let database = match &source.url {
        DatabaseUrl::Plain { database, .. } => match database {
            Database::Postgres => "PostgreSQL",
            Database::MySql => "MySQL or MariaDB",
            Database::Sqlite => "SQLite",
        },
        DatabaseUrl::Reference(_) => "an address from a secret",
    };
    match &source.read {
        SourceRead::Query(_) => format!("{database}, a query"),
        SourceRead::Preset { preset, .. } => format!("{database}, preset {}", preset.name),
    }
}

fn account_line(account: &AccountSettings, show: &Show) -> String {
    let state = if account.enabled { "" } else { ", disabled" };
    format!(
        "{} → {} {}, leavers: {}{state}",
        show.plain(&account.source),
        account.target.kind().word(),
        account.target.base_url,
        account.removal.word()
    )
}

/// What each account answered.
pub(in crate::cli) fn accounts(checked: &[Checked], show: &Show) -> String {
    let mut text = String::new();
    for it in checked {
        text.push_str(&format!(
            "\n{}\n",
            show.heading(&show.plain(&it.end.report.account))
        ));
        text.push_str(&aligned(rows(it, show), 2));
        text.push_str(&findings::findings(&it.end.report.findings, show));
    }
    text
}

fn rows(it: &Checked, show: &Show) -> Vec<Vec<String>> {
    let report = &it.end.report;
    let mut rows = Vec::new();
    let mut row = |what: &str, told: String| rows.push(vec![what.to_owned(), folded(&told)]);
    let said = report.stop.as_ref().map(|stop| show.text(&chain(stop)));
    let bad = |text: &str| show.style.paint(Tone::Bad, text);
    match (&report.stop, report.rows) {
        (Some(Stop::Misconfigured(_)), _) => row("configuration", bad(&said.clone().unwrap_or_default())),
        (_, None) => row("source", bad(&said.clone().unwrap_or_default())),
        (_, Some(n)) => row("source", format!("answers: {}", count(n, "row"))),
    }
    match (&it.target, &report.census, &report.stop) {
        (Some(Err(stop)), _, _) => row("platform", bad(&show.text(&chain(stop)))),
        (Some(Ok(())), _, _) => row("platform", "answers, and takes the credential".to_owned()),
        (None, Some(census), _) => {
            let users = count(census.on_platform, "user");
            row(
                "platform",
                format!("answers, takes the credential, and shows {users}"),
            );
        }
        (None, None, Some(stop)) if report.rows.is_some() => row("platform", bad(&show.text(&chain(stop)))),
        (None, None, _) => {}
    }
    let is_about_rights = matches!(report.stop, Some(Stop::Unreachable(_) | Stop::Unreadable(_)));
    if report.census.is_some() && is_about_rights {
        row("rights", bad(&said.clone().unwrap_or_default()));
    }
    if matches!(report.stop, Some(Stop::AllQuarantined(_))) {
        row("employees", bad(&said.unwrap_or_default()));
    }
    if let Some(census) = &report.census {
        row("columns", columns(census).join(", "));
        row("seats", seats(report, census));
        row("would", intent(report, census));
        if census.former > 0 {
            row(
                "foreign",
                format!("{} (see: {} foreign)", former(census.former), show.command),
            );
        }
    }
    for warning in &it.warnings {
        row(
            "warning",
            show.style.paint(Tone::Warning, &show.text(&warning.text)),
        );
    }
    rows
}

fn former(n: usize) -> String {
    match n {
        1 => {
            "1 of these has the name or phone of somebody who left, and stays until it is claimed".to_owned()
        }
        n => {
            format!("{n} of these have the name or phone of people who left, and stay until they are claimed")
        }
    }
}

/// A long answer in lines of its cell.
fn folded(text: &str) -> String {
    let lines = wrap(text, 18);
    let lines: Vec<&str> = lines.lines().map(str::trim_start).collect();
    lines.join("\n")
}

pub(super) fn columns(census: &Census) -> Vec<&'static str> {
    let columns = Column::ALL.into_iter();
    columns
        .filter(|it| census.columns.contains(*it))
        .map(Column::name)
        .collect()
}

/// Numbers of changes that would be made, and of those that wait for something.
pub(super) struct Intent {
    pub(super) create: usize,
    pub(super) update: usize,
    pub(super) remove: usize,
    pub(super) access: usize,
    pub(super) held: usize,
    pub(super) conflict: usize,
    /// Of those to create or update: so many go without the phone that they want.
    pub(super) phoneless: usize,
}

impl Intent {
    pub(super) fn of(report: &AccountReport) -> Intent {
        let n = |op: Op| {
            let users = report.users.iter();
            users
                .filter(|it| it.is_planned && it.settled.change.op == op)
                .count()
        };
        let waiting = |outcomes: &[Outcome]| {
            let users = report.users.iter().filter(|it| !it.is_planned);
            users.filter(|it| outcomes.contains(&it.settled.outcome)).count()
        };
        Intent {
            create: n(Op::Create),
            update: n(Op::Update),
            remove: n(Op::Delete),
            access: n(Op::Access),
            held: waiting(&[Outcome::Held]),
            conflict: report.unlisted
                + waiting(&[
                    Outcome::Conflict,
                    Outcome::Rejected,
                    Outcome::Deferred,
                    Outcome::Unknown,
                ]),
            phoneless: report
                .users
                .iter()
                .filter(|it| it.is_planned && it.settled.code.is_some())
                .count(),
        }
    }
}

/// How many seats the employees need beside the users that stay.
pub(super) fn needed(report: &AccountReport, census: &Census) -> usize {
    let users = report.users.iter().map(|it| &it.settled);
    let creates = users.clone().filter(|it| it.change.op == Op::Create).count();
    let planned = report.users.iter().filter(|it| it.is_planned);
    let deletes = planned.filter(|it| it.settled.change.op == Op::Delete).count();
    (census.on_platform + creates + report.unlisted).saturating_sub(deletes)
}

fn seats(report: &AccountReport, census: &Census) -> String {
    let needed = needed(report, census);
    let used = census.on_platform;
    match census.seats {
        Some(seats) if needed > seats => {
            format!(
                "{used} used, {needed} needed, {seats} there are: {} too few",
                needed - seats
            )
        }
        Some(seats) => format!("{used} used, {needed} needed, {seats} there are"),
        None => format!("{used} used, {needed} needed"),
    }
}

fn intent(report: &AccountReport, census: &Census) -> String {
    let Intent {
        create,
        update,
        remove,
        access,
        held,
        conflict,
        phoneless,
    } = Intent::of(report);
    let without = match phoneless {
        0 => String::new(),
        n => format!(" ({n} of these without the phone that is another's)"),
    };
    let mut text = format!(
        "adopt {}, create {create}, update {update}{without}, remove {remove}, leave {} alone that are not ours",
        census.adopted, report.foreign
    );
    if access > 0 {
        text.push_str(&format!(", give {access} other rights"));
    }
    if held > 0 {
        text.push_str(&format!(", hold {held} for a person"));
    }
    if conflict > 0 {
        text.push_str(&format!(", leave {conflict} open"));
    }
    text
}

/// The last line.
pub(in crate::cli) fn conclusion(checked: &[Checked], is_offline: bool, exit: Exit, show: &Show) -> String {
    if is_offline {
        return "configuration: fine; nothing was contacted, and no secret was looked at\n".to_owned();
    }
    let failed = checked.iter().filter(|it| it.end.exit != Exit::Ok).count();
    let accounts = count(checked.len(), "account");
    let (tone, line) = match exit {
        Exit::Ok => (Tone::Good, format!("check: fine, {accounts}; nothing was sent")),
        _ => (
            Tone::Bad,
            format!("check: {failed} of {accounts} can't be used; nothing was sent"),
        ),
    };
    format!("\n{}\n", show.style.paint(tone, &line))
}
