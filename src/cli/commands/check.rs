//! `check`: whether the configuration is right and everything answers. Reads only.

use crate::cli::args::{CheckArgs, Output};
use crate::cli::desk::Desk;
use crate::cli::exit::Exit;
use crate::cli::failure::Failure;
use crate::cli::passes::{End, Job, Round};
use crate::cli::progress::Watch;
use crate::cli::render::check::{self, Checked};
use crate::cli::render::{check_json, json};
use crate::reconcile::{Order, Stop};
use crate::settings::AccountSettings;
use crate::store::Store;
use crate::workplace::{Workplace, open_all};

/// An id that nobody has: to ask for it shows whether the platform answers and takes the credential.
const NOBODY: &str = "wazzup-sync-check";

/// Runs the command.
pub(in crate::cli) async fn run(args: &CheckArgs, desk: &Desk) -> Result<Exit, Failure> {
    let workplace = desk.workplace()?;
    let problems = workplace.settings.unsupported();
    if !problems.is_empty() {
        return Err(Failure::problems(problems));
    }
    let checked = if args.offline {
        Vec::new()
    } else {
        online(&workplace, desk).await?
    };
    let exit = Exit::combine(checked.iter().map(|it| it.end.exit));
    let show = desk.show(args.answer.show_phones);
    match args.answer.output {
        Output::Json => {
            let document = check_json::document(&workplace.settings, &checked, exit, &show);
            desk.console.print(&json::pretty(&document));
        }
        Output::Text => {
            desk.console
                .print(&check::configuration(&workplace.settings, &show));
            desk.console.print(&check::accounts(&checked, &show));
            desk.console
                .print(&check::conclusion(&checked, args.offline, exit, &show));
        }
    }
    Ok(exit)
}

/// Looks at each enabled account as its first reconcile would, without any write.
async fn online(workplace: &Workplace, desk: &Desk) -> Result<Vec<Checked>, Failure> {
    let store = desk.store_read_only(workplace).await?;
    let enabled: Vec<&AccountSettings> = workplace
        .settings
        .accounts
        .iter()
        .filter(|it| it.enabled)
        .collect();
    let job = |settings| Job {
        settings,
        order: Order {
            verify: true,
            ..Order::default()
        },
    };
    let jobs: Vec<Job<'_>> = enabled.iter().copied().map(job).collect();
    let watch = Watch::start(desk.console.is_watched, jobs.len());
    let round = Round {
        workplace,
        store: store.as_ref(),
        watch: &watch,
    };
    let ends = round.preview(&jobs, false).await;
    let mut checked = Vec::new();
    for (end, settings) in ends.into_iter().zip(enabled) {
        let target = if stopped_by_source(&end) {
            ask_target(workplace, settings, store.as_ref()).await
        } else {
            None
        };
        checked.push(Checked { end, target });
    }
    Ok(checked)
}

/// Whether nothing is known of the platform, because the source came first.
fn stopped_by_source(end: &End) -> bool {
    matches!(end.report.stop, Some(Stop::Source(_) | Stop::AllQuarantined(_)))
}

/// Why the platform can't be used, or that it can.
async fn ask_target(
    workplace: &Workplace,
    settings: &AccountSettings,
    store: Option<&Store>,
) -> Option<Result<(), Stop>> {
    let opened = open_all(workplace, &[settings], store).into_iter().next()?.ok()?;
    let answer = opened.target.ask_for(NOBODY).await;
    Some(answer.map_err(|answer| Stop::from_read(&answer)))
}
