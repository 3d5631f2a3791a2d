//! `status`: how each account is. Reads the store alone, and makes none.

use std::collections::BTreeMap;

use crate::cli::args::{Output, StatusArgs};
use crate::cli::choose::choose_known;
use crate::cli::desk::{Desk, now};
use crate::cli::exit::Exit;
use crate::cli::failure::Failure;
use crate::cli::render::json;
use crate::cli::render::status::{Look, Standing, document, text};
use crate::daemon::backoff;
use crate::domain::memory::Millis;
use crate::settings::Settings;
use crate::store::{BackOff, OpenHold, Overview, Standings, Store};

/// Runs the command.
pub(in crate::cli) async fn run(args: &StatusArgs, desk: &Desk) -> Result<Exit, Failure> {
    let show = desk.show(args.answer.show_phones);
    let workplace = desk.workplace()?;
    let looks = match desk.store_read_only(&workplace).await? {
        Some(store) => {
            let names = choose_known(&workplace.settings, &store.accounts().await?, &[])?;
            let standings = store.standings().await?;
            let mut looks = Vec::new();
            for name in names {
                looks.push(look(name, &workplace.settings, &standings, &store).await?);
            }
            looks
        }
        None => choose_known(&workplace.settings, &[], &[])?
            .into_iter()
            .map(|name| unseen(name, &workplace.settings))
            .collect(),
    };
    match args.answer.output {
        Output::Json => desk
            .console
            .print(&json::pretty(&document(&looks, now(&workplace), &show))),
        Output::Text => desk.console.print(&text(&looks, &show)),
    }
    Ok(Exit::Ok)
}

async fn look(
    name: String,
    settings: &Settings,
    standings: &Standings,
    store: &Store,
) -> Result<Look, Failure> {
    let overview = store.overview(&name).await?;
    let holds = match overview.state.n_holds {
        0 => Vec::new(),
        _ => store.open_holds(&name).await?,
    };
    let remembered = standings.by_name.get(&name);
    let back_off = remembered.map(|it| it.back_off).unwrap_or_default();
    let good_at = remembered.and_then(|it| it.good_at);
    Ok(judge(name, settings, overview, holds, good_at, back_off))
}

/// An account where there is no store yet.
fn unseen(name: String, settings: &Settings) -> Look {
    judge(
        name,
        settings,
        Overview::default(),
        Vec::new(),
        None,
        BackOff::default(),
    )
}

fn judge(
    name: String,
    settings: &Settings,
    overview: Overview,
    holds: Vec<OpenHold>,
    good_at: Option<Millis>,
    back_off: BackOff,
) -> Look {
    let state = &overview.state;
    let failed_at = state
        .last_run
        .as_ref()
        .filter(|it| it.result.as_deref().is_some_and(|it| !is_good(it)))
        .and_then(|it| it.ended_at)
        // What went well since then has made it good.
        .filter(|ended| good_at.is_none_or(|good| good < *ended));
    let account = settings.account(&name);
    let standing = if account.is_none() {
        Standing::Retired
    } else if account.is_some_and(|it| !it.enabled) {
        Standing::Disabled
    } else if state.is_paused {
        Standing::Paused
    } else if failed_at.is_some() || state.refusal.is_some() {
        Standing::Failing
    } else if state.last_run.is_none() && good_at.is_none() {
        Standing::NeverRun
    } else if state.n_holds > 0 {
        Standing::Held
    } else if state.n_open > 0 {
        Standing::Partial
    } else {
        Standing::InSync
    };
    let next_at = match (&state.refusal, failed_at) {
        _ if standing != Standing::Failing => None,
        (Some(refusal), _) => Some(refusal.due_at()),
        (None, Some(at)) => backoff::pause(back_off).map(|pause| at.plus(pause)),
        (None, None) => None,
    };
    let mut open = BTreeMap::new();
    for ((_, outcome), n) in &overview.open {
        *open.entry(*outcome).or_default() += n;
    }
    Look {
        name,
        platform: account.map(|it| it.target.kind().word()),
        standing,
        good_at,
        is_failed: failed_at.is_some(),
        next_at,
        open,
        holds,
        overview,
    }
}

/// Whether a run of that result came to its end.
fn is_good(result: &str) -> bool {
    matches!(result, "in_sync" | "partial" | "held" | "busy")
}
