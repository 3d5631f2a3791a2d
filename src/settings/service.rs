//! The sections of the process: `[store]`, `[daemon]`, `[http]`, `[notify]`.

use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::time::Duration;

use url::Url;

use super::schedule::Schedule;
use super::secret::SecretRef;
use super::section::{Section, nearest, shown};
use super::urls::{self, DatabaseUrl};
use super::zone::Zone;
use crate::source::Database;

pub(super) const STORE_KEYS: &[&str] = &["url", "key", "backups"];
pub(super) const DAEMON_KEYS: &[&str] = &[
    "schedule",
    "timezone",
    "jitter",
    "concurrency",
    "verify_every",
    "history_days",
    "max_run",
    "listen",
    "allowed_hosts",
    "status_token",
    "account_labels",
];
pub(super) const HTTP_KEYS: &[&str] = &[
    "timeout",
    "connect_timeout",
    "max_response_bytes",
    "requests_per_second",
    "settle",
    "retry_base",
    "proxy",
    "ca_file",
];
pub(super) const NOTIFY_KEYS: &[&str] = &["webhook", "secret", "command"];

/// `[store]`: where the program remembers.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct StoreSettings {
    /// Which database.
    pub url: StoreUrl,
    /// Encrypts refresh tokens; needed with OAuth only.
    pub key: Option<SecretRef>,
    /// Daily copies that are kept.
    pub backups: u32,
}

/// The database of the store.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum StoreUrl {
    /// The file of an SQLite database.
    Sqlite(PathBuf),
    /// A server.
    Server(DatabaseUrl),
}

impl Default for StoreSettings {
    /// The directory is systemd's `StateDirectory=`; a week of copies outlives a long weekend.
    fn default() -> StoreSettings {
        StoreSettings {
            url: StoreUrl::Sqlite(Path::new("/var/lib/wazzup-sync/state.db").to_owned()),
            key: None,
            backups: 7,
        }
    }
}

impl StoreSettings {
    pub(super) fn read(section: &Section<'_>) -> StoreSettings {
        let defaults = StoreSettings::default();
        StoreSettings {
            url: section.parsed("url", store_url).unwrap_or(defaults.url),
            key: section.secret("key"),
            backups: small(section.count("backups", 0..=365), defaults.backups),
        }
    }
}

fn store_url(text: &str) -> Result<StoreUrl, String> {
    match DatabaseUrl::parse(text)? {
        DatabaseUrl::Plain {
            database: Database::Sqlite,
            url,
        } => match urls::sqlite_path(&url) {
            Some(path) if !url.contains('?') => Ok(StoreUrl::Sqlite(PathBuf::from(path))),
            _ => Err("expected sqlite:PATH without options".to_owned()),
        },
        DatabaseUrl::Plain {
            database: Database::MySql,
            ..
        } => Err("the store is SQLite or PostgreSQL".to_owned()),
        server => Ok(StoreUrl::Server(server)),
    }
}

/// `[daemon]`: the service.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct DaemonSettings {
    /// When accounts without a schedule of their own are due: every five minutes by default, so that a new
    /// colleague soon can write, while a quiet pass costs one query.
    pub schedule: Schedule,
    /// In which every schedule is read.
    pub timezone: Zone,
    /// Each start is late by a random part of this; the default spreads eight accounts over a breath.
    pub jitter: Duration,
    /// Accounts at a time: by default as many as keep one small machine busy while they wait for platforms.
    pub concurrency: usize,
    /// At least so often the platform's list is read, even if nothing changed. Six hours find a change that
    /// somebody made by hand within the working day.
    pub verify_every: Duration,
    /// Days that runs and outcomes are kept: a quarter by default.
    pub history_days: u32,
    /// Longest run of one account: by default several times what a full account takes at the default pace.
    pub max_run: Duration,
    /// Address of health, metrics and status page; loopback by default, so that opening it is a decision.
    pub listen: Option<SocketAddr>,
    /// `Host` headers that are answered beside those of loopback.
    pub allowed_hosts: Vec<String>,
    /// Needed to read metrics and status beyond loopback.
    pub status_token: Option<SecretRef>,
    /// Whether metrics name accounts.
    pub account_labels: bool,
}

impl DaemonSettings {
    pub(super) fn read(section: &Section<'_>) -> Option<DaemonSettings> {
        let schedule = match section.has("schedule") {
            true => section.parsed("schedule", Schedule::parse),
            false => Schedule::parse("*/5 * * * *").ok(),
        };
        let listen = match section.text_or_empty("listen") {
            Some("") => None,
            Some(_) => section.parsed("listen", socket_address),
            None => Some(SocketAddr::from(([127, 0, 0, 1], 9464))),
        };
        let status_token = section.secret("status_token");
        if listen.is_some_and(|it| !it.ip().is_loopback()) && !section.has("status_token") {
            section.report().add_absent(
                section.place().clone(),
                section.key_of("status_token"),
                "missing: needed because daemon.listen can be reached from other machines",
            );
        }
        let allowed_hosts = section.list("allowed_hosts").unwrap_or_default();
        if allowed_hosts
            .iter()
            .any(|it| it.contains(['/', '@']) || it.contains(char::is_whitespace))
        {
            section.problem("allowed_hosts", "expected host names, without scheme and path");
        }
        Some(DaemonSettings {
            timezone: section.parsed("timezone", timezone).unwrap_or(Zone::UTC),
            jitter: section.duration("jitter").unwrap_or(Duration::from_secs(10)),
            concurrency: small(section.count("concurrency", 1..=1024), 8) as usize,
            verify_every: section
                .duration("verify_every")
                .unwrap_or(Duration::from_hours(6)),
            history_days: small(section.count("history_days", 1..=36_500), 90),
            max_run: section
                .positive_duration("max_run")
                .unwrap_or(Duration::from_mins(15)),
            listen,
            allowed_hosts,
            status_token,
            account_labels: section.flag("account_labels").unwrap_or(false),
            schedule: schedule?,
        })
    }
}

fn socket_address(text: &str) -> Result<SocketAddr, String> {
    text.parse().map_err(|_| {
        "expected an IP address and a port, such as \"127.0.0.1:9464\", or \"\" for none".to_owned()
    })
}

fn timezone(text: &str) -> Result<Zone, String> {
    Zone::named(text).ok_or_else(|| {
        let names: Vec<String> = Zone::names().collect();
        let near = nearest(text, names.iter().map(String::as_str));
        match near {
            Some(near) => format!("{:?} is no time zone; did you mean {near:?}?", shown(text)),
            None => format!("{:?} is no time zone such as \"Europe/Riga\"", shown(text)),
        }
    })
}

/// `[http]`: how platforms are spoken to.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct HttpSettings {
    /// Longest wait for a whole answer.
    pub timeout: Duration,
    /// Longest wait for a connection.
    pub connect_timeout: Duration,
    /// Longest answer, after decompression.
    pub max_response_bytes: u64,
    /// Pace of one credential.
    pub requests_per_second: u32,
    /// How long a platform may need until a read shows what a write changed.
    pub settle: Duration,
    /// First wait before a repetition; doubles to 10 s.
    pub retry_base: Duration,
    /// Proxy for all requests to platforms.
    pub proxy: Option<Url>,
    /// More certificate authorities, as PEM.
    pub ca_file: Option<PathBuf>,
}

impl Default for HttpSettings {
    /// A thousand users of a full account are far below 4 MiB, and ten requests a second finish them in a
    /// minute while staying under every limit that a platform has published.
    fn default() -> HttpSettings {
        HttpSettings {
            timeout: Duration::from_secs(30),
            connect_timeout: Duration::from_secs(5),
            max_response_bytes: 4 * 1024 * 1024,
            requests_per_second: 10,
            settle: Duration::from_secs(1),
            retry_base: Duration::from_millis(200),
            proxy: None,
            ca_file: None,
        }
    }
}

impl HttpSettings {
    pub(super) fn read(section: &Section<'_>) -> HttpSettings {
        let defaults = HttpSettings::default();
        HttpSettings {
            timeout: section.positive_duration("timeout").unwrap_or(defaults.timeout),
            connect_timeout: section
                .positive_duration("connect_timeout")
                .unwrap_or(defaults.connect_timeout),
            max_response_bytes: section
                .count("max_response_bytes", 1024..=1024 * 1024 * 1024)
                .unwrap_or(defaults.max_response_bytes),
            requests_per_second: small(
                section.count("requests_per_second", 1..=10_000),
                defaults.requests_per_second,
            ),
            settle: section.duration("settle").unwrap_or(defaults.settle),
            retry_base: section
                .positive_duration("retry_base")
                .unwrap_or(defaults.retry_base),
            proxy: section.parsed("proxy", urls::proxy),
            ca_file: section.text("ca_file").map(PathBuf::from),
        }
    }
}

/// `[notify]`: who is told when an account begins to fail, is held, or recovers.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct NotifySettings {
    /// Where a message is posted.
    pub webhook: Option<Url>,
    /// Signs what is posted.
    pub secret: Option<SecretRef>,
    /// Program and arguments, started without a shell.
    pub command: Option<Vec<String>>,
}

impl NotifySettings {
    pub(super) fn read(section: &Section<'_>) -> NotifySettings {
        let notify = NotifySettings {
            webhook: section.parsed("webhook", urls::webhook),
            secret: section.secret("secret"),
            command: section.list("command"),
        };
        if let Some(command) = &notify.command
            && !command.first().is_some_and(|program| program.starts_with('/'))
        {
            // It starts with a clean environment, so there is no PATH to search.
            section.problem(
                "command",
                "expected a list that begins with the absolute path of a program",
            );
        }
        if !section.has("webhook") && !section.has("command") {
            section.report().add_absent(
                section.place().clone(),
                "notify",
                "expected `webhook`, `command` or both",
            );
        }
        if section.has("secret") && !section.has("webhook") {
            section.problem("secret", "signs the webhook, and there is none");
        }
        notify
    }
}

/// A count that was read within a range of 32 bits.
fn small(count: Option<u64>, default: u32) -> u32 {
    count.and_then(|it| u32::try_from(it).ok()).unwrap_or(default)
}
