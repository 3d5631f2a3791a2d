//! `reconcile`: makes the platforms equal to the CRM, once.

use std::collections::BTreeSet;

use crate::cli::args::{ReconcileArgs, ReconcileOutput};
use crate::cli::choose::choose;
use crate::cli::desk::Desk;
use crate::cli::exit::Exit;
use crate::cli::failure::Failure;
use crate::cli::passes::{End, Job, Round, conclude};
use crate::cli::progress::Watch;
use crate::cli::render::{Show, json, text};
use crate::domain::table::Column;
use crate::domain::user::UserId;
use crate::reconcile::Order;
use crate::settings::AccountSettings;
use crate::store::Store;
use crate::workplace::{Workplace, open_all};

/// Runs the command.
pub(in crate::cli) async fn run(args: &ReconcileArgs, desk: &Desk) -> Result<Exit, Failure> {
    let workplace = desk.workplace()?;
    let chosen = choose(&workplace.settings, &args.accounts)?;
    let store = desk.store(&workplace).await?;
    let only = args.user.as_deref().map(|id| UserId::new(id.trim()));
    let order = Order {
        only: only.clone().map(|id| BTreeSet::from([id])),
        verify: args.verify,
        expected_plan: None,
    };
    let job = |settings| Job {
        settings,
        order: order.clone(),
    };
    let jobs: Vec<Job<'_>> = chosen.iter().copied().map(job).collect();
    let show = desk.show(args.show_phones);
    let watch = Watch::start(desk.console.is_watched, jobs.len());
    let round = Round {
        workplace: &workplace,
        store: Some(&store),
        watch: &watch,
    };
    let each = |end: &End| {
        if args.output == ReconcileOutput::Ndjson {
            desk.console.print(&json::line(&json::account(end, &show)));
        }
    };
    let ends = round.reconcile(&store, &jobs, args.strict, each).await;
    if let Some(id) = only {
        refuse_nobody(&id, &workplace, &store, &chosen, &ends).await?;
    }
    drop(watch);
    let (exit, _) = conclude(&ends);
    answer(args.output, &ends, exit, desk, &show);
    store.close().await?;
    Ok(exit)
}

fn answer(output: ReconcileOutput, ends: &[End], exit: Exit, desk: &Desk, show: &Show) {
    match output {
        ReconcileOutput::Text if ends.is_empty() => {
            desk.console
                .note("nothing to do: no account of the configuration is enabled\n");
        }
        ReconcileOutput::Text => desk.console.print(&text::reports(ends, show)),
        ReconcileOutput::Json => desk
            .console
            .print(&json::pretty(&json::document(ends, exit, show))),
        ReconcileOutput::Ndjson => {}
    }
}

/// Refuses an id that no account knows. Asked afterwards, because nothing is done for such an id, and
/// because only then a second look at the sources costs something in that case alone.
async fn refuse_nobody(
    id: &UserId,
    workplace: &Workplace,
    store: &Store,
    chosen: &[&AccountSettings],
    ends: &[End],
) -> Result<(), Failure> {
    // An account that could not be looked at may know the id.
    if ends.is_empty()
        || ends
            .iter()
            .any(|end| end.report.stop.is_some() || end.report.rows.is_none())
    {
        return Ok(());
    }
    for end in ends {
        let is_told = end.report.users.iter().any(|it| it.settled.change.id == *id)
            || end.report.findings.iter().any(|it| it.id == *id);
        if is_told || store.managed(&end.report.account).await?.contains_key(id) {
            return Ok(());
        }
    }
    for opened in open_all(workplace, chosen, Some(store)) {
        let Ok(opened) = opened else { return Ok(()) };
        let Ok(read) = opened.source.read().await else {
            return Ok(());
        };
        let mut ids = read.rows().iter().filter_map(|row| row.get(Column::Id));
        if ids.any(|it| it.trim() == id.as_str()) {
            return Ok(());
        }
    }
    Err(Failure::usage(format!(
        "there is no employee or user {id:?} in the source, among the users we manage, or in what is open"
    )))
}
