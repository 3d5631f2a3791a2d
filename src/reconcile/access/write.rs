//! Writing the document: read, revise, write whole, read back; what is refused as a whole is tried in parts.
//!
//! The rows of others travel byte for byte. Only a platform that refuses whatever is sent gets them with nothing
//! in them but what is documented.
//!
//! A document is never sent twice: after an answer that is lost the platform is read again, and what is sent then
//! is made from what it shows.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use tokio::time::Instant;

use super::super::deliver::Run;
use super::super::link::{MAX_TRIES, SETTLES_BEFORE_JUDGING, backoff};
use super::super::stop::Stop;
use super::Access;
use super::planned::{change, nobody};
use super::sweep::Gone;
use crate::domain::access::revise::revise;
use crate::domain::access::wish::{RightsChange, supervisors};
use crate::domain::access::{Channels, Document, Wishes};
use crate::domain::grant::Grant;
use crate::domain::outcome::Change;
use crate::domain::user::UserId;
use crate::target::{Answer, Meaning};

/// Documents that the platform takes and does not show, until it is believed that it never will.
const MAX_UNSHOWN: usize = 2;

/// Single users that are refused, none being taken, until the rest is given up: it is not about them.
const MAX_SINGLE_REFUSALS: usize = 3;

/// HTTP's word for a body that is too large.
const PAYLOAD_TOO_LARGE: u16 = 413;

/// How far a change of rights has come.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Fate {
    /// Sent, and nothing is known of any effect.
    Open,
    /// Taken, to be confirmed by a read.
    Accepted,
    /// Read back.
    Confirmed,
    /// The platform does not take it.
    Rejected,
}

/// What was done about one user's rights.
#[derive(Clone, Debug)]
pub(super) struct Entry {
    pub(super) change: Change,
    pub(super) fate: Fate,
    /// Requests that carried it.
    pub(super) attempts: u32,
    /// To the last of them.
    pub(super) answer: Option<Answer>,
    /// Why it was done, where no wish says so.
    pub(super) reason: Option<Arc<str>>,
}

/// How the writing of some wishes ended.
enum Ending {
    /// The entries say how.
    Decided,
    Refused(Answer),
}

impl Access<'_> {
    /// Makes the wishes true, as far as the platform lets us. What became of each stands in the entries; if
    /// rights can't be read, that is kept for the end of the run.
    ///
    /// # Errors
    /// What ends the run at once.
    pub(super) async fn fulfil(&mut self, run: &mut Run<'_>, wishes: &Wishes) -> Result<(), Stop> {
        self.gone = None;
        for is_plain in [false, true] {
            self.is_plain = is_plain;
            match self.fulfil_in_parts(run, wishes).await {
                Ok(is_refused) if is_refused && self.has_more_than_documented() => {}
                Ok(_) => return Ok(()),
                Err(stop) => return self.postpone(stop),
            }
        }
        Ok(())
    }

    /// Whether a document without what is not documented would be another one.
    fn has_more_than_documented(&self) -> bool {
        let document = self.document.as_ref();
        !self.is_plain && document.is_some_and(|(document, _)| document.plain() != *document)
    }

    /// All at once; if that is refused, without what is no more; if that is refused too, by halves, so that
    /// one user whom the platform doesn't like is no harm to others. Whether each of them was called bad.
    async fn fulfil_in_parts(&mut self, run: &mut Run<'_>, wishes: &Wishes) -> Result<bool, Stop> {
        let (mut n_taken, mut n_singles) = (0, 0);
        let mut are_all_bad = true;
        let mut open = vec![wishes.clone()];
        while let Some(part) = open.pop() {
            let answer = match self.write(run, &part).await? {
                Ending::Decided => {
                    n_taken += 1;
                    continue;
                }
                Ending::Refused(answer) => answer,
            };
            are_all_bad &= answer.meaning == Meaning::BadItem;
            // Neither is about what stands in the document.
            let is_about_all =
                answer.status == Some(PAYLOAD_TOO_LARGE) || answer.meaning == Meaning::Forbidden;
            if is_about_all {
                are_all_bad = false;
                self.reject(&part);
            } else if self.gone.is_none() && self.look_for_gone(run).await? {
                open.push(part);
            } else if n_singles >= MAX_SINGLE_REFUSALS && n_taken == 0 {
                self.reject(&part);
            } else if let Some((first, rest)) = halves(&part) {
                open.extend([rest, first]);
            } else {
                n_singles += 1;
                self.reject(&part);
            }
        }
        Ok(are_all_bad && n_taken == 0)
    }

    /// Writes until the document says so, or is refused, or the patience ends.
    async fn write(&mut self, run: &mut Run<'_>, wishes: &Wishes) -> Result<Ending, Stop> {
        let mut pauses = backoff(run.link.reader.timing());
        let mut last_status = None;
        let mut repeated = None;
        let mut n_unshown = 0;
        for _ in 0..MAX_TRIES {
            self.refresh(run).await?;
            let channels = self.managed_channels();
            let (base, swept) = self.base();
            let revision = revise(&base, wishes, &channels);
            if revision.changes.is_empty() {
                self.confirm(wishes, &BTreeSet::new());
                return Ok(Ending::Decided);
            }
            if let Some(answer) = repeated {
                return Ok(Ending::Refused(answer));
            }
            let users: Vec<(UserId, Grant)> = revision
                .changes
                .iter()
                .map(|(id, it)| (id.clone(), it.new.clone()))
                .collect();
            self.intended.extend(users.iter().map(|(id, _)| id.clone()));
            let answer = run.link.send_access(&users, &revision.document).await?;
            self.note(&revision.changes, &answer);
            match answer.meaning {
                Meaning::Accepted => {
                    self.note_swept(swept, &answer);
                    let left = self.read_back(run, wishes, &channels).await?;
                    self.confirm(wishes, &left);
                    n_unshown += 1;
                    if left.is_empty() || n_unshown == MAX_UNSHOWN {
                        return Ok(Ending::Decided);
                    }
                }
                Meaning::Unknown => {
                    self.had_unknown = true;
                    let is_server_error = answer.status.is_some_and(|status| status >= 500);
                    if is_server_error && last_status == answer.status {
                        repeated = Some(answer.clone());
                    }
                    last_status = answer.status;
                    tokio::time::sleep(pauses.next().unwrap_or_default()).await;
                }
                _ => return Ok(Ending::Refused(answer)),
            }
        }
        Ok(Ending::Decided)
    }

    /// Reads the document, unless it was read since the last request that may have changed it.
    pub(super) async fn refresh(&mut self, run: &Run<'_>) -> Result<(), Stop> {
        let reader = &run.link.reader;
        let Some(target) = reader.target().access() else {
            return Ok(());
        };
        let is_current = |at: &Instant| reader.last_write().is_none_or(|last| last < *at);
        if !self.document.as_ref().is_some_and(|(_, at)| is_current(at)) {
            let document = reader.settings(target).await?;
            self.document = Some((document, Instant::now()));
        }
        Ok(())
    }

    /// Whom the document does not show as wished; reads may lag behind writes.
    async fn read_back(
        &mut self,
        run: &Run<'_>,
        wishes: &Wishes,
        channels: &Channels,
    ) -> Result<BTreeSet<UserId>, Stop> {
        let reader = &run.link.reader;
        let mut left = BTreeSet::new();
        for settles in std::iter::once(0).chain(SETTLES_BEFORE_JUDGING) {
            reader.settle(settles).await;
            self.document = None;
            self.refresh(run).await?;
            let (base, _) = self.base();
            left = revise(&base, wishes, channels).changes.into_keys().collect();
            if left.is_empty() {
                break;
            }
        }
        Ok(left)
    }

    /// The managed channels, without those that turned out to be gone.
    fn managed_channels(&self) -> Channels {
        let channels = self.channels.clone().unwrap_or_default();
        match &self.gone {
            Some(gone) => channels.without(&gone.channels),
            None => channels,
        }
    }

    /// What revisions begin with: the document as read, once it was refused without what is no more. Also
    /// tells of whom something is left out.
    fn base(&self) -> (Document, BTreeMap<UserId, RightsChange>) {
        let Some((document, _)) = &self.document else {
            return Default::default();
        };
        let plain = if self.is_plain {
            document.plain()
        } else {
            document.clone()
        };
        let Some(Gone { users, channels }) = &self.gone else {
            return (plain, BTreeMap::new());
        };
        let swept = plain.swept(users, channels);
        let (before, after) = (document.index(), swept.index());
        let managed = self.managed_channels();
        let mut changes = BTreeMap::new();
        for id in document.users() {
            let (old, new) = (before.of(&id), after.of(&id));
            if old.rows.len() != new.rows.len() || old.is_hidden != new.is_hidden {
                let change = RightsChange {
                    old: Some(old.grant(&managed)),
                    new: new.grant(&managed),
                };
                changes.insert(id, change);
            }
        }
        (swept, changes)
    }

    /// These were in a request that was answered so.
    fn note(&mut self, changes: &BTreeMap<UserId, RightsChange>, answer: &Answer) {
        let fate = match answer.meaning {
            Meaning::Accepted => Fate::Accepted,
            _ => Fate::Open,
        };
        for (id, rights) in changes {
            let planned = self.planned.changes.get(id);
            let user = planned
                .and_then(|it| it.new.clone())
                .unwrap_or_else(|| nobody(id));
            let change = change(id, rights.clone(), user);
            let entry = self.entries.entry(id.clone()).or_insert_with(|| Entry {
                change: change.clone(),
                fate,
                attempts: 0,
                answer: None,
                reason: None,
            });
            entry.change.new = change.new;
            entry.fate = fate;
            entry.attempts += 1;
            entry.answer = Some(answer.clone());
        }
    }

    /// Rows that stood in the way were left out of a document that was taken.
    fn note_swept(&mut self, swept: BTreeMap<UserId, RightsChange>, answer: &Answer) {
        for (id, rights) in swept {
            // Who is in the plan is told of anyway.
            if self.entries.contains_key(&id) {
                continue;
            }
            tracing::warn!(user.id = %id, "rows of a user or a channel that is no more were left out");
            let entry = Entry {
                change: change(&id, rights, nobody(&id)),
                fate: Fate::Confirmed,
                attempts: 1,
                answer: Some(answer.clone()),
                reason: Some("the platform refused rows of users or channels that it does not have".into()),
            };
            self.entries.insert(id, entry);
        }
    }

    /// All of these wishes are true by now, but for those of users in `left`.
    fn confirm(&mut self, wishes: &Wishes, left: &BTreeSet<UserId>) {
        for id in subjects(wishes).filter(|id| !left.contains(id)) {
            if let Some(entry) = self.entries.get_mut(&id) {
                entry.fate = Fate::Confirmed;
            }
        }
    }

    /// The platform does not take these.
    fn reject(&mut self, wishes: &Wishes) {
        for id in subjects(wishes) {
            if let Some(entry) = self.entries.get_mut(&id)
                && entry.fate == Fate::Open
            {
                entry.fate = Fate::Rejected;
            }
        }
    }

    /// Whether the platform did not take what was wished of this user.
    pub(super) fn is_rejected(&self, id: &UserId) -> bool {
        self.entries.get(id).is_some_and(|it| it.fate == Fate::Rejected)
    }
}

/// Whom wishes are about.
fn subjects(wishes: &Wishes) -> impl Iterator<Item = UserId> + use<> {
    let Wishes {
        users,
        kept,
        notify_supervisors,
    } = wishes;
    let ids: BTreeSet<UserId> = users.keys().chain(kept.keys()).cloned().collect();
    ids.into_iter().chain(notify_supervisors.map(|_| supervisors()))
}

/// The wishes of one half of the users, and the rest; `None` if they are about one alone.
fn halves(wishes: &Wishes) -> Option<(Wishes, Wishes)> {
    let all: Vec<UserId> = subjects(wishes).collect();
    if all.len() < 2 {
        return None;
    }
    let first: BTreeSet<&UserId> = all.iter().take(all.len() / 2).collect();
    let part = |is_first: bool| {
        let is_in = |id: &UserId| first.contains(id) == is_first;
        let users = wishes.users.iter().filter(|(id, _)| is_in(id));
        let kept = wishes.kept.iter().filter(|(id, _)| is_in(id));
        Wishes {
            users: users.map(|(id, it)| (id.clone(), *it)).collect(),
            kept: kept.map(|(id, it)| (id.clone(), it.clone())).collect(),
            notify_supervisors: wishes.notify_supervisors.filter(|_| is_in(&supervisors())),
        }
    };
    Some((part(true), part(false)))
}
