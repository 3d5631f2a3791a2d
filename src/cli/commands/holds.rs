//! `holds`: what waits for a person, and what the person says.

use std::collections::BTreeMap;

use serde::Serialize;

use crate::cli::args::{Decision, HoldsArgs, HoldsCommand, Output};
use crate::cli::desk::{Desk, now, quoted};
use crate::cli::exit::Exit;
use crate::cli::failure::Failure;
use crate::cli::render::{Show, count, date, holds, instant, json, wrap};
use crate::domain::memory::{Managed, Millis, Subject};
use crate::domain::user::UserId;
use crate::store::{Answer, DecideError, HoldStatus, Store, StoredHold};

/// Runs the command.
pub(in crate::cli) async fn run(args: &HoldsArgs, desk: &Desk) -> Result<Exit, Failure> {
    let show = desk.show(args.answer.show_phones);
    let is_json = args.answer.output == Output::Json;
    match &args.command {
        None | Some(HoldsCommand::List) => list(is_json, desk, &show).await,
        Some(HoldsCommand::Approve(decision)) => {
            decide(decision, Answer::Approve, is_json, desk, &show).await
        }
        Some(HoldsCommand::Reject(decision)) => decide(decision, Answer::Reject, is_json, desk, &show).await,
    }
}

async fn list(is_json: bool, desk: &Desk, show: &Show) -> Result<Exit, Failure> {
    let workplace = desk.workplace()?;
    let store = desk.store_read_only(&workplace).await?;
    let mut open = Vec::new();
    if let Some(store) = &store {
        open = store.holds(None).await?;
        open.retain(|it| it.status == HoldStatus::Open);
    }
    if is_json {
        let document = ListDocument {
            schema: json::SCHEMA,
            holds: open.iter().map(|it| HoldOf::of(it, show)).collect(),
        };
        desk.console.print(&json::pretty(&document));
        return Ok(Exit::Ok);
    }
    let mut text = String::new();
    for it in &open {
        let managed = match &store {
            Some(store) => store.managed(&it.account).await?,
            None => Managed::new(),
        };
        let since = format!("{}, since {}", show.plain(&it.account), date(it.since));
        text.push_str(&format!("{}\n", show.heading(&since)));
        text.push_str(&holds::hold(&it.hold, Some(&it.id), &names(&managed), show));
        text.push('\n');
    }
    match open.len() {
        0 => text.push_str("Nothing waits for a decision.\n"),
        n => text.push_str(&format!("{} for a decision.\n", waits(n))),
    }
    desk.console.print(&text);
    Ok(Exit::Ok)
}

fn waits(n: usize) -> String {
    match n {
        1 => "1 hold waits".to_owned(),
        n => format!("{n} holds wait"),
    }
}

/// The names of managed users, as last read.
fn names(managed: &Managed) -> BTreeMap<&UserId, &str> {
    let seen = managed.iter();
    seen.filter_map(|(id, it)| Some((id, &*it.observed.as_ref()?.name)))
        .collect()
}

async fn decide(
    decision: &Decision,
    answer: Answer,
    is_json: bool,
    desk: &Desk,
    show: &Show,
) -> Result<Exit, Failure> {
    let workplace = desk.workplace()?;
    let store = desk.store(&workplace).await?;
    let why = decision.reason.as_deref();
    let id = on_record(&store, &decision.hold).await?;
    let decided = store.decide(&id, answer, &desk.who(), why, now(&workplace)).await;
    let decided = decided.map_err(|error| refused(error, desk))?;
    store.close().await?;
    if is_json {
        let document = DecisionDocument {
            schema: json::SCHEMA,
            hold: HoldOf::of(&decided, show),
        };
        desk.console.print(&json::pretty(&document));
    } else {
        desk.console.print(&told(&decided, answer, show));
    }
    Ok(Exit::Ok)
}

/// The id as the store knows it. A plan shows a hold that was not on record yet by its digest.
async fn on_record(store: &Store, given: &str) -> Result<String, Failure> {
    let given = given.to_lowercase();
    let holds = store.holds(None).await?;
    let by_digest = holds.iter().find(|it| it.hold.digest == given);
    Ok(by_digest.map_or(given, |it| it.id.clone()))
}

fn refused(error: DecideError, desk: &Desk) -> Failure {
    let list = format!("`{} holds` lists what waits", desk.command());
    match error {
        DecideError::Store(error) => error.into(),
        DecideError::NotFound(_) => Failure::usage(format!("{error}; {list}")),
        DecideError::Ambiguous(_) => Failure::usage(format!("{error}: write more of the id; {list}")),
        DecideError::AlreadyDecided(ref hold) => {
            let who = hold.decided_by.as_deref().map(|it| format!(", by {it}"));
            Failure::usage(format!("{error}{}; {list}", who.unwrap_or_default()))
        }
    }
}

/// What a decision means from now on.
fn told(hold: &StoredHold, answer: Answer, show: &Show) -> String {
    let users = count(hold.hold.users.len(), "user");
    let account = show.plain(&hold.account);
    let subject = match hold.hold.reason.subject() {
        Subject::Removal => "removal",
        Subject::PhoneLoss => "loss of a phone",
        Subject::Update => "update",
        Subject::Create => "creation",
        Subject::Adoption => "adoption",
        Subject::Absence => "absence",
    };
    match answer {
        Answer::Approve => {
            let until = hold.decided_at.unwrap_or(hold.since).plus(Millis::DAY);
            let said = format!(
                "{account}: the {subject} of {users} is approved until {}. It is done by the service at its next \
                 tick, or now by: {} reconcile {}",
                date(until),
                show.command,
                quoted(&hold.account)
            );
            wrap(&said, 0)
        }
        Answer::Reject => wrap(
            &format!(
                "{account}: the {subject} of {users} is rejected. They stay as they are until their rows in the CRM \
                 change."
            ),
            0,
        ),
    }
}

#[derive(Serialize)]
struct ListDocument<'a> {
    schema: u32,
    holds: Vec<HoldOf<'a>>,
}

#[derive(Serialize)]
struct DecisionDocument<'a> {
    schema: u32,
    hold: HoldOf<'a>,
}

#[derive(Serialize)]
struct HoldOf<'a> {
    id: &'a str,
    account: &'a str,
    reason: &'a str,
    status: &'a str,
    detail: String,
    users: Vec<&'a str>,
    since: String,
    decided_at: Option<String>,
    decided_by: Option<&'a str>,
    why: Option<&'a str>,
}

impl HoldOf<'_> {
    fn of<'a>(it: &'a StoredHold, show: &Show) -> HoldOf<'a> {
        HoldOf {
            id: &it.id,
            account: &it.account,
            reason: it.hold.reason.word(),
            status: it.status.word(),
            detail: show.text(&it.hold.detail),
            users: it.hold.users.iter().map(|user| user.id.as_str()).collect(),
            since: instant(it.since),
            decided_at: it.decided_at.map(instant),
            decided_by: it.decided_by.as_deref(),
            why: it.why.as_deref(),
        }
    }
}
