//! Addresses: of platforms, webhooks, proxies and databases.
//!
//! None of the messages repeats an address: one that is refused may hold a password.

use std::net::IpAddr;

use url::{Host, Url};

use super::secret::{Environment, SecretError, SecretRef};
use crate::source::Database;
use secrecy::SecretString;

/// The address of a database.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum DatabaseUrl {
    /// In the configuration, without a password.
    Plain {
        /// What it names.
        database: Database,
        /// As configured.
        url: String,
    },
    /// Somewhere else, with or without a password.
    Reference(SecretRef),
}

impl DatabaseUrl {
    /// Reads an address or a reference to one.
    pub(super) fn parse(text: &str) -> Result<DatabaseUrl, String> {
        if let Ok(reference) = text.parse() {
            return Ok(DatabaseUrl::Reference(reference));
        }
        let unknown = "expected an address (postgres://…, mysql://… or sqlite:PATH) or a reference to one \
                       (env:NAME, file:PATH or cred:NAME)";
        let database = Database::of_url(text).ok_or(unknown)?;
        let plain = DatabaseUrl::Plain {
            database,
            url: text.to_owned(),
        };
        if database == Database::Sqlite {
            return match sqlite_path(text) {
                Some(_) => Ok(plain),
                None => Err("expected sqlite:PATH, the path of a file".to_owned()),
            };
        }
        let url = Url::parse(text).map_err(|_| unknown.to_owned())?;
        if url.password().is_some() || url.query_pairs().any(|(key, _)| is_secret_option(&key)) {
            return Err(
                "holds a password; name it under `password`, or put the whole address behind a reference"
                    .to_owned(),
            );
        }
        if url.host_str().is_none_or(str::is_empty) && url.query_pairs().all(|(key, _)| key != "host") {
            return Err("names no host".to_owned());
        }
        Ok(plain)
    }

    /// The address, with a password if the reference leads to one.
    ///
    /// # Errors
    /// If a reference leads to nothing.
    pub fn resolve(&self, environment: &Environment) -> Result<SecretString, SecretError> {
        match self {
            DatabaseUrl::Plain { url, .. } => Ok(SecretString::from(url.as_str())),
            DatabaseUrl::Reference(reference) => reference.resolve(environment),
        }
    }

    /// As configured: an address without a password, or a reference.
    pub fn configured(&self) -> String {
        match self {
            DatabaseUrl::Plain { url, .. } => url.clone(),
            DatabaseUrl::Reference(reference) => reference.to_string(),
        }
    }
}

/// Options of database addresses that hold a secret.
fn is_secret_option(key: &str) -> bool {
    let key = key.to_ascii_lowercase();
    key.contains("password") || key == "pwd" || key == "pass"
}

/// The path of an SQLite address, `sqlite:PATH` or `sqlite://PATH`, without options.
pub(super) fn sqlite_path(text: &str) -> Option<&str> {
    let rest = text.strip_prefix("sqlite:")?;
    let rest = rest.strip_prefix("//").unwrap_or(rest);
    let path = rest.split_once('?').map_or(rest, |(path, _)| path);
    let is_path = !path.trim().is_empty() && path != ":memory:";
    is_path.then_some(path)
}

/// The address of a platform, without a slash at its end (the root's `/` stays, as in every [`Url`]).
pub(super) fn base_url(text: &str) -> Result<Url, String> {
    let mut url = secure_url(text)?;
    if url.query().is_some() || url.fragment().is_some() {
        return Err("must have neither query (?…) nor fragment (#…)".to_owned());
    }
    let path = url.path().trim_end_matches('/').to_owned();
    url.set_path(&path);
    Ok(url)
}

/// The address of a webhook.
pub(super) fn webhook(text: &str) -> Result<Url, String> {
    let url = secure_url(text)?;
    if url.fragment().is_some() {
        return Err("must have no fragment (#…)".to_owned());
    }
    Ok(url)
}

/// The address of a proxy, which is on the own network and so may speak plain HTTP.
pub(super) fn proxy(text: &str) -> Result<Url, String> {
    let url = web_url(text)?;
    if url.query().is_some() || url.fragment().is_some() || url.path() != "/" {
        return Err("expected scheme, host and port only, such as http://proxy:3128".to_owned());
    }
    Ok(url)
}

fn secure_url(text: &str) -> Result<Url, String> {
    let url = web_url(text)?;
    if url.scheme() == "http" && !is_loopback(&url) {
        return Err(
            "plain http:// goes to this machine only (127.0.0.0/8, ::1, localhost); use https://".to_owned(),
        );
    }
    Ok(url)
}

fn web_url(text: &str) -> Result<Url, String> {
    let url = Url::parse(text).map_err(|error| format!("is no address: {error}"))?;
    if !matches!(url.scheme(), "http" | "https") {
        return Err("expected an address that begins with https://".to_owned());
    }
    if !url.username().is_empty() || url.password().is_some() {
        return Err("must have no user and no password".to_owned());
    }
    Ok(url)
}

fn is_loopback(url: &Url) -> bool {
    match url.host() {
        Some(Host::Ipv4(ip)) => IpAddr::V4(ip).is_loopback(),
        Some(Host::Ipv6(ip)) => IpAddr::V6(ip).is_loopback(),
        Some(Host::Domain(name)) => name == "localhost",
        None => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn base_urls_are_https_or_loopback_and_lose_their_last_slash() {
        let read = |text| base_url(text).map(String::from);
        assert_eq!(
            read("https://tech.wazzup24.com"),
            Ok("https://tech.wazzup24.com/".to_owned())
        );
        assert_eq!(read("https://host/a/b//"), Ok("https://host/a/b".to_owned()));
        for text in [
            "http://127.0.0.1:8080",
            "http://127.9.9.9",
            "http://[::1]:1",
            "http://localhost",
        ] {
            assert!(read(text).is_ok(), "{text}");
        }
        for text in [
            "http://tech.wazzup24.com",
            "http://10.0.0.1",
            "http://localhost.evil.example",
            "http://[::ffff:127.0.0.1]",
            "ftp://host",
            "host",
            "",
            "https://host?x=1",
            "https://host#x",
            "https://host?",
        ] {
            assert!(read(text).is_err(), "{text}");
        }
    }

    #[test]
    fn a_user_or_password_in_an_address_is_refused_and_not_repeated() {
        for text in [
            "https://hunter2@host",
            "https://u:hunter2@host",
            "https://:hunter2@host/",
        ] {
            for read in [base_url, webhook, proxy] {
                let message = read(text).unwrap_err();
                assert_eq!(message, "must have no user and no password");
            }
        }
    }

    #[test]
    fn webhooks_may_have_a_query_and_proxies_only_a_host() {
        assert!(webhook("https://hooks.example/x?room=1").is_ok());
        assert!(webhook("https://hooks.example/x#y").is_err());
        assert!(webhook("http://hooks.example/x").is_err());
        assert!(proxy("http://proxy:3128").is_ok());
        assert!(proxy("http://proxy:3128/x").is_err());
        assert!(proxy("socks5://proxy:1080").is_err());
    }

    #[test]
    fn database_addresses_are_told_apart() {
        let kind = |text| match DatabaseUrl::parse(text) {
            Ok(DatabaseUrl::Plain { database, .. }) => Some(database),
            _ => None,
        };
        assert_eq!(kind("postgres://reader@db/crm"), Some(Database::Postgres));
        assert_eq!(
            kind("postgresql:///crm?host=/run/postgresql"),
            Some(Database::Postgres)
        );
        assert_eq!(kind("mariadb://reader@db/crm"), Some(Database::MySql));
        assert_eq!(kind("sqlite:crm.db"), Some(Database::Sqlite));
        assert_eq!(kind("sqlite:///var/crm.db?mode=ro"), Some(Database::Sqlite));
        for text in [
            "sqlite:",
            "sqlite::memory:",
            "oracle://x/y",
            "crm.db",
            "postgres://",
            "postgres:crm",
        ] {
            assert_eq!(kind(text), None, "{text}");
        }
        let reference = DatabaseUrl::parse("cred:crm-url").unwrap();
        assert_eq!(reference.configured(), "cred:crm-url");
    }

    #[test]
    fn passwords_in_database_addresses_are_refused_and_not_repeated() {
        for text in [
            "postgres://reader:hunter2@db/crm",
            "postgres://reader@db/crm?password=hunter2",
            "mysql://reader@db/crm?ssl-key-password=hunter2",
            "postgres://reader:hunter2@db:port/crm",
            "hunter2",
        ] {
            let message = DatabaseUrl::parse(text).unwrap_err();
            assert!(!message.contains("hunter2"), "{message}");
        }
    }
}
