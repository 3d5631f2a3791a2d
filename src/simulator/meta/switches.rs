//! What the simulated Meta does where its documents are silent or contradict each other.

use serde::{Deserialize, Serialize};

/// All switches of this platform. Every key is optional, and an unknown key is an error.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct MetaSwitches {
    /// Whether and how the list of assigned users shows tasks.
    pub tasks_on_read: TasksOnRead,
    /// What assigning a user does that is assigned already.
    pub already_assigned: AlreadyAssigned,
    /// What unassigning a user does that is not assigned.
    pub remove_unassigned: RemoveUnassigned,
    /// How an id is answered that no user of the business has.
    pub unknown_user: UnknownUser,
    /// Whether a system user with a name that exists is refused.
    pub unique_names: bool,
    /// Most system users of the business.
    pub max_system_users: Option<usize>,

    /// Rows of a page if the request names no limit.
    pub default_limit: usize,
    /// Rows that a page has at most, whatever the request asks for.
    pub page_cap: Option<usize>,
    /// Whether an empty page comes after each one that others follow.
    pub empty_pages: bool,
    /// Whether the second page leads to itself.
    pub repeat_cursor: bool,
    /// Whether a page that others follow says where they are only in the link.
    pub link_without_cursor: bool,
    /// Whether a list of one page has paging all the same.
    pub paging_on_single_page: bool,

    /// Status of an assignment that is refused because there is one.
    pub already_assigned_status: u16,
    /// Whether every refusal has status 400, whatever the documents say.
    pub always_400: bool,
    /// What a refusal looks like.
    pub error_body: GraphErrorBody,
    /// Code of a wrong or missing proof: 104, and seen as 100 too.
    pub wrong_proof_code: i64,

    /// Most calls within an hour; beyond it all are refused.
    pub call_limit: Option<usize>,
    /// Code of a call beyond the limit: 4, 17, 32, 613, 80007 or 80008.
    pub limit_code: i64,
    /// Status of the same.
    pub limit_status: u16,
    /// After how many minutes who was blocked may go on, as shown in the headers; 0: not before the hour is over.
    pub regain_minutes: u64,
    /// Which headers tell how much of the limit is used.
    pub usage_headers: UsageHeaders,
    /// The headers never tell less than this, in percent.
    pub min_usage_percent: u64,
}

impl Default for MetaSwitches {
    fn default() -> MetaSwitches {
        MetaSwitches {
            tasks_on_read: TasksOnRead::Shown,
            already_assigned: AlreadyAssigned::Refuse,
            remove_unassigned: RemoveUnassigned::NotFound,
            unknown_user: UnknownUser::NoAccess,
            unique_names: false,
            max_system_users: None,
            default_limit: 25,
            page_cap: None,
            empty_pages: false,
            repeat_cursor: false,
            link_without_cursor: false,
            paging_on_single_page: true,
            already_assigned_status: 422,
            always_400: false,
            error_body: GraphErrorBody::Full,
            wrong_proof_code: 104,
            call_limit: None,
            limit_code: 4,
            limit_status: 429,
            regain_minutes: 0,
            usage_headers: UsageHeaders::Both,
            min_usage_percent: 0,
        }
    }
}

/// Whether and how tasks are shown.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum TasksOnRead {
    /// As they were given.
    Shown,
    /// With those that they imply.
    Expanded,
    /// Never, without a word.
    Omitted,
    /// Who asks for them is refused.
    Refused,
}

/// What assigning does to an assignment that exists.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum AlreadyAssigned {
    /// It stays, and the request is refused.
    Refuse,
    /// Its tasks become those of the request.
    Overwrite,
    /// The tasks of the request are added.
    Add,
}

/// What unassigning does about a user that is not assigned.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum RemoveUnassigned {
    /// It is not found.
    NotFound,
    /// All is well.
    Ok,
}

/// How an id is answered that no user has, such as one of another scope.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum UnknownUser {
    /// Missing, or not accessible: 100 with subcode 33.
    NoAccess,
    /// Missing: 803.
    Missing,
}

/// What a refusal looks like.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum GraphErrorBody {
    /// With everything that the documents name.
    Full,
    /// Message, type and code.
    Minimal,
    /// A page for people.
    Html,
    /// Nothing.
    Empty,
}

/// Which headers tell how much of the limit is used.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum UsageHeaders {
    /// Both.
    Both,
    /// `X-App-Usage`, which knows no time.
    App,
    /// `X-Business-Use-Case-Usage`.
    Business,
    /// None.
    None,
}
