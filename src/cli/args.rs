//! The arguments, as `clap` reads them.
//!
//! Only the shape is decided here: which words there are, and that a usage error ends with 64. Whether an
//! account exists, or a file can be read, is the business of the command.

use std::ffi::OsString;
use std::path::PathBuf;

use clap::error::ErrorKind;
use clap::{Arg, ArgAction, ArgMatches, CommandFactory as _, FromArgMatches as _};
use clap::{Parser, Subcommand, ValueEnum};

use super::exit::Exit;

mod commands;

pub use commands::*;

const OVERVIEW: &str = "\
Examples:
  wazzup-sync demo                         see it work, with nothing to configure
  wazzup-sync init --source URL            write a configuration for your CRM
  wazzup-sync check                        is the configuration right, does everything answer?
  wazzup-sync plan                         what would be changed
  wazzup-sync reconcile                    change it
  wazzup-sync run                          keep it so: the service
  wazzup-sync --config a.toml --config b.toml plan acme

Exit codes:
   0  in sync, or nothing to do             64  wrong usage; unknown account, user or hold
   1  unexpected                            65  source data unusable
   2  plan --exit-code: changes pending     69  source or platform unreachable, rate limited
   3  partial: some changes are open        70  plan refused by its own checker
   4  held: a person has to decide          74  store failure
   5  another process is at work            77  credentials refused
   6  the plan in the file is stale         78  configuration invalid";

/// Keeps the user lists of messaging platforms equal to a CRM's employee table.
#[derive(Clone, PartialEq, Eq, Debug, Parser)]
#[command(name = "wazzup-sync", version, after_help = OVERVIEW, max_term_width = 100)]
#[command(subcommand_required = true, arg_required_else_help = true)]
pub struct Args {
    /// Configuration; repeat it to lay files over each other [default: /etc/wazzup-sync/config.toml]
    #[arg(long, value_name = "FILE")]
    pub config: Vec<PathBuf>,
    /// Say more on stderr; twice for every detail
    #[arg(short, long, action = ArgAction::Count, global = true)]
    pub verbose: u8,
    /// Colours: auto, always or never
    #[arg(
        long,
        value_name = "WHEN",
        value_enum,
        default_value_t,
        hide_default_value = true
    )]
    #[arg(hide_possible_values = true, global = true)]
    pub color: ColorWhen,
    /// What to do.
    #[command(subcommand)]
    pub command: Command,
}

/// When to colour.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default, ValueEnum)]
pub enum ColorWhen {
    /// On a terminal, unless `NO_COLOR` is set.
    #[default]
    Auto,
    /// Always.
    Always,
    /// Never.
    Never,
}

/// The commands.
#[derive(Clone, PartialEq, Eq, Debug, Subcommand)]
pub enum Command {
    /// Poll by schedule until told to end: the service
    ///
    /// SIGHUP reads configuration and secrets again. SIGTERM ends it after the requests in flight.
    #[command(after_help = "\
Example:
  wazzup-sync run                          all enabled accounts, at once and then by schedule")]
    Run,
    /// Make the platforms equal to the CRM, once
    #[command(after_help = "\
Examples:
  wazzup-sync reconcile                    all enabled accounts
  wazzup-sync reconcile acme --verify      one account, and read its list even if nothing changed
  wazzup-sync reconcile acme --user 17     only employee 17")]
    Reconcile(ReconcileArgs),
    /// Show what reconcile would do; send nothing
    #[command(after_help = "\
Examples:
  wazzup-sync plan
  wazzup-sync plan acme --out acme.plan    to apply just this later
  wazzup-sync plan --exit-code             end with 2 if something would change")]
    Plan(PlanArgs),
    /// Apply a plan from a file, if it is still the plan
    ///
    /// Plans again from fresh reads, and applies only if that gives the plan of the file; else ends with 6 and says
    /// what moved.
    #[command(after_help = "\
Example:
  wazzup-sync plan acme --out acme.plan && wazzup-sync apply acme.plan")]
    Apply(ApplyArgs),
    /// Check the configuration, and whether everything answers
    ///
    /// Reads only: configuration, sources and their columns, credentials, seats.
    #[command(after_help = "\
Examples:
  wazzup-sync check
  wazzup-sync check --offline              only the configuration, without network")]
    Check(CheckArgs),
    /// Show how each account is
    ///
    /// From what is remembered: asks neither the CRM nor the platform.
    #[command(after_help = "\
Example:
  wazzup-sync status")]
    Status(StatusArgs),
    /// Show what the owner of the CRM should mend
    ///
    /// The findings in force, as the last runs left them.
    #[command(after_help = "\
Examples:
  wazzup-sync findings
  wazzup-sync findings acme --output json")]
    Findings(FindingsArgs),
    /// Explain one person: why there is a user, or why not
    ///
    /// What the CRM says, what the rules make of it, what the platform shows, what was done, and what comes next.
    #[command(after_help = "\
Examples:
  wazzup-sync explain acme 17              from what is remembered
  wazzup-sync explain acme 17 --live       read the CRM and the platform now, too")]
    Explain(ExplainArgs),
    /// Show past runs
    #[command(after_help = "\
Examples:
  wazzup-sync runs
  wazzup-sync runs show 0198a6c2-…         one run with all its changes")]
    Runs(RunsArgs),
    /// Show users that are not ours, and take them over
    #[command(after_help = "\
Examples:
  wazzup-sync foreign
  wazzup-sync foreign claim acme 17 23     managed from now on; the guards still apply
  wazzup-sync foreign claim acme --all")]
    Foreign(ForeignArgs),
    /// Show what waits for a decision, and decide
    #[command(after_help = "\
Examples:
  wazzup-sync holds
  wazzup-sync holds approve 7f3a --reason 'branch closed'
  wazzup-sync holds reject 7f3a --reason 'wrong filter in the CRM'")]
    Holds(HoldsArgs),
    /// Stop accounts for a while, or only their removals
    #[command(after_help = "\
Examples:
  wazzup-sync pause --all                  nothing is sent any more
  wazzup-sync pause acme --removals        nobody is removed; everything else goes on")]
    Pause(PauseArgs),
    /// Let paused accounts go on
    #[command(after_help = "\
Examples:
  wazzup-sync resume --all
  wazzup-sync resume acme --removals")]
    Resume(PauseArgs),
    /// Repair what the program remembers
    #[command(after_help = "\
Examples:
  wazzup-sync state rebuild acme           read the platform again as the last known state
  wazzup-sync state rename acme acme-riga  after renaming the account in the configuration
  wazzup-sync state forget acme            after taking it out of the configuration")]
    State(StateArgs),
    /// Recognise a CRM by its tables and write a configuration for it
    ///
    /// Reads only, and writes one new file. On a terminal it asks for what is not given here.
    #[command(after_help = "\
Examples:
  wazzup-sync init --source postgres://reader@db.example/odoo
  wazzup-sync init --source mysql://reader@127.0.0.1/suitecrm --password-ref file:crm-password --default-region LV
  wazzup-sync init --source env:CRM_URL --preset twenty --param phone_field=mobile --out twenty.toml")]
    Init(InitArgs),
    /// Serve the platforms on this machine, to try things out
    #[command(after_help = "\
Example:
  wazzup-sync simulate --listen 127.0.0.1:8080 --token test --users 1000")]
    Simulate(SimulateArgs),
    /// Show the whole story on a made-up company; nothing to configure
    #[command(after_help = "\
Example:
  wazzup-sync demo --fast")]
    Demo(DemoArgs),
    /// Write a completion script for a shell
    #[command(after_help = "\
Examples:
  wazzup-sync completions bash > /etc/bash_completion.d/wazzup-sync
  wazzup-sync completions fish > ~/.config/fish/completions/wazzup-sync.fish")]
    Completions(CompletionsArgs),
    /// Write the manual
    #[command(after_help = "\
Examples:
  wazzup-sync man | man -l -               read it
  wazzup-sync man --out /usr/local/share/man/man1")]
    Man(ManArgs),
}

/// All that can be said on the command line, for whatever is made from it.
pub fn definition() -> clap::Command {
    Args::command()
}

/// The id of the `--config` that may stand after a command.
const CONFIG_HERE: &str = "config_here";

/// Reads the arguments, the program's name first.
///
/// # Errors
/// For usage errors, and for `--help` and `--version`: print it, and end with [`exit_of`].
pub fn parse<I, T>(arguments: I) -> Result<Args, clap::Error>
where
    I: IntoIterator<Item = T>,
    T: Into<OsString> + Clone,
{
    let matches = with_config_everywhere(Args::command()).try_get_matches_from(arguments)?;
    let mut args = Args::from_arg_matches(&matches)?;
    collect_configs(&matches, &mut args.config);
    Ok(args)
}

/// How a command ends that [`parse`] refused or answered.
pub fn exit_of(error: &clap::Error) -> Exit {
    match error.kind() {
        ErrorKind::DisplayHelp | ErrorKind::DisplayVersion => Exit::Ok,
        _ => Exit::Usage,
    }
}

/// Lets `--config` stand after every command too. A `global` argument would not do: of values on both
/// sides `clap` keeps one, and a layer of the configuration would be lost in silence.
fn with_config_everywhere(command: clap::Command) -> clap::Command {
    command.mut_subcommands(|subcommand| {
        let config = Arg::new(CONFIG_HERE)
            .long("config")
            .value_name("FILE")
            .value_parser(clap::value_parser!(PathBuf))
            .action(ArgAction::Append)
            .hide(true);
        with_config_everywhere(subcommand.arg(config))
    })
}

fn collect_configs(matches: &ArgMatches, configs: &mut Vec<PathBuf>) {
    if let Some((_, matches)) = matches.subcommand() {
        configs.extend(matches.get_many(CONFIG_HERE).into_iter().flatten().cloned());
        collect_configs(matches, configs);
    }
}

#[cfg(test)]
mod tests;
