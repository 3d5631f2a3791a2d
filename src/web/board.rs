//! What is known of the service: the service writes, the answers read.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use super::counters::Counters;
use super::guard::Access;
use crate::domain::memory::Millis;
use crate::reconcile::Clock;
use crate::store::{Overview, Paused, Store};
use crate::target::Kind;

/// The loop looks around every few seconds; one that has not for so long hangs.
const MAX_SILENCE: Duration = Duration::from_mins(1);

/// How the service is.
pub struct Board {
    facts: Mutex<Facts>,
    last_beat: Mutex<Instant>,
    clock: Clock,
}

/// What is known at this moment.
#[derive(Debug, Default)]
pub struct Facts {
    /// When the process began.
    pub started_at: Option<Millis>,
    /// The store, while it can be reached.
    pub store: Option<Arc<Store>>,
    /// The last reload was refused.
    pub is_reload_refused: bool,
    /// Metrics name accounts.
    pub has_account_labels: bool,
    /// Copies of the store are made.
    pub has_backups: bool,
    /// When the newest copy was made.
    pub last_backup: Option<Millis>,
    /// Who may read.
    pub access: Access,
    /// The beginning of a command line that speaks of the same configuration.
    pub command: String,
    /// All accounts of the configuration, in its order.
    pub accounts: Vec<Account>,
    /// Accounts that the store knows and the configuration does not.
    pub retired: Vec<String>,
    /// What was counted.
    pub counters: Counters,
}

/// One account.
#[derive(Clone, Debug)]
pub struct Account {
    /// Its name.
    pub name: String,
    /// Where it is kept.
    pub platform: Kind,
    /// As configured.
    pub is_enabled: bool,
    /// A pass is under way.
    pub is_running: bool,
    /// What a person stopped.
    pub paused: Paused,
    /// The last pass, if there was one.
    pub last: Option<LastPass>,
    /// When the last good pass ended.
    pub good_at: Option<Millis>,
    /// Since when this process knows the account.
    pub known_since: Millis,
    /// The first scheduled time after the last good pass.
    pub expected_at: Option<Millis>,
    /// When it is to run next.
    pub next_at: Option<Millis>,
    /// The numbers of the store.
    pub overview: Overview,
    /// The most users there may be, as documented or learned.
    pub seats: Option<usize>,
}

/// How a pass ended.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct LastPass {
    /// `quiet`, or the word of the result.
    pub result: &'static str,
    /// The code of the error, if it failed.
    pub error: Option<&'static str>,
    /// When it ended.
    pub ended_at: Millis,
}

/// How an account is: the first that fits.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub enum State {
    /// By the configuration.
    Disabled,
    /// By a person.
    Paused,
    /// The platform refuses the credential.
    Stopped,
    /// The last pass failed.
    Failing,
    /// Something waits for a person.
    Held,
    /// Some changes are open.
    Partial,
    /// All is well.
    Ok,
    /// There was no pass yet.
    New,
}

impl State {
    /// All of them.
    pub const ALL: [State; 8] = [
        State::Disabled,
        State::Paused,
        State::Stopped,
        State::Failing,
        State::Held,
        State::Partial,
        State::Ok,
        State::New,
    ];

    /// The word in answers.
    pub fn word(self) -> &'static str {
        match self {
            State::Disabled => "disabled",
            State::Paused => "paused",
            State::Stopped => "stopped",
            State::Failing => "failing",
            State::Held => "held",
            State::Partial => "partial",
            State::Ok => "ok",
            State::New => "new",
        }
    }
}

impl Account {
    /// How it is.
    pub fn state(&self) -> State {
        if !self.is_enabled {
            return State::Disabled;
        }
        if self.paused.all {
            return State::Paused;
        }
        self.health()
    }

    /// How it is, whether it runs or not.
    pub fn health(&self) -> State {
        match &self.last {
            None => State::New,
            Some(last) if last.error == Some("credentials_refused") => State::Stopped,
            Some(last) if last.result == "failed" => State::Failing,
            Some(_) if !self.overview.holds.is_empty() => State::Held,
            Some(_) if !self.overview.open.is_empty() => State::Partial,
            Some(_) => State::Ok,
        }
    }

    /// Users of any kind on the platform, if its list was ever read.
    pub fn seats_used(&self) -> Option<usize> {
        let state = &self.overview.state;
        state
            .has_snapshot()
            .then_some(self.overview.n_seen + state.foreign)
    }
}

impl Board {
    /// A board on which nothing stands yet.
    pub fn new(clock: Clock) -> Board {
        let facts = Facts {
            started_at: Some(clock()),
            ..Facts::default()
        };
        Board {
            facts: Mutex::new(facts),
            last_beat: Mutex::new(Instant::now()),
            clock,
        }
    }

    /// Looks at it.
    pub fn read<T>(&self, look: impl FnOnce(&Facts) -> T) -> T {
        look(&lock(&self.facts))
    }

    /// Writes on it.
    pub fn write<T>(&self, change: impl FnOnce(&mut Facts) -> T) -> T {
        change(&mut lock(&self.facts))
    }

    /// Writes about one account, if there is such a one.
    pub fn write_account(&self, name: &str, change: impl FnOnce(&mut Account)) {
        self.write(|facts| {
            if let Some(account) = facts.accounts.iter_mut().find(|it| it.name == name) {
                change(account);
            }
        });
    }

    /// The loop moves.
    pub fn beat(&self) {
        *lock(&self.last_beat) = Instant::now();
    }

    /// Whether the loop has moved lately.
    pub fn is_alive(&self) -> bool {
        lock(&self.last_beat).elapsed() < MAX_SILENCE
    }

    /// The time of day.
    pub fn now(&self) -> Millis {
        (self.clock)()
    }
}

impl std::fmt::Debug for Board {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Board").finish_non_exhaustive()
    }
}

/// A panic of another holder leaves the value usable: every change is made by assignment.
fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
