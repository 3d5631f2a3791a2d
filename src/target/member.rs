//! Platforms that give their users ids of their own: WUTS and Meta.
//!
//! There, an employee is found by an e-mail or a name and remembered by the platform's id from then on. A
//! platform says what it shows and does one step for one user; who is whom is decided by
//! [`crate::domain::identity`], and the steps are chosen by the directory in `reconcile`, which makes such
//! a platform look like any other [`super::WriteTarget`].

use std::sync::Arc;

use async_trait::async_trait;

use super::{Answer, Requests};
use crate::domain::capability::Capabilities;
use crate::domain::grant::Grant;
pub use crate::domain::member::{Member, MemberId};

/// All users that a platform shows, active or not.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Members {
    /// Each once.
    pub members: Vec<Member>,
    /// Why the list may lack some; `None` for a complete one.
    pub incomplete: Option<String>,
}

/// One thing to be done for one user.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum MemberStep {
    /// A new user, active, with that grant. Never to be repeated without having looked first.
    Create {
        /// E-mail or name.
        key: Arc<str>,
        /// What it may do.
        grant: Grant,
    },
    /// An existing user becomes, or stays, active with that grant.
    Admit {
        /// Who.
        id: MemberId,
        /// What it may do from now on.
        grant: Grant,
        /// What it was last seen to be, so that only what differs needs a request.
        seen: Option<Member>,
    },
    /// The user goes, in the way that the account's `removal` names.
    Dismiss {
        /// Who.
        id: MemberId,
    },
}

/// What came of a step.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct StepAnswer {
    /// The deciding answer.
    pub answer: Answer,
    /// The user's id, if the platform told it: also when what followed its creation failed.
    pub id: Option<MemberId>,
}

/// A platform with ids of its own.
#[async_trait]
pub trait MemberTarget: Send + Sync {
    /// What this platform can do.
    fn capabilities(&self) -> &Capabilities;

    /// Reads all users.
    ///
    /// # Errors
    /// The first answer that ended the reading.
    async fn list(&self) -> Result<Members, Answer>;

    /// Reads one user; `None` if there is none of that id.
    ///
    /// # Errors
    /// Any answer from which neither presence nor absence follows.
    async fn get(&self, id: &MemberId) -> Result<Option<Member>, Answer>;

    /// Does one step, by as many requests as it takes; each is sent once.
    async fn send(&self, step: &MemberStep) -> StepAnswer;

    /// Requests made so far, by this value.
    fn requests(&self) -> Requests;

    /// How the step will travel, for plans and logs: method and documented path of its main request.
    fn describe(&self, step: &MemberStep) -> (&'static str, &'static str);
}
