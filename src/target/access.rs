//! Platforms that keep the rights of all users in one document, which is read and written as a whole.
//!
//! Reading and writing are separate types here too: whoever only plans can't write by accident.

use async_trait::async_trait;

use super::Answer;
use crate::domain::access::{Channel, ChannelId, Document};

/// Rights that can be read.
#[async_trait]
pub trait ReadAccess: Send + Sync {
    /// All channels that the platform lists, removed ones perhaps included.
    ///
    /// # Errors
    /// Any answer that is no list of channels.
    async fn channels(&self) -> Result<Vec<Channel>, Answer>;

    /// Whether there is a channel of this id. Asked where the list lacks it: whether the list is whole is
    /// documented nowhere.
    ///
    /// # Errors
    /// Any answer from which neither follows.
    async fn has_channel(&self, id: &ChannelId) -> Result<bool, Answer>;

    /// The whole document.
    ///
    /// # Errors
    /// Any answer that is none.
    async fn read_access(&self) -> Result<Document, Answer>;

    /// How the document will travel, for plans: method and path.
    fn describe_access(&self) -> (&'static str, &'static str);
}

/// Rights that can be changed.
#[async_trait]
pub trait WriteAccess: ReadAccess {
    /// Writes the whole document, once: whoever calls decides about a repetition.
    async fn write_access(&self, document: &Document) -> Answer;
}
