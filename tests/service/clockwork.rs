//! A service whose clock a test sets: in this process, so that an hour takes no hour.

use std::io;
use std::ops::Deref;
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};
use std::thread::{self, JoinHandle};

use chrono::DateTime;
use tokio_util::sync::CancellationToken;
use wazzup_sync::daemon;
use wazzup_sync::domain::memory::Millis;
use wazzup_sync::reconcile::Clock;
use wazzup_sync::settings::{Environment, Settings};
use wazzup_sync::workplace::{Workplace, system_clock};

use crate::lab::{Lab, Window, runtime};

pub const MINUTE: i64 = 60_000;
pub const HOUR: i64 = 60 * MINUTE;

/// A service in a thread, cut off with the test.
pub struct Clockwork {
    window: Window,
    /// Milliseconds between the time of day and the service's.
    shift: Arc<AtomicI64>,
    halt: CancellationToken,
    thread: Option<JoinHandle<()>>,
}

impl Clockwork {
    /// Starts the service of that lab, with a clock that is so much late.
    pub fn start(lab: &Lab, late: i64) -> Clockwork {
        let shift = Arc::new(AtomicI64::new(-late));
        let clock: Clock = {
            let (shift, clock) = (Arc::clone(&shift), system_clock());
            Arc::new(move || clock().plus(shift.load(Ordering::SeqCst)))
        };
        let config = vec![lab.world.path("c.toml")];
        let environment = Environment::new([]);
        let settings = Settings::load(&config, &environment).unwrap();
        let workplace = Workplace::new(settings, environment, clock);
        let (window, halt) = (Window::default(), CancellationToken::new());
        let (seen, halted) = (window.clone(), halt.clone());
        let serve = move || {
            let lines = move || Lines(seen.clone());
            let log = tracing_subscriber::fmt().with_ansi(false).with_writer(lines);
            let _log = tracing::subscriber::set_default(log.finish());
            let service = daemon::run(workplace, config, "wazzup-sync".to_owned());
            runtime().block_on(async {
                tokio::select! {
                    ended = service => panic!("the service ended: {ended:?}"),
                    () = halted.cancelled() => {}
                }
            });
        };
        Clockwork {
            window,
            shift,
            halt,
            thread: Some(thread::spawn(serve)),
        }
    }

    /// The time of the service.
    pub fn now(&self) -> Millis {
        system_clock()().plus(self.shift.load(Ordering::SeqCst))
    }

    /// Sets the clock by so much, forwards or back.
    pub fn turn(&self, by: i64) {
        self.shift.fetch_add(by, Ordering::SeqCst);
    }

    /// Sets the clock to an instant, forwards or back.
    pub fn turn_to(&self, instant: Millis) {
        self.turn(instant.0 - self.now().0);
    }

    /// The instant in that field of the first account.
    pub fn instant(&self, field: &str) -> Option<Millis> {
        let status = self.status();
        let text = status["accounts"][0][field].as_str()?;
        let at = DateTime::parse_from_rfc3339(text).unwrap();
        Some(Millis(at.timestamp_millis()))
    }
}

impl Deref for Clockwork {
    type Target = Window;

    fn deref(&self) -> &Window {
        &self.window
    }
}

impl Drop for Clockwork {
    fn drop(&mut self) {
        self.halt.cancel();
        let ended = self.thread.take().map(JoinHandle::join);
        if thread::panicking() || ended.is_some_and(|it| it.is_err()) {
            eprintln!("{}", self.log());
        }
    }
}

struct Lines(Window);

impl io::Write for Lines {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.write(&String::from_utf8_lossy(bytes));
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}
