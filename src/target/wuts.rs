//! WUTS: the users of one tenant, found by their e-mail.
//!
//! `GET`, `POST /users`, `GET`, `PUT`, `DELETE /users/{id}` and `POST /users/{id}/promote`, by the token of one
//! of the tenant's administrators. Facts as documented on <https://docs.wuts.com.br> (read in November 2026);
//! what the documentation leaves open is taken in every form that may come.
//!
//! What is peculiar to this platform stays in here: its list shows the tokens of all users, which are dropped
//! while it is read (`user`); the credential's own user and the last active administrator are left alone,
//! whatever is asked (`roster`); a new user needs a password, which is made up and kept nowhere
//! (`password`). A refused change of a role is that user's affair: the answer says so, and no more.

mod answer;
mod body;
mod password;
mod refusal;
mod roster;
mod steps;
mod user;

use std::collections::HashMap;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use async_trait::async_trait;
use reqwest::Method;
use secrecy::SecretString;
use tracing::warn;
use url::Url;

use self::answer::{unreadable, unusable_id};
use self::body::{Body, Users};
use self::roster::Roster;
use self::user::{Row, Shown};
use super::client::{Call, Client};
use super::http::{Http, Reply};
use super::member::{Member, MemberId, MemberStep, MemberTarget, Members, StepAnswer};
use super::{Answer, Meaning, Requests};
use crate::domain::capability::{Capabilities, Names};
use crate::domain::grant::Grant;

/// Where the API lives unless the configuration says otherwise.
pub const BASE_URL: &str = "https://api.wuts.com.br";

/// The path of the list and of creates, as documented.
const USERS: &str = "/users";

/// The same for one user.
const USER: &str = "/users/{id}";

/// Where a role is changed if it can't be changed at [`USER`].
const PROMOTION: &str = "/users/{id}/promote";

/// Numbers of users at which a list that is cut would end: the usual limits of pages.
const ROUND_CAPS: [usize; 10] = [10, 20, 25, 30, 50, 100, 200, 250, 500, 1000];

/// How an account wants its tenant to be treated.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct WutsOptions {
    /// Whether new users may be made.
    pub creates: bool,
    /// Whether a leaver is deleted for good; otherwise it is deactivated.
    pub removes_by_delete: bool,
}

/// The users of one tenant.
#[derive(Debug)]
pub struct Wuts {
    client: Client,
    token: SecretString,
    /// The base URL with [`USERS`] behind it.
    users_url: Url,
    options: WutsOptions,
    capabilities: Capabilities,
    roster: Mutex<Roster>,
    /// Set once roles turned out to be changed by promotions alone.
    promotes: AtomicBool,
    /// The suspicious length of a list that was last warned of.
    warned_length: AtomicUsize,
}

/// The tenant behind that token. Nothing is sent yet.
pub fn wuts(base_url: &Url, token: SecretString, http: &Http, options: WutsOptions) -> Wuts {
    let mut users_url = base_url.clone();
    // A URL without a path can't be requested either; the first request says so.
    if let Ok(mut path) = users_url.path_segments_mut() {
        path.pop_if_empty().push("users");
    }
    Wuts {
        client: Client::new(http, token.clone()),
        token,
        users_url,
        options,
        capabilities: Capabilities {
            batch_users: 1,
            // The employee's id is not sent, and an e-mail that is cut would be another one.
            id_chars: usize::MAX,
            name_chars: usize::MAX,
            seats: None,
            unique_phones: false,
            upsert: false,
            names: Names::Identity,
            phones: false,
            grants: true,
            creates: options.creates,
            page_users: usize::MAX,
            slow_down: Duration::ZERO,
        },
        roster: Mutex::default(),
        promotes: AtomicBool::new(false),
        warned_length: AtomicUsize::new(0),
    }
}

#[async_trait]
impl MemberTarget for Wuts {
    fn capabilities(&self) -> &Capabilities {
        &self.capabilities
    }

    async fn list(&self) -> Result<Members, Answer> {
        let reply = self.get_reply(self.users_url.clone(), USERS, 0).await?;
        let status = reply.status.as_u16();
        let Body { users, more, .. } = self.success(reply)?;
        let Users::Many(rows) = users else {
            // One user, or none, is no list: an empty tenant would look the same as a broken answer.
            return Err(unreadable(status, "no list of users"));
        };
        self.warn_of_round(rows.len(), more);
        let (shown, unusable) = listed(rows);
        let mut roster = self.roster();
        roster.see_all(shown.iter());
        Ok(Members {
            members: shown.into_iter().map(|it| member(it, &roster)).collect(),
            incomplete: more.or(unusable).map(str::to_owned),
        })
    }

    async fn get(&self, id: &MemberId) -> Result<Option<Member>, Answer> {
        let Some(url) = self.user_url(id) else {
            return Err(unusable_id());
        };
        let reply = match self.get_reply(url, USER, 1).await {
            Ok(reply) => reply,
            Err(answer) if answer.meaning == Meaning::Missing => return Ok(None),
            Err(answer) => return Err(answer),
        };
        let status = reply.status.as_u16();
        let row = match self.success(reply)?.users {
            Users::One(row) => row,
            Users::Many(mut rows) if rows.len() == 1 => rows.remove(0),
            Users::Many(_) | Users::Absent => Err("no user where it should be"),
        };
        let shown = match row.and_then(check_active) {
            Ok(shown) if shown.id == *id => shown,
            Ok(_) => return Err(unreadable(status, "another user than the one asked for")),
            Err(why) => return Err(unreadable(status, why)),
        };
        let mut roster = self.roster();
        roster.see(&shown);
        Ok(Some(member(shown, &roster)))
    }

    async fn send(&self, step: &MemberStep) -> StepAnswer {
        // The id of a user that was named is no news.
        let about = |answer| StepAnswer { answer, id: None };
        match step {
            MemberStep::Create { key, grant } => self.create(key, grant).await,
            MemberStep::Admit { id, grant, seen } => about(self.admit(id, grant, seen.as_ref()).await),
            MemberStep::Dismiss { id } => about(self.dismiss(id).await),
        }
    }

    fn requests(&self) -> Requests {
        self.client.requests()
    }

    fn describe(&self, step: &MemberStep) -> (&'static str, &'static str) {
        match step {
            MemberStep::Create { .. } => ("POST", USERS),
            MemberStep::Dismiss { .. } if self.options.removes_by_delete => ("DELETE", USER),
            MemberStep::Admit { .. } | MemberStep::Dismiss { .. } => ("PUT", USER),
        }
    }
}

impl Wuts {
    /// A read, with everything but a 2xx as an error.
    async fn get_reply(&self, url: Url, path: &'static str, n_users: usize) -> Result<Reply, Answer> {
        let call = Call {
            method: Method::GET,
            url,
            path,
            body: None,
            n_users,
        };
        let reply = self.client.send(call).await?;
        if reply.status.is_success() {
            Ok(reply)
        } else {
            Err(refusal::read(reply, self.client.redactor()).answer)
        }
    }

    /// The content of a 2xx to a read.
    fn success(&self, reply: Reply) -> Result<Body, Answer> {
        answer::content(reply, &self.token, self.client.redactor()).map_err(|it| it.of_read())
    }

    fn roster(&self) -> MutexGuard<'_, Roster> {
        // What it knows is put in by whole values; a panic elsewhere leaves it usable.
        self.roster.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// A list as long as a page usually is may be one: nothing else would tell.
    fn warn_of_round(&self, n_rows: usize, more: Option<&'static str>) {
        let is_suspicious = more.is_none() && ROUND_CAPS.contains(&n_rows);
        if is_suspicious && self.warned_length.swap(n_rows, Ordering::Relaxed) != n_rows {
            warn!(
                list.users = n_rows,
                "the list has a round number of users: if the platform cuts lists there, it does not say so"
            );
        }
    }
}

/// The rows of a list, each user once; and why it lacks some, if a row can't be used.
fn listed(rows: Vec<Row>) -> (Vec<Shown>, Option<&'static str>) {
    let mut shown: Vec<Shown> = Vec::with_capacity(rows.len());
    let mut places: HashMap<MemberId, usize> = HashMap::with_capacity(rows.len());
    let mut unusable = None;
    for row in rows {
        match row.and_then(check_active) {
            Err(why) => unusable = Some(why),
            Ok(user) => match places.get(&user.id) {
                Some(place) if shown[*place] == user => {}
                Some(_) => unusable = Some("a user is listed twice, and not alike"),
                None => {
                    places.insert(user.id.clone(), shown.len());
                    shown.push(user);
                }
            },
        }
    }
    (shown, unusable)
}

fn check_active(shown: Shown) -> Row {
    match shown.is_active {
        Some(_) => Ok(shown),
        None => Err("a row does not say whether it is active"),
    }
}

fn member(shown: Shown, roster: &Roster) -> Member {
    let untouchable = roster.untouchable(&shown.id).map(|it| it.text());
    let Shown {
        id,
        email,
        role,
        is_active,
        is_own: _,
    } = shown;
    Member {
        id,
        is_active: is_active == Some(true),
        grant: role.map(|it| Grant::new([it])),
        // Who has no e-mail can't be anybody's user that we know.
        untouchable: untouchable.or(email.is_none().then_some("a user without an e-mail")),
        key: email.unwrap_or_default(),
    }
}
