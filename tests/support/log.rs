//! A log that a test can read. Tests of the library and tests outside it share this file by its path.

use std::io;
use std::sync::{Arc, Mutex};

use tracing::Dispatch;
use tracing::subscriber::DefaultGuard;
use tracing_subscriber::fmt::MakeWriter;

/// All that this thread logs, at every level, for as long as this lives.
pub struct Log {
    lines: Lines,
    _guard: DefaultGuard,
    /// While there is one subscriber only, whichever thread first comes to an event decides for all threads
    /// whether anybody listens; with two, all of them are asked.
    _second: Dispatch,
}

#[derive(Clone, Default)]
struct Lines(Arc<Mutex<Vec<u8>>>);

impl Log {
    /// Begins to listen.
    pub fn start() -> Log {
        let lines = Lines::default();
        let subscriber = || {
            tracing_subscriber::fmt()
                .with_max_level(tracing::Level::TRACE)
                .with_ansi(false)
                .with_writer(lines.clone())
                .finish()
        };
        let log = Log {
            _second: Dispatch::new(subscriber()),
            _guard: tracing::subscriber::set_default(subscriber()),
            lines,
        };
        // Another test may have met these places first, when nobody listened.
        tracing::callsite::rebuild_interest_cache();
        log
    }

    /// What was logged so far.
    pub fn text(&self) -> String {
        String::from_utf8_lossy(&self.lines.0.lock().unwrap()).into_owned()
    }
}

impl io::Write for Lines {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.lock().unwrap().extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl<'a> MakeWriter<'a> for Lines {
    type Writer = Lines;

    fn make_writer(&'a self) -> Lines {
        self.clone()
    }
}
