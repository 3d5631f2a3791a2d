//! What the loop does: looks around, starts passes, takes in their ends.

use std::collections::{BTreeMap, HashMap};
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use tokio::task::{Id, JoinError, JoinHandle, JoinSet};
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;
use tracing::{info, warn};

use super::ServiceError;
use super::due::{Rhythm, Timetable};
use super::notify::{Channel, Command, News, Notifier, Webhook};
use super::roster::{self, Opening};
use super::shelf::Shelf;
use super::upkeep::{self, Diary};
use crate::domain::memory::Millis;
use crate::reconcile::{AccountReport, Order, Parts, Progress, Stop, reconcile};
use crate::store::{BackOff, Overview, Standings, Store, StoreError};
use crate::text::chain;
use crate::web::counters::{Family, Measure, Owner, method_word, status_class};
use crate::web::{self, Access, Account, Board, State};
use crate::workplace::{Workplace, kind_of};

/// Refused credentials are compared with their files so often.
const RECHECK: Duration = Duration::from_secs(30);

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
    stamps: BTreeMap<String, (u64, i64)>,
    watermark: Option<u128>,
    passes: JoinSet<End>,
    names: HashMap<Id, String>,
    halt: CancellationToken,
    /// Accounts that had nothing to do, with the rows of their sources: recorded together.
    pub(super) quiet: BTreeMap<String, u64>,
    diary: Diary,
    chores: Option<JoinHandle<Option<Millis>>>,
    recheck_at: Instant,
    pub(super) notifier: Notifier,
    server: Option<JoinHandle<()>>,
    wake_at: Option<Millis>,
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
            halt: CancellationToken::new(),
            quiet: BTreeMap::new(),
            diary: Diary::default(),
            chores: None,
            recheck_at: Instant::now() + RECHECK,
            notifier: Notifier::default(),
            server: None,
            wake_at: None,
            board,
            workplace: Arc::clone(&workplace),
        };
        let access = access_of(&workplace)?;
        channels_of(&workplace)?;
        service.listen(access).await?;
        service.take_over(workplace);
        Ok(service)
    }

    /// Serves the web at the address of `access`.
    pub(super) async fn listen(&mut self, access: Access) -> Result<(), ServiceError> {
        if let Some(address) = access.listen {
            let listener = web::listen(address)
                .await
                .map_err(|source| ServiceError::Listen { address, source })?;
            if let Ok(address) = listener.local_addr() {
                info!(%address, "health, metrics and status are served");
            }
            let router = web::router(Arc::clone(&self.board));
            self.stop_listening();
            self.server = Some(tokio::spawn(web::serve(listener, router)));
        } else {
            self.stop_listening();
        }
        self.board.write(|facts| facts.access = access);
        Ok(())
    }

    fn stop_listening(&mut self) {
        if let Some(server) = self.server.take() {
            server.abort();
        }
    }

    /// Takes over the accounts of a configuration, without opening them.
    pub(super) fn take_over(&mut self, workplace: Arc<Workplace>) {
        let now = (workplace.clock)();
        let settings = &workplace.settings;
        self.rhythms = roster::rhythms(settings);
        self.table.set(self.rhythms.clone(), now, &mut dice);
        let known = self.board.read(|facts| facts.accounts.clone());
        let account = |it: &crate::settings::AccountSettings| {
            let old = known.iter().find(|old| old.name == it.name);
            let expected_at = self.rhythms.get(&it.name).map(|it| it.tick_after(now));
            Account {
                platform: kind_of(it),
                is_enabled: it.enabled,
                ..old
                    .cloned()
                    .unwrap_or_else(|| new_account(&it.name, kind_of(it), now, expected_at))
            }
        };
        let accounts: Vec<Account> = settings.accounts.iter().map(account).collect();
        let databases = roster::databases(&workplace);
        self.board.write(|facts| {
            facts.has_account_labels = settings.daemon.account_labels;
            facts.has_backups = settings.store.backups > 0;
            let has_labels = facts.has_account_labels;
            let owners = accounts.iter().map(|it| owner(it, has_labels));
            facts.counters.prepare(&owners.collect::<Vec<_>>(), &databases);
            facts.accounts = accounts;
        });
        self.workplace = workplace;
        self.watermark = None;
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
        let n_free = self
            .workplace
            .settings
            .daemon
            .concurrency
            .saturating_sub(self.passes.len());
        let decision = self.table.decide(now, n_free, &mut dice);
        self.wake_at = decision.wake_at;
        for name in &decision.start {
            self.begin(name, &store, now).await?;
        }
        if self.passes.is_empty() {
            self.rest(&store, now).await;
        }
        self.tell_next(now);
        Ok(())
    }

    /// The store is there, for the first time or again: what it is salted with may be new.
    async fn welcome(&mut self, store: &Arc<Store>) {
        self.accounts = roster::open(&self.workplace, store, &self.board);
        self.stamps.clear();
        self.watermark = None;
        self.diary.copied = store.last_backup().ok().flatten();
        let copied = self.diary.copied;
        self.board.write(|facts| {
            facts.store = Some(Arc::clone(store));
            facts.last_backup = copied;
        });
        self.start_notifier(store).await;
    }

    pub(super) async fn start_notifier(&mut self, store: &Arc<Store>) {
        let told = store.told().await.unwrap_or_default();
        // Looked at before the configuration was taken over.
        let channels = channels_of(&self.workplace).unwrap_or_default();
        self.notifier = Notifier::start(channels, &told, store, &self.workplace.http, &self.board);
        let now = (self.workplace.clock)();
        let all = self
            .board
            .read(|facts| facts.accounts.iter().map(|it| News::of(it, now)).collect());
        let all: Vec<News> = all;
        all.iter().for_each(|news| self.notifier.hear(news));
    }

    /// Sees what others wrote into the store.
    async fn look_into(&mut self, store: &Arc<Store>) -> Result<(), StoreError> {
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

    async fn take_standing(
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
    fn failed_at(&self, name: &str) -> Option<Millis> {
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
        self.board.write_account(name, |it| show(it, overview, seats));
        Ok(())
    }

    /// The credential of an account that was refused may be another one by now.
    fn recheck(&mut self, store: &Arc<Store>) {
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
                (None, _) => continue,
                _ => false,
            };
            if !is_same {
                self.accounts.insert(name.clone(), opening);
                self.table.forgive(&name);
                self.table.ask(&name);
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
                warn!(account = name, cause = %error, "a pass broke, which is a bug");
                self.fail(&name, false).await;
                Ok(())
            }
        }
    }

    /// What is done when no pass runs.
    async fn rest(&mut self, store: &Arc<Store>, now: Millis) {
        // Others are about to follow: their times go with these.
        let is_lull = self.wake_at.is_none_or(|at| now.plus(1000) <= at);
        if is_lull && !self.quiet.is_empty() {
            let quiet: Vec<(&str, u64)> = self.quiet.iter().map(|(name, n)| (name.as_str(), *n)).collect();
            if let Err(error) = store.quiet(&quiet, now).await {
                self.lose(&error);
                return;
            }
            self.quiet.clear();
            // It was ourselves who wrote.
            self.watermark = Some(store.watermark());
        }
        self.do_chores(store, now).await;
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
        self.board.write(|facts| facts.store = None);
    }

    fn tell_next(&self, now: Millis) {
        self.board.write(|facts| {
            for account in &mut facts.accounts {
                account.next_at = self.table.next_start(&account.name, now);
            }
        });
    }

    /// When to look around again, `latest` at last.
    pub(super) fn wake_at(&self, latest: Instant) -> Instant {
        if let Some(retry_at) = self.shelf.retry_at() {
            return latest.min(retry_at);
        }
        let n_free = self
            .workplace
            .settings
            .daemon
            .concurrency
            .saturating_sub(self.passes.len());
        let (Some(at), true) = (self.wake_at, n_free > 0) else {
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
        let quiet: Vec<(&str, u64)> = self.quiet.iter().map(|(name, n)| (name.as_str(), *n)).collect();
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

/// A number below or equal to the given one, by chance.
pub(super) fn dice(most: i64) -> i64 {
    fastrand::i64(0..=most.max(0))
}

fn new_account(
    name: &str,
    platform: crate::target::Kind,
    now: Millis,
    expected_at: Option<Millis>,
) -> Account {
    Account {
        name: name.to_owned(),
        platform,
        is_enabled: true,
        is_running: false,
        paused: crate::store::Paused::default(),
        last: None,
        good_at: None,
        known_since: now,
        expected_at,
        next_at: None,
        overview: Overview::default(),
        seats: None,
    }
}

/// Whose numbers an account's are.
pub(super) fn owner(account: &Account, has_labels: bool) -> Owner {
    let name = has_labels.then(|| Arc::from(account.name.as_str()));
    (Some(account.platform), name)
}

/// Shows what the store says of an account, as far as we don't know better.
fn show(account: &mut Account, overview: Overview, seats: Option<usize>) {
    let state = &overview.state;
    let run = state.last_run.as_ref().filter(|it| it.ended_at.is_some());
    let is_newer = |at: Millis| account.last.as_ref().is_none_or(|it| it.ended_at < at);
    if let Some(run) = run
        && let (Some(ended_at), Some(result)) = (run.ended_at, run.result.as_deref())
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
    account.good_at = account.good_at.max(state.quiet_at);
    account.seats = seats;
    account.overview = overview;
}

/// Whether the account, and not something that all of them share, is to blame.
pub(super) fn is_store_failure(report: &AccountReport) -> bool {
    matches!(report.stop, Some(Stop::Store(_)))
}

/// Who may read the web.
pub(super) fn access_of(workplace: &Workplace) -> Result<Access, ServiceError> {
    let daemon = &workplace.settings.daemon;
    let token = daemon.status_token.as_ref();
    let token = token
        .map(|it| workplace.secret_of("daemon.status_token", it))
        .transpose()?;
    Ok(Access {
        listen: daemon.listen,
        allowed_hosts: daemon.allowed_hosts.clone(),
        token,
    })
}

/// The ways to people.
pub(super) fn channels_of(workplace: &Workplace) -> Result<Vec<Channel>, ServiceError> {
    let Some(notify) = &workplace.settings.notify else {
        return Ok(Vec::new());
    };
    let secret = notify.secret.as_ref();
    let secret = secret
        .map(|it| workplace.secret_of("notify.secret", it))
        .transpose()?;
    let webhook = notify
        .webhook
        .clone()
        .map(|url| Channel::Webhook(Webhook { url, secret }));
    let command = notify.command.clone().map(|it| Channel::Command(Command(it)));
    Ok(webhook.into_iter().chain(command).collect())
}

/// The same place, with requests counted on the board.
pub(super) fn observed(workplace: Workplace, board: &Arc<Board>) -> Workplace {
    let board = Arc::clone(board);
    workplace.observed_by(Arc::new(move |kind, seen| {
        let Some(method) = method_word(seen.method.as_str()) else {
            return;
        };
        let owner: Owner = (Some(kind), None);
        board.write(|facts| {
            let labels = (method, status_class(seen.status));
            facts.counters.add(Family::Requests, owner.clone(), labels, 1);
            facts
                .counters
                .measure(Measure::Requests, owner, (method, ""), seen.duration);
        });
    }))
}
