//! The document in which a platform keeps everybody's rights.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use foldhash::{HashMap, HashMapExt as _, HashSet};

use super::{ChannelId, Channels, NEW_CLIENTS, NO_ROLE, PHONES_HIDDEN, Rights};
use crate::domain::grant::Grant;
use crate::domain::user::UserId;

/// All rights of an account, ours and others'.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Document {
    /// Who has which role on which channel, in the order of the platform.
    pub rows: Vec<RoleRow>,
    /// From whom phones of clients are hidden; `None` where the platform does not tell.
    pub hidden: Option<Vec<Arc<str>>>,
    /// Whether supervisors are notified of all chats; `None` where the platform does not tell.
    pub notify_supervisors: Option<bool>,
}

/// One user's role on one channel.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct RoleRow {
    /// Where.
    pub channel: ChannelId,
    /// Whose; empty in a row that could not be read, which is nobody's to change.
    pub user: UserId,
    /// The platform's word, which may be none that we know.
    pub role: Arc<str>,
    /// Whether first messages of new clients come to the user.
    pub new_clients: bool,
    /// The row as the platform wrote it: it travels back byte for byte. `None` for a row of our own.
    pub raw: Option<Arc<str>>,
}

impl RoleRow {
    /// The row that gives these rights; `None` if they need none.
    pub fn of(channel: &ChannelId, user: &UserId, rights: &Rights) -> Option<RoleRow> {
        Some(RoleRow {
            channel: channel.clone(),
            user: user.clone(),
            role: rights.role?.word().into(),
            new_clients: rights.new_clients,
            raw: None,
        })
    }

    fn meaning(&self) -> (&str, bool) {
        (&self.role, self.new_clients)
    }

    /// Whether both rows say the same, however they are written.
    pub fn is_like(&self, other: &RoleRow) -> bool {
        self.meaning() == other.meaning() && self.channel == other.channel && self.user == other.user
    }
}

/// What a document says of one user.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Held<'a> {
    /// On whatever channel.
    pub rows: Vec<&'a RoleRow>,
    /// Whether phones of clients are hidden from the user.
    pub is_hidden: bool,
}

impl Held<'_> {
    /// Whether it says nothing.
    pub fn is_empty(&self) -> bool {
        self.rows.is_empty() && !self.is_hidden
    }

    /// Whether these are the rights on all managed channels. A platform that shows one row twice says
    /// nothing else by that.
    pub fn is_just(&self, rights: &Rights, channels: &Channels) -> bool {
        let wanted = rights.role.map(|role| (role.word(), rights.new_clients));
        let by_channel = self.by_channel();
        let is_as_wanted = |id: &ChannelId| match by_channel.get(id) {
            None => wanted.is_none(),
            Some(shown) => wanted.is_some_and(|it| *shown == BTreeSet::from([it])),
        };
        self.is_hidden == rights.hide_phones && channels.ids().all(is_as_wanted)
    }

    /// In words: without naming a channel where all managed ones are alike.
    pub fn grant(&self, channels: &Channels) -> Grant {
        let by_channel = self.by_channel();
        let mut words: Vec<String> = Vec::new();
        let mut on_managed = channels.ids().map(|id| by_channel.get(id));
        let first = on_managed.next().flatten();
        let is_uniform = on_managed.all(|it| it == first) && first.is_none_or(|it| it.len() == 1);
        if let Some(meanings) = first.filter(|_| is_uniform) {
            words.extend(meanings.iter().flat_map(|it| words_of(*it, "")));
        }
        for (id, meanings) in &by_channel {
            if !is_uniform || !channels.has(id) {
                let on = format!(" on {}", channels.name(id));
                words.extend(meanings.iter().flat_map(|it| words_of(*it, &on)));
            }
        }
        if words.is_empty() {
            words.push(NO_ROLE.to_owned());
        }
        if self.is_hidden {
            words.push(PHONES_HIDDEN.to_owned());
        }
        Grant::new(words)
    }

    fn by_channel(&self) -> BTreeMap<&ChannelId, BTreeSet<(&str, bool)>> {
        let mut by_channel: BTreeMap<&ChannelId, BTreeSet<(&str, bool)>> = BTreeMap::new();
        for row in &self.rows {
            by_channel.entry(&row.channel).or_default().insert(row.meaning());
        }
        by_channel
    }
}

fn words_of((role, new_clients): (&str, bool), on: &str) -> impl Iterator<Item = String> {
    let role = format!("{}{on}", crate::domain::name::clean(&role.replace(',', " ")));
    let clients = new_clients.then(|| format!("{NEW_CLIENTS}{on}"));
    std::iter::once(role).chain(clients)
}

/// A document, to look users up in.
#[derive(Debug)]
pub struct Index<'a> {
    rows: HashMap<&'a UserId, Vec<&'a RoleRow>>,
    hidden: HashSet<&'a str>,
}

impl Index<'_> {
    /// What it says of this user.
    pub fn of(&self, id: &UserId) -> Held<'_> {
        Held {
            rows: self.rows.get(id).cloned().unwrap_or_default(),
            is_hidden: self.hidden.contains(id.as_str()),
        }
    }
}

impl Document {
    /// For many questions about users.
    pub fn index(&self) -> Index<'_> {
        let mut rows: HashMap<&UserId, Vec<&RoleRow>> = HashMap::with_capacity(self.rows.len());
        for row in &self.rows {
            rows.entry(&row.user).or_default().push(row);
        }
        Index {
            rows,
            hidden: self.hidden.iter().flatten().map(|it| &**it).collect(),
        }
    }

    /// Everybody of whom it says anything.
    pub fn users(&self) -> BTreeSet<UserId> {
        let hidden = self.hidden.iter().flatten().map(|it| UserId::new(Arc::clone(it)));
        let rows = self.rows.iter().map(|row| row.user.clone());
        rows.chain(hidden).filter(|id| !id.as_str().is_empty()).collect()
    }

    /// The channels of its rows.
    pub fn channels(&self) -> BTreeSet<ChannelId> {
        let readable = self.rows.iter().filter(|row| !row.user.as_str().is_empty());
        readable.map(|row| row.channel.clone()).collect()
    }

    /// The same without what it says of users and channels that are no more.
    #[must_use]
    pub fn swept(&self, users: &BTreeSet<UserId>, channels: &BTreeSet<ChannelId>) -> Document {
        let is_left = |row: &&RoleRow| !users.contains(&row.user) && !channels.contains(&row.channel);
        let is_gone = |it: &Arc<str>| users.contains(&UserId::new(Arc::clone(it)));
        let hidden = self.hidden.as_ref();
        Document {
            rows: self.rows.iter().filter(is_left).cloned().collect(),
            hidden: hidden.map(|ids| ids.iter().filter(|it| !is_gone(it)).cloned().collect()),
            notify_supervisors: self.notify_supervisors,
        }
    }

    /// The same with nothing in a row but what is documented: a platform may refuse what it shows itself.
    #[must_use]
    pub fn plain(&self) -> Document {
        let plain = |row: &RoleRow| {
            let is_readable = !row.user.as_str().is_empty();
            RoleRow {
                raw: row.raw.clone().filter(|_| !is_readable),
                ..row.clone()
            }
        };
        Document {
            rows: self.rows.iter().map(plain).collect(),
            ..self.clone()
        }
    }
}
