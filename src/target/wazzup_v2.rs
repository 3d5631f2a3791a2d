//! Wazzup v2 ("tech partner"): users; their rights on channels are in `settings`.
//!
//! `GET`, `POST`, `PATCH` and `DELETE /v2/users` of one account, by its client token. Facts as documented on
//! <https://wazzup24.com/help/api/users/> (read in November 2026); what the documentation leaves open is
//! taken in every form that may come.
//!
//! Creates go by POST and updates by PATCH. POST is documented to update a known id too, but integrators
//! have seen it refuse one, and a PATCH can't bring a deleted user back by accident.

mod channels;
mod settings;

use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use async_trait::async_trait;
use reqwest::Method;
use serde::Serialize;
use url::Url;

use super::access::{ReadAccess, WriteAccess};
use super::client::{Call, Client};
use super::credential::Credential;
use super::http::Http;
use super::paging::{Paging, Row};
use super::wazzup::{Dialect, Record, Users, below, ids_of, to_json};
use super::{Answer, Listing, Meaning, ReadTarget, Requests, WriteTarget};
use crate::domain::batch::{Batch, Verb};
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

/// The users of one Wazzup account.
#[derive(Debug)]
pub struct WazzupV2 {
    users: Users,
    /// Where all rights on channels are.
    settings: Url,
    /// Where all channels are.
    channels: Url,
    capabilities: Capabilities,
    /// Once refused, the larger page is not asked for again.
    pages_are_small: AtomicBool,
}

/// The account behind that credential. Nothing is sent yet.
pub fn wazzup_v2(base_url: &Url, credential: impl Into<Credential>, http: &Http) -> WazzupV2 {
    let dialect = Dialect {
        users: USERS,
        user: USER,
        empty_is_absent: false,
    };
    WazzupV2 {
        users: Users::new(base_url, Client::new(http, credential), dialect),
        settings: below(base_url, settings::PATH),
        channels: below(base_url, channels::PATH),
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
            slow_down: Duration::ZERO,
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
        self.users.get(id).await
    }

    fn requests(&self) -> Requests {
        self.users.requests()
    }

    fn describe(&self, batch: &Batch) -> (&'static str, &'static str) {
        let method = match batch.verb {
            Verb::Create | Verb::Upsert => "POST",
            Verb::Update => "PATCH",
            Verb::Delete => "DELETE",
        };
        (method, USERS)
    }

    fn access(&self) -> Option<&dyn ReadAccess> {
        Some(self)
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
            url: self.users.url().clone(),
            path: USERS,
            body: Some(to_json(&body)),
            n_users: batch.items.len(),
        };
        self.users.write(call).await
    }

    fn access_writer(&self) -> Option<&dyn WriteAccess> {
        Some(self)
    }
}

impl WazzupV2 {
    async fn page(&self, offset: usize, limit: usize) -> Result<Vec<Row>, Answer> {
        let page = self.users.page(&[("offset", offset), ("limit", limit)]).await?;
        Ok(page.rows)
    }
}

/// The body of a write.
#[derive(Serialize)]
#[serde(untagged)]
enum Body<'a> {
    Records { users: Vec<Record<'a>> },
    Ids { user_ids: Vec<&'a str> },
}

impl Body<'_> {
    fn records(batch: &Batch) -> Body<'_> {
        let users = Record::all_of(batch);
        Body::Records { users }
    }

    fn ids(batch: &Batch) -> Body<'_> {
        let user_ids = ids_of(batch);
        Body::Ids { user_ids }
    }
}
