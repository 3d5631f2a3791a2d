//! `demo`.

use crate::cli::args::DemoArgs;
use crate::cli::desk::Desk;
use crate::cli::exit::Exit;
use crate::cli::failure::Failure;

/// Runs the command.
pub(in crate::cli) async fn run(_args: &DemoArgs, _desk: &Desk) -> Result<Exit, Failure> {
    Err(Failure::unexpected("`demo` is not part of this version yet"))
}
