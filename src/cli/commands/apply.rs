//! `apply`: does what a plan file says, if a fresh plan says the same.

use std::collections::BTreeMap;

use crate::cli::args::{ApplyArgs, Output};
use crate::cli::choose::no_account;
use crate::cli::desk::Desk;
use crate::cli::exit::Exit;
use crate::cli::failure::Failure;
use crate::cli::passes::{End, Job, Round, conclude};
use crate::cli::planfile::{PlanFile, PlannedAccount};
use crate::cli::progress::Watch;
use crate::cli::render::{Show, json, text, wrap};
use crate::reconcile::{Order, RunResult, Stop};
use crate::settings::{AccountSettings, Settings};

/// So many differences are told.
const MAX_DIFFERENCES: usize = 30;

/// Runs the command.
pub(in crate::cli) async fn run(args: &ApplyArgs, desk: &Desk) -> Result<Exit, Failure> {
    let file = PlanFile::read(&args.file)?;
    let workplace = desk.workplace()?;
    let accounts = accounts(&file, &workplace.settings)?;
    let store = desk.store(&workplace).await?;
    let show = desk.show(args.answer.show_phones);
    let as_in_file = Show {
        show_phones: file.phones,
        ..show.clone()
    };
    let watch = Watch::start(desk.console.is_watched, accounts.len());
    let round = Round {
        workplace: &workplace,
        store: Some(&store),
        watch: &watch,
    };
    if accounts.len() > 1 {
        // All or nothing: whoever agreed to several plans did not agree to some of them.
        let fresh = round.preview(&fresh_jobs(&accounts), false).await;
        if fresh.iter().any(|end| end.result == RunResult::Failed) {
            drop(watch);
            desk.console
                .note("nothing was sent, because not every account of the file could be planned\n");
            return Ok(answer(args, &fresh, desk, &show));
        }
        let moved = differences(&accounts, &fresh, &as_in_file);
        if !moved.is_empty() {
            return Err(stale(&moved));
        }
    }
    let jobs: Vec<Job<'_>> = accounts
        .iter()
        .map(|(settings, planned)| Job {
            settings,
            order: Order {
                expected_plan: Some(planned.digest.clone()),
                is_named: true,
                ..Order::default()
            },
        })
        .collect();
    let ends = round.reconcile(&store, &jobs, false, |_| {}).await;
    let is_stale = |end: &End| matches!(end.report.stop, Some(Stop::Stale(_)));
    let mut moved = Vec::new();
    if ends.iter().any(is_stale) {
        let stale: Vec<_> = accounts
            .iter()
            .zip(&ends)
            .filter(|(_, end)| is_stale(end))
            .map(|(it, _)| *it)
            .collect();
        let fresh = round.preview(&fresh_jobs(&stale), false).await;
        moved = differences(&stale, &fresh, &as_in_file);
    }
    drop(watch);
    let exit = answer(args, &ends, desk, &show);
    if !moved.is_empty() {
        desk.console.note(&stale(&moved).to_text());
    }
    store.close().await?;
    Ok(exit)
}

fn answer(args: &ApplyArgs, ends: &[End], desk: &Desk, show: &Show) -> Exit {
    let (exit, _) = conclude(ends);
    match args.answer.output {
        Output::Text => desk.console.print(&text::reports(ends, show)),
        Output::Json => desk
            .console
            .print(&json::pretty(&json::document(ends, exit, show))),
    }
    exit
}

/// The accounts of the file, in the order of the configuration.
fn accounts<'a>(
    file: &'a PlanFile,
    settings: &'a Settings,
) -> Result<Vec<(&'a AccountSettings, &'a PlannedAccount)>, Failure> {
    let known: Vec<&str> = settings.accounts.iter().map(|it| it.name.as_str()).collect();
    let mut planned: BTreeMap<&str, &PlannedAccount> = BTreeMap::new();
    for account in &file.accounts {
        if settings.account(&account.account).is_none() {
            return Err(Failure::usage(no_account(&account.account, &known)));
        }
        planned.insert(&account.account, account);
    }
    let accounts = settings.accounts.iter();
    Ok(accounts
        .filter_map(|it| Some((it, *planned.get(it.name.as_str())?)))
        .collect())
}

fn fresh_jobs<'a>(accounts: &[(&'a AccountSettings, &PlannedAccount)]) -> Vec<Job<'a>> {
    let job = |(settings, _): &(&'a AccountSettings, &PlannedAccount)| Job {
        settings,
        order: Order::default(),
    };
    accounts.iter().map(job).collect()
}

/// What is another thing in the fresh plans, each line with its account.
fn differences(accounts: &[(&AccountSettings, &PlannedAccount)], fresh: &[End], show: &Show) -> Vec<String> {
    let mut moved = Vec::new();
    let fresh_plans = PlanFile::of(fresh, show).accounts;
    for (((_, planned), end), fresh) in accounts.iter().zip(fresh).zip(&fresh_plans) {
        let account = &planned.account;
        if end.result == RunResult::Failed {
            let why = end.report.stop.as_ref().map(|it| show.text(&it.to_string()));
            moved.push(format!("{account}: {}", why.unwrap_or_default()));
        } else if planned.digest != fresh.digest {
            let lines = planned.differences(fresh);
            moved.extend(
                lines
                    .into_iter()
                    .map(|line| format!("{account}: {}", show.text(&line))),
            );
        }
    }
    moved
}

fn stale(moved: &[String]) -> Failure {
    let mut message = "the plan moved since the file was written, and nothing was sent for it:\n".to_owned();
    for line in moved.iter().take(MAX_DIFFERENCES) {
        message.push_str(&wrap(line, 2));
    }
    if moved.len() > MAX_DIFFERENCES {
        message.push_str(&format!("  … and {} more\n", moved.len() - MAX_DIFFERENCES));
    }
    message.push_str("Plan again, look at it, and apply the new file.");
    Failure::stale(message)
}
