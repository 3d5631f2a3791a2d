//! Meta: system users of a business, and what they may do with one WhatsApp Business account.
//!
//! A member is a system user. It is active if it is assigned to the account, and its grant are the tasks of that
//! assignment. Facts as documented on <https://developers.facebook.com/docs/whatsapp> and in Meta's published
//! OpenAPI (read in November 2026); where those contradict each other, every variant is taken.
//!
//! People are assigned to the account too, in the same list. They are never members here, and no request names
//! one of them. A system user can't be deleted; leaving means to lose the assignment.

mod cursor;
mod graph;
mod refusal;
mod rows;
mod steps;
mod usage;
mod version;

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use async_trait::async_trait;
use secrecy::SecretString;
use tokio::sync::OnceCell;
use url::Url;

use self::cursor::{Then, Walk, Walked};
use self::graph::{Graph, Place};
use self::rows::{Page, User};
pub use self::version::{end_of, is_past_end};
use super::http::{Http, Reply};
use super::member::{Member, MemberId, MemberStep, MemberTarget, Members, StepAnswer};
use super::{Answer, Meaning, Requests};
use crate::domain::capability::{Capabilities, Names};
use crate::domain::grant::Grant;

/// Where the API lives unless the configuration says otherwise.
pub const BASE_URL: &str = "https://graph.facebook.com";

/// Rows asked for at a time: the documented maximum.
const PAGE_USERS: usize = 100;

/// The same as it is written in a request.
const LIMIT: &str = "100";

/// The role of system users that we make: all but those who manage others.
const ROLE: &str = "EMPLOYEE";

/// Ids of employees never travel to this platform; bounded as on the most generous of the others.
const ID_CHARS: usize = 200;

/// The limit for names of system users is undocumented; that of the other platforms is kept.
const NAME_CHARS: usize = 150;

const ME: &str = "/me";
const SYSTEM_USERS: &str = "/{business-id}/system_users";
const ASSIGNED_USERS: &str = "/{waba-id}/assigned_users";

/// Why the credential's own user is left alone.
const OWN_USER: &str = "it is the system user behind the token";

/// What one account of this kind needs beside address and token.
#[derive(Clone, Debug)]
pub struct MetaOptions {
    /// The business that the system users belong to: digits.
    pub business_id: String,
    /// The WhatsApp Business account: digits.
    pub waba_id: String,
    /// Version in every path, such as `v25.0`.
    pub api_version: String,
    /// Whether to unassign and assign where the platform refuses to change the tasks of who is assigned.
    pub reassign: bool,
    /// Of the app that the token belongs to: proves that requests come from it.
    pub app_secret: Option<SecretString>,
    /// Whether new system users may be made.
    pub creates: bool,
}

/// The system users of one business on one WhatsApp Business account.
#[derive(Debug)]
pub struct Meta {
    graph: Graph,
    business_id: String,
    waba_id: String,
    reassign: bool,
    capabilities: Capabilities,
    /// The id of the credential's own user, once it was read. A token never changes its user.
    own_id: OnceCell<Arc<str>>,
    /// Once refused, tasks are not asked for again.
    tasks_are_hidden: AtomicBool,
}

/// The business behind that token. Nothing is sent yet.
pub fn meta(base_url: &Url, token: SecretString, http: &Http, options: MetaOptions) -> Meta {
    let MetaOptions {
        business_id,
        waba_id,
        api_version,
        reassign,
        app_secret,
        creates,
    } = options;
    Meta {
        graph: Graph::new(base_url, &api_version, token, app_secret, http),
        business_id,
        waba_id,
        reassign,
        capabilities: Capabilities {
            batch_users: 1,
            id_chars: ID_CHARS,
            name_chars: NAME_CHARS,
            seats: None,
            unique_phones: false,
            upsert: false,
            names: Names::Unmanaged,
            phones: false,
            grants: true,
            creates,
            page_users: PAGE_USERS,
            slow_down: Duration::ZERO,
        },
        own_id: OnceCell::new(),
        tasks_are_hidden: AtomicBool::new(false),
    }
}

#[async_trait]
impl MemberTarget for Meta {
    fn capabilities(&self) -> &Capabilities {
        &self.capabilities
    }

    async fn list(&self) -> Result<Members, Answer> {
        let own_id = self.own_id().await?;
        let users = self.walk(Edge::SystemUsers).await?;
        let assigned = self.walk(Edge::AssignedUsers).await?;
        let assignment_of = |id: &str| assigned.users.iter().find(|it| &*it.id == id);
        let members = users
            .users
            .iter()
            .map(|it| member(it, assignment_of(&it.id), own_id))
            .collect();
        Ok(Members {
            members,
            incomplete: users.incomplete.or(assigned.incomplete).map(str::to_owned),
        })
    }

    async fn get(&self, id: &MemberId) -> Result<Option<Member>, Answer> {
        let own_id = self.own_id().await?;
        // An object can be read by its id alone, but then nobody knows whether it is a system user or a person.
        let Some(user) = self.find(Edge::SystemUsers, id).await? else {
            return Ok(None);
        };
        let assignment = self.find(Edge::AssignedUsers, id).await?;
        Ok(Some(member(&user, assignment.as_ref(), own_id)))
    }

    async fn send(&self, step: &MemberStep) -> StepAnswer {
        match step {
            MemberStep::Create { key, grant } => self.create(key, grant).await,
            MemberStep::Admit { id, grant, seen } => StepAnswer {
                answer: self.admit(id, grant, seen.as_ref()).await,
                id: Some(id.clone()),
            },
            MemberStep::Dismiss { id } => StepAnswer {
                answer: self.dismiss(id).await,
                id: Some(id.clone()),
            },
        }
    }

    fn requests(&self) -> Requests {
        self.graph.requests()
    }

    fn describe(&self, step: &MemberStep) -> (&'static str, &'static str) {
        match step {
            MemberStep::Create { .. } => ("POST", SYSTEM_USERS),
            MemberStep::Admit { .. } => ("POST", ASSIGNED_USERS),
            MemberStep::Dismiss { .. } => ("DELETE", ASSIGNED_USERS),
        }
    }
}

/// The two lists.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Edge {
    SystemUsers,
    AssignedUsers,
}

fn member(user: &User, assignment: Option<&User>, own_id: &str) -> Member {
    Member {
        id: MemberId(user.id.clone()),
        key: user.name.clone(),
        is_active: assignment.is_some(),
        grant: match assignment {
            Some(assignment) => assignment.tasks.clone(),
            None => Some(Grant::new([""; 0])),
        },
        untouchable: (&*user.id == own_id).then_some(OWN_USER),
    }
}

/// Reading.
impl Meta {
    /// The id of the credential's own user, as the lists show it.
    async fn own_id(&self) -> Result<&str, Answer> {
        let read = async || {
            let place = Place {
                object: "me",
                edge: None,
                path: ME,
            };
            let reply = self.graph.get(place, &[("fields", "id")]).await?;
            rows::id(&reply.body).map_err(|why| self.unreadable(&reply, why))
        };
        self.own_id.get_or_try_init(read).await.map(|it| &**it)
    }

    /// A whole list, as far as it can be had.
    async fn walk(&self, edge: Edge) -> Result<Walked, Answer> {
        let mut walk = Walk::default();
        let mut cursor = None;
        loop {
            let page = self.page(edge, cursor.as_deref()).await?;
            match walk.take(page) {
                Then::Page(next) => cursor = Some(next),
                Then::End(walked) => return Ok(walked),
            }
        }
    }

    /// One user of a list, reading no further than it.
    ///
    /// # Errors
    /// Also a list that lacks the user, but may lack others as well.
    async fn find(&self, edge: Edge, id: &MemberId) -> Result<Option<User>, Answer> {
        let mut walk = Walk::default();
        let mut cursor = None;
        loop {
            let page = self.page(edge, cursor.as_deref()).await?;
            match walk.take(page) {
                Then::Page(next) => {
                    if let Some(user) = walk.find(id.as_str()) {
                        return Ok(Some(user.clone()));
                    }
                    cursor = Some(next);
                }
                Then::End(Walked { users, incomplete }) => {
                    let found = users.into_iter().find(|it| &*it.id == id.as_str());
                    return match (found, incomplete) {
                        (None, Some(why)) => Err(local(Meaning::Unknown, "INCOMPLETE_LIST", why)),
                        (found, _) => Ok(found),
                    };
                }
            }
        }
    }

    /// The page behind that cursor. The URL is made anew each time: the one that the platform names for the next
    /// page holds the token, and could lead anywhere.
    async fn page(&self, edge: Edge, cursor: Option<&str>) -> Result<Page, Answer> {
        let hides_tasks = self.tasks_are_hidden.load(Ordering::Relaxed);
        let page = self.page_with(edge, cursor, !hides_tasks).await;
        match page {
            // One of the documents lists the fields that can be asked for, and tasks are not among them.
            Err(answer)
                if edge == Edge::AssignedUsers && !hides_tasks && refusal::is_invalid_parameter(&answer) =>
            {
                let page = self.page_with(edge, cursor, false).await;
                self.tasks_are_hidden.store(page.is_ok(), Ordering::Relaxed);
                // If it was not the field, then the first refusal is the one to show.
                page.map_err(|second| match second.meaning {
                    Meaning::BadItem => answer,
                    _ => second,
                })
            }
            page => page,
        }
    }

    async fn page_with(&self, edge: Edge, cursor: Option<&str>, with_tasks: bool) -> Result<Page, Answer> {
        let mut params = match edge {
            Edge::SystemUsers => vec![("fields", "id,name")],
            Edge::AssignedUsers => {
                let fields = if with_tasks { "id,name,tasks" } else { "id,name" };
                vec![("business", self.business_id.as_str()), ("fields", fields)]
            }
        };
        params.push(("limit", LIMIT));
        params.extend(cursor.map(|it| ("after", it)));
        let reply = self.graph.get(self.place(edge), &params).await;
        let reply = reply.map_err(|answer| match answer.meaning {
            // Of a list that is not there, nobody is absent.
            Meaning::Missing => Answer {
                meaning: Meaning::BadItem,
                ..answer
            },
            _ => answer,
        })?;
        rows::page(&reply.body).map_err(|why| self.unreadable(&reply, why))
    }

    fn place(&self, edge: Edge) -> Place<'_> {
        match edge {
            Edge::SystemUsers => Place {
                object: &self.business_id,
                edge: Some("system_users"),
                path: SYSTEM_USERS,
            },
            Edge::AssignedUsers => Place {
                object: &self.waba_id,
                edge: Some("assigned_users"),
                path: ASSIGNED_USERS,
            },
        }
    }

    fn unreadable(&self, reply: &Reply, why: &str) -> Answer {
        refusal::unreadable(reply, why, self.graph.redactor())
    }
}

/// An answer of our own: no request was made, or none alone decided it.
fn local(meaning: Meaning, code: &str, text: impl Into<String>) -> Answer {
    Answer {
        meaning,
        status: None,
        code: Some(code.to_owned()),
        text: text.into(),
    }
}
