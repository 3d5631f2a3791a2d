//! `foreign`: users of the platform that are not ours, and how they become ours.

use serde::Serialize;

use crate::cli::args::{ForeignArgs, ForeignCommand, Output};
use crate::cli::choose::choose;
use crate::cli::desk::{Desk, now, quoted};
use crate::cli::exit::Exit;
use crate::cli::failure::Failure;
use crate::cli::render::table::{aligned, cut};
use crate::cli::render::{Show, count, json, wrap};
use crate::domain::user::{User, UserId};
use crate::store::ClaimError;

/// Longest name that is shown whole.
const NAME_CHARS: usize = 40;

/// Runs the command.
pub(in crate::cli) async fn run(args: &ForeignArgs, desk: &Desk) -> Result<Exit, Failure> {
    let show = desk.show(args.answer.show_phones);
    let is_json = args.answer.output == Output::Json;
    match &args.command {
        None | Some(ForeignCommand::List) => list(is_json, desk, &show).await,
        Some(ForeignCommand::Claim { account, ids, all }) => {
            let ids = (!all).then_some(ids.as_slice());
            claim(account, ids, is_json, desk, &show).await
        }
    }
}

async fn list(is_json: bool, desk: &Desk, show: &Show) -> Result<Exit, Failure> {
    let workplace = desk.workplace()?;
    let store = desk.store_read_only(&workplace).await?;
    let mut accounts = Vec::new();
    for account in &workplace.settings.accounts {
        let (users, is_read) = match &store {
            Some(store) => (
                store.foreign(&account.name).await?,
                store.account(&account.name).await?.has_snapshot(),
            ),
            None => (Vec::new(), false),
        };
        accounts.push((account.name.as_str(), users, is_read));
    }
    if is_json {
        let accounts = accounts.iter().map(|(account, users, is_read)| AccountOf {
            account,
            list_read: *is_read,
            users: users.iter().map(|it| UserOf::of(it, show)).collect(),
        });
        let document = ListDocument {
            schema: json::SCHEMA,
            accounts: accounts.collect(),
        };
        desk.console.print(&json::pretty(&document));
        return Ok(Exit::Ok);
    }
    let mut text = String::new();
    for (account, users, is_read) in &accounts {
        text.push_str(&one_account(account, users, *is_read, show));
    }
    desk.console.print(&text);
    Ok(Exit::Ok)
}

fn one_account(account: &str, users: &[User], is_read: bool, show: &Show) -> String {
    let name = show.plain(account);
    if !is_read {
        return format!(
            "{name}: the platform's list was not read yet; run: {} reconcile {}\n",
            show.command,
            quoted(account)
        );
    }
    if users.is_empty() {
        return format!("{name}: no foreign users\n");
    }
    let mut text = format!("{}\n", show.heading(&name));
    let row = |user: &User| {
        vec![
            show.plain(user.id.as_str()),
            cut(&show.plain(&user.name), NAME_CHARS),
            show.phone(user.phone.as_ref()),
        ]
    };
    text.push_str(&aligned(users.iter().map(row), 2));
    text.push_str(&wrap(
        &format!(
            "{name}: {} left alone; to manage them: {} foreign claim {} ID…",
            count(users.len(), "foreign user"),
            show.command,
            quoted(account)
        ),
        0,
    ));
    text
}

async fn claim(
    account: &str,
    ids: Option<&[String]>,
    is_json: bool,
    desk: &Desk,
    show: &Show,
) -> Result<Exit, Failure> {
    let workplace = desk.workplace()?;
    choose(&workplace.settings, std::slice::from_ref(&account.to_owned()))?;
    let store = desk.store(&workplace).await?;
    let ids: Option<Vec<UserId>> = ids.map(|ids| ids.iter().map(|id| UserId::new(id.as_str())).collect());
    let claimed = store.claim(account, ids.as_deref(), now(&workplace)).await;
    let claimed = claimed.map_err(|error| match error {
        ClaimError::Store(error) => error.into(),
        ClaimError::Unknown(_) => Failure::usage(format!(
            "{error} in {account:?}, so none was claimed; `{} foreign` lists them as last read",
            show.command
        )),
    })?;
    store.close().await?;
    if is_json {
        let document = ClaimDocument {
            schema: json::SCHEMA,
            account,
            claimed,
        };
        desk.console.print(&json::pretty(&document));
        return Ok(Exit::Ok);
    }
    let said = match claimed {
        0 => format!("{}: there are no foreign users to claim", show.plain(account)),
        n => format!(
            "{}: {} managed from now on. The next run makes them equal to the CRM, and removes those who are no \
             active employees, as far as the guards let it. See first: {} plan {}",
            show.plain(account),
            count(n, "user"),
            show.command,
            quoted(account)
        ),
    };
    desk.console.print(&wrap(&said, 0));
    Ok(Exit::Ok)
}

#[derive(Serialize)]
struct ListDocument<'a> {
    schema: u32,
    accounts: Vec<AccountOf<'a>>,
}

#[derive(Serialize)]
struct AccountOf<'a> {
    account: &'a str,
    list_read: bool,
    users: Vec<UserOf<'a>>,
}

#[derive(Serialize)]
struct UserOf<'a> {
    id: &'a str,
    name: String,
    phone: Option<String>,
}

impl UserOf<'_> {
    fn of<'a>(user: &'a User, show: &Show) -> UserOf<'a> {
        UserOf {
            id: user.id.as_str(),
            name: show.plain(&user.name),
            phone: user.phone.as_ref().map(|it| show.phone(Some(it))),
        }
    }
}

#[derive(Serialize)]
struct ClaimDocument<'a> {
    schema: u32,
    account: &'a str,
    claimed: usize,
}
