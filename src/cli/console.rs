//! The two streams: data on stdout, all else on stderr. A reader that went away is no error.

use std::cell::Cell;
use std::io::{self, Write as _};

use super::render::style::Style;

/// Where a command writes to.
#[derive(Debug)]
pub struct Console {
    /// How text for people looks on stdout.
    pub(super) style: Style,
    /// Whether somebody can watch progress.
    pub(super) is_watched: bool,
    /// The reader of stdout went away, or the disk is full: nothing more is written.
    is_closed: Cell<bool>,
    has_failed: Cell<bool>,
}

impl Console {
    /// A console for the process's streams.
    pub fn new(has_color: bool, is_stderr_terminal: bool) -> Console {
        Console {
            style: Style::new(has_color),
            is_watched: is_stderr_terminal,
            is_closed: Cell::new(false),
            has_failed: Cell::new(false),
        }
    }

    /// Writes to stdout at once.
    pub(super) fn print(&self, text: &str) {
        if self.is_closed.get() {
            return;
        }
        let mut stdout = io::stdout().lock();
        let written = stdout.write_all(text.as_bytes()).and_then(|()| stdout.flush());
        if let Err(error) = written {
            self.is_closed.set(true);
            // `head` has seen enough; anything else has to be told.
            if error.kind() != io::ErrorKind::BrokenPipe {
                self.has_failed.set(true);
                self.note(&format!("error: the answer can't be written: {error}\n"));
            }
        }
    }

    /// Writes to stderr. There is nobody to tell if that fails.
    pub(super) fn note(&self, text: &str) {
        let _ = io::stderr().lock().write_all(text.as_bytes());
    }

    /// Whether the answer could not be written, for another reason than that nobody reads it.
    pub(super) fn has_failed(&self) -> bool {
        self.has_failed.get()
    }
}
