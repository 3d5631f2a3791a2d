//! What of a refused document the platform does not have: users and channels that are no more.
//!
//! Whether a platform takes rows of them is documented nowhere. They are looked for after a refusal only: who
//! is not shown may be there all the same, so nobody's row is left out without need.

use std::collections::BTreeSet;

use super::super::deliver::Run;
use super::super::stop::Stop;
use super::Access;
use crate::domain::access::ChannelId;
use crate::domain::user::UserId;

/// Absences in a list that are confirmed one by one; where more are missing, the first ones stand for all.
const MAX_SINGLE_READS: usize = 20;

/// Whose rows can't be written.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub(super) struct Gone {
    pub(super) users: BTreeSet<UserId>,
    pub(super) channels: BTreeSet<ChannelId>,
}

impl Access<'_> {
    /// Looks which users and channels of the document are no more; whether there are any.
    pub(super) async fn look_for_gone(&mut self, run: &Run<'_>) -> Result<bool, Stop> {
        let reader = &run.link.reader;
        let (Some((document, _)), Some(target)) = (&self.document, reader.target().access()) else {
            return Ok(false);
        };
        let mut gone = Gone::default();
        let world = reader.list().await?;
        let mut missing = document.users();
        missing.retain(|id| !world.users.contains_key(id));
        for (n, id) in missing.into_iter().enumerate() {
            if n < MAX_SINGLE_READS && id.is_path_segment() && reader.get(&id).await?.is_some() {
                // The list is not whole, so nobody is known to be missing.
                gone.users.clear();
                break;
            }
            gone.users.insert(id);
        }
        let listed = reader.channels(target).await?;
        for id in document.channels() {
            let is_gone = match listed.iter().find(|it| it.id == id) {
                Some(channel) => channel.is_removed,
                None => !reader.has_channel(target, &id).await?,
            };
            if is_gone {
                gone.channels.insert(id);
            }
        }
        let is_any = gone != Gone::default();
        self.gone = Some(gone);
        Ok(is_any)
    }
}
