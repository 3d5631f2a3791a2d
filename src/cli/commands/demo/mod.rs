//! `demo`: the whole story on a made-up company, with nothing to configure.
//!
//! Everything in it is real but the company: a CRM in an SQLite file, a platform that answers over HTTP, a
//! configuration, and this program run as anybody runs it. What the platform shows is compared with what it
//! must show, chapter by chapter; a story that comes out otherwise ends with 1.

mod all;
mod company;
mod fleet;
pub(in crate::cli) mod people;
mod stage;
mod story;

use std::fs;
use std::path::PathBuf;

use anyhow::Context as _;

use self::company::Company;
use self::fleet::Fleet;
use self::stage::{Ended, Stage};
use crate::cli::args::DemoArgs;
use crate::cli::desk::Desk;
use crate::cli::exit::Exit;
use crate::cli::failure::Failure;
use crate::cli::interrupt::Interrupt;

/// The configuration's file.
const CONFIG: &str = "demo.toml";

/// The variable in which commands find the token.
const TOKEN_VARIABLE: &str = "DEMO_TOKEN";

/// What to do after the story.
const WHAT_NEXT: &str = "\
With your own CRM, this recognises it and writes a config.toml; it only reads:

  wazzup-sync init --source postgres://reader@host/database

Or write it by hand (config/example.toml shows every key):

  [store]
  url = \"sqlite:state.db\"                     # what is remembered between runs
  [sources.crm]
  url = \"sqlite:crm.db\"                       # or postgres://reader@host/database
  query = \"SELECT id, name, phone, active FROM employees\"
  default_region = \"LV\"                       # completes numbers without a country code
  [[accounts]]
  name = \"acme\"
  source = \"crm\"
  removal = \"delete\"                          # what becomes of leavers; `keep` removes nobody
  [accounts.target]
  kind = \"wazzup-v2\"
  token = \"file:token\"                        # a file that only you can read

  wazzup-sync --config config.toml check      does everything answer? Reads only
  wazzup-sync --config config.toml plan       what would be changed? Sends nothing
  wazzup-sync --config config.toml reconcile  change it
";

/// Runs the command. `program` is this program's file; `is_watched` says that somebody reads along at a terminal.
pub(in crate::cli) async fn run(
    args: &DemoArgs,
    desk: &Desk,
    program: Option<PathBuf>,
    is_watched: bool,
) -> Result<Exit, Failure> {
    let told = tell(args, desk, program, is_watched).await;
    told.map_err(|error| match error.downcast_ref::<Ended>() {
        Some(ended) => Failure::unexpected(ended.to_string()),
        None => Failure::unexpected(format!("the demo did not come out as told: {error:#}")),
    })
}

async fn tell(
    args: &DemoArgs,
    desk: &Desk,
    program: Option<PathBuf>,
    is_watched: bool,
) -> anyhow::Result<Exit> {
    let interrupt = Interrupt::listen()?;
    // Goes with the end of this function, whatever the end is.
    let folder = tempfile::Builder::new()
        .prefix("wazzup-sync-demo-")
        .tempdir()
        .context("no temporary folder")?;
    let mut company = Company::found(folder.path()).await?;
    fs::write(folder.path().join(CONFIG), configuration(&company))?;
    let mut stage = Stage {
        console: &desk.console,
        program: program.context("this program's file can't be told")?,
        folder: folder.path(),
        config: CONFIG,
        variables: vec![(TOKEN_VARIABLE, company.token())],
        n_chapters: story::N_CHAPTERS + if args.all { all::N_CHAPTERS } else { 0 },
        has_pauses: is_watched && !args.fast,
        show_phones: args.show_phones,
        interrupt,
    };
    Box::pin(story::tell(&mut stage, &mut company)).await?;
    if args.all {
        stage.pause().await?;
        let fleet = Fleet::found(folder.path()).await?;
        fs::write(folder.path().join(fleet::CONFIG), fleet.configuration())?;
        stage.config = fleet::CONFIG;
        stage.variables = fleet::VARIABLES.to_vec();
        Box::pin(all::tell(&mut stage, &fleet)).await?;
    }
    stage.pause().await?;
    stage.heading("What next");
    stage.show(WHAT_NEXT);
    Ok(Exit::Ok)
}

/// The configuration of the story.
fn configuration(company: &Company) -> String {
    let base_url = company.base_url();
    format!(
        "\
[store]
url = \"sqlite:state.db\"

# The simulator answers at once: no waiting for reads that lag behind writes, and no sparing.
[http]
settle = \"1ms\"
retry_base = \"1ms\"
requests_per_second = 1000

[sources.crm]
url = \"sqlite:crm.db\"
query = \"SELECT id, name, phone, country AS phone_region, active FROM staff\"

[[accounts]]
name = \"acme\"
source = \"crm\"
removal = \"delete\"

[accounts.target]
kind = \"wazzup-v2\"
base_url = \"{base_url}\"
token = \"env:{TOKEN_VARIABLE}\"
"
    )
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::settings::{Environment, Settings};

    #[test]
    fn what_to_write_next_is_a_valid_configuration() {
        let lines = WHAT_NEXT.lines().filter_map(|line| line.strip_prefix("  "));
        let config: Vec<&str> = lines.filter(|line| !line.starts_with("wazzup-sync")).collect();
        let file = tempfile::NamedTempFile::new().unwrap();
        fs::write(file.path(), config.join("\n")).unwrap();
        let settings = Settings::load(&[file.path().to_owned()], &Environment::new([])).unwrap();
        assert_eq!(settings.accounts.len(), 1);
        assert_eq!(settings.unsupported(), []);
    }
}
