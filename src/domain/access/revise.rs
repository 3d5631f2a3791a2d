//! The document that says what is wished of some users, and of all others what it said before.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use foldhash::{HashMap, HashMapExt as _};

use super::document::{Document, Held, RoleRow};
use super::wish::{Kept, RightsChange, Wish, Wishes, supervisors};
use super::{ChannelId, Channels, Rights, notify_grant};
use crate::domain::user::UserId;

/// A document made from another one.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Revision {
    /// To be written as a whole.
    pub document: Document,
    /// Of whom it says something else than before; empty if it is the same.
    pub changes: BTreeMap<UserId, RightsChange>,
}

/// Makes the wishes true.
///
/// Rows of users without a wish, and rows on channels that are not managed, stay as they are, in their order.
/// So do the rows of a user for whom the document is right already.
pub fn revise(document: &Document, wishes: &Wishes, channels: &Channels) -> Revision {
    let index = document.index();
    let mut targets: HashMap<&UserId, Target<'_>> = HashMap::new();
    for id in wishes.users.keys().chain(wishes.kept.keys()) {
        let target = Target::new(id, wishes.users.get(id), wishes.kept.get(id), channels);
        if !target.is_met(&index.of(id), channels) {
            targets.insert(id, target);
        }
    }
    let mut rows = Vec::with_capacity(document.rows.len());
    for row in &document.rows {
        match targets.get_mut(&row.user) {
            None => rows.push(row.clone()),
            Some(target) => rows.extend(target.replace(row)),
        }
    }
    // In order of id, so that equal wishes lead to equal documents.
    let mut open: Vec<(&UserId, Target<'_>)> = targets.into_iter().collect();
    open.sort_by(|one, other| one.0.cmp(other.0));
    let mut hidden = document.hidden.clone().unwrap_or_default();
    for (id, target) in &mut open {
        rows.append(&mut target.rest());
        if let Some(hide) = target.hide {
            hidden.retain(|it| **it != *id.as_str());
            hidden.extend(hide.then(|| Arc::from(id.as_str())));
        }
    }
    let hidden = hidden_as_before(document.hidden.as_deref(), hidden);
    let mut revised = Document {
        rows,
        hidden,
        notify_supervisors: document.notify_supervisors,
    };
    let mut changes = BTreeMap::new();
    let after = revised.index();
    for (id, _) in &open {
        let change = RightsChange {
            old: Some(index.of(id).grant(channels)),
            new: after.of(id).grant(channels),
        };
        changes.insert((*id).clone(), change);
    }
    if let Some(notify) = wishes.notify_supervisors
        && document.notify_supervisors != Some(notify)
    {
        let change = RightsChange {
            old: document.notify_supervisors.map(notify_grant),
            new: notify_grant(notify),
        };
        changes.insert(supervisors(), change);
        revised.notify_supervisors = Some(notify);
    }
    Revision {
        document: revised,
        changes,
    }
}

/// The list as the platform had it where only the order would differ, and none where it had none and needs none.
fn hidden_as_before(before: Option<&[Arc<str>]>, after: Vec<Arc<str>>) -> Option<Vec<Arc<str>>> {
    let Some(before) = before else {
        return (!after.is_empty()).then_some(after);
    };
    // Who stays hidden keeps the place.
    let mut ordered: Vec<Arc<str>> = before.iter().filter(|it| after.contains(it)).cloned().collect();
    let new: Vec<Arc<str>> = after.into_iter().filter(|it| !before.contains(it)).collect();
    ordered.extend(new);
    Some(ordered)
}

/// What one user's part of the document shall become.
struct Target<'a> {
    id: &'a UserId,
    /// All rows on all channels go.
    is_gone: bool,
    rights: Option<Rights>,
    /// Whether phones of clients shall be hidden from the user; `None`: as it is.
    hide: Option<bool>,
    /// Rows that the user had before it was deleted for a moment.
    kept: &'a [RoleRow],
    /// Managed channels without their row yet.
    missing: BTreeMap<&'a ChannelId, RoleRow>,
    /// Channels where a row of the user was seen.
    seen: BTreeSet<ChannelId>,
    channels: &'a Channels,
}

impl<'a> Target<'a> {
    fn new(
        id: &'a UserId,
        wish: Option<&Wish>,
        kept: Option<&'a Kept>,
        channels: &'a Channels,
    ) -> Target<'a> {
        let rights = match wish {
            Some(Wish::Have(rights)) => Some(*rights),
            Some(Wish::Gone) | None => None,
        };
        let missing = channels.ids().filter_map(|channel| {
            let row = RoleRow::of(channel, id, &rights?)?;
            Some((channel, row))
        });
        let is_gone = wish == Some(&Wish::Gone);
        let was_hidden = kept.is_some_and(|it| it.is_hidden).then_some(true);
        let hide = rights.map(|it| it.hide_phones).or(was_hidden);
        Target {
            id,
            is_gone,
            rights,
            hide: if is_gone { Some(false) } else { hide },
            kept: kept.filter(|_| !is_gone).map_or(&[], |it| &it.rows),
            missing: missing.collect(),
            seen: BTreeSet::new(),
            channels,
        }
    }

    /// Whether the document says it already.
    fn is_met(&self, held: &Held<'_>, channels: &Channels) -> bool {
        if self.is_gone {
            return held.is_empty();
        }
        let has_rights = match &self.rights {
            Some(rights) => held.is_just(rights, channels),
            None => self.hide.is_none_or(|hide| held.is_hidden == hide),
        };
        let has = |kept: &&RoleRow| held.rows.iter().any(|it| it.channel == kept.channel);
        has_rights && self.restorable().all(|it| has(&it))
    }

    /// Rows to be given back: on managed channels the rights say what there is.
    fn restorable(&self) -> impl Iterator<Item = &'a RoleRow> + use<'a, '_> {
        let is_decided = |row: &&RoleRow| self.rights.is_some() && self.channels.has(&row.channel);
        self.kept.iter().filter(move |row| !is_decided(row))
    }

    /// What stands in the place of a row of this user.
    fn replace(&mut self, row: &RoleRow) -> Option<RoleRow> {
        if self.is_gone {
            return None;
        }
        self.seen.insert(row.channel.clone());
        if self.rights.is_none() || !self.channels.has(&row.channel) {
            return Some(row.clone());
        }
        // The second row of a channel, and one that shall not be, find nothing here.
        let wanted = self.missing.remove(&row.channel)?;
        Some(if wanted.is_like(row) { row.clone() } else { wanted })
    }

    /// The rows that had no place yet.
    fn rest(&mut self) -> Vec<RoleRow> {
        let lost = self.restorable().filter(|it| !self.seen.contains(&it.channel));
        let mut rows: Vec<RoleRow> = lost.cloned().collect();
        rows.extend(std::mem::take(&mut self.missing).into_values());
        debug_assert!(rows.iter().all(|it| it.user == *self.id));
        rows
    }
}
