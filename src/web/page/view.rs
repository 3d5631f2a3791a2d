//! What the page shows, apart from how.

use std::cmp::Reverse;
use std::collections::BTreeMap;

use crate::domain::memory::Millis;
use crate::store::Glance;
use crate::web::board::{Account, Facts, State};

/// So many accounts are listed; the metrics and `/api/status` have all.
pub(super) const MAX_ACCOUNTS: usize = 100;

/// All of it.
pub(super) struct View {
    pub(super) now: Millis,
    pub(super) started_at: Option<Millis>,
    pub(super) is_alive: bool,
    pub(super) is_reload_refused: bool,
    pub(super) last_backup: Option<Millis>,
    /// The beginning of command lines.
    pub(super) command: String,
    /// How many accounts are in each state; those of none left out, the most urgent first.
    pub(super) states: Vec<(State, usize)>,
    /// The most urgent first, and by name.
    pub(super) accounts: Vec<Account>,
    /// How many are not among them.
    pub(super) n_more: usize,
    /// Known to the store and not to the configuration.
    pub(super) retired: Vec<String>,
    pub(super) stored: Stored,
}

/// What the store says.
pub(super) enum Stored {
    Unreadable,
    Read(Glance),
}

impl View {
    /// What the board knows. Of the store nothing is known yet.
    pub(super) fn of(facts: &Facts, now: Millis, is_alive: bool) -> View {
        let mut counts: BTreeMap<Reverse<u8>, (State, usize)> = BTreeMap::new();
        for account in &facts.accounts {
            let state = account.state();
            counts.entry(Reverse(urgency(state))).or_insert((state, 0)).1 += 1;
        }
        let mut order: Vec<&Account> = facts.accounts.iter().collect();
        order.sort_by_key(|it| (Reverse(urgency(it.state())), &it.name));
        order.truncate(MAX_ACCOUNTS);
        let mut retired = facts.retired.clone();
        retired.truncate(MAX_ACCOUNTS);
        View {
            now,
            started_at: facts.started_at,
            is_alive,
            is_reload_refused: facts.is_reload_refused,
            last_backup: facts.last_backup,
            command: facts.command.clone(),
            states: counts.into_values().collect(),
            n_more: facts.accounts.len() - order.len(),
            accounts: order.into_iter().cloned().collect(),
            retired,
            stored: Stored::Unreadable,
        }
    }

    /// How many accounts there are.
    pub(super) fn n_accounts(&self) -> usize {
        self.accounts.len() + self.n_more
    }

    /// How many accounts somebody should look at.
    pub(super) fn n_troubled(&self) -> usize {
        let troubled = self.states.iter().filter(|(it, _)| is_trouble(*it));
        troubled.map(|(_, n)| n).sum()
    }
}

/// Whether somebody should look at it.
pub(super) fn is_trouble(state: State) -> bool {
    matches!(
        state,
        State::Stopped | State::Failing | State::Held | State::Partial
    )
}

/// The higher, the sooner somebody should look. Each state has its own.
fn urgency(state: State) -> u8 {
    match state {
        State::Stopped => 7,
        State::Failing => 6,
        State::Held => 5,
        State::Partial => 4,
        State::Paused => 3,
        State::New => 2,
        State::Ok => 1,
        State::Disabled => 0,
    }
}
