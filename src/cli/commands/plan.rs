//! `plan`: what `reconcile` would do, by reads alone. Takes no lock and makes no file but the one asked for.

use crate::cli::args::{PlanArgs, PlanOutput};
use crate::cli::choose::choose;
use crate::cli::desk::Desk;
use crate::cli::exit::Exit;
use crate::cli::failure::Failure;
use crate::cli::passes::{Job, Round, conclude};
use crate::cli::planfile::{PlanFile, check_place};
use crate::cli::progress::Watch;
use crate::cli::render::{json, markdown, text};
use crate::reconcile::{Order, RunResult};

/// Runs the command.
pub(in crate::cli) async fn run(args: &PlanArgs, desk: &Desk) -> Result<Exit, Failure> {
    let workplace = desk.workplace()?;
    let chosen = choose(&workplace.settings, &args.accounts)?;
    if let Some(path) = &args.out {
        check_place(path)?;
    }
    let store = desk.store_read_only(&workplace).await?;
    let job = |settings| Job {
        settings,
        order: Order::default(),
    };
    let jobs: Vec<Job<'_>> = chosen.into_iter().map(job).collect();
    let watch = Watch::start(desk.console.is_watched, jobs.len());
    let round = Round {
        workplace: &workplace,
        store: store.as_ref(),
        watch: &watch,
    };
    let ends = round.preview(&jobs, args.exit_code).await;
    drop(watch);
    let (exit, _) = conclude(&ends);
    let show = desk.show(args.show_phones);
    if let Some(path) = &args.out {
        // A file that leaves an account out would look as if there were nothing to do for it.
        if ends.iter().any(|end| end.result == RunResult::Failed) {
            desk.console
                .note("no plan file was written, because not every account could be planned\n");
        } else {
            PlanFile::of(&ends, &show).write(path)?;
        }
    }
    match args.output {
        PlanOutput::Text if ends.is_empty() => {
            desk.console
                .note("nothing to plan: no account of the configuration is enabled\n");
        }
        PlanOutput::Text => desk.console.print(&text::reports(&ends, &show)),
        PlanOutput::Json => desk
            .console
            .print(&json::pretty(&json::document(&ends, exit, &show))),
        PlanOutput::Markdown => desk.console.print(&markdown::plans(&ends, &show)),
    }
    Ok(exit)
}
