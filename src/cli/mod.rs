//! The command line: arguments in, one report out, one exit code.
//!
//! A command opens what it needs ([`crate::workplace`]), lets `reconcile` do the work, and hands what came of it to
//! `render`. What stops a whole command is a `failure`; what stops one account is in that account's
//! report. Nothing here reads the environment or ends the process: `main` does.

pub mod args;
mod choose;
mod commands;
mod console;
mod desk;
pub mod exit;
mod failure;
mod interrupt;
mod passes;
mod planfile;
mod progress;
mod render;

pub use console::Console;

use std::path::PathBuf;

use args::{Answer, Args, ColorWhen, Command, Output, PlanOutput, ReconcileOutput};
use desk::Desk;
use exit::Exit;
use failure::Failure;

use crate::settings::Environment;

/// What the process was started with, and where it writes to. `main` looks; everything here is told.
#[derive(Clone, Debug)]
pub struct Surroundings {
    /// The variables, for settings and secrets.
    pub environment: Environment,
    /// This program's file, if it can be told.
    pub program: Option<PathBuf>,
    /// Somebody can type at stdin.
    pub is_stdin_terminal: bool,
    /// Stdout is a terminal.
    pub is_stdout_terminal: bool,
    /// Stderr is a terminal.
    pub is_stderr_terminal: bool,
}

impl Surroundings {
    /// Whether a stream gets colours: as `--color` says, else on a terminal without `NO_COLOR`.
    pub fn has_color(&self, when: ColorWhen, is_terminal: bool) -> bool {
        let set = |name: &str| self.environment.variables().get(name).filter(|it| !it.is_empty());
        match when {
            ColorWhen::Always => true,
            ColorWhen::Never => false,
            ColorWhen::Auto => {
                is_terminal && set("NO_COLOR").is_none() && set("TERM").is_none_or(|it| it != "dumb")
            }
        }
    }
}

/// Runs a command to its end.
pub async fn run(args: Args, surroundings: Surroundings) -> Exit {
    let console = Console::new(
        surroundings.has_color(args.color, surroundings.is_stdout_terminal),
        surroundings.is_stderr_terminal,
    );
    let form = form_of(&args.command);
    let desk = Desk::new(console, args.config, surroundings.environment);
    let ended = match &args.command {
        Command::Run => Box::pin(commands::run::run(&desk)).await,
        Command::Pause(args) => Box::pin(commands::pause::pause(args, &desk)).await,
        Command::Resume(args) => Box::pin(commands::pause::resume(args, &desk)).await,
        Command::Reconcile(args) => Box::pin(commands::reconcile::run(args, &desk)).await,
        Command::Plan(args) => Box::pin(commands::plan::run(args, &desk)).await,
        Command::Apply(args) => Box::pin(commands::apply::run(args, &desk)).await,
        Command::Check(args) => Box::pin(commands::check::run(args, &desk)).await,
        Command::Status(args) => Box::pin(commands::status::run(args, &desk)).await,
        Command::Findings(args) => Box::pin(commands::findings::run(args, &desk)).await,
        Command::Explain(args) => Box::pin(commands::explain::run(args, &desk)).await,
        Command::Runs(args) => Box::pin(commands::runs::run(args, &desk)).await,
        Command::Foreign(args) => Box::pin(commands::foreign::run(args, &desk)).await,
        Command::Holds(args) => Box::pin(commands::holds::run(args, &desk)).await,
        Command::State(args) => Box::pin(commands::state::run(args, &desk)).await,
        Command::Init(args) => {
            let is_asked = surroundings.is_stdin_terminal && surroundings.is_stderr_terminal;
            Box::pin(commands::init::run(args, &desk, is_asked)).await
        }
        Command::Simulate(args) => Box::pin(commands::simulate::run(args, &desk)).await,
        Command::Demo(args) => {
            let program = surroundings.program;
            let is_watched = surroundings.is_stdin_terminal && surroundings.is_stdout_terminal;
            Box::pin(commands::demo::run(args, &desk, program, is_watched)).await
        }
        Command::Completions(args) => commands::manual::completions(args, &desk),
        Command::Man(args) => commands::manual::man(args, &desk),
    };
    let exit = match ended {
        Ok(exit) => exit,
        Err(failure) => tell(&failure, form, &desk.console),
    };
    if desk.console.has_failed() && exit == Exit::Ok {
        return Exit::Unexpected;
    }
    exit
}

/// In what form a failure of the whole command is answered on stdout.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Form {
    People,
    Json,
    JsonLine,
}

fn form_of(command: &Command) -> Form {
    let of_answer = |answer: &Answer| match answer.output {
        Output::Text => Form::People,
        Output::Json => Form::Json,
    };
    match command {
        Command::Reconcile(args) => match args.output {
            ReconcileOutput::Text => Form::People,
            ReconcileOutput::Json => Form::Json,
            ReconcileOutput::Ndjson => Form::JsonLine,
        },
        Command::Plan(args) => match args.output {
            PlanOutput::Text | PlanOutput::Markdown => Form::People,
            PlanOutput::Json => Form::Json,
        },
        Command::Apply(args) => of_answer(&args.answer),
        Command::Check(args) => of_answer(&args.answer),
        Command::Status(args) => of_answer(&args.answer),
        Command::Findings(args) => of_answer(&args.answer),
        Command::Explain(args) => of_answer(&args.answer),
        Command::Runs(args) => of_answer(&args.answer),
        Command::Foreign(args) => of_answer(&args.answer),
        Command::Holds(args) => of_answer(&args.answer),
        Command::State(args) => of_answer(&args.answer),
        Command::Pause(args) | Command::Resume(args) => of_answer(&args.answer),
        Command::Init(_)
        | Command::Run
        | Command::Simulate(_)
        | Command::Demo(_)
        | Command::Completions(_)
        | Command::Man(_) => Form::People,
    }
}

/// Says what stopped the command: to people on stderr, and to programs on stdout too.
fn tell(failure: &Failure, form: Form, console: &Console) -> Exit {
    console.note(&failure.to_text());
    match form {
        Form::People => {}
        Form::Json => console.print(&render::json::pretty(&render::json::failure(failure))),
        Form::JsonLine => console.print(&render::json::line(&render::json::failure(failure))),
    }
    failure.exit
}
