//! What Wazzup v3 does where its own documents are silent or contradict each other.

use serde::{Deserialize, Serialize};

use crate::simulator::faults::RetryAfter;

/// Switches beside those that both generations share. The default is what is documented.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct V3Switches {
    /// How the list comes.
    pub list: ListShape,
    /// Rows of a page, where the list comes in pages.
    pub page_users: usize,
    /// What `count` says, where there is one.
    pub count: Count,
    /// Whether the rows of the list have phones; single users always have.
    pub phones_in_list: bool,
    /// The body of a successful write.
    pub success: Success,
    /// What becomes of the call that deletes several users.
    pub bulk_delete: BulkDelete,
    /// Most ids of that call; undocumented.
    pub bulk_delete_limit: Option<usize>,
    /// Whether that call tells the ids of nobody.
    pub report_absent: bool,
    /// How too many items are called.
    pub too_many: TooMany,
    /// More requests are answered with 429; counted for each API key.
    pub rate_limit: Option<RateLimit>,
}

impl Default for V3Switches {
    fn default() -> V3Switches {
        V3Switches {
            list: ListShape::Array,
            page_users: 100,
            count: Count::Number,
            phones_in_list: true,
            success: Success::Empty,
            bulk_delete: BulkDelete::Works,
            bulk_delete_limit: Some(100),
            report_absent: true,
            too_many: TooMany::Mach,
            rate_limit: Some(RateLimit::default()),
        }
    }
}

/// How the list of users comes.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ListShape {
    /// One array of all users, whatever is asked for.
    Array,
    /// An array with one page.
    PagedArray,
    /// `{"count", "data"}` with one page.
    Object,
}

/// What `count` says.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Count {
    /// The number of all users.
    Number,
    /// The same, as a text.
    Text,
    /// The number of rows on this page.
    OfPage,
}

/// The body of a successful write.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Success {
    /// Empty, but for the list of absent ids.
    Empty,
    /// Always empty.
    AllEmpty,
    /// Some JSON.
    Json,
}

/// What becomes of the call that deletes several users.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum BulkDelete {
    /// They are deleted.
    Works,
    /// There is no such call.
    NotFound,
    /// The API key may not use it.
    Forbidden,
}

/// How too many items are called: the documents spell it in two ways.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum TooMany {
    /// `TOO_MACH_ENTITIES`.
    Mach,
    /// `TOO_MANY_ENTITIES`.
    Many,
}

/// So many requests in a window, which begins anew when it is over.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct RateLimit {
    /// Requests of one API key.
    pub requests: u64,
    /// Length of the window.
    pub window_ms: u64,
    /// The header `Retry-After` of a 429; none is documented.
    pub retry_after: Option<RetryAfter>,
}

impl Default for RateLimit {
    fn default() -> RateLimit {
        RateLimit {
            requests: 500,
            window_ms: 5000,
            retry_after: None,
        }
    }
}
