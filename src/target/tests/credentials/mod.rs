//! Tokens that are had and renewed, against a small platform that issues and revokes them.

mod machine;
mod refresh;
mod secrets;

use std::collections::BTreeSet;
use std::sync::atomic::{AtomicBool, AtomicI64, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use async_trait::async_trait;
use secrecy::ExposeSecret as _;
use serde_json::{Value, json};

use super::server::{Act, Seen, Server, answer, ok};
use super::*;
use crate::domain::memory::Millis;
use crate::target::credential::oauth::{Keeper, Kept, Locked, NotKept, OAuth, Tokens};
use crate::target::credential::white_label::{Partners, WhiteLabel};
use crate::target::credential::{Credential, Now};
use crate::target::{Answer, Hindrance, Meaning, ReadTarget as _, WriteTarget as _};

const LOGIN: &str = "partner@acme.example";
const PASSWORD: &str = "correct-horse";
const FIRST: &str = "first-refresh-token";
const SECOND: i64 = 1000;

/// The platform's books.
#[derive(Default)]
struct Books {
    /// Grants asked for, with whether they were granted.
    asked: Vec<String>,
    n_issued: u32,
    valid: BTreeSet<String>,
    /// The refresh token that counts.
    refresh: Option<String>,
    /// In order: answers that come before any other from the token endpoint.
    next: Vec<Option<Vec<u8>>>,
    /// Only the other shape of a renewal is known.
    wants_flat: bool,
    /// Rotated refresh tokens are not told.
    keeps_refresh: bool,
    lifetime: Option<i64>,
}

impl Books {
    fn issue(&mut self, kind: &str) -> String {
        self.n_issued += 1;
        let token = format!("{kind}-{}", self.n_issued);
        self.valid.insert(token.clone());
        token
    }

    /// Ends all access tokens and machine tokens.
    fn revoke(&mut self) {
        self.valid.clear();
    }

    fn grant(&mut self, kind: &str) -> Value {
        let access = self.issue(kind);
        let lifetime = self.lifetime.unwrap_or(3600);
        if self.keeps_refresh {
            return json!({"data": {"access_token": access, "expires_in": lifetime}});
        }
        let refresh = format!("refresh-{}", self.n_issued);
        self.refresh = Some(refresh.clone());
        json!({"data": {"access_token": access, "refresh_token": refresh, "expires_in": lifetime}})
    }

    fn token(&mut self, seen: &Seen) -> Act {
        let body: Value = serde_json::from_str(&seen.body).unwrap();
        let grant_type = body["grant_type"].as_str().unwrap();
        let is_partner = seen.headers.contains("authorization: Basic ");
        let text = |path: &str| body.pointer(path).and_then(Value::as_str).map(str::to_owned);
        self.asked
            .push(grant_type.rsplit([':']).next().unwrap().to_owned());
        if !self.next.is_empty()
            && let Some(answer) = self.next.remove(0)
        {
            return match answer.is_empty() {
                true => Act::Reset(answer),
                false => Act::Answer(answer),
            };
        }
        let refused = |code: &str| Act::Answer(answer(400, &[], json!({"error": code}).to_string()));
        match grant_type {
            "client_credentials" if is_partner => {
                let token = self.issue("machine");
                Act::Answer(ok(json!({"access_token": token, "expires_in": 3600}).to_string()))
            }
            "urn:ietf:params:oauth:grant-type:token-exchange" if is_partner => {
                let data = "/token_exchange_data";
                assert_eq!(
                    text(&format!("{data}/subject_token_type")).unwrap(),
                    "urn:wazzup:oauth:token-type:machine_token"
                );
                let machine = text(&format!("{data}/subject_token")).unwrap();
                match self.valid.contains(&machine) {
                    true => Act::Answer(ok(self.grant("access").to_string())),
                    false => refused("invalid_token"),
                }
            }
            "refresh_token" => {
                let at = if self.wants_flat {
                    ""
                } else {
                    "/refresh_token_data"
                };
                let Some(refresh) = text(&format!("{at}/refresh_token")) else {
                    return refused("VALIDATION_FAILED");
                };
                assert!(text(&format!("{at}/client_id")).is_some());
                match self.refresh.as_ref() == Some(&refresh) {
                    true => Act::Answer(ok(self.grant("access").to_string())),
                    false => refused("invalid_grant"),
                }
            }
            _ => Act::Answer(answer(401, &[], "")),
        }
    }

    fn users(&self, seen: &Seen) -> Act {
        let headers = seen.headers.lines();
        let mut bearers = headers.filter_map(|it| it.strip_prefix("authorization: Bearer "));
        match bearers.next().is_some_and(|it| self.valid.contains(it)) {
            true => Act::Answer(ok(r#"{"data":[]}"#)),
            false => Act::Answer(answer(401, &[], r#"{"error":"UNAUTHORIZED"}"#)),
        }
    }
}

/// A platform, a clock, and what the client makes of both.
struct World {
    server: Server,
    books: Arc<Mutex<Books>>,
    now: Arc<AtomicI64>,
    http: Http,
}

impl World {
    async fn new() -> World {
        let books = Arc::new(Mutex::new(Books::default()));
        books.lock().unwrap().refresh = Some(FIRST.to_owned());
        let at_server = Arc::clone(&books);
        let server = Server::start(move |seen| {
            let mut books = at_server.lock().unwrap();
            match seen.line.starts_with("POST /v2/oauth/token") {
                true => books.token(seen),
                false => books.users(seen),
            }
        })
        .await;
        World {
            server,
            books,
            now: Arc::new(AtomicI64::new(1_800_000_000_000)),
            http: Http::new(options()),
        }
    }

    fn later(&self, seconds: i64) {
        self.now.fetch_add(seconds * SECOND, Ordering::Relaxed);
    }

    fn now(&self) -> Now {
        let now = Arc::clone(&self.now);
        Now::new(Arc::new(move || Millis(now.load(Ordering::Relaxed))))
    }

    fn books<T>(&self, change: impl FnOnce(&mut Books) -> T) -> T {
        change(&mut self.books.lock().unwrap())
    }

    /// The grants asked for since the last look.
    fn asked(&self) -> Vec<String> {
        self.books(|it| std::mem::take(&mut it.asked))
    }

    fn partners(&self) -> Partners {
        Partners::new(&self.http, self.now())
    }

    fn account(&self, partners: &Partners, account_id: &str, client_id: Option<&str>) -> Credential {
        let account = WhiteLabel {
            login: LOGIN.into(),
            password: PASSWORD.into(),
            account_id: account_id.to_owned(),
            client_id: client_id.map(str::to_owned),
        };
        partners.account(self.server.url(), account)
    }

    fn oauth(&self, keeper: &Safe) -> Credential {
        let oauth = OAuth {
            client_id: "client".to_owned(),
            configured: FIRST.into(),
            place: "accounts[acme].target.oauth.refresh_token".to_owned(),
            keeper: Box::new(keeper.clone()),
        };
        oauth.credential(self.server.url(), &self.http, self.now())
    }

    fn target(&self, credential: &Credential) -> WazzupV2 {
        wazzup_v2(self.server.url(), credential.clone(), &self.http)
    }
}

/// A keeper in memory.
#[derive(Clone, Debug, Default)]
struct Safe(Arc<SafeState>);

#[derive(Debug, Default)]
struct SafeState {
    kept: Mutex<Kept>,
    is_broken: AtomicBool,
    lock: Arc<tokio::sync::Mutex<()>>,
}

impl Safe {
    fn check(&self) -> Result<(), NotKept> {
        match self.0.is_broken.load(Ordering::Relaxed) {
            false => Ok(()),
            true => Err(NotKept {
                hindrance: Hindrance::Store,
                text: "no space is left".to_owned(),
            }),
        }
    }

    fn kept(&self) -> Kept {
        self.0.kept.lock().unwrap().clone()
    }

    fn refresh(&self) -> Option<String> {
        Some(self.kept().tokens?.refresh.expose_secret().to_owned())
    }
}

struct SafeLock {
    safe: Safe,
    _guard: tokio::sync::OwnedMutexGuard<()>,
}

#[async_trait]
impl Keeper for Safe {
    async fn look(&self) -> Result<Kept, NotKept> {
        Ok(self.kept())
    }

    async fn lock(&self) -> Result<Box<dyn Locked>, NotKept> {
        Ok(Box::new(SafeLock {
            _guard: Arc::clone(&self.0.lock).lock_owned().await,
            safe: self.clone(),
        }))
    }
}

#[async_trait]
impl Locked for SafeLock {
    async fn kept(&self) -> Result<Kept, NotKept> {
        Ok(self.safe.kept())
    }

    async fn begin(&self) -> Result<(), NotKept> {
        self.safe.0.kept.lock().unwrap().asked_at.get_or_insert(Millis(0));
        Ok(())
    }

    async fn withdraw(&self, asked_at: Option<Millis>) -> Result<(), NotKept> {
        self.safe.0.kept.lock().unwrap().asked_at = asked_at;
        Ok(())
    }

    async fn save(&self, tokens: &Tokens) -> Result<(), NotKept> {
        self.safe.check()?;
        *self.safe.0.kept.lock().unwrap() = Kept {
            tokens: Some(tokens.clone()),
            asked_at: None,
        };
        Ok(())
    }
}
