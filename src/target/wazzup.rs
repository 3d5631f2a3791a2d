//! What both generations of Wazzup's API share: where users are asked for, and how a user is written.
//!
//! Paths, shapes of bodies and limits differ and stand in [`super::wazzup_v2`] and [`super::wazzup_v3`].

use hyper::body::Bytes;
use reqwest::Method;
use serde::Serialize;
use url::Url;

use super::client::{Call, Client};
use super::http::Reply;
use super::user_rows::{self, Page, Payload};
use super::{Answer, Meaning, Requests, classify};
use crate::domain::batch::{Batch, ClearBy, Item, PhoneField};
use crate::domain::user::{User, UserId};

/// Sent as a phone that shall be removed: documented to be dropped silently, and holds no digit that could
/// be taken for a number.
const MALFORMED_PHONE: &str = "none";

/// How an API names its users, and what it answers about one that it does not have.
#[derive(Clone, Copy, Debug)]
pub struct Dialect {
    /// Path of the users, as documented.
    pub users: &'static str,
    /// The same for one user.
    pub user: &'static str,
    /// Whether an empty 2xx to a question about one user means that there is none.
    pub empty_is_absent: bool,
}

/// The users of one Wazzup account, as a place to send requests to.
#[derive(Debug)]
pub struct Users {
    client: Client,
    /// The base URL with [`Dialect::users`] behind it.
    url: Url,
    dialect: Dialect,
}

impl Users {
    /// The users behind that address. Nothing is sent yet.
    pub fn new(base_url: &Url, client: Client, dialect: Dialect) -> Users {
        let url = below(base_url, dialect.users);
        Users { client, url, dialect }
    }

    /// Where all users are.
    pub fn url(&self) -> &Url {
        &self.url
    }

    /// Where one user is; none for an id that a path can't carry: it would lead to the list, or elsewhere.
    pub fn user_url(&self, id: &UserId) -> Option<Url> {
        if !id.is_path_segment() {
            return None;
        }
        let mut url = self.url.clone();
        url.path_segments_mut().ok()?.push(id.as_str());
        Some(url)
    }

    /// Requests that have left so far.
    pub fn requests(&self) -> Requests {
        self.client.requests()
    }

    /// One page of the list.
    ///
    /// # Errors
    /// Any answer that is no list.
    pub async fn page(&self, query: &[(&str, usize)]) -> Result<Page, Answer> {
        let mut url = self.url.clone();
        for (name, value) in query {
            url.query_pairs_mut().append_pair(name, &value.to_string());
        }
        let reply = self.read(url, self.dialect.users, 0).await?;
        match self.payload(&reply)? {
            Payload::Many(page) => Ok(page),
            // Null is no empty list: an account without users would look the same as a broken one.
            Payload::One(_) | Payload::Nothing => Err(self.unreadable(&reply, "no list of users")),
        }
    }

    /// One user, or none.
    ///
    /// # Errors
    /// Any answer from which neither presence nor absence follows.
    pub async fn get(&self, id: &UserId) -> Result<Option<User>, Answer> {
        let Some(url) = self.user_url(id) else {
            return Err(Answer {
                meaning: Meaning::BadItem,
                status: None,
                code: None,
                text: "no user can be asked for by this id".to_owned(),
            });
        };
        let reply = match self.read(url, self.dialect.user, 1).await {
            Ok(reply) => reply,
            Err(answer) if answer.meaning == Meaning::Missing => return Ok(None),
            Err(answer) => return Err(answer),
        };
        if self.dialect.empty_is_absent && reply.body.trim_ascii().is_empty() {
            return Ok(None);
        }
        let rows = match self.payload(&reply)? {
            Payload::Many(page) => page.rows,
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

    /// Sends a write once.
    pub async fn write(&self, call: Call) -> Answer {
        match self.client.send(call).await {
            Ok(reply) => classify::write(&reply, self.client.redactor()),
            Err(answer) => answer,
        }
    }

    /// A read, with everything but a 2xx as an error.
    ///
    /// # Errors
    /// Any other answer, or none.
    pub async fn read(&self, url: Url, path: &'static str, n_users: usize) -> Result<Reply, Answer> {
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

    /// The answer to a read whose body can't be used.
    pub fn unreadable(&self, reply: &Reply, why: &str) -> Answer {
        classify::unreadable(reply, why, self.client.redactor())
    }
}

/// The base URL with a documented path behind it.
pub fn below(base_url: &Url, path: &str) -> Url {
    let mut url = base_url.clone();
    // A URL without a path can't be requested either; the first request says so.
    if let Ok(mut segments) = url.path_segments_mut() {
        segments
            .pop_if_empty()
            .extend(path.trim_start_matches('/').split('/'));
    }
    url
}

/// A whole user. The platform may refuse fields that it does not know.
#[derive(Serialize)]
pub struct Record<'a> {
    id: &'a str,
    name: &'a str,
    /// Outer `None`: left out. Inner `None`: null.
    #[serde(skip_serializing_if = "Option::is_none")]
    phone: Option<Option<&'a str>>,
}

impl Record<'_> {
    /// The records of a batch, in its order.
    pub fn all_of(batch: &Batch) -> Vec<Record<'_>> {
        batch.items.iter().map(Record::of).collect()
    }

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

/// The ids of a batch, in its order.
pub fn ids_of(batch: &Batch) -> Vec<&str> {
    batch.items.iter().map(|item| item.id.as_str()).collect()
}

/// The JSON of a body made of records and ids.
pub fn to_json(body: &impl Serialize) -> Bytes {
    let json = serde_json::to_vec(body).expect("texts, lists and objects with text keys have a JSON form");
    Bytes::from(json)
}
