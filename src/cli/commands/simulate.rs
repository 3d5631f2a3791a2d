//! `simulate`: serves the simulated platforms on this machine until somebody ends it, and then says what
//! the client did and which rules it broke.

use std::collections::BTreeMap;
use std::fs;
use std::io;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};

use serde::de::DeserializeOwned;

use super::demo::people::{self, MAX_PEOPLE};
use crate::cli::args::{Seed, SimulateArgs};
use crate::cli::desk::{Desk, quoted};
use crate::cli::exit::Exit;
use crate::cli::failure::Failure;
use crate::cli::interrupt::Interrupt;
use crate::domain::phone::Phone;
use crate::simulator::{
    AccountSetup, Counts, Fault, MetaBusiness, Setup, SimChannel, SimUser, Simulator, Switches, TokenSetup,
    Violation, WutsUser,
};
use crate::text;
use crate::text::chain;

/// Why nothing is served.
#[derive(Debug, thiserror::Error)]
enum SimulateError {
    /// Files are read before anything is served, so it is the caller's to name another one.
    #[error("can't read {}", path.display())]
    File {
        /// As named.
        path: PathBuf,
        /// Why.
        source: io::Error,
    },
    /// A file holds something else.
    #[error("{}:{line}:{column}: {message}", path.display())]
    Content {
        /// As named.
        path: PathBuf,
        /// From 1.
        line: usize,
        /// From 1; 0 at the begin of a line.
        column: usize,
        /// What is wrong with it.
        message: String,
    },
    /// More people than can be made up.
    #[error("--users: at most {MAX_PEOPLE} users can be made up")]
    TooMany,
    /// No header can carry the token.
    #[error("--token: only visible ASCII characters can be sent as a token")]
    Token,
    /// The address is taken, or not ours.
    #[error("can't listen on {address}")]
    Listen {
        /// As named.
        address: SocketAddr,
        /// Why.
        source: io::Error,
    },
    /// The system refuses to tell us of signals.
    #[error("can't listen to signals")]
    Signals(#[source] io::Error),
}

impl From<SimulateError> for Failure {
    fn from(error: SimulateError) -> Failure {
        match error {
            SimulateError::File { .. }
            | SimulateError::Content { .. }
            | SimulateError::TooMany
            | SimulateError::Token
            | SimulateError::Listen { .. } => Failure::usage(chain(&error)),
            SimulateError::Signals(_) => Failure::unexpected(chain(&error)),
        }
    }
}

/// Serves until Ctrl-C or SIGTERM.
pub(in crate::cli) async fn run(args: &SimulateArgs, desk: &Desk) -> Result<Exit, Failure> {
    Ok(serve(args, desk).await?)
}

async fn serve(args: &SimulateArgs, desk: &Desk) -> Result<Exit, SimulateError> {
    let setup = setup(args)?;
    let n_users = setup.accounts.iter().map(|it| it.users.len()).sum();
    let n_faults = setup.faults.len();
    let mut interrupt = Interrupt::listen().map_err(SimulateError::Signals)?;
    let simulator = Simulator::start(setup).await.map_err(|source| {
        let address = args.listen;
        SimulateError::Listen { address, source }
    })?;
    desk.console
        .print(&introduction(&simulator, &args.token, n_users, n_faults));
    interrupt.wait().await;
    desk.console
        .print(&end(&simulator.counts(), &simulator.violations()));
    simulator.shutdown().await;
    Ok(Exit::Ok)
}

fn setup(args: &SimulateArgs) -> Result<Setup, SimulateError> {
    let SimulateArgs {
        listen,
        token,
        users,
        switches,
        faults,
    } = args;
    if !token.chars().all(|it| it.is_ascii_graphic()) {
        return Err(SimulateError::Token);
    }
    let setup = Setup {
        bind: Some(*listen),
        manual_clock: false,
        switches: match switches {
            Some(path) => read_json(path)?,
            None => Switches::default(),
        },
        accounts: vec![AccountSetup {
            token: token.clone(),
            users: users_of(users)?,
            channels: vec![SimChannel::new("b8de54a9-0d3f-4b2a-9f5c-0c4d1e2f3a4b", "Sales")],
            ..AccountSetup::default()
        }],
        tokens: TokenSetup::default(),
        faults: match faults {
            Some(path) => read_faults(path)?,
            None => Vec::new(),
        },
        ..Setup::default()
    };
    let admin = WutsUser::new("1", "admin@example.com", "admin").token(token);
    Ok(setup
        .and_tenant("simulated", [admin])
        .and_meta(MetaBusiness::new(token)))
}

fn users_of(seed: &Seed) -> Result<Vec<SimUser>, SimulateError> {
    match seed {
        Seed::File(path) => read_json(path),
        Seed::Count(n) if *n > MAX_PEOPLE => Err(SimulateError::TooMany),
        Seed::Count(n) => Ok(people::people(*n)
            .map(|it| {
                let phone = Phone::parse(&it.phone, Some(it.region));
                SimUser::new(&it.id.to_string(), &it.name, phone.as_ref().map(Phone::digits))
            })
            .collect()),
    }
}

/// One fault, or an array of them, as the control plane takes them.
fn read_faults(path: &Path) -> Result<Vec<Fault>, SimulateError> {
    let text = read(path)?;
    if text.trim_start().starts_with('[') {
        parse(path, &text)
    } else {
        Ok(vec![parse(path, &text)?])
    }
}

fn read_json<T: DeserializeOwned>(path: &Path) -> Result<T, SimulateError> {
    parse(path, &read(path)?)
}

fn read(path: &Path) -> Result<String, SimulateError> {
    fs::read_to_string(path).map_err(|source| {
        let path = path.to_owned();
        SimulateError::File { path, source }
    })
}

fn parse<T: DeserializeOwned>(path: &Path, json: &str) -> Result<T, SimulateError> {
    serde_json::from_str(json).map_err(|error| {
        let (line, column) = (error.line(), error.column());
        let message = error.to_string();
        let place = format!(" at line {line} column {column}");
        SimulateError::Content {
            path: path.to_owned(),
            line,
            column,
            message: text::printable(message.strip_suffix(&place).unwrap_or(&message)),
        }
    })
}

/// What to know, and what to do with it.
fn introduction(simulator: &Simulator, token: &str, n_users: usize, n_faults: usize) -> String {
    let base_url = simulator.base_url();
    let seats = simulator.switches().seats;
    let shell_token = quoted(token);
    let MetaBusiness {
        business_id, waba_id, ..
    } = MetaBusiness::new(token);
    format!(
        "\
Wazzup, WUTS and Meta, simulated on this machine. All is kept in memory, and gone at the end.

  Base URL   {base_url}
  Token      {token}
  Users      {n_users} (of {seats} seats)
  Faults     {n_faults}

To keep it in sync with a table, add this to a configuration with a source `crm`:

  [[accounts]]
  name = \"simulated\"
  source = \"crm\"
  removal = \"delete\"

  [accounts.target]
  kind = \"wazzup-v2\"
  base_url = \"{base_url}\"
  token = \"env:SIMULATOR_TOKEN\"

For another platform, other lines go there; the address and the token stay:

  kind = \"wazzup-v3\"   shows the same users as Wazzup v2
  kind = \"wuts\"        and: create_users = true
  kind = \"meta\"        and: create_users = true, match = \"name\", api_version = \"v25.0\",
                       business_id = \"{business_id}\", waba_id = \"{waba_id}\"

WUTS and Meta have an administrator, whose token it is, and need the columns email and role,
`removal = \"deactivate\"` or \"unassign\", and [accounts.roles] or [accounts.tasks]. For rights on
channels of Wazzup v2 there is a channel \"Sales\".

Then set the token where wazzup-sync runs:

  export SIMULATOR_TOKEN={shell_token}

To look at everything, and to let the next write end with 502:

  curl {base_url}/_simulator/state
  curl {base_url}/_simulator/faults \\
    -d '{{\"when\": {{\"method\": \"write\", \"nth\": 1}}, \"how\": {{\"status\": {{\"status\": 502}}}}}}'

Serving. Ctrl-C ends it, and shows what the client did.
"
    )
}

/// What the client did, and which rules it broke.
fn end(counts: &Counts, violations: &[Violation]) -> String {
    let Counts {
        connections,
        requests,
        reads,
        posts,
        patches,
        puts,
        deletes,
        faults,
        unauthorised,
    } = counts;
    let mut text = format!(
        "\n\
         Served {requests} requests on {connections} connections: {reads} GET, {posts} POST, {patches} PATCH, \
         {puts} PUT, {deletes} DELETE.\n\
         {faults} met a fault, {unauthorised} had an unknown token.\n"
    );
    if violations.is_empty() {
        text.push_str("The client kept every rule of the platform.\n");
        return text;
    }
    text.push_str("The client broke these rules of the platform:\n");
    let mut by_rule: BTreeMap<_, (usize, &Violation)> = BTreeMap::new();
    for violation in violations {
        by_rule.entry(violation.rule).or_insert((0, violation)).0 += 1;
    }
    for (rule, (times, first)) in &by_rule {
        let said = text::printable(&first.text);
        text.push_str(&format!(
            "  {rule:?}: {times}×, first by request {}: {said}\n",
            first.seq
        ));
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::simulator::Rule;

    fn file(text: &str) -> tempfile::NamedTempFile {
        let file = tempfile::NamedTempFile::new().unwrap();
        fs::write(file.path(), text).unwrap();
        file
    }

    fn args() -> SimulateArgs {
        SimulateArgs {
            listen: SocketAddr::from(([127, 0, 0, 1], 0)),
            token: "t".to_owned(),
            users: Seed::Count(0),
            switches: None,
            faults: None,
        }
    }

    fn refusal(args: &SimulateArgs) -> String {
        let failure = Failure::from(setup(args).unwrap_err());
        assert_eq!(failure.exit, Exit::Usage);
        failure.message
    }

    #[test]
    fn a_wrong_file_is_refused_with_its_place() {
        let switches = file("{\n  \"seats\": 5,\n  \"seets\": 6\n}");
        let text = refusal(&SimulateArgs {
            switches: Some(switches.path().to_owned()),
            ..args()
        });
        let place = format!("{}:3:9: unknown field `seets`", switches.path().display());
        assert!(text.starts_with(&place) && !text.contains(" at line "), "{text}");
        let absent = PathBuf::from("/does/not/exist.json");
        let text = refusal(&SimulateArgs {
            users: Seed::File(absent),
            ..args()
        });
        assert!(
            text.starts_with("can't read /does/not/exist.json: No such file"),
            "{text}"
        );
    }

    #[test]
    fn one_fault_and_several_can_be_read() {
        let one = r#"{"how": "reset"}"#;
        for (text, n) in [
            (one.to_owned(), 1),
            (format!("\n[{one}, {one}]"), 2),
            ("[]".to_owned(), 0),
        ] {
            let faults = file(&text);
            let args = SimulateArgs {
                faults: Some(faults.path().to_owned()),
                ..args()
            };
            assert_eq!(setup(&args).unwrap().faults.len(), n, "{text}");
        }
        let wrong = file("[{\"how\": \"resett\"}]");
        let text = refusal(&SimulateArgs {
            faults: Some(wrong.path().to_owned()),
            ..args()
        });
        assert!(text.contains("unknown variant `resett`"), "{text}");
    }

    #[test]
    fn made_up_users_all_have_a_phone() {
        let seed = Seed::Count(100);
        let users = users_of(&seed).unwrap();
        assert_eq!(users.len(), 100);
        assert!(users.iter().all(|it| it.phone.is_some()), "{users:?}");
        let text = refusal(&SimulateArgs {
            users: Seed::Count(MAX_PEOPLE + 1),
            ..args()
        });
        assert!(text.contains("1000000"), "{text}");
    }

    #[test]
    fn a_token_that_no_header_can_carry_is_refused() {
        for token in ["with blank", "с", "line\nbreak"] {
            let text = refusal(&SimulateArgs {
                token: token.to_owned(),
                ..args()
            });
            assert!(text.starts_with("--token"), "{text}");
        }
    }

    #[test]
    fn broken_rules_are_counted_and_shown_with_an_example() {
        let violation = |seq, rule, text: &str| Violation {
            seq,
            rule,
            text: text.to_owned(),
        };
        let violations = [
            violation(3, Rule::PhoneFree, "first"),
            violation(5, Rule::PhoneFree, "second"),
            violation(4, Rule::BatchSize, "101 items"),
        ];
        let text = end(&Counts::default(), &violations);
        assert!(
            text.contains("PhoneFree: 2×, first by request 3: first\n"),
            "{text}"
        );
        assert!(
            text.contains("BatchSize: 1×, first by request 4: 101 items\n"),
            "{text}"
        );
    }
}
