//! `POST /v2/oauth/token`: partners, grants of customers, and the tokens issued to them.
//!
//! A token that was issued stands for an account in every later request, until it ends, is used up or is
//! revoked. Independent of the client, like all of the simulator.

mod setup;
mod switches;
mod wire;

use std::collections::BTreeMap;

use axum::http::StatusCode;
use serde_json::{Value, json};

use super::record::Rule;
use super::reply::Reply;
use super::switches::Envelope;
pub use setup::{GrantSetup, PartnerSetup, TokenSetup};
pub use switches::{ExpiresIn, RefreshShape, Rotation, TokenRefusal, TokenSwitches};
use wire::Grant;
pub(super) use wire::Request;

/// The issued tokens, and who may have more.
#[derive(Debug, Default)]
pub(super) struct TokenBook {
    partners: Vec<PartnerSetup>,
    /// Tokens of accounts and of partners.
    bearers: BTreeMap<String, Bearer>,
    refreshes: BTreeMap<String, Refresh>,
    /// All that was ever issued.
    issued: Vec<String>,
    /// Refresh tokens that the answers to these requests replace, once they have left.
    on_the_way: BTreeMap<u64, String>,
}

/// A token that authorises.
#[derive(Debug)]
struct Bearer {
    /// The account, or the login of a partner.
    owner: String,
    is_machine: bool,
    ends_ms: u64,
    /// Whether its end was told.
    is_told: bool,
    n_uses: u64,
    is_revoked: bool,
    /// Somebody was told that it is refused.
    was_refused: bool,
}

/// A token that yields another one.
#[derive(Debug)]
struct Refresh {
    account: String,
    client_id: String,
    state: RefreshState,
}

#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum RefreshState {
    Valid,
    /// Replaced by one that nobody may have seen.
    Replaced,
    /// Replaced by one whose answer left.
    ReplacedForSure,
    Revoked,
}

/// For whom a request is.
pub(super) struct Standing {
    /// The account, if the request shows what stands for one.
    pub(super) account: Option<String>,
    /// Rules that are broken by what it shows.
    pub(super) broken: Vec<(Rule, String)>,
}

/// The circumstances of one request.
pub(super) struct Now<'a> {
    pub(super) switches: &'a TokenSwitches,
    pub(super) now_ms: u64,
    pub(super) unix_seconds: u64,
    pub(super) seq: u64,
}

/// Why nothing is granted.
struct Refused {
    status: u16,
    code: &'static str,
    text: String,
}

impl TokenBook {
    pub(super) fn new(setup: TokenSetup) -> TokenBook {
        let mut book = TokenBook::default();
        book.add(setup);
        book
    }

    /// More partners, and more that customers grant.
    pub(super) fn add(&mut self, setup: TokenSetup) {
        let TokenSetup { partners, grants } = setup;
        self.partners.extend(partners);
        for grant in grants {
            self.grant(grant);
        }
    }

    /// All tokens that were ever issued.
    pub(super) fn issued(&self) -> &[String] {
        &self.issued
    }

    /// Ends the tokens of an account, and the tokens of partners too if asked for. Refresh tokens stay.
    pub(super) fn revoke(&mut self, account: &str, machines_too: bool) {
        for bearer in self.bearers.values_mut() {
            bearer.is_revoked |= bearer.owner == account || (bearer.is_machine && machines_too);
        }
    }

    /// Ends all refresh tokens of an account.
    pub(super) fn revoke_grants(&mut self, account: &str) {
        let ours = self.refreshes.values_mut().filter(|it| it.account == account);
        ours.for_each(|it| it.state = RefreshState::Revoked);
    }

    /// The customer grants access once more.
    pub(super) fn grant(&mut self, grant: GrantSetup) {
        let GrantSetup {
            account,
            client_id,
            refresh_token,
        } = grant;
        let refresh = Refresh {
            account,
            client_id,
            state: RefreshState::Valid,
        };
        self.refreshes.insert(refresh_token, refresh);
    }

    /// For whom a request is that shows this token. `None`: it was never issued.
    pub(super) fn shown(&mut self, token: &str, max_uses: Option<u64>, now_ms: u64) -> Option<Standing> {
        let bearer = self.bearers.get_mut(token).filter(|it| !it.is_machine)?;
        let mut broken = Vec::new();
        bearer.n_uses += 1;
        let has_ended = bearer.ends_ms <= now_ms;
        if has_ended && bearer.is_told {
            broken.push((Rule::TokenInTime, "the token has ended, as was told".to_owned()));
        }
        if bearer.was_refused {
            broken.push((Rule::RefusedToken, "the token was refused before".to_owned()));
        }
        let is_used_up = max_uses.is_some_and(|max| bearer.n_uses > max);
        bearer.was_refused |= has_ended || bearer.is_revoked || is_used_up;
        let account = (!bearer.was_refused).then(|| bearer.owner.clone());
        Some(Standing { account, broken })
    }

    /// For whom tokens are asked for.
    pub(super) fn asked(&self, request: &Request) -> Standing {
        let mut broken: Vec<(Rule, String)> = Vec::new();
        broken.extend(
            request
                .unknown
                .iter()
                .map(|it| (Rule::KnownProperties, it.clone())),
        );
        let account = match &request.grant {
            Err(text) => {
                broken.push((Rule::DocumentedShape, text.clone()));
                None
            }
            Ok(Grant::Machine) => None,
            Ok(Grant::Exchange { number, .. }) => {
                let partners = self.partners.iter();
                partners.filter_map(|it| it.accounts.get(number)).next().cloned()
            }
            Ok(Grant::Refresh { refresh, .. }) => self.refreshes.get(refresh).map(|it| {
                if it.state == RefreshState::ReplacedForSure {
                    let text = "the refresh token was replaced by another one".to_owned();
                    broken.push((Rule::LatestRefreshToken, text));
                }
                it.account.clone()
            }),
        };
        Standing { account, broken }
    }

    /// The answer to that request has left: what it replaced is replaced for sure.
    pub(super) fn delivered(&mut self, seq: u64) {
        let replaced = self.on_the_way.remove(&seq);
        if let Some(refresh) = replaced.and_then(|it| self.refreshes.get_mut(&it))
            && refresh.state == RefreshState::Replaced
        {
            refresh.state = RefreshState::ReplacedForSure;
        }
    }

    /// Issues what is asked for, or says why not; with whether anything was issued.
    pub(super) fn answer(&mut self, request: &Request, now: &Now<'_>) -> (Reply, bool) {
        match self.issue(request, now) {
            Ok(tokens) => {
                let meta = json!({"timestamp": now.unix_seconds});
                let body = match now.switches.envelope {
                    Envelope::Full => json!({"data": tokens, "meta": meta}),
                    Envelope::Bare => tokens,
                    Envelope::MetaOnly => json!({ "meta": meta }),
                };
                (Reply::json(StatusCode::OK, &body), true)
            }
            Err(refused) => (refused.reply(now.switches), false),
        }
    }

    fn issue(&mut self, request: &Request, now: &Now<'_>) -> Result<Value, Refused> {
        let grant = request.grant.as_ref().map_err(|text| Refused {
            status: 400,
            code: "INVALID_REQUEST",
            text: text.clone(),
        })?;
        match grant {
            Grant::Machine => {
                let login = self.partner(request)?.login.clone();
                let token = self.bearer("machine", login, true, now);
                Ok(self.tokens(token, None, now.switches.machine_seconds, now))
            }
            Grant::Exchange { machine, number } => {
                let partner = self.partner(request)?;
                let account = partner.accounts.get(number).cloned();
                let (login, client_id) = (partner.login.clone(), partner.client_id.clone());
                let bearer = self.bearers.get(machine);
                let is_valid = |it: &&Bearer| {
                    it.is_machine && it.owner == login && now.now_ms < it.ends_ms && !it.is_revoked
                };
                if bearer.filter(is_valid).is_none() {
                    return Err(now.refused("INVALID_TOKEN", "the subject token is not valid"));
                }
                let Some(account) = account else {
                    return Err(now.refused("INVALID_GRANT", "the account is not yours"));
                };
                let token = self.bearer("access", account.clone(), false, now);
                let refresh = self.refresh(account, client_id);
                Ok(self.tokens(token, Some(refresh), now.switches.seconds, now))
            }
            Grant::Refresh {
                refresh,
                client_id,
                is_flat,
            } => self.renew(refresh, client_id.as_deref(), *is_flat, now),
        }
    }

    fn renew(
        &mut self,
        refresh: &str,
        client_id: Option<&str>,
        is_flat: bool,
        now: &Now<'_>,
    ) -> Result<Value, Refused> {
        let switches = now.switches;
        let is_right_shape = match switches.refresh_shape {
            RefreshShape::Nested => !is_flat,
            RefreshShape::Flat => is_flat,
            RefreshShape::Both => true,
        };
        if !is_right_shape {
            return Err(Refused {
                status: 400,
                code: "INVALID_REQUEST",
                text: "refresh_token should not be empty".to_owned(),
            });
        }
        let known = self.refreshes.get(refresh);
        let valid = known.filter(|it| it.state == RefreshState::Valid && !switches.refuse_refresh);
        let Some(valid) = valid else {
            return Err(now.refused("INVALID_GRANT", "the refresh token is not valid"));
        };
        if client_id != Some(&valid.client_id) && switches.refresh_needs_client_id {
            return Err(now.refused(
                "INVALID_CLIENT",
                "the client is not the one that it was granted to",
            ));
        }
        let (account, client_id) = (valid.account.clone(), valid.client_id.clone());
        let token = self.bearer("access", account.clone(), false, now);
        let next = match switches.rotation {
            Rotation::Silent => None,
            Rotation::Repeated => Some(refresh.to_owned()),
            Rotation::Replaced => {
                if let Some(old) = self.refreshes.get_mut(refresh) {
                    old.state = RefreshState::Replaced;
                }
                self.on_the_way.insert(now.seq, refresh.to_owned());
                Some(self.refresh(account, client_id))
            }
        };
        Ok(self.tokens(token, next, switches.seconds, now))
    }

    fn partner(&self, request: &Request) -> Result<&PartnerSetup, Refused> {
        let basic = request.basic.as_ref();
        let is_theirs = |it: &&PartnerSetup| basic == Some(&(it.login.clone(), it.password.clone()));
        self.partners.iter().find(is_theirs).ok_or(Refused {
            status: 401,
            code: "UNAUTHORIZED",
            text: "login or password is wrong".to_owned(),
        })
    }

    fn bearer(&mut self, kind: &str, owner: String, is_machine: bool, now: &Now<'_>) -> String {
        let switches = now.switches;
        let seconds = match is_machine {
            true => switches.machine_seconds,
            false => switches.seconds,
        };
        let token = self.new_token(kind);
        let bearer = Bearer {
            owner,
            is_machine,
            ends_ms: now.now_ms.saturating_add(seconds.saturating_mul(1000)),
            is_told: switches.expires_in != ExpiresIn::Absent,
            n_uses: 0,
            is_revoked: false,
            was_refused: false,
        };
        self.bearers.insert(token.clone(), bearer);
        token
    }

    fn refresh(&mut self, account: String, client_id: String) -> String {
        let token = self.new_token("refresh");
        let refresh = Refresh {
            account,
            client_id,
            state: RefreshState::Valid,
        };
        self.refreshes.insert(token.clone(), refresh);
        token
    }

    fn new_token(&mut self, kind: &str) -> String {
        let token = format!(
            "{kind}-token-{:06}-issued-by-the-simulator",
            self.issued.len() + 1
        );
        self.issued.push(token.clone());
        token
    }

    fn tokens(&self, access: String, refresh: Option<String>, seconds: u64, now: &Now<'_>) -> Value {
        let mut tokens = json!({ "access_token": access });
        if let Some(refresh) = refresh {
            tokens["refresh_token"] = refresh.into();
        }
        match now.switches.expires_in {
            ExpiresIn::Number => tokens["expires_in"] = seconds.into(),
            ExpiresIn::Text => tokens["expires_in"] = seconds.to_string().into(),
            ExpiresIn::Absent => {}
        }
        tokens
    }
}

impl Now<'_> {
    fn refused(&self, code: &'static str, text: &str) -> Refused {
        Refused {
            status: self.switches.refusal_status,
            code,
            text: text.to_owned(),
        }
    }
}

impl Refused {
    fn reply(&self, switches: &TokenSwitches) -> Reply {
        let Refused { status, code, text } = self;
        let status = StatusCode::from_u16(*status).unwrap_or(StatusCode::BAD_REQUEST);
        let body = match switches.refusal {
            TokenRefusal::Platform => json!({"error": code, "description": text}),
            TokenRefusal::Standard => json!({"error": code.to_lowercase(), "error_description": text}),
            TokenRefusal::Empty => return Reply::empty(status),
            TokenRefusal::Html => return Reply::html(status),
        };
        Reply::json(status, &body)
    }
}
