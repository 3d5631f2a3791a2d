//! The arguments of each command.

use std::net::SocketAddr;
use std::path::PathBuf;

use clap::builder::NonEmptyStringValueParser as Word;
use clap::{Args as ClapArgs, Subcommand, ValueEnum};

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
    /// The latest runs (the default)
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

/// Arguments of `status`.
#[derive(Clone, PartialEq, Eq, Debug, Default, ClapArgs)]
pub struct StatusArgs {
    /// How to answer.
    #[command(flatten)]
    pub answer: Answer,
}

/// Arguments of `findings`.
#[derive(Clone, PartialEq, Eq, Debug, Default, ClapArgs)]
pub struct FindingsArgs {
    /// Only these accounts
    #[arg(value_name = "ACCOUNT", value_parser = Word::new())]
    pub accounts: Vec<String>,
    /// How to answer.
    #[command(flatten)]
    pub answer: Answer,
}

/// Arguments of `explain`.
#[derive(Clone, PartialEq, Eq, Debug, ClapArgs)]
pub struct ExplainArgs {
    /// The account
    #[arg(value_name = "ACCOUNT", value_parser = Word::new())]
    pub account: String,
    /// The id of the employee, or of the user on the platform
    #[arg(value_name = "USER", value_parser = Word::new())]
    pub user: String,
    /// Read the CRM and the platform now; sends no write
    #[arg(long)]
    pub live: bool,
    /// How to answer.
    #[command(flatten)]
    pub answer: Answer,
}

/// Arguments of `completions`.
#[derive(Clone, PartialEq, Eq, Debug, ClapArgs)]
pub struct CompletionsArgs {
    /// For which shell
    #[arg(value_name = "SHELL", value_enum)]
    pub shell: clap_complete::Shell,
}

/// Arguments of `man`.
#[derive(Clone, PartialEq, Eq, Debug, Default, ClapArgs)]
pub struct ManArgs {
    /// Write one page for each command into this folder, instead of one for all to stdout
    #[arg(long, value_name = "DIR")]
    pub out: Option<PathBuf>,
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
    /// The foreign users of all accounts (the default)
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
    /// What waits (the default)
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

/// Arguments of `pause` and `resume`.
#[derive(Clone, PartialEq, Eq, Debug, ClapArgs)]
pub struct PauseArgs {
    /// Which account
    #[arg(value_name = "ACCOUNT", value_parser = Word::new())]
    #[arg(required_unless_present = "all", conflicts_with = "all")]
    pub account: Option<String>,
    /// All accounts, those to come included
    #[arg(long)]
    pub all: bool,
    /// Only removals
    #[arg(long)]
    pub removals: bool,
    /// How to answer.
    #[command(flatten)]
    pub answer: Answer,
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

/// Arguments of `init`.
#[derive(Clone, PartialEq, Eq, Debug, Default, ClapArgs)]
pub struct InitArgs {
    /// Address of the CRM's database without a password: postgres://…, mysql://… or sqlite:PATH; or a reference to
    /// an address: env:NAME, file:PATH or cred:NAME
    #[arg(long, value_name = "URL", allow_hyphen_values = true)]
    pub source: Option<String>,
    /// An address without its flag; taken so that it can be refused without being repeated.
    #[arg(hide = true, value_name = "URL")]
    pub stray: Vec<String>,
    /// Where the password of the database is: env:NAME, file:PATH or cred:NAME
    #[arg(long, value_name = "REF")]
    pub password_ref: Option<String>,
    /// Take this CRM, whatever the tables look like
    #[arg(long, value_name = "NAME", conflicts_with = "table")]
    pub preset: Option<String>,
    /// A parameter of the preset, as NAME=VALUE; repeat it for each
    #[arg(long = "param", value_name = "NAME=VALUE")]
    pub params: Vec<String>,
    /// Write the query for this table
    #[arg(long, value_name = "NAME")]
    pub table: Option<String>,
    /// Region of phone numbers without a country code, such as LV
    #[arg(long, value_name = "REGION")]
    pub default_region: Option<String>,
    /// The platform
    #[arg(long, value_name = "KIND", value_parser = ["wazzup-v2", "wazzup-v3", "wuts", "meta"])]
    pub kind: Option<String>,
    /// Where the platform's token is: env:NAME, file:PATH or cred:NAME [default: the file "token" beside FILE]
    #[arg(long, value_name = "REF")]
    pub token_ref: Option<String>,
    /// Number of the business; meta only
    #[arg(long, value_name = "ID")]
    pub business_id: Option<String>,
    /// Number of the WhatsApp Business account; meta only
    #[arg(long, value_name = "ID")]
    pub waba_id: Option<String>,
    /// What the account is called in reports
    #[arg(long, value_name = "NAME", default_value = "main", value_parser = Word::new())]
    pub account: String,
    /// The configuration to write; never one that is there
    #[arg(long, value_name = "FILE", default_value = "config.toml")]
    pub out: PathBuf,
    /// Show whole phone numbers instead of masking them
    #[arg(long)]
    pub show_phones: bool,
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
    /// Show every platform, too: Wazzup v2 and v3, WUTS, Meta
    #[arg(long)]
    pub all: bool,
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
