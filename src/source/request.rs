//! What one read asks for, and the words in which it fails: whatever the kind of database, an error
//! names the source and the cause in one line and holds no password.

use std::fmt::Display;
use std::future::Future;
use std::io;
use std::sync::Arc;
use std::time::Duration;

use secrecy::{ExposeSecret as _, SecretString};
use url::{Url, form_urlencoded};

use super::{OptionsError, SourceError, SourceOptions};
use crate::domain::table::{Column, CompleteRead};
use crate::text::Redactor;

/// The options of a read that do not depend on the kind of database.
pub(super) struct Request {
    source_name: String,
    redactor: Redactor,
    /// The statement, as the user wrote it.
    pub query: Arc<str>,
    /// For the whole read.
    pub read_timeout: Duration,
    /// Most rows.
    pub max_rows: usize,
    /// Columns that have to be there.
    pub expected: Vec<Column>,
}

impl Request {
    pub fn new(options: SourceOptions) -> Request {
        let SourceOptions {
            name,
            url,
            password,
            query,
            read_timeout,
            max_rows,
            expected,
        } = options;
        Request {
            source_name: name,
            redactor: Redactor::new(secrets(&url, password)),
            query: query.into(),
            read_timeout,
            max_rows,
            expected,
        }
    }

    /// Runs the read, and ends it after `read_timeout`.
    pub async fn in_time(
        &self,
        read: impl Future<Output = Result<CompleteRead, SourceError>>,
    ) -> Result<CompleteRead, SourceError> {
        tokio::time::timeout(self.read_timeout, read)
            .await
            .unwrap_or_else(|_| Err(self.timed_out()))
    }

    /// The read took longer than it may.
    pub fn timed_out(&self) -> SourceError {
        self.unreachable(format_args!(
            "the read did not end within {:?} (read_timeout)",
            self.read_timeout
        ))
    }

    /// The database can't be reached, or did not bring the read to its end.
    pub fn unreachable(&self, cause: impl Display) -> SourceError {
        SourceError::Unreachable {
            source_name: self.source_name.clone(),
            cause: self.redactor.clean(&cause.to_string()),
        }
    }

    /// What the database yields can't be used.
    pub fn unusable(&self, cause: impl Display) -> SourceError {
        SourceError::Unusable {
            source_name: self.source_name.clone(),
            cause: self.redactor.clean(&cause.to_string()),
        }
    }

    /// Tells a trouble in the words of the source; `cause` judges what the driver says.
    pub fn fault(&self, trouble: Trouble, judge: impl FnOnce(&sqlx::Error) -> Verdict) -> SourceError {
        match trouble {
            Trouble::Data(cause) => self.unusable(cause),
            Trouble::Driver(err) => match judge(&err) {
                Verdict::TimedOut => self.timed_out(),
                Verdict::Unreachable(cause) => self.unreachable(cause),
                Verdict::Unusable(cause) => self.unusable(cause),
            },
        }
    }
}

/// Why a read stops.
pub(super) enum Trouble {
    /// The driver or the database says so.
    Driver(sqlx::Error),
    /// The columns or rows can't be used, and why.
    Data(String),
}

impl From<sqlx::Error> for Trouble {
    fn from(err: sqlx::Error) -> Trouble {
        Trouble::Driver(err)
    }
}

impl From<String> for Trouble {
    fn from(cause: String) -> Trouble {
        Trouble::Data(cause)
    }
}

/// What an error of the driver means, with its text.
pub(super) enum Verdict {
    TimedOut,
    Unreachable(String),
    Unusable(String),
}

impl Verdict {
    /// The meaning of an error that does not come from the database itself, alike for all drivers.
    pub fn of_driver(err: &sqlx::Error) -> Verdict {
        match err {
            sqlx::Error::Decode(_)
            | sqlx::Error::ColumnDecode { .. }
            | sqlx::Error::ColumnIndexOutOfBounds { .. }
            | sqlx::Error::TypeNotFound { .. } => Verdict::Unusable(err.to_string()),
            sqlx::Error::Io(io) if is_break(io.kind()) => {
                Verdict::Unreachable(format!("the connection broke off ({io})"))
            }
            // All others tell of a connection that could not be made, or broke.
            _ => Verdict::Unreachable(err.to_string()),
        }
    }
}

/// Whether the other side has gone: stopped, restarted, or no longer to be reached.
fn is_break(kind: io::ErrorKind) -> bool {
    matches!(
        kind,
        io::ErrorKind::UnexpectedEof
            | io::ErrorKind::ConnectionReset
            | io::ErrorKind::ConnectionAborted
            | io::ErrorKind::BrokenPipe
    )
}

/// An error of the options, before there is a [`Request`].
pub(super) fn refused(options: &SourceOptions, cause: impl Into<String>) -> OptionsError {
    OptionsError {
        source_name: options.name.clone(),
        cause: cause.into(),
    }
}

/// All forms in which a server or driver could repeat a password: as given, and as it is written in a URL.
fn secrets(url: &SecretString, password: Option<SecretString>) -> Vec<SecretString> {
    let mut plain: Vec<String> = password.iter().map(|it| it.expose_secret().to_owned()).collect();
    if let Ok(url) = Url::parse(url.expose_secret()) {
        if let Some(encoded) = url.password() {
            plain.push(encoded.to_owned());
            plain.push(decoded(encoded));
        }
        plain.extend(
            url.query_pairs()
                .filter(|(key, _)| key == "password")
                .map(|(_, value)| value.into_owned()),
        );
    }
    let encoded: Vec<String> = plain
        .iter()
        .flat_map(|it| {
            [
                in_authority(it),
                form_urlencoded::byte_serialize(it.as_bytes()).collect(),
            ]
        })
        .collect();
    plain.extend(encoded);
    plain.sort_unstable();
    plain.dedup();
    // The longest first, so that none leaves the rest of a longer one behind.
    plain.sort_by_key(|it| std::cmp::Reverse(it.len()));
    plain.into_iter().map(SecretString::from).collect()
}

/// A percent-encoded text decoded; `+` stands for itself outside of a form.
fn decoded(text: &str) -> String {
    let pair = format!("it={}", text.replace('+', "%2B").replace('&', "%26"));
    form_urlencoded::parse(pair.as_bytes())
        .map(|(_, value)| value.into_owned())
        .collect()
}

/// A password as it is written between `:` and `@` of a URL.
fn in_authority(password: &str) -> String {
    let mut url = Url::parse("postgres://user@host").expect("the literal is a URL");
    match url.set_password(Some(password)) {
        Ok(()) => url.password().unwrap_or_default().to_owned(),
        Err(()) => String::new(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn request(url: &str, password: Option<&str>) -> Request {
        Request::new(SourceOptions {
            name: "crm".to_owned(),
            url: url.into(),
            password: password.map(SecretString::from),
            query: String::new(),
            read_timeout: Duration::from_millis(1),
            max_rows: 1,
            expected: Vec::new(),
        })
    }

    #[test]
    fn every_form_of_a_password_is_taken_out() {
        for request in [
            request("postgres://u:p%40ss+w%C3%B6rd@db/crm", None),
            request("postgres://u@db/crm", Some("p@ss+wörd")),
            request("postgres://u@db/crm?password=p%40ss%2Bw%C3%B6rd", None),
        ] {
            let text = request
                .unreachable("no entry for p@ss+wörd, p%40ss+w%C3%B6rd, p%40ss%2Bw%C3%B6rd\nat all")
                .to_string();
            assert_eq!(
                text,
                "source `crm` is unreachable: no entry for [redacted], [redacted], [redacted] at all"
            );
        }
    }

    #[tokio::test]
    async fn a_read_that_never_ends_is_ended() {
        let request = request("sqlite:crm.db", None);
        let err = request.in_time(std::future::pending()).await.unwrap_err();
        assert_eq!(
            err.to_string(),
            "source `crm` is unreachable: the read did not end within 1ms (read_timeout)"
        );
    }
}
