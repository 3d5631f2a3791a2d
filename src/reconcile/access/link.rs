//! Patient reads of rights and channels.

use futures_util::future::BoxFuture;

use super::super::link::{MAX_TRIES, Patience, Reader, backoff};
use super::super::stop::{Said, Stop};
use crate::domain::access::{Channel, ChannelId, Document};
use crate::target::access::ReadAccess;
use crate::target::{Answer, Meaning};

impl Reader<'_> {
    /// The whole document of rights.
    pub(super) async fn settings(&self, target: &dyn ReadAccess) -> Result<Document, Stop> {
        self.patiently("the rights on channels", || target.read_access())
            .await
    }

    /// All channels.
    pub(super) async fn channels(&self, target: &dyn ReadAccess) -> Result<Vec<Channel>, Stop> {
        self.patiently("the channels", || target.channels()).await
    }

    /// Whether there is such a channel.
    pub(super) async fn has_channel(&self, target: &dyn ReadAccess, id: &ChannelId) -> Result<bool, Stop> {
        self.patiently("a channel", || target.has_channel(id)).await
    }

    /// Asks until there is an answer, or the patience ends.
    async fn patiently<'f, T>(
        &self,
        what: &str,
        ask: impl Fn() -> BoxFuture<'f, Result<T, Answer>>,
    ) -> Result<T, Stop> {
        let mut pauses = backoff(self.timing());
        let mut patience = Patience::with(self.target());
        let mut n_tries = 0;
        loop {
            self.check_time()?;
            let answer = match ask().await {
                Ok(found) => return Ok(found),
                Err(answer) => answer,
            };
            let said = Said(format!("{what}: {}", Said::from(&answer)));
            match answer.meaning {
                Meaning::SlowDown(wish) => patience.wait(wish, pauses.next(), &answer).await?,
                Meaning::Unknown => {
                    n_tries += 1;
                    if n_tries == MAX_TRIES {
                        return Err(Stop::Unreachable(said));
                    }
                    tokio::time::sleep(pauses.next().unwrap_or_default()).await;
                }
                Meaning::Unauthorised => return Err(Stop::Refused(said)),
                // The users may be read: so it is not the credential, only these may not be.
                _ => return Err(Stop::Unreadable(said)),
            }
        }
    }
}
