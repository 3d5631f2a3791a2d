//! The address of a database server, looked at before a driver sees it.
//!
//! Drivers pass over what they don't know, or log it with its value: a misspelt `ssl-mode` would leave a
//! connection open to all who listen, and a misspelt `password` would be written down.

use secrecy::ExposeSecret as _;
use url::{Host, Url};

use super::request::refused;
use super::{OptionsError, SourceOptions};

/// What one driver knows of an address.
pub(super) struct Dialect {
    /// Parameters beside those for TLS.
    pub parameters: &'static [&'static str],
    /// Begins of parameters that go on as they like.
    pub families: &'static [&'static str],
    /// Parameters that name the file of an authority.
    pub authority: &'static [&'static str],
    /// Values of `ssl-mode` with which the server's certificate is looked at.
    pub verifying: [&'static str; 2],
}

/// Parameters of both drivers.
const MODE: [&str; 2] = ["ssl-mode", "sslmode"];
const CLIENT: [&str; 4] = ["ssl-cert", "sslcert", "ssl-key", "sslkey"];

impl Dialect {
    /// The address of the options, if the driver knows all that it says.
    ///
    /// # Errors
    /// If the URL can't be read, has a parameter that the driver does not know, or names an authority of
    /// which the driver would make no use.
    pub fn read(&self, options: &SourceOptions) -> Result<Url, OptionsError> {
        let url = Url::parse(options.url.expose_secret())
            .map_err(|err| refused(options, format!("the URL can't be read: {err}")))?;
        if url.query_pairs().any(|(key, _)| !self.knows(&key)) {
            return Err(refused(options, "the URL has an unknown parameter"));
        }
        let names_authority = url.query_pairs().any(|(key, _)| self.authority.contains(&&*key));
        let mode = url.query_pairs().filter(|(key, _)| MODE.contains(&&**key)).last();
        let is_verified = mode.is_some_and(|(_, mode)| {
            let mut modes = self.verifying.iter();
            modes.any(|it| it.eq_ignore_ascii_case(&mode))
        });
        if names_authority && !is_verified {
            let [authority_only, host_too] = self.verifying;
            return Err(refused(
                options,
                format!(
                    "the URL names the file of an authority, which only ssl-mode={host_too} and \
                     ssl-mode={authority_only} look at"
                ),
            ));
        }
        Ok(url)
    }

    fn knows(&self, key: &str) -> bool {
        [self.parameters, self.authority, &MODE, &CLIENT]
            .iter()
            .any(|it| it.contains(&key))
            || self.families.iter().any(|it| key.starts_with(it))
    }
}

/// The host if it is an IPv6 address, without its brackets: the drivers would look up the name with them.
pub(super) fn ipv6_host(url: &Url) -> Option<String> {
    match url.host() {
        Some(Host::Ipv6(address)) => Some(address.to_string()),
        _ => None,
    }
}
