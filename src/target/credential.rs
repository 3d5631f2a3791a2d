//! How the requests of one account are authorised: by a token that is given, or had and renewed.
//!
//! [`Credential`] hands out the token of each request. A given one is what it is; the others come from an
//! endpoint by a [white label](white_label) or by [OAuth](oauth), and `renewal` decides when: before they
//! expire and once after a refusal, never twice at the same time.
//!
//! Tokens of all kinds, the secrets they are had with, and tokens that come at run time are known to the
//! [`Redactor`] of the credential before any text that could hold them is made.

mod endpoint;
mod granted;
pub mod oauth;
mod renewal;
pub mod white_label;

use std::fmt;
use std::sync::Arc;

use secrecy::SecretString;

use self::renewal::Renewal;
use super::Answer;
use crate::domain::memory::Millis;
use crate::text::Redactor;

/// Where the time of day is read: tokens expire by it, in this process and in the next one.
#[derive(Clone)]
pub struct Now(Arc<dyn Fn() -> Millis + Send + Sync>);

impl Now {
    /// The time of day by that clock.
    pub fn new(clock: Arc<dyn Fn() -> Millis + Send + Sync>) -> Now {
        Now(clock)
    }

    fn get(&self) -> Millis {
        (self.0)()
    }
}

impl fmt::Debug for Now {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Now")
    }
}

/// What authorises the requests of one account. Clones share their tokens.
#[derive(Clone, Debug)]
pub struct Credential {
    redactor: Redactor,
    origin: Origin,
}

#[derive(Clone, Debug)]
enum Origin {
    Fixed(Bearer),
    Renewed(Arc<Renewal>),
}

/// The token of a request.
#[derive(Clone)]
pub struct Bearer {
    token: SecretString,
    /// Tells the tokens of one credential apart.
    number: u64,
}

impl Bearer {
    /// As it is sent after `Bearer`.
    pub fn token(&self) -> &SecretString {
        &self.token
    }
}

impl fmt::Debug for Bearer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Bearer({})", self.number)
    }
}

impl From<SecretString> for Credential {
    /// A token that stays what it is.
    fn from(token: SecretString) -> Credential {
        Credential {
            redactor: Redactor::new([token.clone()]),
            origin: Origin::Fixed(Bearer { token, number: 0 }),
        }
    }
}

impl Credential {
    fn renewed_by(renewal: Arc<Renewal>, redactor: Redactor) -> Credential {
        Credential {
            redactor,
            origin: Origin::Renewed(renewal),
        }
    }

    /// Takes the credential's secrets out of texts, those included that are still to come.
    pub fn redactor(&self) -> &Redactor {
        &self.redactor
    }

    /// The token for a request that is about to leave; had or renewed if need be.
    ///
    /// # Errors
    /// Why there is none, as the answer that the request would have had.
    pub async fn bearer(&self) -> Result<Bearer, Answer> {
        match &self.origin {
            Origin::Fixed(bearer) => Ok(bearer.clone()),
            Origin::Renewed(renewal) => renewal.bearer().await,
        }
    }

    /// Another token than one that was refused; `None` if there can be no other one.
    ///
    /// # Errors
    /// Why there is none, as the answer that the request would have had.
    pub async fn renewed(&self, refused: &Bearer) -> Result<Option<Bearer>, Answer> {
        match &self.origin {
            Origin::Fixed(_) => Ok(None),
            Origin::Renewed(renewal) => renewal.renewed(refused).await.map(Some),
        }
    }
}
