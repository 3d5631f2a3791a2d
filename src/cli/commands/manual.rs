//! `completions` and `man`: what shells and readers of manuals get, made from the definitions that the command
//! line itself is read by. Nothing is opened for them, not even a configuration.

use std::io::{self, Write as _};

use clap_mangen::Man;

use crate::cli::args::{CompletionsArgs, ManArgs, definition};
use crate::cli::desk::Desk;
use crate::cli::exit::Exit;
use crate::cli::failure::Failure;

/// The name that people type.
const PROGRAM: &str = "wazzup-sync";

/// Runs `completions`.
pub(in crate::cli) fn completions(args: &CompletionsArgs, desk: &Desk) -> Result<Exit, Failure> {
    let mut script = Vec::new();
    clap_complete::generate(args.shell, &mut definition(), PROGRAM, &mut script);
    desk.console.print(&text(script)?);
    Ok(Exit::Ok)
}

/// Runs `man`.
pub(in crate::cli) fn man(args: &ManArgs, desk: &Desk) -> Result<Exit, Failure> {
    let Some(folder) = &args.out else {
        let page = one_page().map_err(unwritten)?;
        desk.console.print(&text(page)?);
        return Ok(Exit::Ok);
    };
    clap_mangen::generate_to(definition(), folder).map_err(|error| {
        let folder = crate::text::printable(&folder.display().to_string());
        Failure::usage(format!("the pages can't be written to {folder}: {error}"))
    })?;
    Ok(Exit::Ok)
}

/// The program's page, with each command as a section of it.
fn one_page() -> io::Result<Vec<u8>> {
    let mut program = definition();
    program.build();
    let page = Man::new(program.clone());
    let mut out = Vec::new();
    page.render_title(&mut out)?;
    page.render_name_section(&mut out)?;
    page.render_synopsis_section(&mut out)?;
    page.render_description_section(&mut out)?;
    page.render_options_section(&mut out)?;
    page.render_extra_section(&mut out)?;
    for command in program.get_subcommands() {
        add_command(command, &mut out)?;
    }
    page.render_version_section(&mut out)?;
    Ok(out)
}

/// A command and those below it.
fn add_command(command: &clap::Command, out: &mut Vec<u8>) -> io::Result<()> {
    if command.is_hide_set() || command.get_name() == "help" {
        return Ok(());
    }
    let page = Man::new(command.clone());
    let mut sections = Vec::new();
    page.render_synopsis_section(&mut sections)?;
    page.render_description_section(&mut sections)?;
    page.render_options_section(&mut sections)?;
    page.render_extra_section(&mut sections)?;
    let name = command.get_bin_name().unwrap_or(command.get_name());
    let heading = name.to_uppercase().replace('-', "\\-");
    writeln!(out, ".SH \"{heading}\"")?;
    // What is a section of a page of its own is a part of a section here.
    for line in String::from_utf8_lossy(&sections).lines() {
        match line.strip_prefix(".SH ") {
            Some(title) => writeln!(out, ".SS {title}")?,
            None => writeln!(out, "{line}")?,
        }
    }
    for below in command.get_subcommands() {
        add_command(below, out)?;
    }
    Ok(())
}

fn text(bytes: Vec<u8>) -> Result<String, Failure> {
    String::from_utf8(bytes).map_err(|error| Failure::unexpected(error.to_string()))
}

fn unwritten(error: io::Error) -> Failure {
    Failure::unexpected(format!("the manual can't be made: {error}"))
}
