//! The service: polls by schedule until it is told to end.
//!
//! One loop in one task decides; passes, the web server, notifications and upkeep are tasks of their own, and the loop
//! waits for none of them. What it decides is pure and stands in `due` and [`backoff`]; what a pass does is
//! the business of [`crate::reconcile`], which remembers nothing in memory: so the service can be killed at any
//! instant, and another one, or the command line, goes on.
//!
//! Reading order: this file (start, loop, end), `service` (what the loop does), `due`, then the rest.

pub mod backoff;
pub mod due;
mod life;
mod notify;
mod outcome;
mod outfit;
mod reload;
mod roster;
mod service;
mod shelf;
mod standing;
mod upkeep;

use std::io;
use std::net::SocketAddr;
use std::path::PathBuf;
use std::time::Duration;

use tokio::time::{Instant, sleep_until, timeout_at};
use tracing::{info, warn};

use self::life::{Life, Wish};
use self::service::Service;
use crate::store::StoreError;
use crate::workplace::{Unresolved, Workplace};

/// The loop looks around at least so often: whether the machine slept, the clock was set, or another process wrote
/// into the store. It costs a few calls to the file system.
const HEARTBEAT: Duration = Duration::from_secs(2);
/// How long passes may take to end once they are told to. Then they are cut off, which the journal allows. With what
/// follows it is less than the 30 s that are promised.
const DRAIN: Duration = Duration::from_secs(25);

/// Why the service can't go on.
#[derive(Debug, thiserror::Error)]
pub enum ServiceError {
    /// What the configuration names for the service itself can't be had.
    #[error(transparent)]
    Configuration(#[from] Unresolved),
    /// The system refuses signal handlers.
    #[error("signals can't be received")]
    Signals(#[source] io::Error),
    /// The address of health, metrics and status can't be had.
    #[error("{address} can't be listened on")]
    Listen {
        /// `daemon.listen`.
        address: SocketAddr,
        /// What the system says.
        #[source]
        source: io::Error,
    },
    /// The store will never be ours by waiting.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// A plan was refused by its checker: a bug, and nothing was sent.
    #[error("a plan for account `{0}` was refused by its checker, which is a bug; nothing was sent")]
    PlanRefused(String),
}

/// Serves until it is told to end.
///
/// `config` are the files that a reload reads again; `command` begins the command lines that people are advised to
/// give.
///
/// # Errors
/// What no waiting can mend. Sources, platforms and accounts that fail, and a store that is only down, end nothing.
pub async fn run(workplace: Workplace, config: Vec<PathBuf>, command: String) -> Result<(), ServiceError> {
    let mut life = Life::listen().map_err(ServiceError::Signals)?;
    let mut service = Service::start(workplace, config).await?;
    service.board.write(|facts| facts.command = command);
    service.look().await?;
    life.ready();
    info!(version = env!("CARGO_PKG_VERSION"), "the service is up");
    let ended = turn(&mut life, &mut service).await;
    if let Err(error) = &ended {
        warn!(cause = crate::text::chain(error), "the service can't go on");
    }
    life.stopping();
    drain(&mut life, service).await;
    info!("the service has ended");
    ended
}

/// The loop. Each turn is short: nothing in it waits for a CRM, a platform or a person.
async fn turn(life: &mut Life, service: &mut Service) -> Result<(), ServiceError> {
    let beat = life::watchdog_interval().map_or(HEARTBEAT, |it| it.min(HEARTBEAT));
    loop {
        service.board.beat();
        life.alive();
        life.status(service.status_line());
        let wake_at = service.wake_at(Instant::now() + beat);
        tokio::select! {
            biased;
            wish = life.wish() => match wish {
                Wish::Stop => return Ok(()),
                Wish::Reload => {
                    life.reloading();
                    service.reload().await;
                    life.ready();
                }
            },
            ended = service.next_end() => service.ended(ended).await?,
            () = sleep_until(wake_at) => {}
        }
        service.look().await?;
    }
}

/// Lets passes end after the request in flight. A second wish to stop, or too long a time, cuts them off: what was
/// sent is in the journal.
async fn drain(life: &mut Life, mut service: Service) {
    let deadline = Instant::now() + DRAIN;
    life.status("ending".to_owned());
    service.halt();
    while service.has_passes() {
        service.board.beat();
        life.alive();
        let beat = deadline.min(Instant::now() + HEARTBEAT);
        tokio::select! {
            biased;
            wish = life.wish() => if wish == Wish::Stop {
                warn!("told to end at once");
                return;
            },
            ended = service.next_end() => {
                // Whatever it says: the service is ending already.
                let _ = service.ended(ended).await;
            }
            () = sleep_until(beat) => if deadline <= Instant::now() {
                warn!("passes are cut off; the next ones go on from the journal");
                break;
            },
        }
    }
    // A moment for the last words to the store.
    let _ = timeout_at(deadline + Duration::from_secs(3), service.close()).await;
}
