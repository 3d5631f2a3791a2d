//! Who may read more than whether the service lives.

use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;

use axum::extract::{Request, State};
use axum::http::{HeaderMap, StatusCode, header};
use axum::middleware::Next;
use axum::response::{IntoResponse as _, Response};
use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use secrecy::{ExposeSecret as _, SecretString};
use sha2::{Digest as _, Sha256};
use subtle::ConstantTimeEq as _;

use super::board::Board;

/// Who may read.
#[derive(Clone, Debug, Default)]
pub struct Access {
    /// Where the service listens.
    pub listen: Option<SocketAddr>,
    /// `Host` headers that are answered beside those of loopback; without ports.
    pub allowed_hosts: Vec<String>,
    /// Wanted beyond loopback.
    pub token: Option<SecretString>,
}

/// Why a request is refused.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Refusal {
    /// It was sent to a name that is not ours.
    Host,
    /// It shows no token, or another one.
    Token,
}

impl Access {
    fn check(&self, host: Option<&str>, authorization: Option<&str>) -> Result<(), Refusal> {
        let host = host.and_then(name_of).ok_or(Refusal::Host)?;
        let is_local = is_loopback(&host);
        let is_allowed = |it: &String| name_of(it).is_some_and(|it| it == host);
        if !is_local && !self.allowed_hosts.iter().any(is_allowed) {
            return Err(Refusal::Host);
        }
        // A request for an allowed name came through something that is reached from elsewhere.
        let is_open = self.listen.is_none_or(|it| !it.ip().is_loopback());
        let is_wanted = is_open || (!is_local && self.token.is_some());
        if is_wanted && !self.is_shown(authorization) {
            return Err(Refusal::Token);
        }
        Ok(())
    }

    fn is_shown(&self, authorization: Option<&str>) -> bool {
        match (&self.token, authorization.and_then(shown)) {
            (Some(token), Some(shown)) => is_same(token.expose_secret().as_bytes(), &shown),
            _ => false,
        }
    }
}

/// Compares without telling by the time it takes where the difference is, or how long the token.
fn is_same(left: &[u8], right: &[u8]) -> bool {
    let (left, right) = (Sha256::digest(left), Sha256::digest(right));
    left.as_slice().ct_eq(right.as_slice()).into()
}

/// The token of an `Authorization`: that of `Bearer`, or the password of `Basic`, whatever the user.
fn shown(authorization: &str) -> Option<Vec<u8>> {
    let (scheme, value) = authorization.trim().split_once(' ')?;
    let value = value.trim();
    if scheme.eq_ignore_ascii_case("bearer") {
        return Some(value.as_bytes().to_vec());
    }
    if !scheme.eq_ignore_ascii_case("basic") {
        return None;
    }
    let pair = BASE64_STANDARD.decode(value).ok()?;
    let at = pair.iter().position(|it| *it == b':')?;
    Some(pair[at + 1..].to_vec())
}

/// The name in a `Host` header: without port, in lower case, and without the dot of the root.
fn name_of(host: &str) -> Option<String> {
    let host = host.trim();
    let name = match host.strip_prefix('[') {
        Some(rest) => rest.split_once(']')?.0,
        // An address of IPv6 without brackets, as somebody may write it in the configuration.
        None if host.matches(':').count() > 1 => host,
        None => host.split_once(':').map_or(host, |(name, _)| name),
    };
    let name = name.strip_suffix('.').unwrap_or(name);
    (!name.is_empty()).then(|| name.to_ascii_lowercase())
}

fn is_loopback(name: &str) -> bool {
    match name.parse::<IpAddr>() {
        Ok(address) => address.to_canonical().is_loopback(),
        Err(_) => name == "localhost" || name.ends_with(".localhost"),
    }
}

/// Lets a request pass, or says why not.
pub(super) async fn check(State(board): State<Arc<Board>>, request: Request, next: Next) -> Response {
    let verdict = {
        let authority = request.uri().host();
        let host = authority.or_else(|| text_of(request.headers(), header::HOST));
        let authorization = text_of(request.headers(), header::AUTHORIZATION);
        board.read(|facts| facts.access.check(host, authorization))
    };
    match verdict {
        Ok(()) => next.run(request).await,
        Err(Refusal::Host) => (
            StatusCode::FORBIDDEN,
            "this name is not in [daemon] allowed_hosts\n",
        )
            .into_response(),
        Err(Refusal::Token) => (
            StatusCode::UNAUTHORIZED,
            [(
                header::WWW_AUTHENTICATE,
                "Basic realm=\"wazzup-sync\", charset=\"UTF-8\"",
            )],
            "the status token is needed\n",
        )
            .into_response(),
    }
}

/// A header that stands there once. Of two that differ nobody knows which one counts.
fn text_of(headers: &HeaderMap, name: header::HeaderName) -> Option<&str> {
    let mut values = headers.get_all(name).iter();
    let value = values.next()?;
    match values.next() {
        Some(_) => None,
        None => value.to_str().ok(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn access(listen: &str, hosts: &[&str], token: Option<&str>) -> Access {
        Access {
            listen: Some(listen.parse().unwrap()),
            allowed_hosts: hosts.iter().map(|it| (*it).to_owned()).collect(),
            token: token.map(SecretString::from),
        }
    }

    const LOCAL: &str = "127.0.0.1:9464";
    const OPEN: &str = "0.0.0.0:9464";

    #[test]
    fn on_loopback_its_names_are_answered_and_all_others_are_not() {
        let access = access(LOCAL, &[], None);
        for host in [
            "localhost",
            "LOCALHOST.:9464",
            "127.0.0.1:9464",
            "127.9.9.9",
            "[::1]:1",
        ] {
            assert_eq!(access.check(Some(host), None), Ok(()), "{host}");
        }
        for host in [
            "evil.example",
            "evil.example:9464",
            "localhost.evil.example",
            "127.0.0.1.evil.example",
            "10.0.0.1",
            "",
            "[::1",
            ":80",
        ] {
            assert_eq!(access.check(Some(host), None), Err(Refusal::Host), "{host}");
        }
        assert_eq!(access.check(None, None), Err(Refusal::Host));
    }

    #[test]
    fn allowed_hosts_match_without_port_and_in_any_case() {
        let access = access(LOCAL, &["Sync.Example:80", "fd00::1"], None);
        for host in ["sync.example", "SYNC.example.:9464", "[fd00::1]:9464"] {
            assert_eq!(access.check(Some(host), None), Ok(()), "{host}");
        }
        assert_eq!(access.check(Some("other.sync.example"), None), Err(Refusal::Host));
    }

    #[test]
    fn beyond_loopback_the_token_is_wanted_in_either_form() {
        let access = access(OPEN, &["sync.example"], Some("s3cret:token"));
        let basic = format!("basic {}", BASE64_STANDARD.encode("anybody:s3cret:token"));
        for host in ["sync.example", "127.0.0.1"] {
            for good in ["Bearer s3cret:token", "bearer  s3cret:token", &basic] {
                assert_eq!(access.check(Some(host), Some(good)), Ok(()), "{good}");
            }
            let wrong = format!("Basic {}", BASE64_STANDARD.encode("s3cret:token"));
            for bad in ["Bearer s3cret", "Bearer ", "s3cret:token", "Basic ???", &wrong] {
                assert_eq!(access.check(Some(host), Some(bad)), Err(Refusal::Token), "{bad}");
            }
            assert_eq!(access.check(Some(host), None), Err(Refusal::Token));
        }
    }

    #[test]
    fn without_a_token_nobody_beyond_loopback_reads_anything() {
        let access = access(OPEN, &["sync.example"], None);
        assert_eq!(
            access.check(Some("sync.example"), Some("Bearer ")),
            Err(Refusal::Token)
        );
    }

    #[test]
    fn behind_a_proxy_on_this_machine_the_token_is_wanted_if_there_is_one() {
        let access = access(LOCAL, &["sync.example"], Some("token"));
        assert_eq!(access.check(Some("localhost"), None), Ok(()));
        assert_eq!(access.check(Some("sync.example"), None), Err(Refusal::Token));
    }
}
