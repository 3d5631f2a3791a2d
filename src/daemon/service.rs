//! What the loop does: looks around, starts passes, takes in their ends.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use tokio::task::{Id, JoinError, JoinHandle, JoinSet};
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;
use tracing::warn;

use super::ServiceError;
use super::due::{Rhythm, Timetable};
use super::notify::Notifier;
use super::outfit::{access_of, channels_of, observed};
use super::roster::Opening;
use super::shelf::Shelf;
use super::upkeep::{self, Diary};
use crate::domain::memory::Millis;
use crate::reconcile::{AccountReport, Order, Parts, Progress, reconcile};
use crate::store::{BackOff, Store, StoreError};
use crate::text::chain;
use crate::web::{Account, Board, State};
use crate::workplace::Workplace;

/// Refused credentials are compared with their files so often.
pub(super) const RECHECK: Duration = Duration::from_secs(30);
/// While others are to start within so many milliseconds, the times of quiet passes wait for theirs.
const LULL: i64 = 3000;
/// They wait no longer than this.
const QUIET_WAITS: Duration = Duration::from_secs(10);

/// The state of the loop.
pub(super) struct Service {
    pub(super) config: Vec<PathBuf>,
    pub(super) workplace: Arc<Workplace>,
    pub(super) board: Arc<Board>,
    pub(super) shelf: Shelf,
    pub(super) accounts: BTreeMap<String, Opening>,
    pub(super) rhythms: BTreeMap<String, Rhythm>,
    pub(super) table: Timetable,
    pub(super) back_offs: BTreeMap<String, BackOff>,
    /// What was known of each account when the store was last asked.
    pub(super) stamps: BTreeMap<String, (u64, i64)>,
    pub(super) watermark: Option<u128>,
    passes: JoinSet<End>,
    names: HashMap<Id, String>,
    /// Accounts under whose pass the store was lost.
    pub(super) bereft: BTreeSet<String>,
    halt: CancellationToken,
    /// Accounts that had nothing to do, with the rows of their sources: recorded together.
    quiet: BTreeMap<String, u64>,
    quiet_since: Option<Instant>,
    pub(super) diary: Diary,
    chores: Option<JoinHandle<Option<Millis>>>,
    pub(super) recheck_at: Instant,
    pub(super) notifier: Notifier,
    pub(super) server: Option<JoinHandle<()>>,
    wake_at: Option<Millis>,
    /// The time of day at the last look.
    pub(super) looked_at: Option<Millis>,
}

/// The end of a pass.
pub(super) struct End {
    pub(super) name: String,
    pub(super) started_at: Millis,
    pub(super) report: AccountReport,
}

/// An end as the loop gets it.
pub(super) enum Ended {
    Pass(Box<End>),
    /// The pass panicked, which is a bug, and ends nothing else.
    Broken(Id, JoinError),
}

impl Service {
    /// Everything but the store and the accounts, which come by [`Service::look`].
    pub(super) async fn start(workplace: Workplace, config: Vec<PathBuf>) -> Result<Service, ServiceError> {
        let path = workplace.store_path()?.clone();
        let board = Arc::new(Board::new(Arc::clone(&workplace.clock)));
        let workplace = Arc::new(observed(workplace, &board));
        let mut service = Service {
            config,
            shelf: Shelf::new(&path),
            accounts: BTreeMap::new(),
            rhythms: BTreeMap::new(),
            table: Timetable::default(),
            back_offs: BTreeMap::new(),
            stamps: BTreeMap::new(),
            watermark: None,
            passes: JoinSet::new(),
            names: HashMap::new(),
            bereft: BTreeSet::new(),
            halt: CancellationToken::new(),
            quiet: BTreeMap::new(),
            quiet_since: None,
            diary: Diary::default(),
            chores: None,
            recheck_at: Instant::now() + RECHECK,
            notifier: Notifier::default(),
            server: None,
            wake_at: None,
            looked_at: None,
            board,
            workplace: Arc::clone(&workplace),
        };
        let access = access_of(&workplace)?;
        channels_of(&workplace)?;
        service.listen(access).await?;
        service.take_over(workplace);
        Ok(service)
    }

    /// Looks around, and does what is due.
    pub(super) async fn look(&mut self) -> Result<(), ServiceError> {
        self.board.beat();
        if let Some(store) = self.shelf.open().await? {
            self.welcome(&store).await;
        }
        let Some(store) = self.shelf.store().cloned() else {
            self.wake_at = None;
            return Ok(());
        };
        if let Err(error) = self.look_into(&store).await {
            self.lose(&error);
            return Ok(());
        }
        self.recheck(&store);
        let now = (self.workplace.clock)();
        self.set_back(now);
        let decision = self.table.decide(now, self.n_free(), &mut dice);
        self.wake_at = decision.wake_at;
        for name in &decision.start {
            self.begin(name, &store, now).await?;
        }
        self.record_quiet(&store, now).await;
        if self.passes.is_empty() {
            self.do_chores(&store, now).await;
        }
        self.tell_next(now);
        Ok(())
    }

    /// The account had nothing to do; or it had, and what was to be recorded of it is no longer the last word.
    pub(super) fn note_quiet(&mut self, name: &str, rows: Option<u64>) {
        match rows {
            Some(rows) => {
                self.quiet.insert(name.to_owned(), rows);
                self.quiet_since.get_or_insert_with(Instant::now);
            }
            None => {
                self.quiet.remove(name);
            }
        }
    }

    async fn begin(&mut self, name: &str, store: &Arc<Store>, now: Millis) -> Result<(), ServiceError> {
        self.board.write_account(name, |it| it.is_running = true);
        let ready = match self.accounts.get(name) {
            Some(Ok(ready)) => Arc::clone(ready),
            Some(Err(why)) => {
                let report = AccountReport::misconfigured(name, why.to_string());
                return self.take_end(name, now, report).await;
            }
            None => {
                let why = "the account was not opened".to_owned();
                let report = AccountReport::misconfigured(name, why);
                return self.take_end(name, now, report).await;
            }
        };
        let order = Order {
            is_patient: true,
            // A credential that was refused is tried by a read.
            verify: self.back_offs.get(name).is_some_and(|it| it.is_refused),
            ..Order::default()
        };
        let (workplace, store) = (Arc::clone(&self.workplace), Arc::clone(store));
        let progress = Progress::default().until(self.halt.clone());
        let name = name.to_owned();
        let key = name.clone();
        let pass = async move {
            let parts = Parts {
                source: &*ready.source,
                store: &store,
                target: &ready.target,
                account: &ready.account,
                timing: workplace.timing(),
                clock: &workplace.clock,
                progress: &progress,
            };
            let report = Box::pin(reconcile(&parts, &order)).await;
            End {
                name,
                started_at: now,
                report,
            }
        };
        let id = self.passes.spawn(pass).id();
        self.names.insert(id, key);
        Ok(())
    }

    /// The next pass that ends; never, while there is none.
    pub(super) async fn next_end(&mut self) -> Ended {
        match self.passes.join_next_with_id().await {
            Some(Ok((id, end))) => {
                self.names.remove(&id);
                Ended::Pass(Box::new(end))
            }
            Some(Err(error)) => Ended::Broken(error.id(), error),
            None => std::future::pending().await,
        }
    }

    /// Takes in the end of a pass.
    pub(super) async fn ended(&mut self, ended: Ended) -> Result<(), ServiceError> {
        match ended {
            Ended::Pass(end) => {
                let End {
                    name,
                    started_at,
                    report,
                } = *end;
                self.take_end(&name, started_at, report).await
            }
            Ended::Broken(id, error) => {
                let Some(name) = self.names.remove(&id) else {
                    return Ok(());
                };
                self.bereft.remove(&name);
                warn!(account = name, cause = %error, "a pass broke, which is a bug");
                self.fail(&name, false).await;
                Ok(())
            }
        }
    }

    /// Records the times of passes with nothing to do, those of many accounts at once.
    async fn record_quiet(&mut self, store: &Arc<Store>, now: Millis) {
        let Some(since) = self.quiet_since else { return };
        let is_lull = self.passes.is_empty() && self.wake_at.is_none_or(|at| now.plus(LULL) <= at);
        if !is_lull && since.elapsed() < QUIET_WAITS {
            return;
        }
        match store.quiet(&rows_of(&self.quiet), now).await {
            Ok(()) => {
                self.quiet.clear();
                self.quiet_since = None;
            }
            Err(error) => self.lose(&error),
        }
    }

    async fn do_chores(&mut self, store: &Arc<Store>, now: Millis) {
        if let Some(chores) = self.chores.take_if(|it| it.is_finished())
            && let Ok(copied) = chores.await
        {
            self.diary.copied = copied;
            self.board.write(|facts| facts.last_backup = copied);
        }
        if self.chores.is_some() {
            return;
        }
        let settings = &self.workplace.settings;
        let chores = self
            .diary
            .chores(now, settings.store.backups, settings.daemon.history_days);
        if let Some(chores) = chores {
            if chores.copies.is_some() {
                self.diary.tried = Some(now);
            }
            if chores.before.is_some() {
                self.diary.pruned = Some(now);
            }
            let clock = Arc::clone(&self.workplace.clock);
            self.chores = Some(tokio::spawn(upkeep::work(Arc::clone(store), chores, clock)));
        }
    }

    /// The store can't be used any more.
    pub(super) fn lose(&mut self, error: &StoreError) {
        self.shelf.lose(error);
        // Passes under way have the old connection, and will fail however soon there is a new one.
        self.bereft.extend(self.names.values().cloned());
        self.board.write(|facts| facts.store = None);
    }

    fn tell_next(&self, now: Millis) {
        self.board.write(|facts| {
            for account in &mut facts.accounts {
                account.next_at = self.table.next_start(&account.name, now);
            }
        });
    }

    /// So many more passes may run side by side.
    fn n_free(&self) -> usize {
        let concurrency = self.workplace.settings.daemon.concurrency;
        concurrency.saturating_sub(self.passes.len())
    }

    /// When to look around again, `latest` at last.
    pub(super) fn wake_at(&self, latest: Instant) -> Instant {
        if let Some(retry_at) = self.shelf.retry_at() {
            return latest.min(retry_at);
        }
        let (Some(at), true) = (self.wake_at, self.n_free() > 0) else {
            return latest;
        };
        let now = (self.workplace.clock)();
        let wait = u64::try_from(at.0 - now.0).unwrap_or(0);
        latest.min(Instant::now() + Duration::from_millis(wait))
    }

    /// How things are, in one line.
    pub(super) fn status_line(&self) -> String {
        if let Some(why) = self.shelf.why() {
            return format!("not ready: {why}");
        }
        let states: Vec<State> = self
            .board
            .read(|facts| facts.accounts.iter().map(Account::state).collect());
        if states.is_empty() {
            return "no accounts".to_owned();
        }
        let mut words = Vec::new();
        for state in State::ALL {
            match states.iter().filter(|it| **it == state).count() {
                0 => {}
                n => words.push(format!("{n} {}", state.word())),
            }
        }
        format!("accounts: {}", words.join(", "))
    }

    /// No pass begins another request.
    pub(super) fn halt(&mut self) {
        self.halt.cancel();
    }

    pub(super) fn has_passes(&self) -> bool {
        !self.passes.is_empty()
    }

    /// The last words to the store.
    pub(super) async fn close(mut self) {
        self.passes.shutdown().await;
        let Some(store) = self.shelf.take() else { return };
        let quiet = rows_of(&self.quiet);
        if !quiet.is_empty()
            && let Err(error) = store.quiet(&quiet, (self.workplace.clock)()).await
        {
            warn!(cause = chain(&error), "times of quiet passes are lost");
        }
        self.stop_listening();
        self.notifier = Notifier::default();
        self.board.write(|facts| facts.store = None);
        if let Some(chores) = self.chores.take() {
            chores.abort();
            let _ = chores.await;
        }
        // Somebody may be asking it still; then the next one to open it tidies up.
        if let Some(store) = Arc::into_inner(store)
            && let Err(error) = store.close().await
        {
            warn!(cause = chain(&error), "the store was not closed");
        }
    }
}

fn rows_of(quiet: &BTreeMap<String, u64>) -> Vec<(&str, u64)> {
    quiet.iter().map(|(name, n)| (name.as_str(), *n)).collect()
}

/// A number below or equal to the given one, by chance.
pub(super) fn dice(most: i64) -> i64 {
    fastrand::i64(0..=most.max(0))
}
