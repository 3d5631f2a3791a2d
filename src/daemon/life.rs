//! The process: signals in, words to systemd out. Without systemd the words go nowhere, and all else is the same.

use std::io;
use std::time::Duration;

use sd_notify::NotifyState;
use tokio::signal::unix::{Signal, SignalKind, signal};
use tracing::debug;

/// What a signal asks for.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Wish {
    /// SIGHUP: read configuration and secrets again.
    Reload,
    /// SIGTERM, or Ctrl-C: end.
    Stop,
}

/// Listens from the moment it is made, so that no signal that follows is missed or kills the process.
#[derive(Debug)]
pub(super) struct Life {
    hangup: Signal,
    terminate: Signal,
    keyboard: Signal,
    /// The status that systemd has.
    status: String,
}

impl Life {
    /// Begins to listen.
    ///
    /// # Errors
    /// The system refuses the handlers.
    pub(super) fn listen() -> io::Result<Life> {
        Ok(Life {
            hangup: signal(SignalKind::hangup())?,
            terminate: signal(SignalKind::terminate())?,
            keyboard: signal(SignalKind::interrupt())?,
            status: String::new(),
        })
    }

    /// The next wish.
    pub(super) async fn wish(&mut self) -> Wish {
        tokio::select! {
            _ = self.hangup.recv() => Wish::Reload,
            _ = self.terminate.recv() => Wish::Stop,
            _ = self.keyboard.recv() => Wish::Stop,
        }
    }

    /// Ready, at the start and again after a reload.
    pub(super) fn ready(&self) {
        tell(&[NotifyState::Ready]);
    }

    /// About to read the configuration again. systemd wants to know since when, to tell this reload from an
    /// earlier one.
    pub(super) fn reloading(&self) {
        match NotifyState::monotonic_usec_now() {
            Ok(now) => tell(&[NotifyState::Reloading, now]),
            Err(_) => tell(&[NotifyState::Reloading]),
        }
    }

    /// About to end.
    pub(super) fn stopping(&self) {
        tell(&[NotifyState::Stopping]);
    }

    /// The loop has made progress.
    pub(super) fn alive(&self) {
        tell(&[NotifyState::Watchdog]);
    }

    /// How things are, in one line; told when it is another one than before.
    pub(super) fn status(&mut self, status: String) {
        if self.status != status {
            tell(&[NotifyState::Status(&status)]);
            self.status = status;
        }
    }
}

/// How often systemd wants to hear that the loop makes progress; half of what it waits for.
pub(super) fn watchdog_interval() -> Option<Duration> {
    sd_notify::watchdog_enabled().map(|it| it / 2)
}

fn tell(words: &[NotifyState<'_>]) {
    // Whoever does not listen misses nothing that the log doesn't say.
    if let Err(error) = sd_notify::notify(words) {
        debug!(cause = %error, "systemd was not told");
    }
}
