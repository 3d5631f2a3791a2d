//! `simulate`.

use crate::cli::args::SimulateArgs;
use crate::cli::desk::Desk;
use crate::cli::exit::Exit;
use crate::cli::failure::Failure;

/// Runs the command.
pub(in crate::cli) async fn run(_args: &SimulateArgs, _desk: &Desk) -> Result<Exit, Failure> {
    Err(Failure::unexpected("`simulate` is not part of this version yet"))
}
