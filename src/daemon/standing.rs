//! What the store says of the accounts, and what others did to it meanwhile.

use std::sync::Arc;

use tokio::time::Instant;

use super::roster;
use super::service::{RECHECK, Service};
use crate::domain::memory::Millis;
use crate::store::{Overview, Standings, Store, StoreError};
use crate::web::{self, Account};

impl Service {
    /// The store is there, for the first time or again: what it is salted with may be new.
    pub(super) async fn welcome(&mut self, store: &Arc<Store>) {
        self.accounts = roster::open(&self.workplace, store, &self.board);
        self.stamps.clear();
        self.watermark = None;
        self.diary.copied = store.last_backup((self.workplace.clock)()).ok().flatten();
        let copied = self.diary.copied;
        self.board.write(|facts| {
            facts.store = Some(Arc::clone(store));
            facts.last_backup = copied;
        });
        self.start_notifier(store).await;
    }

    /// Sees what others wrote into the store.
    pub(super) async fn look_into(&mut self, store: &Arc<Store>) -> Result<(), StoreError> {
        store.check_place()?;
        let watermark = store.watermark();
        if self.watermark == Some(watermark) {
            return Ok(());
        }
        let standings = store.standings().await?;
        self.watermark = Some(watermark);
        let names: Vec<String> = self
            .workplace
            .settings
            .accounts
            .iter()
            .map(|it| it.name.clone())
            .collect();
        for name in &names {
            self.take_standing(name, &standings, store).await?;
        }
        let retired = standings.by_name.keys().filter(|it| !names.contains(it));
        let retired: Vec<String> = retired.cloned().collect();
        self.board.write(|facts| facts.retired = retired);
        Ok(())
    }

    pub(super) async fn take_standing(
        &mut self,
        name: &str,
        standings: &Standings,
        store: &Arc<Store>,
    ) -> Result<(), StoreError> {
        let paused = standings.paused(name);
        self.table.set_paused(name, paused.all);
        self.board.write_account(name, |it| it.paused = paused);
        let Some(standing) = standings.by_name.get(name) else {
            return Ok(());
        };
        if self
            .failed_at(name)
            .is_some_and(|failed| standing.good_at > Some(failed))
        {
            // Somebody else's pass went well: so may ours.
            self.table.forgive(name);
            self.table.ask(name);
        }
        let stamp = standing.stamp;
        let before = self.stamps.insert(name.to_owned(), stamp);
        if before == Some(stamp) {
            return Ok(());
        }
        match before {
            None => {
                self.back_offs.entry(name.to_owned()).or_insert(standing.back_off);
            }
            // A person decided something, or let it go on.
            Some(before) if before.0 != stamp.0 => self.table.ask(name),
            Some(_) => {}
        }
        self.refresh(name, store).await
    }

    /// When the account's last pass failed, if it did.
    pub(super) fn failed_at(&self, name: &str) -> Option<Millis> {
        self.board.read(|facts| {
            let account = facts.accounts.iter().find(|it| it.name == name)?;
            let last = account.last.as_ref().filter(|it| it.result == "failed")?;
            (!account.is_running).then_some(last.ended_at)
        })
    }

    /// Brings the numbers of an account up to date.
    pub(super) async fn refresh(&mut self, name: &str, store: &Store) -> Result<(), StoreError> {
        let overview = store.overview(name).await?;
        let mut seats = None;
        if let Some(Ok(ready)) = self.accounts.get(name) {
            let it = &ready.account;
            let now = (self.workplace.clock)();
            let learned = store.facts(&it.kind, &it.base_url, name, now).await?.seats;
            let documented = ready.target.capabilities().seats;
            seats = [documented, learned].into_iter().flatten().min();
        }
        let now = (self.workplace.clock)();
        self.board
            .write_account(name, |it| show(it, overview, seats, now));
        Ok(())
    }

    /// Where the clock was set back since the last look, nothing that is shown stays dated in the future: ages would be
    /// nothing, and what is overdue would not be so, for all the time that comes twice.
    pub(super) fn set_back(&mut self, now: Millis) {
        if self.looked_at.replace(now).is_none_or(|before| before <= now) {
            return;
        }
        let rhythms = &self.rhythms;
        self.board.write(|facts| {
            for it in &mut facts.accounts {
                it.good_at = it.good_at.map(|at| at.min(now));
                it.known_since = it.known_since.min(now);
                if let Some(last) = &mut it.last {
                    last.ended_at = last.ended_at.min(now);
                }
                let next = rhythms.get(&it.name).map(|rhythm| rhythm.tick_after(now));
                it.expected_at = it.expected_at.into_iter().chain(next).min();
            }
        });
    }

    /// The credential of an account that was refused may be another one by now.
    pub(super) fn recheck(&mut self, store: &Arc<Store>) {
        let is_refused = self.back_offs.values().any(|it| it.is_refused);
        let is_unusable = self.accounts.values().any(Result::is_err);
        if Instant::now() < self.recheck_at || !(is_refused || is_unusable) {
            return;
        }
        self.recheck_at = Instant::now() + RECHECK;
        self.open_again(store);
    }

    /// Opens all accounts anew; those that came out differently are to run now.
    pub(super) fn open_again(&mut self, store: &Arc<Store>) {
        let opened = roster::open(&self.workplace, store, &self.board);
        for (name, opening) in opened {
            let is_same = match (self.accounts.get(&name), &opening) {
                (Some(Ok(old)), Ok(new)) => old.is_same(new),
                (Some(Err(old)), Err(new)) => old == new,
                // The timetable has asked for a new one already.
                (None, _) => true,
                _ => false,
            };
            if !is_same {
                self.table.forgive(&name);
                self.table.ask(&name);
            }
            // Also where nothing of the account's own changed: the limits of connections may have.
            self.accounts.insert(name, opening);
        }
    }
}

/// Shows what the store says of an account, as far as we don't know better. What it dates in the future was so by
/// a clock that has been set back since: then it is of now, and nothing seems younger than it is.
fn show(account: &mut Account, overview: Overview, seats: Option<usize>, now: Millis) {
    let state = &overview.state;
    let run = state.last_run.as_ref().filter(|it| it.ended_at.is_some());
    let is_newer = |at: Millis| account.last.as_ref().is_none_or(|it| it.ended_at < at);
    if let Some(run) = run
        && let (Some(ended_at), Some(result)) = (run.ended_at.map(|it| it.min(now)), run.result.as_deref())
        && is_newer(ended_at)
        && let Some(result) = web::counters::RESULTS.into_iter().find(|it| *it == result)
    {
        let code = run.error.as_ref().map(|it| it.code.as_str());
        account.last = Some(web::LastPass {
            result,
            error: web::counters::ERRORS.into_iter().find(|it| Some(*it) == code),
            ended_at,
        });
        if !matches!(result, "failed" | "busy") {
            account.good_at = account.good_at.max(Some(ended_at));
        }
    }
    account.good_at = account.good_at.max(state.quiet_at.map(|it| it.min(now)));
    account.seats = seats;
    account.overview = overview;
}
