//! `[accounts.target]`: the platform, and the credential for it.

use std::collections::{BTreeMap, BTreeSet};

use url::Url;

use super::access::{AccessSettings, WutsRole};
use super::secret::SecretRef;
use super::section::Section;
use super::urls;

const COMMON_KEYS: &[&str] = &["kind", "base_url", "token"];
pub(super) const WHITE_LABEL_KEYS: &[&str] = &["login", "password", "account_id", "client_id"];
pub(super) const OAUTH_KEYS: &[&str] = &["client_id", "refresh_token"];

/// Every key of every kind; [`TargetKind::own_keys`] says which belong to which.
pub(super) const TARGET_KEYS: &[&str] = &[
    "kind",
    "base_url",
    "token",
    "white_label",
    "oauth",
    "create_users",
    "business_id",
    "waba_id",
    "api_version",
    "match",
    "reassign",
    "app_secret",
];

/// The platforms.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub enum TargetKind {
    /// Wazzup's API for tech partners.
    WazzupV2,
    /// Wazzup's API for companies.
    WazzupV3,
    /// WUTS.
    Wuts,
    /// WhatsApp Business of Meta.
    Meta,
}

pub(super) const KINDS: [(&str, TargetKind); 4] = [
    ("wazzup-v2", TargetKind::WazzupV2),
    ("wazzup-v3", TargetKind::WazzupV3),
    ("wuts", TargetKind::Wuts),
    ("meta", TargetKind::Meta),
];

impl TargetKind {
    /// The word in the configuration.
    pub fn word(self) -> &'static str {
        match self {
            TargetKind::WazzupV2 => "wazzup-v2",
            TargetKind::WazzupV3 => "wazzup-v3",
            TargetKind::Wuts => "wuts",
            TargetKind::Meta => "meta",
        }
    }

    /// The platform's public address.
    pub fn default_base_url(self) -> &'static str {
        match self {
            TargetKind::WazzupV2 => "https://tech.wazzup24.com",
            TargetKind::WazzupV3 => "https://api.wazzup24.com",
            TargetKind::Wuts => "https://api.wuts.com.br",
            TargetKind::Meta => "https://graph.facebook.com",
        }
    }

    /// Keys of `[accounts.target]` beside those that all kinds share.
    fn own_keys(self) -> &'static [&'static str] {
        match self {
            TargetKind::WazzupV2 => &["white_label", "oauth"],
            TargetKind::WazzupV3 => &[],
            TargetKind::Wuts => &["create_users"],
            TargetKind::Meta => &[
                "create_users",
                "business_id",
                "waba_id",
                "api_version",
                "match",
                "reassign",
                "app_secret",
            ],
        }
    }
}

/// A platform with the credential for one account on it.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct TargetSettings {
    /// Its address, without a slash at the end of the path.
    pub base_url: Url,
    /// What only this kind has.
    pub platform: Platform,
}

/// What each kind of platform needs.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Platform {
    /// Wazzup's API for tech partners.
    WazzupV2 {
        /// How a token is had.
        credential: WazzupCredential,
        /// Roles on channels, if they are managed.
        access: Option<AccessSettings>,
    },
    /// Wazzup's API for companies.
    WazzupV3 {
        /// The API key.
        token: SecretRef,
    },
    /// WUTS.
    Wuts {
        /// The token of an administrator.
        token: SecretRef,
        /// Whether an employee without a user gets one.
        create_users: bool,
        /// Role of the CRM (or `*`) → role of WUTS; empty: roles are not managed.
        roles: BTreeMap<String, WutsRole>,
    },
    /// WhatsApp Business of Meta.
    Meta(MetaSettings),
}

/// What Meta needs.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct MetaSettings {
    /// The token of an administrator's system user.
    pub token: SecretRef,
    /// Proves that requests come from the app.
    pub app_secret: Option<SecretRef>,
    /// Whether an employee without a system user gets one.
    pub create_users: bool,
    /// The business that the system users belong to.
    pub business_id: String,
    /// The WhatsApp Business account.
    pub waba_id: String,
    /// Version in every path, such as `v25.0`.
    pub api_version: String,
    /// How an employee's system user is found.
    pub match_by: MetaMatch,
    /// Whether to unassign and assign when the platform says "already assigned".
    pub reassign: bool,
    /// Role of the CRM (or `*`) → tasks.
    pub tasks: BTreeMap<String, BTreeSet<String>>,
}

/// How an employee's system user is found.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum MetaMatch {
    /// The employee's id is the system user's.
    Id,
    /// By name, if only one bears it.
    Name,
}

/// How a token for Wazzup's v2 is had.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum WazzupCredential {
    /// It is given.
    Token(SecretRef),
    /// A partner's login and the number of one of the partner's accounts.
    WhiteLabel {
        /// Login of the partner.
        login: SecretRef,
        /// Password of the partner.
        password: SecretRef,
        /// The customer's account, in digits.
        account_id: String,
        /// The partner's public id, with which tokens can be renewed without the login.
        client_id: Option<String>,
    },
    /// A refresh token that the customer granted.
    OAuth {
        /// The partner's public id.
        client_id: String,
        /// The first refresh token.
        refresh_token: SecretRef,
    },
}

impl TargetSettings {
    /// Which kind it is.
    pub fn kind(&self) -> TargetKind {
        match self.platform {
            Platform::WazzupV2 { .. } => TargetKind::WazzupV2,
            Platform::WazzupV3 { .. } => TargetKind::WazzupV3,
            Platform::Wuts { .. } => TargetKind::Wuts,
            Platform::Meta(_) => TargetKind::Meta,
        }
    }

    /// Which account of the platform the credential leads to, as far as the configuration tells.
    pub fn credential_key(&self) -> String {
        match &self.platform {
            Platform::WazzupV2 { credential, .. } => match credential {
                WazzupCredential::Token(token) => token.to_string(),
                // By whatever login: it is the same account.
                WazzupCredential::WhiteLabel { account_id, .. } => format!("account {account_id}"),
                WazzupCredential::OAuth {
                    client_id,
                    refresh_token,
                } => format!("{client_id} {refresh_token}"),
            },
            Platform::WazzupV3 { token } | Platform::Wuts { token, .. } => token.to_string(),
            // One system user may administer several WhatsApp accounts; each is a remote.
            Platform::Meta(MetaSettings { token, waba_id, .. }) => format!("{token} {waba_id}"),
        }
    }
}

/// Notes keys that belong to other kinds.
pub(super) fn refuse_foreign_keys(section: &Section<'_>, kind: TargetKind) {
    let belongs = |kind: TargetKind, name: &str| kind.own_keys().contains(&name);
    for name in section.names() {
        let owners: Vec<&str> = KINDS
            .into_iter()
            .filter(|(_, it)| belongs(*it, name))
            .map(|(word, _)| word)
            .collect();
        if !COMMON_KEYS.contains(&name) && !belongs(kind, name) && !owners.is_empty() {
            let message = format!("is a key of {}, not of {}", owners.join(" and "), kind.word());
            section.problem(name, message);
        }
    }
}

/// The address, or the kind's own.
pub(super) fn read_base_url(section: &Section<'_>, kind: TargetKind) -> Option<Url> {
    match section.has("base_url") {
        true => section.parsed("base_url", urls::base_url),
        false => urls::base_url(kind.default_base_url()).ok(),
    }
}

/// The `token` of the kinds that have nothing else.
pub(super) fn read_token(section: &Section<'_>) -> Option<SecretRef> {
    section.need("token", "a reference to the credential");
    section.secret("token")
}

/// One of the three credentials of v2.
pub(super) fn read_wazzup_credential(section: &Section<'_>) -> Option<WazzupCredential> {
    let given: Vec<&str> = ["token", "white_label", "oauth"]
        .into_iter()
        .filter(|name| section.has(name))
        .collect();
    match given.as_slice() {
        [] => section.need(
            "token",
            "a reference to the credential (or [accounts.target.white_label] or .oauth)",
        ),
        [_] => {}
        [first, others @ ..] => {
            for other in others {
                section.problem(other, format!("give `{first}` or `{other}`, not both"));
            }
        }
    }
    let token = section.secret("token").map(WazzupCredential::Token);
    let white_label = section
        .table("white_label", WHITE_LABEL_KEYS)
        .map(|it| read_white_label(&it));
    let oauth = section.table("oauth", OAUTH_KEYS).map(|it| read_oauth(&it));
    token.or(white_label.flatten()).or(oauth.flatten())
}

fn read_white_label(section: &Section<'_>) -> Option<WazzupCredential> {
    section.need("login", "a reference to the partner's login");
    section.need("password", "a reference to the partner's password");
    section.need("account_id", "the number of the customer's account");
    let (login, password) = (section.secret("login"), section.secret("password"));
    let account_id = section.parsed("account_id", account_number);
    let client_id = section.text("client_id").map(str::to_owned);
    Some(WazzupCredential::WhiteLabel {
        login: login?,
        password: password?,
        account_id: account_id?,
        client_id,
    })
}

fn read_oauth(section: &Section<'_>) -> Option<WazzupCredential> {
    section.need("client_id", "the id of the partner's application");
    section.need("refresh_token", "a reference to the first refresh token");
    let client_id = section.text("client_id").map(str::to_owned);
    let refresh_token = section.secret("refresh_token");
    Some(WazzupCredential::OAuth {
        client_id: client_id?,
        refresh_token: refresh_token?,
    })
}

/// Everything of Meta but the tasks, which stand beside the target.
pub(super) fn read_meta(
    section: &Section<'_>,
    tasks: BTreeMap<String, BTreeSet<String>>,
) -> Option<MetaSettings> {
    section.need("business_id", "the number of the business");
    section.need("waba_id", "the number of the WhatsApp Business account");
    let token = read_token(section);
    let business_id = section.parsed("business_id", digits);
    let waba_id = section.parsed("waba_id", digits);
    let app_secret = section.secret("app_secret");
    let create_users = read_create_users(section);
    let api_version = section.parsed("api_version", api_version);
    let match_by = section.word("match", &[("id", MetaMatch::Id), ("name", MetaMatch::Name)]);
    let reassign = section.flag("reassign").unwrap_or(false);
    Some(MetaSettings {
        token: token?,
        app_secret,
        create_users,
        business_id: business_id?,
        waba_id: waba_id?,
        api_version: api_version.unwrap_or_else(|| "v25.0".to_owned()),
        match_by: match_by.unwrap_or(MetaMatch::Id),
        reassign,
        tasks,
    })
}

/// Off unless asked for: on these platforms a created user can sign in, or can't be deleted again.
pub(super) fn read_create_users(section: &Section<'_>) -> bool {
    section.flag("create_users").unwrap_or(false)
}

fn digits(text: &str) -> Result<String, String> {
    let is_number = text.bytes().all(|it| it.is_ascii_digit());
    is_number
        .then(|| text.to_owned())
        .ok_or_else(|| "expected digits, in quotes".to_owned())
}

/// The cabinet shows `7204-2419`, the API wants digits.
fn account_number(text: &str) -> Result<String, String> {
    let number = text.replace('-', "");
    let is_number = !number.is_empty() && number.bytes().all(|it| it.is_ascii_digit());
    is_number
        .then_some(number)
        .ok_or_else(|| "expected the digits of the account's number, in quotes".to_owned())
}

fn api_version(text: &str) -> Result<String, String> {
    let is_number = |it: &str| !it.is_empty() && it.bytes().all(|byte| byte.is_ascii_digit());
    text.strip_prefix('v')
        .and_then(|version| version.split_once('.'))
        .filter(|(major, minor)| is_number(major) && is_number(minor))
        .map(|_| text.to_owned())
        .ok_or_else(|| "expected a version such as \"v25.0\"".to_owned())
}
