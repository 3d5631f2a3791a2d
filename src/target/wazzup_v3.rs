//! Wazzup v3, the public API: users.
//!
//! `GET` and `POST /v3/users`, `PATCH /v3/users/bulk_delete` and `DELETE /v3/users/{id}`, by the account's API
//! key. Facts as documented on <https://wazzup24.com/help/api-en/working-with-the-user-entity/> and
//! <https://wazzup24.com/help/api-en/common-errors/> (read in November 2026); what the documentation leaves
//! open is taken in every form that may come.
//!
//! `POST` creates and updates, so both share requests. Roles of users are not part of this API.

use std::time::Duration;

use async_trait::async_trait;
use reqwest::Method;
use secrecy::SecretString;
use url::Url;

use super::client::{Call, Client};
use super::http::Http;
use super::paging::Paging;
use super::user_rows::Shape;
use super::wazzup::{Dialect, Record, Users, ids_of, to_json};
use super::{Answer, Listing, Meaning, ReadTarget, Requests, WriteTarget};
use crate::domain::batch::{Batch, Verb};
use crate::domain::capability::{Capabilities, Names};
use crate::domain::user::{User, UserId};

/// Where the API lives unless the configuration says otherwise.
pub const BASE_URL: &str = "https://api.wazzup24.com";

const USERS: &str = "/v3/users";
const USER: &str = "/v3/users/{id}";
const BULK_DELETE: &str = "/v3/users/bulk_delete";

/// Rows of a page, where the list comes in pages. Whether a `limit` is heeded is undocumented: none is sent.
const PAGE_USERS: usize = 100;

/// The platform counts requests anew every five seconds, and names no pause in its "429".
const COUNTING_WINDOW: Duration = Duration::from_secs(5);

/// The users of one Wazzup account.
#[derive(Debug)]
pub struct WazzupV3 {
    users: Users,
    capabilities: Capabilities,
}

/// The account behind that API key. Nothing is sent yet.
pub fn wazzup_v3(base_url: &Url, token: SecretString, http: &Http) -> WazzupV3 {
    let dialect = Dialect {
        users: USERS,
        user: USER,
        empty_is_absent: true,
    };
    WazzupV3 {
        users: Users::new(base_url, Client::new(http, token), dialect),
        capabilities: Capabilities {
            batch_users: 100,
            id_chars: 200,
            name_chars: 200,
            seats: Some(1000),
            // Older pages say nothing of it, newer ones that an error is returned.
            unique_phones: true,
            upsert: true,
            names: Names::Managed,
            phones: true,
            grants: false,
            creates: true,
            page_users: PAGE_USERS,
            slow_down: COUNTING_WINDOW,
        },
    }
}

#[async_trait]
impl ReadTarget for WazzupV3 {
    fn capabilities(&self) -> &Capabilities {
        &self.capabilities
    }

    /// The list is documented in two shapes: a bare array of all users, and pages in an envelope. Nothing in
    /// an array tells whether it is whole, so it is asked for more: all users again are the end as well.
    async fn list(&self) -> Result<Listing, Answer> {
        let mut paging = Paging::new(PAGE_USERS, PAGE_USERS);
        let mut phones_shown = false;
        loop {
            let page = self.users.page(&[("offset", paging.offset())]).await?;
            phones_shown |= page.shows_phones;
            let taken = match page.shape {
                Shape::Bare => paging.take_unless_whole(page.rows),
                Shape::Wrapped => paging.take(page.rows),
            };
            if let Some(listing) = taken {
                return Ok(Listing {
                    phones_shown: phones_shown || listing.users.is_empty(),
                    ..listing
                });
            }
        }
    }

    async fn get(&self, id: &UserId) -> Result<Option<User>, Answer> {
        self.users.get(id).await
    }

    fn requests(&self) -> Requests {
        self.users.requests()
    }

    fn describe(&self, batch: &Batch) -> (&'static str, &'static str) {
        self.way(batch).described()
    }
}

#[async_trait]
impl WriteTarget for WazzupV3 {
    async fn send(&self, batch: &Batch) -> Answer {
        let way = self.way(batch);
        let (_, path) = way.described();
        let (method, url, body) = match way {
            Way::Post => {
                let body = to_json(&Record::all_of(batch));
                (Method::POST, self.users.url().clone(), Some(body))
            }
            Way::DeleteOne(url) => (Method::DELETE, url, None),
            Way::BulkDelete => (
                Method::PATCH,
                self.bulk_delete_url(),
                Some(to_json(&ids_of(batch))),
            ),
        };
        let call = Call {
            method,
            url,
            path,
            body,
            n_users: batch.items.len(),
        };
        let answer = self.users.write(call).await;
        match answer.meaning {
            // Absent users are documented to be no error here: it is the call itself that is not there, and
            // halves of the batch lead to the call for one user, which is.
            Meaning::Missing if path == BULK_DELETE => Answer {
                meaning: Meaning::BadItem,
                ..answer
            },
            _ => answer,
        }
    }
}

/// The calls that change users.
enum Way {
    Post,
    DeleteOne(Url),
    BulkDelete,
}

impl Way {
    fn described(&self) -> (&'static str, &'static str) {
        match self {
            Way::Post => ("POST", USERS),
            Way::DeleteOne(_) => ("DELETE", USER),
            Way::BulkDelete => ("PATCH", BULK_DELETE),
        }
    }
}

impl WazzupV3 {
    /// A single leaver goes by the call for one, unless no path can carry its id.
    fn way(&self, batch: &Batch) -> Way {
        let single = match batch.items.as_slice() {
            [item] => self.users.user_url(&item.id),
            _ => None,
        };
        match (batch.verb, single) {
            (Verb::Create | Verb::Update | Verb::Upsert, _) => Way::Post,
            (Verb::Delete, Some(url)) => Way::DeleteOne(url),
            (Verb::Delete, None) => Way::BulkDelete,
        }
    }

    fn bulk_delete_url(&self) -> Url {
        let mut url = self.users.url().clone();
        if let Ok(mut path) = url.path_segments_mut() {
            path.push("bulk_delete");
        }
        url
    }
}
