//! Logs: one line an event, to stderr.
//!
//! Whether stderr is a terminal, and what the environment wants, is handed in: `main` alone looks. The
//! levels are fixed here and come from no variable, because the libraries below us write requests with
//! their headers, and so tokens, at the levels `debug` and `trace`.

use tracing::Subscriber;
use tracing::subscriber::SetGlobalDefaultError;
use tracing_subscriber::filter::{LevelFilter, Targets};
use tracing_subscriber::fmt::{self, MakeWriter};
use tracing_subscriber::layer::SubscriberExt as _;

/// What the log is written to.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct Surroundings {
    /// Stderr is a terminal.
    pub is_terminal: bool,
    /// systemd collects stderr (`JOURNAL_STREAM` or `INVOCATION_ID` is set).
    pub is_systemd: bool,
    /// `NO_COLOR` is set and not empty, or `--color never`.
    pub no_color: bool,
}

/// How a line looks.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Format {
    /// For people.
    Compact {
        /// With colours.
        has_color: bool,
    },
    /// For machines: one JSON object a line.
    Json,
}

impl Format {
    /// JSON for the journal, else for people; colours on a terminal that wants them.
    pub fn choose(surroundings: Surroundings) -> Format {
        let Surroundings {
            is_terminal,
            is_systemd,
            no_color,
        } = surroundings;
        if is_systemd && !is_terminal {
            return Format::Json;
        }
        Format::Compact {
            has_color: is_terminal && !no_color,
        }
    }
}

/// The levels for a number of `-v`: our own events from `info` on, then `debug`, then `trace`; those of
/// the libraries never below `info`.
fn levels(verbosity: u8) -> Targets {
    let (libraries, ours) = match verbosity {
        0 => (LevelFilter::WARN, LevelFilter::INFO),
        1 => (LevelFilter::INFO, LevelFilter::DEBUG),
        _ => (LevelFilter::INFO, LevelFilter::TRACE),
    };
    // Not an `EnvFilter`: that one builds regular expressions at each start.
    Targets::new()
        .with_default(libraries)
        .with_target("wazzup_sync", ours)
}

/// A subscriber that writes to `writer`.
pub fn subscriber<W>(format: Format, verbosity: u8, writer: W) -> Box<dyn Subscriber + Send + Sync>
where
    W: for<'w> MakeWriter<'w> + Send + Sync + 'static,
{
    let lines = fmt::layer().with_writer(writer);
    let filtered = tracing_subscriber::registry().with(levels(verbosity));
    match format {
        Format::Compact { has_color } => {
            let lines = lines.compact().with_ansi(has_color).with_target(false);
            Box::new(filtered.with(lines))
        }
        Format::Json => {
            let lines = lines.json().with_ansi(false).flatten_event(true);
            Box::new(filtered.with(lines))
        }
    }
}

/// Sends all events of the process to stderr from now on.
///
/// # Errors
/// If it was called before.
pub fn start(format: Format, verbosity: u8) -> Result<(), SetGlobalDefaultError> {
    tracing::subscriber::set_global_default(subscriber(format, verbosity, std::io::stderr))
}

#[cfg(test)]
mod tests {
    use std::io;
    use std::sync::{Arc, Mutex};

    use super::*;

    #[derive(Clone, Default)]
    struct Memory(Arc<Mutex<Vec<u8>>>);

    impl io::Write for Memory {
        fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
            self.0.lock().unwrap().extend_from_slice(bytes);
            Ok(bytes.len())
        }

        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }

    fn logged(format: Format, verbosity: u8) -> String {
        let memory = Memory::default();
        let writer = memory.clone();
        let subscriber = subscriber(format, verbosity, move || writer.clone());
        tracing::subscriber::with_default(subscriber, || {
            tracing::info!(account = "acme", "run ended");
            tracing::debug!("item sent");
            tracing::trace!("step");
            tracing::info!(target: "hyper", "library info");
            tracing::debug!(target: "hyper", "authorization: Bearer s3cret");
        });
        let bytes = memory.0.lock().unwrap().clone();
        String::from_utf8(bytes).unwrap()
    }

    const PLAIN: Format = Format::Compact { has_color: false };

    #[test]
    fn the_journal_gets_json_and_people_get_lines() {
        let at = |is_terminal, is_systemd, no_color| {
            Format::choose(Surroundings {
                is_terminal,
                is_systemd,
                no_color,
            })
        };
        assert_eq!(at(false, true, false), Format::Json);
        assert_eq!(at(true, true, false), Format::Compact { has_color: true });
        assert_eq!(at(true, false, false), Format::Compact { has_color: true });
        assert_eq!(at(true, false, true), PLAIN);
        assert_eq!(at(false, false, false), PLAIN);
    }

    #[test]
    fn each_v_shows_more_of_ours_and_libraries_never_show_headers() {
        let quiet = logged(PLAIN, 0);
        assert!(
            quiet.contains("run ended") && !quiet.contains("item sent"),
            "{quiet}"
        );
        assert!(!quiet.contains("library info"), "{quiet}");
        let verbose = logged(PLAIN, 1);
        assert!(
            verbose.contains("item sent") && !verbose.contains("step"),
            "{verbose}"
        );
        assert!(verbose.contains("library info"), "{verbose}");
        for verbosity in [2, 3, 255] {
            let all = logged(PLAIN, verbosity);
            assert!(all.contains("step") && !all.contains("s3cret"), "{all}");
        }
    }

    #[test]
    fn json_lines_are_objects_and_plain_lines_have_no_colour() {
        let line = logged(Format::Json, 0);
        let event: serde_json::Value = serde_json::from_str(&line).unwrap();
        assert_eq!(event["account"], "acme");
        assert_eq!(event["message"], "run ended");
        assert!(!logged(PLAIN, 0).contains('\u{1b}'));
        assert!(logged(Format::Compact { has_color: true }, 0).contains('\u{1b}'));
    }
}
