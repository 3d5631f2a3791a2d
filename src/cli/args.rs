//! The arguments, as `clap` reads them.
//!
//! Only the shape is decided here: which words there are, and that a usage error ends with 64. Whether an
//! account exists, or a file can be read, is the business of the command.

use std::ffi::OsString;
use std::net::SocketAddr;
use std::path::PathBuf;

use clap::builder::NonEmptyStringValueParser as Word;
use clap::error::ErrorKind;
use clap::{Arg, ArgAction, ArgMatches, CommandFactory as _, FromArgMatches as _};
use clap::{Args as ClapArgs, Parser, Subcommand, ValueEnum};

use super::exit::Exit;

const OVERVIEW: &str = "\
Examples:
  wazzup-sync demo                         see it work, with nothing to configure
  wazzup-sync check                        is the configuration right, does everything answer?
  wazzup-sync plan                         what would be changed
  wazzup-sync reconcile                    change it
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
    /// Repair what the program remembers
    #[command(after_help = "\
Examples:
  wazzup-sync state rebuild acme           read the platform again as the last known state
  wazzup-sync state rename acme acme-riga  after renaming the account in the configuration
  wazzup-sync state forget acme            after taking it out of the configuration")]
    State(StateArgs),
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
}

/// Text or JSON.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default, ValueEnum)]
pub enum Output {
    /// For people.
    #[default]
    Text,
    /// For programs.
    Json,
}

/// Text, JSON or Markdown.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default, ValueEnum)]
pub enum PlanOutput {
    /// For people.
    #[default]
    Text,
    /// For programs.
    Json,
    /// For a ticket or a merge request.
    Markdown,
}

/// Text, JSON or JSON lines.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default, ValueEnum)]
pub enum ReconcileOutput {
    /// For people.
    #[default]
    Text,
    /// For programs.
    Json,
    /// For programs: one account a line, as each ends.
    Ndjson,
}

/// How to answer.
#[derive(Clone, PartialEq, Eq, Debug, Default, ClapArgs)]
pub struct Answer {
    /// How to answer
    #[arg(long, value_enum, default_value_t, value_name = "FORMAT", global = true)]
    pub output: Output,
    /// Show whole phone numbers instead of masking them
    #[arg(long, global = true)]
    pub show_phones: bool,
}

/// Arguments of `reconcile`.
#[derive(Clone, PartialEq, Eq, Debug, Default, ClapArgs)]
pub struct ReconcileArgs {
    /// Only these accounts, also those whose schedule or back-off says later
    #[arg(value_name = "ACCOUNT", value_parser = Word::new())]
    pub accounts: Vec<String>,
    /// Only this employee's user
    #[arg(long, value_name = "ID", value_parser = Word::new())]
    pub user: Option<String>,
    /// Read the platform's list even if nothing changed
    #[arg(long)]
    pub verify: bool,
    /// Count findings like open changes: end with 3
    #[arg(long)]
    pub strict: bool,
    /// How to answer
    #[arg(long, value_enum, default_value_t, value_name = "FORMAT")]
    pub output: ReconcileOutput,
    /// Show whole phone numbers instead of masking them
    #[arg(long)]
    pub show_phones: bool,
}

/// Arguments of `plan`.
#[derive(Clone, PartialEq, Eq, Debug, Default, ClapArgs)]
pub struct PlanArgs {
    /// Only these accounts
    #[arg(value_name = "ACCOUNT", value_parser = Word::new())]
    pub accounts: Vec<String>,
    /// End with 2 if something would change
    #[arg(long)]
    pub exit_code: bool,
    /// Write the plan to a file too, for `apply`
    #[arg(long, value_name = "FILE")]
    pub out: Option<PathBuf>,
    /// How to answer
    #[arg(long, value_enum, default_value_t, value_name = "FORMAT")]
    pub output: PlanOutput,
    /// Show whole phone numbers instead of masking them
    #[arg(long)]
    pub show_phones: bool,
}

/// Arguments of `apply`.
#[derive(Clone, PartialEq, Eq, Debug, ClapArgs)]
pub struct ApplyArgs {
    /// The plan, as written by `plan --out`
    #[arg(value_name = "FILE")]
    pub file: PathBuf,
    /// How to answer.
    #[command(flatten)]
    pub answer: Answer,
}

/// Arguments of `check`.
#[derive(Clone, PartialEq, Eq, Debug, Default, ClapArgs)]
pub struct CheckArgs {
    /// Only the configuration: no database, no network
    #[arg(long)]
    pub offline: bool,
    /// How to answer.
    #[command(flatten)]
    pub answer: Answer,
}

/// Arguments of `runs`.
#[derive(Clone, PartialEq, Eq, Debug, Default, ClapArgs)]
pub struct RunsArgs {
    /// Without one: `list`.
    #[command(subcommand)]
    pub command: Option<RunsCommand>,
    /// How to answer.
    #[command(flatten)]
    pub answer: Answer,
}

/// What to show of past runs.
#[derive(Clone, PartialEq, Eq, Debug, Subcommand)]
pub enum RunsCommand {
    /// The latest runs [default]
    List {
        /// At most so many
        #[arg(long, value_name = "N", default_value_t = 20)]
        limit: u32,
    },
    /// One run with all its changes
    Show {
        /// Its id, as `runs list` shows it
        #[arg(value_name = "RUN", value_parser = Word::new())]
        run: String,
    },
}

/// Arguments of `foreign`.
#[derive(Clone, PartialEq, Eq, Debug, Default, ClapArgs)]
pub struct ForeignArgs {
    /// Without one: `list`.
    #[command(subcommand)]
    pub command: Option<ForeignCommand>,
    /// How to answer.
    #[command(flatten)]
    pub answer: Answer,
}

/// What to do with users that are not ours.
#[derive(Clone, PartialEq, Eq, Debug, Subcommand)]
pub enum ForeignCommand {
    /// The foreign users of all accounts [default]
    List,
    /// Manage foreign users from now on
    Claim {
        /// The account that they are in
        #[arg(value_name = "ACCOUNT", value_parser = Word::new())]
        account: String,
        /// Their ids on the platform
        #[arg(value_name = "ID", value_parser = Word::new())]
        #[arg(required_unless_present = "all", conflicts_with = "all")]
        ids: Vec<String>,
        /// All foreign users of the account
        #[arg(long)]
        all: bool,
    },
}

/// Arguments of `holds`.
#[derive(Clone, PartialEq, Eq, Debug, Default, ClapArgs)]
pub struct HoldsArgs {
    /// Without one: `list`.
    #[command(subcommand)]
    pub command: Option<HoldsCommand>,
    /// How to answer.
    #[command(flatten)]
    pub answer: Answer,
}

/// What to do with what waits for a decision.
#[derive(Clone, PartialEq, Eq, Debug, Subcommand)]
pub enum HoldsCommand {
    /// What waits [default]
    List,
    /// Let the users of a hold pass, for 24 hours
    Approve(Decision),
    /// Keep the users of a hold as they are, until their rows change
    Reject(Decision),
}

/// A decision about one hold.
#[derive(Clone, PartialEq, Eq, Debug, ClapArgs)]
pub struct Decision {
    /// Its id, as `holds list` shows it
    #[arg(value_name = "ID", value_parser = Word::new())]
    pub hold: String,
    /// Why; recorded with your name and the time
    #[arg(long, value_name = "TEXT", value_parser = Word::new())]
    pub reason: Option<String>,
}

/// Arguments of `state`.
#[derive(Clone, PartialEq, Eq, Debug, ClapArgs)]
pub struct StateArgs {
    /// What to do.
    #[command(subcommand)]
    pub command: StateCommand,
    /// How to answer.
    #[command(flatten)]
    pub answer: Answer,
}

/// Repairs of what the program remembers.
#[derive(Clone, PartialEq, Eq, Debug, Subcommand)]
pub enum StateCommand {
    /// Take what the platform shows now as the last known state
    Rebuild {
        /// The account
        #[arg(value_name = "ACCOUNT", value_parser = Word::new())]
        account: String,
    },
    /// Keep the memory of an account that got another name
    Rename {
        /// The name until now
        #[arg(value_name = "OLD", value_parser = Word::new())]
        old: String,
        /// The name from now on
        #[arg(value_name = "NEW", value_parser = Word::new())]
        new: String,
    },
    /// Forget an account that left the configuration
    Forget {
        /// The account
        #[arg(value_name = "ACCOUNT", value_parser = Word::new())]
        account: String,
    },
}

/// Arguments of `simulate`.
#[derive(Clone, PartialEq, Eq, Debug, ClapArgs)]
pub struct SimulateArgs {
    /// Address on this machine; port 0 takes a free one
    #[arg(long, value_name = "ADDR", default_value = "127.0.0.1:8080", value_parser = loopback)]
    pub listen: SocketAddr,
    /// The token that clients must send
    #[arg(long, value_name = "TOKEN", default_value = "simulator", value_parser = Word::new())]
    pub token: String,
    /// Users to begin with: a JSON file, or how many to make up
    #[arg(long, value_name = "FILE|N", default_value = "0", value_parser = seed)]
    pub users: Seed,
    /// How the platforms behave where their documents are silent: a JSON file
    #[arg(long, value_name = "FILE")]
    pub switches: Option<PathBuf>,
    /// What goes wrong, and when: a JSON file
    #[arg(long, value_name = "FILE")]
    pub faults: Option<PathBuf>,
}

/// Users that the simulator begins with.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Seed {
    /// Those of a file.
    File(PathBuf),
    /// So many made-up ones.
    Count(usize),
}

/// Arguments of `demo`.
#[derive(Clone, PartialEq, Eq, Debug, Default, ClapArgs)]
pub struct DemoArgs {
    /// Without pauses between the chapters
    #[arg(long)]
    pub fast: bool,
    /// Show whole phone numbers instead of masking them
    #[arg(long)]
    pub show_phones: bool,
}

fn loopback(text: &str) -> Result<SocketAddr, String> {
    let addr: SocketAddr = text
        .parse()
        .map_err(|_| "expected an address and a port, such as 127.0.0.1:8080".to_owned())?;
    match addr.ip().is_loopback() {
        true => Ok(addr),
        false => Err("the simulator serves this machine only: 127.0.0.1 or [::1]".to_owned()),
    }
}

/// Never fails: what is no number is a file, and a file named by digits can be written as `./17`.
fn seed(text: &str) -> Result<Seed, std::convert::Infallible> {
    Ok(text.parse().map_or_else(|_| Seed::File(text.into()), Seed::Count))
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
