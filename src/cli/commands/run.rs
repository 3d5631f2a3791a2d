//! `run`: the service.

use crate::cli::desk::Desk;
use crate::cli::exit::Exit;
use crate::cli::failure::Failure;
use crate::daemon::{self, ServiceError};
use crate::text::chain;

/// Runs the command.
pub(in crate::cli) async fn run(desk: &Desk) -> Result<Exit, Failure> {
    let workplace = desk.workplace()?;
    let served = daemon::run(workplace, desk.config().to_vec(), desk.command()).await;
    served.map(|()| Exit::Ok).map_err(failure)
}

fn failure(error: ServiceError) -> Failure {
    match error {
        ServiceError::Configuration(unresolved) => unresolved.into(),
        ServiceError::Store(error) => error.into(),
        ServiceError::PlanRefused(_) => Failure {
            exit: Exit::PlanRefused,
            code: "plan_refused",
            ..Failure::unexpected(error.to_string())
        },
        ServiceError::Signals(_) | ServiceError::Listen { .. } => Failure::unexpected(chain(&error)),
    }
}
