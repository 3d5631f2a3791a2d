//! What the contract needs to know of a platform.

use std::num::NonZeroU32;

use wazzup_sync::domain::grant::Grant;
use wazzup_sync::simulator::Simulator;
use wazzup_sync::target::http::{Http, HttpOptions};
use wazzup_sync::target::member::{Member, MemberId, MemberStep, MemberTarget};

/// One platform with one account on it, seen by its client and, past the client, by the test.
pub trait Stage {
    /// The client.
    fn target(&self) -> &dyn MemberTarget;

    /// The platform.
    fn simulator(&self) -> &Simulator;

    /// Two grants between which users may be moved; the lesser one first.
    fn grants(&self) -> [Grant; 2];

    /// What a person of that name is recognised by.
    fn key(&self, name: &str) -> String;

    /// An administrator's hand: puts a user in.
    fn put(&self, key: &str, grant: &Grant, is_active: bool) -> MemberId;

    /// An administrator's hand: takes a user out.
    fn remove(&self, id: &MemberId);

    /// Who is really there, by key.
    fn truth(&self) -> Vec<Truth>;

    /// Users that no step may change, and that are there from the beginning.
    fn untouchables(&self) -> Vec<MemberId>;

    /// What may be seen nowhere, beside the keys: tokens, passwords that were sent.
    fn secrets(&self) -> Vec<String>;

    /// Sets the n-th way in which the platform may word a refusal; false if there are no more.
    fn word_refusals(&self, n: usize) -> bool;
}

/// A user as it really is.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Truth {
    pub id: MemberId,
    pub key: String,
    pub is_active: bool,
    pub grant: Option<Grant>,
}

/// Connections with wide limits.
pub fn http() -> Http {
    Http::new(HttpOptions {
        requests_per_second: NonZeroU32::MAX,
        max_response_bytes: 256 * 1024,
        ..HttpOptions::default()
    })
}

/// Shorthands for all stages.
impl dyn Stage + '_ {
    pub fn lesser(&self) -> Grant {
        self.grants()[0].clone()
    }

    pub fn greater(&self) -> Grant {
        self.grants()[1].clone()
    }

    /// A user by its id, as it really is.
    pub fn user(&self, id: &MemberId) -> Option<Truth> {
        self.truth().into_iter().find(|it| it.id == *id)
    }

    /// The same by its key.
    pub fn by_key(&self, key: &str) -> Option<Truth> {
        let mut truth = self.truth().into_iter();
        truth.find(|it| it.key.eq_ignore_ascii_case(key))
    }

    pub fn create(&self, name: &str) -> MemberStep {
        MemberStep::Create {
            key: self.key(name).into(),
            grant: self.lesser(),
        }
    }

    pub fn admit(&self, id: &MemberId, grant: &Grant, seen: Option<Member>) -> MemberStep {
        MemberStep::Admit {
            id: id.clone(),
            grant: grant.clone(),
            seen,
        }
    }

    pub fn dismiss(&self, id: &MemberId) -> MemberStep {
        MemberStep::Dismiss { id: id.clone() }
    }

    /// The last thing in every test.
    #[track_caller]
    pub fn assert_no_rule_was_broken(&self) {
        assert_eq!(self.simulator().violations(), []);
    }
}
