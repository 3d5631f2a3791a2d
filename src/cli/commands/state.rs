//! `state`: repairs of what is remembered. None of them sends anything.

use serde::Serialize;

use crate::cli::args::{Output, StateArgs, StateCommand};
use crate::cli::choose::{choose, no_account};
use crate::cli::desk::{Desk, quoted};
use crate::cli::exit::Exit;
use crate::cli::failure::Failure;
use crate::cli::progress::Watch;
use crate::cli::render::{Show, count, json, wrap};
use crate::reconcile::{AccountReport, Parts, Progress, Rebuilt, rebuild};
use crate::store::AccountError;
use crate::workplace::open_all;

/// Runs the command.
pub(in crate::cli) async fn run(args: &StateArgs, desk: &Desk) -> Result<Exit, Failure> {
    let show = desk.show(args.answer.show_phones);
    let (exit, document, said) = match &args.command {
        StateCommand::Rebuild { account } => rebuilt(account, desk, &show).await?,
        StateCommand::Rename { old, new } => renamed(old, new, desk, &show).await?,
        StateCommand::Forget { account } => forgotten(account, desk, &show).await?,
    };
    match args.answer.output {
        Output::Text => desk.console.print(&wrap(&said, 0)),
        Output::Json => desk.console.print(&json::pretty(&document)),
    }
    Ok(exit)
}

/// What all of them answer.
#[derive(Serialize)]
struct Document {
    schema: u32,
    result: &'static str,
    exit_code: u8,
    account: String,
    /// Users of ours, foreign ones, and ours that are not there; of `rebuild`.
    #[serde(skip_serializing_if = "Option::is_none")]
    users: Option<Counts>,
}

#[derive(Serialize)]
struct Counts {
    ours: usize,
    foreign: usize,
    missing: usize,
}

fn document(account: &str, exit: Exit, result: &'static str) -> Document {
    Document {
        schema: json::SCHEMA,
        result,
        exit_code: exit.code(),
        account: account.to_owned(),
        users: None,
    }
}

async fn rebuilt(account: &str, desk: &Desk, show: &Show) -> Result<(Exit, Document, String), Failure> {
    let workplace = desk.workplace()?;
    let chosen = choose(&workplace.settings, &[account.to_owned()])?;
    let store = desk.store(&workplace).await?;
    let watch = Watch::start(desk.console.is_watched, 1);
    watch.note(account, "reading the platform's users");
    let failed = |report: &AccountReport| {
        let message = report.stop.as_ref().map(|it| show.text(&crate::text::chain(it)));
        Failure {
            exit: Exit::of_account(report.exit_code()),
            code: report.stop.as_ref().map_or("unexpected", |it| it.code()),
            message: message.unwrap_or_default(),
            problems: Vec::new(),
        }
    };
    let opened = open_all(&workplace, &chosen, Some(&store)).into_iter().next();
    let opened = opened.ok_or_else(|| Failure::unexpected("an account was not opened"))?;
    let opened = opened.map_err(|report| failed(&report))?;
    let parts = Parts {
        source: &*opened.source,
        store: &store,
        target: &opened.target,
        account: &opened.account,
        timing: workplace.timing(),
        clock: &workplace.clock,
        progress: &Progress::default(),
    };
    let rebuilt = Box::pin(rebuild(&parts)).await;
    drop(watch);
    let rebuilt = rebuilt.map_err(|stop| failed(&AccountReport::stopped(account, stop)))?;
    store.close().await?;
    let name = show.plain(account);
    Ok(match rebuilt {
        Rebuilt::Busy => (
            Exit::Busy,
            document(account, Exit::Busy, "busy"),
            format!("{name}: another process is at work on this remote; try again later"),
        ),
        Rebuilt::Doubtful { seen, missing } => (
            Exit::Held,
            document(account, Exit::Held, "held"),
            format!(
                "{name}: {missing} of {seen} users of ours are not on the platform, so nothing was remembered: is this \
                 the right account? `{} reconcile {} --verify` will ask, and `holds` decides.",
                show.command,
                quoted(account)
            ),
        ),
        Rebuilt::Saved {
            ours,
            foreign,
            missing,
        } => {
            let users = Some(Counts {
                ours,
                foreign,
                missing,
            });
            let said = format!(
                "{name}: what the platform shows is the last known state now: {} ({ours} ours, {foreign} foreign); \
                 {missing} of ours are not there. The next run plans anew.",
                count(ours + foreign, "user")
            );
            let document = Document {
                users,
                ..document(account, Exit::Ok, "rebuilt")
            };
            (Exit::Ok, document, said)
        }
    })
}

async fn renamed(
    old: &str,
    new: &str,
    desk: &Desk,
    show: &Show,
) -> Result<(Exit, Document, String), Failure> {
    let workplace = desk.workplace()?;
    let settings = &workplace.settings;
    if settings.account(old).is_some() {
        return Err(Failure::usage(format!(
            "account {old:?} is still in the configuration; rename it there first, then here"
        )));
    }
    choose(settings, &[new.to_owned()])?;
    let store = desk.store(&workplace).await?;
    match store.rename(old, new).await {
        Ok(()) => {}
        Err(error) => {
            let known = store.accounts().await?;
            return Err(refused(error, &known));
        }
    }
    store.close().await?;
    let said = format!(
        "What was remembered of {} belongs to {} now.",
        show.plain(old),
        show.plain(new)
    );
    Ok((Exit::Ok, document(new, Exit::Ok, "renamed"), said))
}

async fn forgotten(account: &str, desk: &Desk, show: &Show) -> Result<(Exit, Document, String), Failure> {
    let workplace = desk.workplace()?;
    if workplace.settings.account(account).is_some() {
        return Err(Failure::usage(format!(
            "account {account:?} is still in the configuration; take it out first. To stop it and keep what is \
             remembered, set enabled = false instead"
        )));
    }
    let store = desk.store(&workplace).await?;
    if let Err(error) = store.forget(account).await {
        let known = store.accounts().await?;
        return Err(refused(error, &known));
    }
    store.close().await?;
    let said = format!(
        "{} is forgotten: its users are foreign, should the account ever come back. Nothing was changed on the \
         platform.",
        show.plain(account)
    );
    Ok((Exit::Ok, document(account, Exit::Ok, "forgotten"), said))
}

fn refused(error: AccountError, known: &[String]) -> Failure {
    match error {
        AccountError::Store(error) => error.into(),
        AccountError::Unknown(ref name) => {
            let known: Vec<&str> = known.iter().map(String::as_str).collect();
            let text = no_account(name, &known).replace("in the configuration", "in the store");
            Failure::usage(text)
        }
        AccountError::Taken(ref name) => Failure::usage(format!(
            "{error}: it ran under the new name before. Take {name:?} out of the configuration, `state forget` it, put \
             it back, and rename again"
        )),
    }
}
