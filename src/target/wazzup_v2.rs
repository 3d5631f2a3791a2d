//! Wazzup v2 ("tech partner"): users.
//!
//! `GET`, `POST`, `PATCH` and `DELETE /v2/users` of one account, by its client token. Facts as documented on
//! <https://wazzup24.com/help/api/users/> (read in November 2026); what the documentation leaves open is
//! taken in every form that may come.
//!
//! Creates go by POST and updates by PATCH. POST is documented to update a known id too, but integrators
//! have seen it refuse one, and a PATCH can't bring a deleted user back by accident.

use std::sync::atomic::{AtomicBool, Ordering};

use async_trait::async_trait;
use reqwest::Method;
use serde::Serialize;
use url::Url;

use super::client::{Call, Client};
use super::credential::Credential;
use super::http::{Http, Reply};
use super::paging::{Paging, Row};
use super::user_rows::{self, Payload};
use super::{Answer, Listing, Meaning, ReadTarget, Requests, WriteTarget, classify};
use crate::domain::batch::{Batch, ClearBy, Item, PhoneField, Verb};
use crate::domain::capability::{Capabilities, Names};
use crate::domain::user::{User, UserId};

/// Where the API lives unless the configuration says otherwise.
pub const BASE_URL: &str = "https://tech.wazzup24.com";

/// The path of all requests, as documented.
const USERS: &str = "/v2/users";

/// The same for one user.
const USER: &str = "/v2/users/{user_id}";

/// Rows asked for at a time. The maximum is undocumented; a write takes 100, and that is tried first.
const PAGE_USERS: usize = 100;

/// Rows of the documentation's example, asked for where the platform refuses more.
const DOCUMENTED_PAGE_USERS: usize = 50;

/// Sent as a phone that shall be removed: documented to be dropped silently, and holds no digit that could
/// be taken for a number.
const MALFORMED_PHONE: &str = "none";

/// The users of one Wazzup account.
#[derive(Debug)]
pub struct WazzupV2 {
    client: Client,
    /// The base URL with [`USERS`] behind it.
    users_url: Url,
    capabilities: Capabilities,
    /// Once refused, the larger page is not asked for again.
    pages_are_small: AtomicBool,
}

/// The account behind that credential. Nothing is sent yet.
pub fn wazzup_v2(base_url: &Url, credential: impl Into<Credential>, http: &Http) -> WazzupV2 {
    let mut users_url = base_url.clone();
    // A URL without a path can't be requested either; the first request says so.
    if let Ok(mut path) = users_url.path_segments_mut() {
        path.pop_if_empty().extend(["v2", "users"]);
    }
    WazzupV2 {
        client: Client::new(http, credential),
        users_url,
        capabilities: Capabilities {
            batch_users: 100,
            id_chars: 64,
            name_chars: 150,
            seats: Some(1000),
            unique_phones: true,
            upsert: false,
            names: Names::Managed,
            phones: true,
            grants: false,
            creates: true,
            page_users: PAGE_USERS,
        },
        pages_are_small: AtomicBool::new(false),
    }
}

#[async_trait]
impl ReadTarget for WazzupV2 {
    fn capabilities(&self) -> &Capabilities {
        &self.capabilities
    }

    async fn list(&self) -> Result<Listing, Answer> {
        let mut limit = match self.pages_are_small.load(Ordering::Relaxed) {
            true => DOCUMENTED_PAGE_USERS,
            false => PAGE_USERS,
        };
        let mut page = self.page(0, limit).await;
        if let Err(answer) = &page
            && answer.meaning == Meaning::BadItem
            && limit > DOCUMENTED_PAGE_USERS
        {
            limit = DOCUMENTED_PAGE_USERS;
            page = self.page(0, limit).await;
            self.pages_are_small.store(page.is_ok(), Ordering::Relaxed);
        }
        let mut paging = Paging::new(limit, DOCUMENTED_PAGE_USERS);
        loop {
            if let Some(listing) = paging.take(page?) {
                return Ok(listing);
            }
            page = self.page(paging.offset(), limit).await;
        }
    }

    async fn get(&self, id: &UserId) -> Result<Option<User>, Answer> {
        let Some(url) = self.user_url(id) else {
            return Err(Answer {
                meaning: Meaning::BadItem,
                status: None,
                code: None,
                text: "no user can be asked for by this id".to_owned(),
            });
        };
        let reply = match self.read(url, USER, 1).await {
            Ok(reply) => reply,
            Err(answer) if answer.meaning == Meaning::Missing => return Ok(None),
            Err(answer) => return Err(answer),
        };
        let rows = match self.payload(&reply)? {
            Payload::Many(rows) => rows,
            Payload::One(row) => vec![row],
            Payload::Nothing => vec![],
        };
        let is_empty = rows.is_empty();
        let found = rows.into_iter().flatten().find(|user| user.id == *id);
        if found.is_none() && !is_empty {
            return Err(self.unreadable(&reply, "another user than the one asked for"));
        }
        Ok(found)
    }

    fn requests(&self) -> Requests {
        self.client.requests()
    }

    fn describe(&self, batch: &Batch) -> (&'static str, &'static str) {
        let method = match batch.verb {
            Verb::Create | Verb::Upsert => "POST",
            Verb::Update => "PATCH",
            Verb::Delete => "DELETE",
        };
        (method, USERS)
    }
}

#[async_trait]
impl WriteTarget for WazzupV2 {
    async fn send(&self, batch: &Batch) -> Answer {
        let (method, body) = match batch.verb {
            Verb::Create | Verb::Upsert => (Method::POST, Body::records(batch)),
            Verb::Update => (Method::PATCH, Body::records(batch)),
            Verb::Delete => (Method::DELETE, Body::ids(batch)),
        };
        let call = Call {
            method,
            url: self.users_url.clone(),
            path: USERS,
            body: Some(body.to_json()),
            n_users: batch.items.len(),
        };
        match self.client.send(call).await {
            Ok(reply) => classify::write(&reply, self.client.redactor()),
            Err(answer) => answer,
        }
    }
}

impl WazzupV2 {
    async fn page(&self, offset: usize, limit: usize) -> Result<Vec<Row>, Answer> {
        let mut url = self.users_url.clone();
        url.query_pairs_mut()
            .append_pair("offset", &offset.to_string())
            .append_pair("limit", &limit.to_string());
        let reply = self.read(url, USERS, 0).await?;
        match self.payload(&reply)? {
            Payload::Many(rows) => Ok(rows),
            // Null is no empty list: an account without users would look the same as a broken one.
            Payload::One(_) | Payload::Nothing => Err(self.unreadable(&reply, "no list of users")),
        }
    }

    /// A read, with everything but a 2xx as an error.
    async fn read(&self, url: Url, path: &'static str, n_users: usize) -> Result<Reply, Answer> {
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
            Err(classify::refusal(&reply, self.client.redactor()))
        }
    }

    fn payload(&self, reply: &Reply) -> Result<Payload, Answer> {
        user_rows::read(&reply.body).map_err(|why| self.unreadable(reply, why))
    }

    fn unreadable(&self, reply: &Reply, why: &str) -> Answer {
        classify::unreadable(reply, why, self.client.redactor())
    }

    /// The URL of one user; none for an id that a path can't carry: it would lead to the list, or elsewhere.
    fn user_url(&self, id: &UserId) -> Option<Url> {
        if matches!(id.as_str(), "" | "." | "..") || id.as_str().contains(char::is_control) {
            return None;
        }
        let mut url = self.users_url.clone();
        url.path_segments_mut().ok()?.push(id.as_str());
        Some(url)
    }
}

/// The body of a write.
#[derive(Serialize)]
#[serde(untagged)]
enum Body<'a> {
    Records { users: Vec<Record<'a>> },
    Ids { user_ids: Vec<&'a str> },
}

/// A whole user. The platform refuses fields that it does not know.
#[derive(Serialize)]
struct Record<'a> {
    id: &'a str,
    name: &'a str,
    /// Outer `None`: left out. Inner `None`: null.
    #[serde(skip_serializing_if = "Option::is_none")]
    phone: Option<Option<&'a str>>,
}

impl Body<'_> {
    fn records(batch: &Batch) -> Body<'_> {
        let users = batch.items.iter().map(Record::of).collect();
        Body::Records { users }
    }

    fn ids(batch: &Batch) -> Body<'_> {
        let user_ids = batch.items.iter().map(|item| item.id.as_str()).collect();
        Body::Ids { user_ids }
    }

    fn to_json(&self) -> Vec<u8> {
        serde_json::to_vec(self).expect("texts, lists and objects with text keys have a JSON form")
    }
}

impl Record<'_> {
    fn of(item: &Item) -> Record<'_> {
        Record {
            id: item.id.as_str(),
            name: &item.name,
            phone: match &item.phone {
                PhoneField::Number(phone) => Some(Some(phone.digits())),
                PhoneField::None | PhoneField::Clear(ClearBy::Omit) => None,
                PhoneField::Clear(ClearBy::Empty) => Some(Some("")),
                PhoneField::Clear(ClearBy::Malformed) => Some(Some(MALFORMED_PHONE)),
                PhoneField::Clear(ClearBy::Null) => Some(None),
            },
        }
    }
}
