//! Where changes go: one file per platform, behind two traits.
//!
//! Reading and writing are separate types, so that `plan` and `check` can't write by accident. A target
//! says what a platform answered and decides nothing: what an answer means for the plan is the business
//! of `reconcile`.
//!
//! # A further platform
//!
//! One file beside [`wazzup_v2`], and one line in each of [`Kind`]'s tables and in [`open`]. The file gives
//!
//! - its [`Capabilities`], as data: the planner reads these and knows no platform;
//! - [`ReadTarget::list`] and [`ReadTarget::get`]: its pages and rows, turned into [`User`]s. [`paging`] decides
//!   whether a list without a total is whole;
//! - [`WriteTarget::send`]: the wire form of a [`Batch`], with wire types private to the file, and the meaning of
//!   the answer, by [`classify`] or by a table of its own where its codes differ.
//!
//! A platform that keeps rights on channels in one document offers [`access`] beside that.
//!
//! A platform that gives its users ids of its own, as [`wuts`] and [`meta`] do, is a [`member::MemberTarget`]
//! instead: it shows who is there and does one step for one user.
//!
//! The rest is here: [`client`] paces, authorises, counts and logs, [`credential`] has the token for a request
//! and renews it, [`http`] bounds each exchange, [`error_body`] finds code and text in a refusal of any shape,
//! [`loose`] reads values of any kind, [`failure`] says what went wrong below HTTP.

pub mod access;
pub mod classify;
pub mod client;
pub mod credential;
pub mod error_body;
pub mod failure;
pub mod http;
pub mod loose;
pub mod member;
pub mod meta;
pub mod pace;
pub mod paging;
#[cfg(test)]
mod tests;
pub mod user_rows;
pub mod wazzup;
pub mod wazzup_v2;
pub mod wazzup_v3;
pub mod wuts;

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use secrecy::SecretString;
use url::Url;

use self::access::{ReadAccess, WriteAccess};
use self::credential::Credential;
use self::http::Http;
use self::member::MemberTarget;
use self::meta::MetaOptions;
use self::wuts::WutsOptions;
use crate::domain::batch::Batch;
use crate::domain::capability::Capabilities;
use crate::domain::finding::Finding;
use crate::domain::grant::Grant;
use crate::domain::member::MemberId;
use crate::domain::phone::Phone;
use crate::domain::user::{User, UserId};

/// The platforms.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub enum Kind {
    /// Wazzup, API for tech partners.
    WazzupV2,
    /// Wazzup, public API.
    WazzupV3,
    /// WUTS.
    Wuts,
    /// WhatsApp Business of Meta.
    Meta,
}

impl Kind {
    /// All kinds.
    pub const ALL: [Kind; 4] = [Kind::WazzupV2, Kind::WazzupV3, Kind::Wuts, Kind::Meta];

    /// The word in the configuration.
    pub fn word(self) -> &'static str {
        match self {
            Kind::WazzupV2 => "wazzup-v2",
            Kind::WazzupV3 => "wazzup-v3",
            Kind::Wuts => "wuts",
            Kind::Meta => "meta",
        }
    }

    /// The kind of that word.
    pub fn from_word(word: &str) -> Option<Kind> {
        Kind::ALL.into_iter().find(|kind| kind.word() == word)
    }

    /// Where its API lives unless the configuration says otherwise.
    pub fn base_url(self) -> &'static str {
        match self {
            Kind::WazzupV2 => wazzup_v2::BASE_URL,
            Kind::WazzupV3 => wazzup_v3::BASE_URL,
            Kind::Wuts => wuts::BASE_URL,
            Kind::Meta => meta::BASE_URL,
        }
    }
}

/// The remote of that kind, for reading and writing. Whoever only reads takes it as [`ReadTarget`]. Nothing is
/// opened before the first request.
pub fn open(setup: Setup, base_url: &Url, token: SecretString, http: &Http) -> AnyTarget {
    match setup {
        Setup::WazzupV2 => AnyTarget::Ids(Arc::new(wazzup_v2::wazzup_v2(base_url, token, http))),
        Setup::WazzupV3 => AnyTarget::Ids(Arc::new(wazzup_v3::wazzup_v3(base_url, token, http))),
        Setup::Wuts(options) => AnyTarget::Members(Arc::new(wuts::wuts(base_url, token, http, options))),
        Setup::Meta(options) => AnyTarget::Members(Arc::new(meta::meta(base_url, token, http, options))),
    }
}

/// The remote behind a credential whose tokens are had and renewed, as [`Kind::WazzupV2`] alone knows them.
pub fn open_renewed(base_url: &Url, credential: Credential, http: &Http) -> AnyTarget {
    AnyTarget::Ids(Arc::new(wazzup_v2::wazzup_v2(base_url, credential, http)))
}

/// What a platform of each kind needs to know beside address and credential.
#[derive(Clone, Debug)]
pub enum Setup {
    /// Nothing.
    WazzupV2,
    /// Nothing.
    WazzupV3,
    /// How users come and go.
    Wuts(WutsOptions),
    /// Which business and which account, and how its users come and go.
    Meta(MetaOptions),
}

/// An opened platform of either sort.
#[derive(Clone)]
pub enum AnyTarget {
    /// Takes our ids.
    Ids(Arc<dyn WriteTarget>),
    /// Gives its users ids of its own.
    Members(Arc<dyn MemberTarget>),
}

impl AnyTarget {
    /// What this platform can do.
    pub fn capabilities(&self) -> &Capabilities {
        match self {
            AnyTarget::Ids(target) => target.capabilities(),
            AnyTarget::Members(target) => target.capabilities(),
        }
    }

    /// Asks for one user: whether the platform answers this credential at all.
    ///
    /// # Errors
    /// Any answer from which neither presence nor absence follows.
    pub async fn ask_for(&self, id: &str) -> Result<(), Answer> {
        match self {
            AnyTarget::Ids(target) => target.get(&UserId::new(id)).await.map(drop),
            AnyTarget::Members(target) => target.get(&MemberId(id.into())).await.map(drop),
        }
    }

    /// Requests made so far, by this value.
    pub fn requests(&self) -> Requests {
        match self {
            AnyTarget::Ids(target) => target.requests(),
            AnyTarget::Members(target) => target.requests(),
        }
    }
}

/// A platform that can be read.
#[async_trait]
pub trait ReadTarget: Send + Sync {
    /// What this platform can do.
    fn capabilities(&self) -> &Capabilities;

    /// Reads all users, page by page.
    ///
    /// # Errors
    /// The first answer that ended the reading. A list that was read but can't be trusted to be whole
    /// is no error: [`Listing::incomplete`] says why.
    async fn list(&self) -> Result<Listing, Answer>;

    /// Reads one user; `None` if the platform has none of that id.
    ///
    /// # Errors
    /// Any answer from which neither presence nor absence follows.
    async fn get(&self, id: &UserId) -> Result<Option<User>, Answer>;

    /// Requests made so far, by this value.
    fn requests(&self) -> Requests;

    /// How the batch will travel, for plans and logs: method and path.
    fn describe(&self, batch: &Batch) -> (&'static str, &'static str);

    /// What users may do on channels, where this platform keeps that in one document.
    fn access(&self) -> Option<&dyn ReadAccess> {
        None
    }
}

/// A platform that can be changed.
#[async_trait]
pub trait WriteTarget: ReadTarget {
    /// Sends one batch as one request. Sent once: whoever calls decides about a repetition.
    async fn send(&self, batch: &Batch) -> Answer;

    /// What users may do on channels, to be changed.
    fn access_writer(&self) -> Option<&dyn WriteAccess> {
        None
    }
}

/// Numbers of requests.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct Requests {
    /// Without effect on the platform.
    pub read: u64,
    /// With effect.
    pub write: u64,
}

/// All users that a platform shows.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Listing {
    /// Each user once, in the order of the platform.
    pub users: Vec<User>,
    /// Whether a user without a phone in the list has none. If not, only a single read tells.
    pub phones_shown: bool,
    /// Why the list may lack users; `None` for a complete one.
    pub incomplete: Option<String>,
    /// What else is known of people there, on platforms that give their users ids of their own.
    pub people: People,
}

/// What a list of users can't say.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct People {
    /// Known to the platform and not users of it now, with what they might do.
    pub dormant: BTreeMap<UserId, Option<Grant>>,
    /// Never to be changed.
    pub untouchable: BTreeSet<UserId>,
    /// What was found while it was told who is whom.
    pub findings: Vec<Finding>,
}

/// What came back for one request.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Answer {
    /// What it means.
    pub meaning: Meaning,
    /// HTTP status, if there was one.
    pub status: Option<u16>,
    /// The platform's code in upper snake case, such as `INVALID_USER_DATA`.
    pub code: Option<String>,
    /// The platform's or the connection's text, cleaned and without secrets.
    pub text: String,
}

/// The meanings of an answer, by what can be done about it.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Meaning {
    /// 2xx: taken, to be confirmed by a read.
    Accepted,
    /// Time-out, broken connection, 5xx, unreadable 2xx: it may have had its effect or not. In answer to
    /// a read: nothing was learned.
    Unknown,
    /// 429: later, and not sooner than this if it says so.
    SlowDown(Option<Duration>),
    /// 401: the credential is refused.
    Unauthorised,
    /// 403: not allowed to this credential.
    Forbidden,
    /// 404: something that the request names does not exist.
    Missing,
    /// A phone of the batch belongs to another user; the number, if the text tells it.
    PhoneTaken(Option<Phone>),
    /// The account has no free seat for the batch.
    SeatsTaken,
    /// Any other 4xx: an item of the batch is not acceptable.
    BadItem,
    /// The request did not leave, because of this machine.
    NotSent(Hindrance),
}

/// What on this machine keeps a request from leaving.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Hindrance {
    /// What has to be remembered first can't be.
    Store,
    /// What the configuration names can't be used.
    Configuration,
}
