//! `findings`: what the owner of the CRM should mend, as the last runs left it. Reads the store alone.

use serde::Serialize;

use crate::cli::args::{FindingsArgs, Output};
use crate::cli::choose::choose_known;
use crate::cli::desk::{Desk, quoted};
use crate::cli::exit::Exit;
use crate::cli::failure::Failure;
use crate::cli::render::json::{self, FoundIn};
use crate::cli::render::{Show, count, findings, wrap};
use crate::domain::finding::Finding;

/// Runs the command.
pub(in crate::cli) async fn run(args: &FindingsArgs, desk: &Desk) -> Result<Exit, Failure> {
    let show = desk.show(args.answer.show_phones);
    let workplace = desk.workplace()?;
    let store = desk.store_read_only(&workplace).await?;
    let known = match &store {
        Some(store) => store.accounts().await?,
        None => Vec::new(),
    };
    let mut accounts = Vec::new();
    for name in choose_known(&workplace.settings, &known, &args.accounts)? {
        let (rows, findings) = match &store {
            Some(store) => (store.account(&name).await?.rows, store.findings(&name).await?),
            None => (None, Vec::new()),
        };
        accounts.push(Told { name, rows, findings });
    }
    if args.answer.output == Output::Json {
        let document = Document {
            schema: json::SCHEMA,
            accounts: accounts.iter().map(|it| it.document(&show)).collect(),
        };
        desk.console.print(&json::pretty(&document));
        return Ok(Exit::Ok);
    }
    let texts: Vec<String> = accounts.iter().map(|it| it.text(&show)).collect();
    desk.console.print(&texts.concat());
    Ok(Exit::Ok)
}

/// One account's findings.
struct Told {
    name: String,
    /// Rows of the last complete read; `None`: there was none.
    rows: Option<u64>,
    findings: Vec<Finding>,
}

impl Told {
    fn document<'a>(&'a self, show: &Show) -> AccountOf<'a> {
        AccountOf {
            account: &self.name,
            rows: self.rows,
            findings: self.findings.iter().map(|it| json::finding(it, show)).collect(),
        }
    }

    fn text(&self, show: &Show) -> String {
        let name = show.plain(&self.name);
        match (self.rows, self.findings.len()) {
            (None, 0) => wrap(
                &format!(
                    "{name}: the CRM was not read yet; run: {} reconcile {}",
                    show.command,
                    quoted(&self.name)
                ),
                0,
            ),
            (Some(_), 0) => format!("{name}: nothing to mend\n"),
            (_, n) => format!(
                "{}\n{}{name}: {} ({})\n",
                show.heading(&name),
                findings::all(&self.findings, show),
                count(n, "finding"),
                findings::summary(&self.findings),
            ),
        }
    }
}

#[derive(Serialize)]
struct Document<'a> {
    schema: u32,
    accounts: Vec<AccountOf<'a>>,
}

#[derive(Serialize)]
struct AccountOf<'a> {
    account: &'a str,
    rows: Option<u64>,
    findings: Vec<FoundIn<'a>>,
}
