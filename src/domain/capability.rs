//! What a target can do, as data: the planner reads this and knows no platform.

use std::time::Duration;

/// The properties of one target that decide how a plan is made.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Capabilities {
    /// Most users in one write request.
    pub batch_users: usize,
    /// Longest id, in characters.
    pub id_chars: usize,
    /// Longest name, in characters.
    pub name_chars: usize,
    /// Most users in the account; `None` if the platform names no limit.
    pub seats: Option<usize>,
    /// Two users can't have the same phone.
    pub unique_phones: bool,
    /// A create and an update may travel in the same request.
    pub upsert: bool,
    /// What the name of a user is to the platform.
    pub names: Names,
    /// Users have phones.
    pub phones: bool,
    /// Users have a role or tasks, which travel with the user.
    pub grants: bool,
    /// New users may be made; where not, only those that the platform knows already can be admitted.
    pub creates: bool,
    /// Users of one page of a list, as asked for; how many requests a whole list takes is judged by it.
    pub page_users: usize,
    /// What a platform that says "slow down", and not for how long, wants at least.
    pub slow_down: Duration,
}

/// What the name of a user is to a platform.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Names {
    /// A text that we keep equal to the CRM's.
    Managed,
    /// The person's identity, such as an e-mail: another name is another user.
    Identity,
    /// The platform's own: it stays as it is.
    Unmanaged,
}
