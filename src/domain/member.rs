//! A user of a platform that gives its users ids of its own.

use std::fmt;
use std::sync::Arc;

use super::grant::Grant;

/// The platform's own id of a user: opaque, never a number.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub struct MemberId(pub Arc<str>);

impl MemberId {
    /// The id as text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// One user as the platform shows it.
#[derive(Clone, PartialEq, Eq)]
pub struct Member {
    /// The platform's id.
    pub id: MemberId,
    /// By what people recognise it, as shown: the e-mail, or the name.
    pub key: Arc<str>,
    /// Whether it can be used: not deactivated; assigned to what we manage.
    pub is_active: bool,
    /// What it may do; `None` where the platform does not show it, which is not the same as nothing.
    pub grant: Option<Grant>,
    /// Why it must never be changed, for people: it is the credential's own user, a human where only machines
    /// are managed, the last administrator.
    pub untouchable: Option<&'static str>,
}

impl fmt::Debug for Member {
    /// Without the key, which is personal data.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Member")
            .field("id", &self.id.0)
            .field("is_active", &self.is_active)
            .field("grant", &self.grant)
            .field("untouchable", &self.untouchable)
            .finish_non_exhaustive()
    }
}
