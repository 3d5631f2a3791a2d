//! Where the desired state comes from: one query, read to its end in one read-only transaction.
//!
//! A source decides nothing about employees. It runs the configured query, turns each value into text
//! and says precisely why a read failed, so that an outage is never taken for an empty table.

use async_trait::async_trait;

use crate::domain::table::CompleteRead;

/// A CRM's database.
#[async_trait]
pub trait Source: Send + Sync {
    /// Reads all rows of the query in one read-only transaction.
    ///
    /// # Errors
    /// Every way in which the read can fail to come to its end with all expected columns.
    async fn read(&self) -> Result<CompleteRead, SourceError>;
}

/// Why there is no complete read. Texts name the source and the cause, and hold no password.
#[derive(Debug, thiserror::Error)]
pub enum SourceError {
    /// Connection refused, wrong password, time-out, or the connection broke off in mid-read.
    #[error("source `{source_name}` is unreachable: {cause}")]
    Unreachable {
        /// Name in the configuration.
        source_name: String,
        /// Cleaned text of the driver.
        cause: String,
    },
    /// The database answered, but what it yields can't be used: missing table, right or column, an
    /// unknown column, a type that has no text, too many rows, a field that is too long.
    #[error("source `{source_name}` is unusable: {cause}")]
    Unusable {
        /// Name in the configuration.
        source_name: String,
        /// What is wrong, and where it can be mended.
        cause: String,
    },
}
