//! Where the CRM's database is, and the password for it.
//!
//! A password comes from a reference or from the keyboard and from nowhere else: arguments are seen by everybody
//! on the machine, and kept by shells. An address with a password in it is refused, and not a word of it repeated.

use std::path::{Path, absolute};

use secrecy::SecretString;

use super::ask::Asker;
use super::write::Place;
use crate::cli::args::InitArgs;
use crate::cli::failure::Failure;
use crate::settings::{DatabaseUrl, Environment, SecretRef};
use crate::source::Database;
use crate::text::chain;

/// The database, as it is connected to and as it is written down.
pub(super) struct Address {
    pub(super) url: SecretString,
    pub(super) password: Option<SecretString>,
    /// For the configuration: an address without a password, or a reference.
    pub(super) written: String,
    /// For the configuration.
    pub(super) password_ref: Option<SecretRef>,
    /// Typed, and still to be kept where `password_ref` says.
    pub(super) is_to_keep: bool,
    /// Whether somebody had the opportunity to give a password, or needs none.
    pub(super) has_password: bool,
}

/// Reads the address, and gets the password.
pub(super) fn read(
    args: &InitArgs,
    environment: &Environment,
    place: &Place,
    asker: Option<&mut Asker<'_>>,
) -> Result<Address, Failure> {
    let (Some(source), true) = (&args.source, args.stray.is_empty()) else {
        return Err(Failure::usage(
            "say where the CRM's database is by --source: postgres://USER@HOST/DATABASE, \
             mysql://USER@HOST/DATABASE, sqlite:PATH, or a reference to an address (env:NAME, file:PATH, cred:NAME)",
        ));
    };
    let url = DatabaseUrl::parse(source).map_err(|why| {
        let advice = if why.starts_with("holds a password") {
            ": everybody on this machine can see it there. Take it out, change it, and say where it is by \
             --password-ref (env:NAME, file:PATH or cred:NAME)"
        } else {
            ""
        };
        let why = why.split(';').next().unwrap_or_default();
        Failure::usage(format!("--source: {why}{advice}"))
    })?;
    let password_ref = args
        .password_ref
        .as_deref()
        .map(|it| reference("--password-ref", it));
    let password_ref = password_ref.transpose()?;
    let password = match &password_ref {
        Some(reference) => Some(resolve("--password-ref", reference, environment)?),
        None => None,
    };
    let resolved = url
        .resolve(environment)
        .map_err(|error| Failure::usage(format!("--source: {}", chain(&error))))?;
    let has_password = password.is_some() || !is_server_without_password(&url);
    let mut address = Address {
        url: resolved,
        password,
        written: written(&url),
        password_ref,
        is_to_keep: false,
        has_password,
    };
    if let Some(asker) = asker.filter(|_| !has_password) {
        address.has_password = true;
        if let Some(secret) = asker.secret("Password for the CRM's database (Enter if it wants none)")? {
            address.password = Some(secret);
            (address.password_ref, address.is_to_keep) = home_of_password(asker, place)?;
        }
    }
    Ok(address)
}

/// A server, whose address holds no password as far as that can be known.
fn is_server_without_password(url: &DatabaseUrl) -> bool {
    matches!(url, DatabaseUrl::Plain { database, .. } if *database != Database::Sqlite)
}

/// Where a typed password will be found from now on, and whether it has to be put there.
fn home_of_password(asker: &mut Asker<'_>, place: &Place) -> Result<(Option<SecretRef>, bool), Failure> {
    let path = place.folder().join("crm-password");
    let question = format!("Keep it in {}, which only you can read?", path.display());
    if !path.exists() && asker.agrees(&question)? {
        return Ok((Some(SecretRef::File(path)), true));
    }
    Ok((Some(SecretRef::Env("CRM_PASSWORD".to_owned())), false))
}

/// A reference from the command line, its path made whole.
pub(super) fn reference(flag: &str, text: &str) -> Result<SecretRef, Failure> {
    let reference: SecretRef = text
        .parse()
        .map_err(|why| Failure::usage(format!("{flag}: {why}")))?;
    Ok(whole(reference))
}

/// The reference with a path that leads to the same file from every folder.
pub(super) fn whole(reference: SecretRef) -> SecretRef {
    match reference {
        SecretRef::File(path) => SecretRef::File(absolute(&path).unwrap_or(path)),
        other => other,
    }
}

fn resolve(flag: &str, reference: &SecretRef, environment: &Environment) -> Result<SecretString, Failure> {
    reference
        .resolve(environment)
        .map_err(|error| Failure::usage(format!("{flag}: {}", chain(&error))))
}

/// The address for the configuration; paths lead to the same file from every folder.
fn written(url: &DatabaseUrl) -> String {
    match url {
        DatabaseUrl::Reference(reference) => whole(reference.clone()).to_string(),
        DatabaseUrl::Plain { url, database } if *database == Database::Sqlite => whole_sqlite(url),
        DatabaseUrl::Plain { url, .. } => url.clone(),
    }
}

/// An SQLite address with the whole path, in the encoding of addresses.
fn whole_sqlite(url: &str) -> String {
    let rest = url.split_once(':').map_or(url, |(_, rest)| rest);
    let rest = rest.strip_prefix("//").unwrap_or(rest);
    let folder = absolute(Path::new(".")).unwrap_or_default();
    if rest.starts_with('/') || folder.as_os_str().is_empty() {
        return format!("sqlite:{rest}");
    }
    let folder = folder.display().to_string();
    let folder = folder
        .trim_end_matches("/.")
        .replace('%', "%25")
        .replace('?', "%3F");
    format!("sqlite:{folder}/{}", rest.strip_prefix("./").unwrap_or(rest))
}
