//! `pause` and `resume`: the emergency brake.

use serde::Serialize;

use crate::cli::args::{Output, PauseArgs};
use crate::cli::choose::choose;
use crate::cli::desk::{Desk, now};
use crate::cli::exit::Exit;
use crate::cli::failure::Failure;
use crate::cli::render::json;
use crate::store::Brake;

/// Stops what the arguments name.
pub(in crate::cli) async fn pause(args: &PauseArgs, desk: &Desk) -> Result<Exit, Failure> {
    say(args, true, desk).await
}

/// Lets it go on.
pub(in crate::cli) async fn resume(args: &PauseArgs, desk: &Desk) -> Result<Exit, Failure> {
    say(args, false, desk).await
}

#[derive(Serialize)]
struct Document<'a> {
    schema: u32,
    accounts: Vec<AccountOf<'a>>,
}

#[derive(Serialize)]
struct AccountOf<'a> {
    account: &'a str,
    paused: bool,
    removals_paused: bool,
}

async fn say(args: &PauseArgs, is_pause: bool, desk: &Desk) -> Result<Exit, Failure> {
    let workplace = desk.workplace()?;
    let names: Vec<String> = args.account.iter().cloned().collect();
    // A wrong name must not pass for a brake.
    choose(&workplace.settings, &names)?;
    let store = desk.store(&workplace).await?;
    let brake = if args.removals {
        Brake::Removals
    } else {
        Brake::All
    };
    let account = args.account.as_deref();
    let (who, now) = (desk.who(), now(&workplace));
    match is_pause {
        true => store.pause(account, brake, &who, now).await?,
        false => store.resume(account, brake, &who, now).await?,
    }
    let mut accounts = Vec::new();
    for settings in &workplace.settings.accounts {
        if account.is_some_and(|it| it != settings.name) {
            continue;
        }
        let paused = store.paused(&settings.name).await?;
        accounts.push(AccountOf {
            account: &settings.name,
            paused: paused.all,
            removals_paused: paused.removals,
        });
    }
    store.close().await?;
    if args.answer.output == Output::Json {
        let document = Document {
            schema: json::SCHEMA,
            accounts,
        };
        desk.console.print(&json::pretty(&document));
        return Ok(Exit::Ok);
    }
    let show = desk.show(args.answer.show_phones);
    let mut text = String::new();
    for it in &accounts {
        let how = match (it.paused, it.removals_paused) {
            (true, true) => "paused, and its removals once more by themselves",
            (true, false) => "paused: nothing is sent",
            (false, true) => "its removals are paused: nobody is removed, all else goes on",
            (false, false) => "goes on",
        };
        text.push_str(&format!("{}: {how}\n", show.plain(it.account)));
    }
    if accounts.is_empty() {
        text.push_str(match is_pause {
            true => "Every account to come is paused; there is none yet.\n",
            false => "There is no account yet.\n",
        });
    }
    desk.console.print(&text);
    Ok(Exit::Ok)
}
