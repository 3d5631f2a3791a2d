//! References to secrets, and the way from a reference to its secret.
//!
//! A configuration holds references only, so it can be shown, copied and checked in. A reference is
//! resolved when a command needs the secret, never earlier.

use std::collections::BTreeMap;
use std::fmt;
use std::fs::File;
use std::io::{self, Read as _};
use std::os::unix::fs::MetadataExt as _;
use std::path::{Path, PathBuf};
use std::str::FromStr;

use secrecy::SecretString;

/// Where `cred:NAME` is looked for when systemd hands over no credentials of that name.
const CREDENTIALS_DIR: &str = "/etc/wazzup-sync/credentials";

/// Set by systemd for units with `LoadCredential=`.
const CREDENTIALS_VARIABLE: &str = "CREDENTIALS_DIRECTORY";

/// Largest file that is taken for a secret: many times a JWT, and far below what a wrong path may hit.
const MAX_SECRET_BYTES: u64 = 64 * 1024;

/// What the process was started with, as `main` read it: everything here gets it as a value.
#[derive(Clone)]
pub struct Environment {
    variables: BTreeMap<String, String>,
    credentials_dir: PathBuf,
}

impl Environment {
    /// An environment of these variables.
    pub fn new(variables: impl IntoIterator<Item = (String, String)>) -> Environment {
        Environment {
            variables: variables.into_iter().collect(),
            credentials_dir: PathBuf::from(CREDENTIALS_DIR),
        }
    }

    /// The same with another directory for `cred:NAME` beside systemd's.
    pub fn with_credentials_dir(self, credentials_dir: impl Into<PathBuf>) -> Environment {
        Environment {
            credentials_dir: credentials_dir.into(),
            ..self
        }
    }

    /// The variables.
    pub fn variables(&self) -> &BTreeMap<String, String> {
        &self.variables
    }
}

impl fmt::Debug for Environment {
    /// Values of variables may be secrets.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Environment")
            .field("n_variables", &self.variables.len())
            .field("credentials_dir", &self.credentials_dir)
            .finish()
    }
}

/// Where a secret is.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub enum SecretRef {
    /// `env:NAME`: an environment variable.
    Env(String),
    /// `file:PATH`: a file that others can't read.
    File(PathBuf),
    /// `cred:NAME`: a file in systemd's credentials directory, else in `/etc/wazzup-sync/credentials`.
    Cred(String),
}

/// Why a text is no reference. Never repeats the text: it may be the secret itself.
#[derive(Clone, Copy, PartialEq, Eq, Debug, thiserror::Error)]
pub enum NotAReference {
    /// No known prefix.
    #[error(
        "expected a reference to a secret (env:NAME, file:PATH or cred:NAME); a secret itself must not stand in a configuration"
    )]
    Literal,
    /// Nothing usable after `env:`.
    #[error("expected the name of an environment variable after env:")]
    Variable,
    /// Nothing after `file:`.
    #[error("expected a path after file:")]
    Path,
    /// Nothing usable after `cred:`.
    #[error("expected the name of a credential (a file name without directory) after cred:")]
    Credential,
}

impl FromStr for SecretRef {
    type Err = NotAReference;

    fn from_str(text: &str) -> Result<SecretRef, NotAReference> {
        if let Some(name) = text.strip_prefix("env:") {
            let mut chars = name.chars();
            let is_name = chars
                .next()
                .is_some_and(|it| it.is_ascii_alphabetic() || it == '_')
                && chars.all(|it| it.is_ascii_alphanumeric() || it == '_');
            is_name
                .then(|| SecretRef::Env(name.to_owned()))
                .ok_or(NotAReference::Variable)
        } else if let Some(path) = text.strip_prefix("file:") {
            let is_path = !path.trim().is_empty() && !path.contains('\0');
            is_path
                .then(|| SecretRef::File(PathBuf::from(path)))
                .ok_or(NotAReference::Path)
        } else if let Some(name) = text.strip_prefix("cred:") {
            let is_name = !matches!(name, "" | "." | "..")
                && name
                    .chars()
                    .all(|it| it != '/' && !it.is_control() && !it.is_whitespace());
            is_name
                .then(|| SecretRef::Cred(name.to_owned()))
                .ok_or(NotAReference::Credential)
        } else {
            Err(NotAReference::Literal)
        }
    }
}

impl fmt::Display for SecretRef {
    /// As it stands in a configuration.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            SecretRef::Env(name) => write!(f, "env:{name}"),
            SecretRef::File(path) => write!(f, "file:{}", path.display()),
            SecretRef::Cred(name) => write!(f, "cred:{name}"),
        }
    }
}

/// Why a reference leads to no secret. Names the reference, never a content.
#[derive(Debug, thiserror::Error)]
pub enum SecretError {
    /// No such variable.
    #[error("{0}: the environment variable is not set")]
    Unset(SecretRef),
    /// The file can't be read.
    #[error("{secret}: {} can't be read", path.display())]
    Unreadable {
        /// The reference.
        secret: SecretRef,
        /// The file it led to.
        path: PathBuf,
        /// The system's reason.
        source: io::Error,
    },
    /// A directory, a device, or something far too long.
    #[error("{secret}: {} is no file of a secret ({why})", path.display())]
    NotASecretFile {
        /// The reference.
        secret: SecretRef,
        /// The file it led to.
        path: PathBuf,
        /// What it is instead.
        why: &'static str,
    },
    /// Anybody on the machine could read it.
    #[error("{secret}: {path} can be read by others; run: chmod o-rwx {path}", path = path.display())]
    Exposed {
        /// The reference.
        secret: SecretRef,
        /// The file it led to.
        path: PathBuf,
    },
    /// Nothing is left without the line end.
    #[error("{0}: the secret is empty")]
    Empty(SecretRef),
    /// Not UTF-8.
    #[error("{0}: the secret is not text")]
    NotText(SecretRef),
}

impl SecretRef {
    /// Reads the secret, without the line end that editors put after it.
    ///
    /// # Errors
    /// If there is none, it is empty, or a file of it can be read by others.
    pub fn resolve(&self, environment: &Environment) -> Result<SecretString, SecretError> {
        let text = match self {
            SecretRef::Env(name) => environment
                .variables
                .get(name)
                .cloned()
                .ok_or_else(|| SecretError::Unset(self.clone()))?,
            SecretRef::File(path) => self.read(path, true)?,
            SecretRef::Cred(name) => match environment.variables.get(CREDENTIALS_VARIABLE) {
                // What systemd hands over it has protected; its files look readable on some file systems.
                Some(dir) if Path::new(dir).join(name).exists() => {
                    self.read(&Path::new(dir).join(name), false)?
                }
                _ => self.read(&environment.credentials_dir.join(name), true)?,
            },
        };
        let secret = text.trim_end_matches(['\r', '\n']);
        if secret.trim().is_empty() {
            return Err(SecretError::Empty(self.clone()));
        }
        Ok(SecretString::from(secret))
    }

    fn read(&self, path: &Path, must_be_private: bool) -> Result<String, SecretError> {
        let secret = || self.clone();
        let unreadable = |source| SecretError::Unreadable {
            secret: secret(),
            path: path.to_owned(),
            source,
        };
        let unfit = |why| SecretError::NotASecretFile {
            secret: secret(),
            path: path.to_owned(),
            why,
        };
        // Looked at before it is opened, since opening a named pipe would wait for its writer.
        if !std::fs::metadata(path).map_err(unreadable)?.is_file() {
            return Err(unfit("a directory or a device"));
        }
        let file = File::open(path).map_err(unreadable)?;
        let metadata = file.metadata().map_err(unreadable)?;
        if must_be_private && metadata.mode() & 0o004 != 0 {
            return Err(SecretError::Exposed {
                secret: secret(),
                path: path.to_owned(),
            });
        }
        let mut bytes = Vec::new();
        file.take(MAX_SECRET_BYTES + 1)
            .read_to_end(&mut bytes)
            .map_err(unreadable)?;
        if bytes.len() as u64 > MAX_SECRET_BYTES {
            return Err(unfit("longer than 64 KiB"));
        }
        String::from_utf8(bytes).map_err(|_| SecretError::NotText(secret()))
    }
}
