//! Ctrl-C and SIGTERM, for commands that last until somebody ends them.

use std::io;

use tokio::signal::unix::{Signal, SignalKind, signal};

/// The wish that the command ends. Listens from the moment it is made, so that no signal that follows is
/// missed or kills the process before it could clean up.
#[derive(Debug)]
pub struct Interrupt {
    keyboard: Signal,
    terminate: Signal,
}

impl Interrupt {
    /// Begins to listen.
    ///
    /// # Errors
    /// The system refuses the handlers.
    pub fn listen() -> io::Result<Interrupt> {
        Ok(Interrupt {
            keyboard: signal(SignalKind::interrupt())?,
            terminate: signal(SignalKind::terminate())?,
        })
    }

    /// Returns when one of the signals has come.
    pub async fn wait(&mut self) {
        tokio::select! {
            _ = self.keyboard.recv() => {}
            _ = self.terminate.recv() => {}
        }
    }
}
