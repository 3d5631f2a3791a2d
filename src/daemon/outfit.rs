//! From a configuration to what the service works with: the web, the accounts in the timetable and on the board, the
//! ways to people.

use std::sync::Arc;

use tracing::info;

use super::ServiceError;
use super::notify::{Channel, Command, News, Notifier, Webhook};
use super::roster;
use super::service::{Service, dice};
use crate::domain::memory::Millis;
use crate::settings::AccountSettings;
use crate::store::{Overview, Paused, Store};
use crate::target::Kind;
use crate::web::counters::{Family, Measure, Owner, method_word, status_class};
use crate::web::{self, Access, Account, Board};
use crate::workplace::{Workplace, kind_of};

impl Service {
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

    pub(super) fn stop_listening(&mut self) {
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
        let account = |it: &AccountSettings| {
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
}

fn new_account(name: &str, platform: Kind, now: Millis, expected_at: Option<Millis>) -> Account {
    Account {
        name: name.to_owned(),
        platform,
        is_enabled: true,
        is_running: false,
        paused: Paused::default(),
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
