//! The program: reads arguments and environment, starts the log, runs the command, ends with its code.

use std::io::IsTerminal as _;
use std::process::ExitCode;

use wazzup_sync::cli::args::{self, Args};
use wazzup_sync::cli::exit::Exit;
use wazzup_sync::cli::{self, Surroundings};
use wazzup_sync::settings::Environment;
use wazzup_sync::telemetry::{self, Format};

fn main() -> ExitCode {
    let args = match args::parse(std::env::args_os()) {
        Ok(args) => args,
        Err(answer) => {
            // Nobody is left to be told if even this can't be written.
            let _ = answer.print();
            return args::exit_of(&answer).into();
        }
    };
    let surroundings = surroundings();
    start_log(&args, &surroundings);
    // One thread is enough: a command waits for a database and a platform, and computes next to nothing.
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
    match runtime {
        Ok(runtime) => runtime.block_on(cli::run(args, surroundings)).into(),
        Err(error) => {
            eprintln!("error: the program can't start: {error}");
            Exit::Unexpected.into()
        }
    }
}

fn surroundings() -> Surroundings {
    // A variable that is no text can't be a setting or the name of a secret of ours.
    let variables = std::env::vars_os().filter_map(|(name, value)| {
        let name = name.into_string().ok()?;
        Some((name, value.into_string().ok()?))
    });
    Surroundings {
        environment: Environment::new(variables),
        program: std::env::current_exe().ok(),
        is_stdin_terminal: std::io::stdin().is_terminal(),
        is_stdout_terminal: std::io::stdout().is_terminal(),
        is_stderr_terminal: std::io::stderr().is_terminal(),
    }
}

fn start_log(args: &Args, surroundings: &Surroundings) {
    let is_terminal = surroundings.is_stderr_terminal;
    let variables = surroundings.environment.variables();
    let format = Format::choose(telemetry::Surroundings {
        is_terminal,
        is_systemd: variables.contains_key("JOURNAL_STREAM") || variables.contains_key("INVOCATION_ID"),
        no_color: !surroundings.has_color(args.color, is_terminal),
    });
    // Only a second start could fail.
    let _ = telemetry::start(format, args.verbose);
}
