//! Tokens that are had and renewed, against a small platform that issues and revokes them.

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

#[tokio::test]
async fn accounts_of_one_partner_share_the_machine_token() {
    let world = World::new().await;
    let partners = world.partners();
    for id in ["72042419", "72042420"] {
        let target = world.target(&world.account(&partners, id, None));
        target.list().await.unwrap();
        target.list().await.unwrap();
    }
    assert_eq!(
        world.asked(),
        ["client_credentials", "token-exchange", "token-exchange"]
    );
    let subjects: Vec<Value> = world
        .server
        .seen()
        .iter()
        .filter(|it| it.body.contains("token-exchange"))
        .map(|it| serde_json::from_str::<Value>(&it.body).unwrap()["token_exchange_data"].clone())
        .collect();
    assert_eq!(subjects[0]["requested_subject"], "72042419");
    assert_eq!(subjects[0]["scope"], "transport,crm");
}

#[tokio::test]
async fn a_token_is_renewed_a_minute_before_its_end() {
    for (client_id, renewed_by) in [
        (Some("client"), &["refresh_token"][..]),
        (None, &["client_credentials", "token-exchange"][..]),
    ] {
        let world = World::new().await;
        let target = world.target(&world.account(&world.partners(), "1", client_id));
        target.list().await.unwrap();
        world.asked();
        world.later(3539);
        target.list().await.unwrap();
        assert!(world.asked().is_empty());
        world.later(1);
        target.list().await.unwrap();
        assert_eq!(world.asked(), renewed_by, "{client_id:?}");
    }
}

#[tokio::test]
async fn a_token_of_a_short_life_is_used_for_half_of_it() {
    let world = World::new().await;
    world.books(|it| it.lifetime = Some(10));
    let target = world.target(&world.oauth(&Safe::default()));
    for (later, n_asked) in [(0, 1), (4, 0), (1, 1), (4, 0), (60, 1)] {
        world.later(later);
        target.list().await.unwrap();
        assert_eq!(world.asked().len(), n_asked, "{later}");
    }
}

#[tokio::test]
async fn a_refused_token_is_renewed_once_and_the_request_goes_on() {
    let world = World::new().await;
    let target = world.target(&world.account(&world.partners(), "1", None));
    target.list().await.unwrap();
    world.asked();
    world.books(Books::revoke);
    assert_eq!(target.send(&anna()).await.meaning, Meaning::Accepted);
    // The machine token had been revoked too.
    let asked = ["token-exchange", "client_credentials", "token-exchange"];
    assert_eq!(world.asked(), asked);
    assert_eq!(target.requests().write, 2);
}

#[tokio::test]
async fn a_token_that_is_refused_when_it_is_new_is_the_end() {
    let world = World::new().await;
    let credential = world.account(&world.partners(), "1", None);
    let target = world.target(&credential);
    let dud = |token| Some(ok(json!({ "access_token": token }).to_string()));
    world.books(|it| it.next = vec![None, dud("dud-one"), dud("dud-two")]);
    let answer = target.send(&anna()).await;
    assert_eq!(answer.meaning, Meaning::Unauthorised);
    let users = world
        .server
        .lines()
        .into_iter()
        .filter(|it| it.contains("/v2/users"));
    assert_eq!(users.count(), 2);
    assert_eq!(
        world.asked(),
        ["client_credentials", "token-exchange", "token-exchange"]
    );
}

#[tokio::test]
async fn requests_side_by_side_share_one_renewal() {
    let world = World::new().await;
    let target = world.target(&world.account(&world.partners(), "1", None));
    let both = tokio::join!(target.list(), target.list());
    assert!(both.0.is_ok() && both.1.is_ok());
    assert_eq!(world.asked(), ["client_credentials", "token-exchange"]);
    world.books(Books::revoke);
    let both = tokio::join!(target.list(), target.list());
    assert!(both.0.is_ok() && both.1.is_ok());
    assert_eq!(world.asked().len(), 3, "one renewal");
}

#[tokio::test]
async fn requests_side_by_side_share_a_failure() {
    let world = World::new().await;
    world.books(|it| it.next = vec![Some(answer(503, &[], "")); 9]);
    let target = world.target(&world.account(&world.partners(), "1", None));
    let all = futures_util::future::join_all([(); 4].map(|()| target.list())).await;
    for ended in all {
        assert_eq!(ended.unwrap_err().meaning, Meaning::Unknown);
    }
    assert_eq!(world.asked().len(), 1);
    target.list().await.unwrap_err();
    assert_eq!(world.asked().len(), 1, "a later one tries again");
}

#[tokio::test]
async fn a_token_that_holds_is_used_to_its_end_while_no_other_is_to_be_had() {
    let world = World::new().await;
    let target = world.target(&world.oauth(&Safe::default()));
    target.list().await.unwrap();
    world.books(|it| it.next = vec![Some(answer(503, &[], "")); 9]);
    world.later(3550);
    for _ in 0..3 {
        target.list().await.unwrap();
    }
    assert_eq!(world.asked().len(), 2, "one renewal, one try at another");
    world.later(50);
    let answer = target.list().await.unwrap_err();
    assert_eq!(answer.meaning, Meaning::Unknown);
    assert_eq!(answer.status, None, "it is no word on the list");
    assert!(answer.text.contains("HTTP 503"), "{answer:?}");
    world.books(|it| it.next.clear());
    target.list().await.unwrap();
}

#[tokio::test]
async fn what_the_token_endpoint_says_has_a_meaning() {
    let world = World::new().await;
    let meaning = async |reply: Vec<u8>| {
        world.books(|it| it.next = vec![Some(reply.clone()), Some(reply)]);
        world.oauth(&Safe::default()).bearer().await.unwrap_err()
    };
    for status in [400, 401, 403, 422] {
        let answer = meaning(answer(status, &[], "")).await;
        assert_eq!(answer.meaning, Meaning::Unauthorised, "{status}");
        assert_eq!(answer.status, Some(status));
    }
    for status in [302, 404, 405, 408, 500, 502, 503] {
        let answer = meaning(answer(status, &[], "")).await;
        assert_eq!(answer.meaning, Meaning::Unknown, "{status}");
    }
    let slow = meaning(answer(429, &["retry-after: 7"], "")).await;
    assert_eq!(slow.meaning, Meaning::SlowDown(Some(Duration::from_secs(7))));
    for body in ["", "{}", "<html>s3cret</html>", r#"{"token":"s3cret"}"#] {
        let answer = meaning(ok(body)).await;
        assert_eq!(answer.meaning, Meaning::Unknown, "{body}");
        assert!(!format!("{answer:?}").contains("s3cret"));
    }
    assert_eq!(meaning(vec![]).await.meaning, Meaning::Unknown, "a reset");
}

#[tokio::test]
async fn a_partner_whose_refresh_token_is_refused_goes_the_whole_way() {
    let world = World::new().await;
    let target = world.target(&world.account(&world.partners(), "1", Some("client")));
    target.list().await.unwrap();
    world.asked();
    world.books(|it| it.refresh = None);
    world.later(3540);
    target.list().await.unwrap();
    assert_eq!(
        world.asked(),
        ["refresh_token", "client_credentials", "token-exchange"]
    );
}

#[tokio::test]
async fn a_new_refresh_token_is_kept_before_its_access_token_is_used() {
    let world = World::new().await;
    let safe = Safe::default();
    let target = world.target(&world.oauth(&safe));
    safe.0.is_broken.store(true, Ordering::Relaxed);
    for _ in 0..2 {
        let answer = target.list().await.unwrap_err();
        assert_eq!(answer.meaning, Meaning::NotSent(Hindrance::Store));
        assert!(answer.text.contains("no space is left"), "{answer:?}");
    }
    assert!(
        world
            .server
            .lines()
            .iter()
            .all(|it| it.contains("/v2/oauth/token"))
    );
    assert_eq!(world.asked().len(), 1, "what came is not asked for again");
    safe.0.is_broken.store(false, Ordering::Relaxed);
    target.list().await.unwrap();
    assert!(world.asked().is_empty());
    assert_eq!(safe.refresh().as_deref(), Some("refresh-1"));
}

#[tokio::test]
async fn each_refresh_token_is_used_once_and_one_that_stays_is_used_again() {
    for keeps in [false, true] {
        let world = World::new().await;
        world.books(|it| it.keeps_refresh = keeps);
        let safe = Safe::default();
        for _ in 0..3 {
            // Another process each time.
            world.target(&world.oauth(&safe)).list().await.unwrap();
            world.target(&world.oauth(&safe)).list().await.unwrap();
            world.later(3600);
        }
        assert_eq!(world.asked(), ["refresh_token"; 3]);
        let kept = if keeps { FIRST } else { "refresh-3" };
        assert_eq!(safe.refresh().as_deref(), Some(kept));
    }
}

#[tokio::test]
async fn a_renewal_in_the_other_shape_is_tried_and_remembered() {
    let world = World::new().await;
    world.books(|it| it.wants_flat = true);
    let target = world.target(&world.oauth(&Safe::default()));
    for n_asked in [2, 1, 1] {
        target.list().await.unwrap();
        assert_eq!(world.asked().len(), n_asked);
        world.later(3600);
    }
}

#[tokio::test]
async fn a_refused_refresh_token_says_what_to_do() {
    let world = World::new().await;
    world.books(|it| it.refresh = None);
    let safe = Safe::default();
    let answer = world.oauth(&safe).bearer().await.unwrap_err();
    assert_eq!(answer.meaning, Meaning::Unauthorised);
    assert_eq!(answer.code.as_deref(), Some("INVALID_GRANT"));
    assert!(
        answer.text.contains("accounts[acme].target.oauth.refresh_token"),
        "{answer:?}"
    );
    assert!(!answer.text.contains("lost"), "{answer:?}");
    assert_eq!(safe.kept().asked_at, None);
    assert_eq!(
        world.asked().len(),
        1,
        "the code speaks of the token, not of the shape"
    );
}

#[tokio::test]
async fn a_refresh_token_that_is_refused_after_a_lost_answer_says_so() {
    let world = World::new().await;
    let safe = Safe::default();
    world.books(|it| it.next = vec![Some(vec![])]);
    let answer = world.oauth(&safe).bearer().await.unwrap_err();
    assert_eq!(answer.meaning, Meaning::Unknown);
    assert!(safe.kept().asked_at.is_some());
    world.books(|it| it.refresh = Some("replaced-unseen".to_owned()));
    for _ in 0..2 {
        let answer = world.oauth(&safe).bearer().await.unwrap_err();
        assert_eq!(answer.meaning, Meaning::Unauthorised);
        assert!(
            answer.text.contains("a renewal on 1970-01-01 00:00 UTC was lost"),
            "{answer:?}"
        );
    }
    world.books(|it| it.refresh = Some(FIRST.to_owned()));
    world.oauth(&safe).bearer().await.unwrap();
    assert_eq!(safe.kept().asked_at, None);
}

#[tokio::test]
async fn processes_side_by_side_share_a_renewal() {
    let world = World::new().await;
    let safe = Safe::default();
    let (one, other) = (world.oauth(&safe), world.oauth(&safe));
    for _ in 0..3 {
        let (one, other) = tokio::join!(one.bearer(), other.bearer());
        let (one, other) = (one.unwrap(), other.unwrap());
        assert_eq!(one.token().expose_secret(), other.token().expose_secret());
        assert_eq!(world.asked(), ["refresh_token"]);
        world.later(3540);
    }
    // One of them is told of a token that was revoked, and the other one only hears of it.
    let (mine, theirs) = (one.bearer().await.unwrap(), other.bearer().await.unwrap());
    world.asked();
    one.renewed(&mine).await.unwrap().unwrap();
    other.renewed(&theirs).await.unwrap().unwrap();
    assert_eq!(world.asked(), ["refresh_token"]);
}

#[tokio::test]
async fn a_renewal_goes_on_when_nobody_waits_for_it_any_more() {
    let world = World::new().await;
    let safe = Safe::default();
    let credential = world.oauth(&safe);
    {
        let mut asking = Box::pin(credential.bearer());
        while world.books(|it| it.asked.is_empty()) {
            tokio::select! {
                biased;
                _ = &mut asking => {}
                () = tokio::task::yield_now() => {}
            }
        }
    }
    credential.bearer().await.unwrap();
    assert_eq!(world.asked(), ["refresh_token"]);
    assert_eq!(safe.refresh().as_deref(), Some("refresh-1"));
}

/// All that the platform knows, said in every way.
fn echo(seen: &Seen) -> Act {
    let headers = seen.headers.lines();
    let authorization = headers.filter(|it| it.starts_with("authorization"));
    let told: Vec<&str> = authorization.chain([&*seen.body]).collect();
    let told = told.join(" ").replace('"', " ");
    Act::Answer(answer(
        400,
        &[],
        json!({"error": told, "message": told}).to_string(),
    ))
}

#[tokio::test]
async fn no_secret_is_in_any_text() {
    let server = Server::start(echo).await;
    let http = Http::new(options());
    let now = || Now::new(Arc::new(|| Millis(0)));
    let safe = Safe::default();
    *safe.0.kept.lock().unwrap() = Kept {
        tokens: Some(Tokens {
            refresh: "kept-refresh".into(),
            access: "kept-access".into(),
            obtained_at: Millis(0),
            expires_at: Millis(0),
        }),
        asked_at: None,
    };
    let oauth = OAuth {
        client_id: "client".to_owned(),
        configured: FIRST.into(),
        place: String::new(),
        keeper: Box::new(safe.clone()),
    };
    let account = WhiteLabel {
        login: LOGIN.into(),
        password: PASSWORD.into(),
        account_id: "1".to_owned(),
        client_id: None,
    };
    let encoded = "cGFydG5lckBhY21lLmV4YW1wbGU6Y29ycmVjdC1ob3JzZQ==";
    for credential in [
        oauth.credential(server.url(), &http, now()),
        Partners::new(&http, now()).account(server.url(), account),
    ] {
        let answer: Answer = credential.bearer().await.unwrap_err();
        let shown = format!("{answer:?} {credential:?}");
        assert!(shown.contains("[redacted]"), "{shown}");
        for secret in [LOGIN, PASSWORD, encoded, FIRST, "kept-refresh", "kept-access"] {
            assert!(
                !shown.to_lowercase().contains(&secret.to_lowercase()),
                "{secret}: {shown}"
            );
        }
    }
    let sent = server.seen();
    assert!(sent[0].body.contains("kept-refresh"));
    assert!(sent.iter().any(|it| it.headers.contains(encoded)));
}
