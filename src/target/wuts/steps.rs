//! Steps: what each becomes on the wire, and what is never sent.
//!
//! Each request is sent once. Whatever follows from an answer beyond this one user is up to the caller.

use std::sync::atomic::Ordering;

use hyper::body::Bytes;
use reqwest::{Method, StatusCode};
use secrecy::ExposeSecret as _;
use secrecy::zeroize::Zeroizing;
use serde::Serialize;
use url::Url;

use super::answer::{absent, accepted, content, not_one_role, not_sent, unjudged, unusable_id};
use super::body::{Body, Users};
use super::refusal::{self, Refusal};
use super::roster::ADMIN;
use super::user::Shown;
use super::{PROMOTION, USER, USERS, Wuts, password};
use crate::domain::grant::Grant;
use crate::target::client::Call;
use crate::target::failure;
use crate::target::member::{Member, MemberId, MemberTarget as _, StepAnswer};
use crate::target::{Answer, Meaning};
use crate::text::Redactor;

/// Bytes of a create around its e-mail and role, so that no copy of the password is left behind by a buffer
/// that grows.
const CREATE_BYTES: usize = 256;

/// Most bytes that JSON makes of one.
const MAX_ESCAPE_BYTES: usize = 6;

/// What came of a write.
struct Written {
    answer: Answer,
    /// What the answer holds, if it was a success with a content.
    body: Option<Body>,
    /// See [`Refusal::suggests_promotion`].
    suggests_promotion: bool,
}

impl Written {
    fn plain(answer: Answer) -> Written {
        Written {
            answer,
            body: None,
            suggests_promotion: false,
        }
    }
}

impl Wuts {
    /// A refusal may mean that the e-mail is taken; the documentation does not tell how that looks, so the
    /// caller looks at the list after any.
    pub(super) async fn create(&self, email: &str, grant: &Grant) -> StepAnswer {
        let unborn = |answer| StepAnswer { answer, id: None };
        if !self.options.creates {
            return unborn(not_sent("create_users", "no user may be created here"));
        }
        let Some(role) = role_of(grant) else {
            return unborn(not_one_role());
        };
        let password = match password::generate() {
            Ok(password) => password,
            Err(err) => {
                let failure = failure::unusable("the randomness of this system", &err);
                return unborn(failure.into_answer(self.client.redactor()));
            }
        };
        let create = Create {
            email,
            password: password.expose_secret(),
            role,
        };
        let call = Call {
            method: Method::POST,
            url: self.users_url.clone(),
            path: USERS,
            body: Some(create.to_json()),
            n_users: 1,
        };
        // A refusal may repeat what it finds fault with.
        let redactor = Redactor::new([self.token.clone(), password.clone()]);
        let Written { answer, body, .. } = self.write(call, &redactor).await;
        let created = match body.map(|it| it.users) {
            Some(Users::One(Ok(shown))) if is_of(&shown, email) => Some(shown),
            _ => None,
        };
        if let Some(shown) = &created {
            self.roster().see(shown);
        }
        StepAnswer {
            answer,
            id: created.map(|it| it.id),
        }
    }

    /// What a PUT with the present values does is undocumented, so none is sent: who was not seen is looked at.
    pub(super) async fn admit(&self, id: &MemberId, grant: &Grant, seen: Option<&Member>) -> Answer {
        let Some(role) = role_of(grant) else {
            return not_one_role();
        };
        let looked_at;
        let seen = match seen.filter(|it| it.id == *id) {
            Some(seen) => seen,
            None => match self.get(id).await {
                Ok(Some(member)) => {
                    looked_at = member;
                    &looked_at
                }
                Ok(None) => return absent(),
                Err(answer) => return answer,
            },
        };
        let change = Change {
            active: (!seen.is_active).then_some(true),
            role: (seen.grant.as_ref() != Some(grant)).then_some(role),
        };
        if change == Change::default() {
            return accepted(None);
        }
        let unseats = change.role.is_some_and(|it| it != ADMIN);
        self.step(id, unseats, async |url| self.change(url, change).await)
            .await
    }

    pub(super) async fn dismiss(&self, id: &MemberId) -> Answer {
        self.step(id, true, async |url| {
            if self.options.removes_by_delete {
                return self.send_to(Method::DELETE, url, USER, None).await.answer;
            }
            let change = Change {
                active: Some(false),
                role: None,
            };
            self.put(url, change).await.answer
        })
        .await
    }

    /// Changes an existing user, unless it must stay as it is. `unseats` if rights or access are taken away.
    async fn step(&self, id: &MemberId, unseats: bool, send: impl AsyncFnOnce(&Url) -> Answer) -> Answer {
        let Some(url) = self.user_url(id) else {
            return unusable_id();
        };
        let is_known = self.roster().is_known();
        if !is_known && let Err(answer) = self.list().await {
            return unjudged(answer);
        }
        let judged = self.roster().admit_step(id, unseats);
        let is_newly_gone = match judged {
            Ok(is_newly_gone) => is_newly_gone,
            Err(reason) => return not_sent(reason.code(), reason.text()),
        };
        let answer = send(&url).await;
        if is_newly_gone && !matches!(answer.meaning, Meaning::Accepted | Meaning::Unknown) {
            self.roster().take_back(id);
        }
        answer
    }

    /// Sends what differs; the role by a promotion where it can't be sent otherwise. The role comes first:
    /// nobody shall be active with rights that are too many.
    async fn change(&self, url: &Url, change: Change<'_>) -> Answer {
        let Some(role) = change.role else {
            return self.put(url, change).await.answer;
        };
        let mut refused = None;
        if !self.promotes.load(Ordering::Relaxed) {
            let put = self.put(url, change).await;
            if !put.suggests_promotion {
                return put.answer;
            }
            refused = Some(put.answer);
        }
        let promoted = self.promote(url, role).await;
        match (&promoted.meaning, refused) {
            (Meaning::Accepted, _) => self.promotes.store(true, Ordering::Relaxed),
            // There is no such way either: what was said first is the reason.
            (Meaning::Missing, Some(refused)) => return refused,
            _ => return promoted,
        }
        if change.active.is_none() {
            return promoted;
        }
        let rest = Change { role: None, ..change };
        self.put(url, rest).await.answer
    }

    async fn put(&self, url: &Url, change: Change<'_>) -> Written {
        self.send_to(Method::PUT, url, USER, Some(to_json(&change))).await
    }

    async fn promote(&self, url: &Url, role: &str) -> Answer {
        let mut url = url.clone();
        if let Ok(mut path) = url.path_segments_mut() {
            path.push("promote");
        }
        let body = to_json(&Promotion { new_role: role });
        self.send_to(Method::POST, &url, PROMOTION, Some(body))
            .await
            .answer
    }

    async fn send_to(&self, method: Method, url: &Url, path: &'static str, body: Option<Bytes>) -> Written {
        let call = Call {
            method,
            url: url.clone(),
            path,
            body,
            n_users: 1,
        };
        self.write(call, self.client.redactor()).await
    }

    async fn write(&self, call: Call, redactor: &Redactor) -> Written {
        let reply = match self.client.send(call).await {
            Ok(reply) => reply,
            Err(answer) => return Written::plain(answer),
        };
        let status = reply.status;
        if !status.is_success() {
            let Refusal {
                answer,
                suggests_promotion,
            } = refusal::read(reply, redactor);
            return Written {
                suggests_promotion,
                ..Written::plain(answer)
            };
        }
        if status == StatusCode::NO_CONTENT || reply.body.trim_ascii().is_empty() {
            return Written::plain(accepted(Some(status.as_u16())));
        }
        match content(reply, &self.token, redactor) {
            Ok(body) => Written {
                body: Some(body),
                ..Written::plain(accepted(Some(status.as_u16())))
            },
            Err(spoilt) => Written::plain(spoilt.of_write()),
        }
    }

    /// The URL of one user; none for an id that a path can't carry: it would lead to the list, or elsewhere.
    pub(super) fn user_url(&self, id: &MemberId) -> Option<Url> {
        if matches!(id.as_str(), "" | "." | "..") || id.as_str().contains(char::is_control) {
            return None;
        }
        let mut url = self.users_url.clone();
        url.path_segments_mut().ok()?.push(id.as_str());
        Some(url)
    }
}

/// The role of a grant: a user has just one.
fn role_of(grant: &Grant) -> Option<&str> {
    let mut words = grant.words();
    words.next().filter(|_| words.next().is_none())
}

/// Whether this is the user of that e-mail; the platform may have changed the case. Who is shown without one
/// is taken for the one just created.
fn is_of(shown: &Shown, email: &str) -> bool {
    let plain = |it: &str| it.trim().to_lowercase();
    shown.email.as_deref().is_none_or(|it| plain(it) == plain(email))
}

/// The body of a POST.
#[derive(Serialize)]
struct Create<'a> {
    email: &'a str,
    password: &'a str,
    role: &'a str,
}

impl Create<'_> {
    /// Bytes that are overwritten when the request has ended.
    fn to_json(&self) -> Bytes {
        let n_bytes = CREATE_BYTES + MAX_ESCAPE_BYTES * (self.email.len() + self.role.len());
        let mut json = Zeroizing::new(Vec::with_capacity(n_bytes));
        serde_json::to_writer(&mut *json, self).expect("texts have a JSON form, and memory takes it");
        Bytes::from_owner(json)
    }
}

/// The body of a PUT: what is left out stays as it is.
#[derive(Clone, Copy, PartialEq, Eq, Default, Serialize)]
struct Change<'a> {
    #[serde(skip_serializing_if = "Option::is_none")]
    active: Option<bool>,
    #[serde(skip_serializing_if = "Option::is_none")]
    role: Option<&'a str>,
}

/// The body of a promotion.
#[derive(Serialize)]
struct Promotion<'a> {
    new_role: &'a str,
}

fn to_json(body: &impl Serialize) -> Bytes {
    serde_json::to_vec(body)
        .expect("texts and flags have a JSON form")
        .into()
}
