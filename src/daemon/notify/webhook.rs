//! A request to an address of the operator's choice.

use hmac::{Hmac, KeyInit as _, Mac as _};
use reqwest::header::{CONTENT_TYPE, HeaderName, HeaderValue};
use reqwest::{Body, Method, Request};
use secrecy::{ExposeSecret as _, SecretString};
use sha2::Sha256;
use tokio::time::timeout;
use url::Url;

use super::TIMEOUT;
use crate::target::http::Http;
use crate::text::{hex, printable};

/// Bears `sha256=` and the HMAC of the body, in lower-case hexadecimal digits.
const SIGNATURE: HeaderName = HeaderName::from_static("x-wazzup-sync-signature");

/// Where to, and with what it is signed.
#[derive(Clone, Debug)]
pub(in crate::daemon) struct Webhook {
    pub(in crate::daemon) url: Url,
    pub(in crate::daemon) secret: Option<SecretString>,
}

impl Webhook {
    /// Posts; any 2xx is taken as read. A redirect is not followed: it is no answer of whoever was to be told.
    pub(super) async fn post(&self, body: &str, http: &Http) -> Result<(), String> {
        let posted = async {
            let client = http.client(&self.url).await.map_err(|it| printable(&it.text))?;
            let reply = http.exchange(client, self.request(body)).await;
            let status = reply.map_err(|it| printable(&it.text))?.status;
            match status.is_success() {
                true => Ok(()),
                false => Err(format!("HTTP {}", status.as_u16())),
            }
        };
        let timed = timeout(TIMEOUT, posted).await;
        timed.unwrap_or_else(|_| Err(format!("no answer within {} s", TIMEOUT.as_secs())))
    }

    fn request(&self, body: &str) -> Request {
        let mut request = Request::new(Method::POST, self.url.clone());
        let headers = request.headers_mut();
        headers.insert(CONTENT_TYPE, HeaderValue::from_static("application/json"));
        if let Some(secret) = &self.secret {
            let signature = format!("sha256={}", sign(secret.expose_secret().as_bytes(), body));
            let signature = HeaderValue::from_str(&signature).expect("digits are a header");
            headers.insert(SIGNATURE, signature);
        }
        *request.body_mut() = Some(Body::from(body.to_owned()));
        request
    }
}

fn sign(secret: &[u8], body: &str) -> String {
    let mut mac = Hmac::<Sha256>::new_from_slice(secret).expect("a key of any length will do");
    mac.update(body.as_bytes());
    let digest = mac.finalize().into_bytes();
    hex(&digest)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_signature_is_that_of_the_published_example() {
        // RFC 4231, test case 2.
        assert_eq!(
            sign(b"Jefe", "what do ya want for nothing?"),
            "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843"
        );
    }
}
