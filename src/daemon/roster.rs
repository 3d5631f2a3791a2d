//! The accounts of a configuration, opened: with all that a pass needs, or with the reason why it can't be had.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::time::Instant;

use async_trait::async_trait;

use super::due::Rhythm;
use crate::domain::table::CompleteRead;
use crate::reconcile::{Account, AccountReport};
use crate::settings::{AccountSettings, Settings};
use crate::source::{Database, Source, SourceError};
use crate::store::Store;
use crate::target::AnyTarget;
use crate::web::Board;
use crate::web::counters::{Family, Measure};
use crate::workplace::{Opened, Workplace, open_all};

/// One account, with what its passes need.
pub(super) struct Ready {
    pub(super) source: Box<dyn Source>,
    pub(super) target: AnyTarget,
    pub(super) account: Account,
}

impl Ready {
    fn new(opened: Opened, database: Option<Database>, board: &Arc<Board>) -> Ready {
        let Opened {
            source,
            target,
            account,
        } = opened;
        let source: Box<dyn Source> = match database {
            Some(database) => Box::new(Counted {
                source,
                database: database_word(database),
                board: Arc::clone(board),
            }),
            None => source,
        };
        Ready {
            source,
            target,
            account,
        }
    }

    /// Whether the same credential and settings are meant.
    pub(super) fn is_same(&self, other: &Ready) -> bool {
        self.account.binding == other.account.binding
            && self.account.plan_mark == other.account.plan_mark
            && self.account.settings_mark == other.account.settings_mark
    }
}

/// An account as it is, or why it is none.
pub(super) type Opening = Result<Arc<Ready>, Arc<str>>;

/// Opens all enabled accounts. Secrets are read, nothing is connected to.
pub(super) fn open(workplace: &Workplace, store: &Store, board: &Arc<Board>) -> BTreeMap<String, Opening> {
    let enabled: Vec<&AccountSettings> = enabled(&workplace.settings).collect();
    let opened = open_all(workplace, &enabled, Some(store));
    let one = |(settings, opened): (&AccountSettings, Result<Opened, Box<AccountReport>>)| {
        let opening = match opened {
            Ok(opened) => {
                let database = workplace.database_of(settings);
                Ok(Arc::new(Ready::new(opened, database, board)))
            }
            Err(report) => Err(why(&report)),
        };
        (settings.name.clone(), opening)
    };
    enabled.iter().copied().zip(opened).map(one).collect()
}

fn why(report: &AccountReport) -> Arc<str> {
    let why = match &report.stop {
        Some(crate::reconcile::Stop::Misconfigured(why)) => why.clone(),
        Some(stop) => stop.to_string(),
        None => String::new(),
    };
    why.into()
}

/// The accounts that run.
pub(super) fn enabled(settings: &Settings) -> impl Iterator<Item = &AccountSettings> {
    settings.accounts.iter().filter(|it| it.enabled)
}

/// When each of them runs.
pub(super) fn rhythms(settings: &Settings) -> BTreeMap<String, Rhythm> {
    let daemon = &settings.daemon;
    let rhythm = |account: &AccountSettings| Rhythm {
        schedule: account.schedule.as_ref().unwrap_or(&daemon.schedule).clone(),
        timezone: daemon.timezone.clone(),
        jitter: i64::try_from(daemon.jitter.as_millis()).unwrap_or(i64::MAX),
    };
    enabled(settings)
        .map(|it| (it.name.clone(), rhythm(it)))
        .collect()
}

/// The kinds of database that are read.
pub(super) fn databases(workplace: &Workplace) -> BTreeSet<&'static str> {
    enabled(&workplace.settings)
        .filter_map(|it| workplace.database_of(it))
        .map(database_word)
        .collect()
}

fn database_word(database: Database) -> &'static str {
    match database {
        Database::Postgres => "postgres",
        Database::MySql => "mysql",
        Database::Sqlite => "sqlite",
    }
}

/// A source whose reads are counted.
struct Counted {
    source: Box<dyn Source>,
    database: &'static str,
    board: Arc<Board>,
}

#[async_trait]
impl Source for Counted {
    async fn read(&self) -> Result<CompleteRead, SourceError> {
        let begin = Instant::now();
        let read = self.source.read().await;
        let result = if read.is_ok() { "complete" } else { "failed" };
        self.board.write(|facts| {
            let counters = &mut facts.counters;
            counters.add(Family::SourceReads, (None, None), (self.database, result), 1);
            let length = begin.elapsed();
            counters.measure(Measure::SourceReads, (None, None), (self.database, ""), length);
        });
        read
    }
}
