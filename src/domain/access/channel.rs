//! Channels: which ones the platform has, and which of them the configuration means.

use std::collections::BTreeMap;
use std::fmt;
use std::sync::Arc;

use crate::domain::name;

/// The platform's id of a channel. Documented as a UUID and shown as something else, so it is any text.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ChannelId(pub Arc<str>);

impl ChannelId {
    /// The id as text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl From<&str> for ChannelId {
    fn from(text: &str) -> ChannelId {
        ChannelId(text.into())
    }
}

impl fmt::Debug for ChannelId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:?}", self.as_str())
    }
}

/// One channel as the platform lists it.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Channel {
    /// Its key.
    pub id: ChannelId,
    /// What people call it: its name, else its phone, else its user name; empty if it has none of these.
    pub name: Arc<str>,
    /// It is listed and was removed.
    pub is_removed: bool,
}

/// A way to name a channel.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub enum ChannelRef {
    /// By the platform's id.
    Id(String),
    /// By its name, if only one channel bears it.
    Name(String),
}

/// Which channels are managed.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum ChannelChoice {
    /// Every one that there is.
    All,
    /// These.
    Some(Vec<ChannelRef>),
}

/// The channels that are managed, as found on the platform.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Channels {
    managed: BTreeMap<ChannelId, Arc<str>>,
    /// Names of all channels that the platform listed, managed or not.
    names: BTreeMap<ChannelId, Arc<str>>,
}

impl ChannelChoice {
    /// Whether only the platform's list says which ones are meant.
    pub fn needs_list(&self) -> bool {
        match self {
            ChannelChoice::All => true,
            ChannelChoice::Some(refs) => refs.iter().any(|it| matches!(it, ChannelRef::Name(_))),
        }
    }

    /// Stands for the choice: another one has another mark.
    pub fn mark(&self) -> String {
        match self {
            ChannelChoice::All => "*".to_owned(),
            ChannelChoice::Some(refs) => {
                let mut marks: Vec<String> = refs.iter().map(|it| format!("{it:?}")).collect();
                marks.sort();
                marks.dedup();
                marks.concat()
            }
        }
    }

    /// Finds the channels among those listed.
    ///
    /// # Errors
    /// Every name that no channel bears, or several do, with what to do about it.
    pub fn resolve(&self, listed: &[Channel]) -> Result<Channels, String> {
        let mut channels = Channels::default();
        for channel in listed {
            channels.names.insert(channel.id.clone(), shown(channel));
        }
        let there = || listed.iter().filter(|it| !it.is_removed);
        let ChannelChoice::Some(refs) = self else {
            channels.managed = there().map(|it| (it.id.clone(), shown(it))).collect();
            return Ok(channels);
        };
        let mut problems = Vec::new();
        for channel in refs {
            let id = match channel {
                ChannelRef::Id(id) => ChannelId::from(id.as_str()),
                ChannelRef::Name(name) => {
                    let bearers: Vec<&Channel> = there().filter(|it| it.name.trim() == name).collect();
                    match bearers.as_slice() {
                        [one] => one.id.clone(),
                        [] => {
                            problems.push(unknown(name, &there().collect::<Vec<_>>()));
                            continue;
                        }
                        several => {
                            problems.push(ambiguous(name, several));
                            continue;
                        }
                    }
                }
            };
            let name = channels.name(&id);
            channels.managed.insert(id, name);
        }
        match problems.is_empty() {
            true => Ok(channels),
            false => Err(problems.join("; ")),
        }
    }
}

/// So many channels are told to somebody who looks for another one.
const MAX_TOLD: usize = 10;

fn unknown(name: &str, there: &[&Channel]) -> String {
    let mut names: Vec<String> = there.iter().map(|it| format!("\"{}\"", shown(it))).collect();
    names.sort();
    names.dedup();
    let n_more = names.len().saturating_sub(MAX_TOLD);
    names.truncate(MAX_TOLD);
    let all = match (names.is_empty(), n_more) {
        (true, _) => "it shows no channel at all".to_owned(),
        (false, 0) => format!("there are {}", names.join(", ")),
        (false, n) => format!("there are {} and {n} more", names.join(", ")),
    };
    format!(
        "no channel of the platform bears the name \"{}\"; {all}",
        name::clean(name)
    )
}

fn ambiguous(name: &str, bearers: &[&Channel]) -> String {
    let ids: Vec<&str> = bearers.iter().map(|it| it.id.as_str()).collect();
    format!(
        "{} channels bear the name \"{}\"; give the id of the one that is meant: {}",
        bearers.len(),
        name::clean(name),
        ids.join(" or ")
    )
}

/// What a channel is called in reports. Words of rights are told apart by commas, and phones are masked by
/// their plus sign.
fn shown(channel: &Channel) -> Arc<str> {
    let name = name::clean(&channel.name.replace(',', " "));
    if name.is_empty() {
        return Arc::clone(&channel.id.0);
    }
    let is_phone = name.len() >= 7 && name.bytes().all(|it| it.is_ascii_digit());
    if is_phone {
        format!("+{name}").into()
    } else {
        name.into()
    }
}

impl Channels {
    /// Whether the rows of this channel are managed.
    pub fn has(&self, id: &ChannelId) -> bool {
        self.managed.contains_key(id)
    }

    /// The managed channels, in order of id.
    pub fn ids(&self) -> impl ExactSizeIterator<Item = &ChannelId> {
        self.managed.keys()
    }

    /// What the channel is called in reports; its id, if nobody knows.
    pub fn name(&self, id: &ChannelId) -> Arc<str> {
        self.names.get(id).unwrap_or(&id.0).clone()
    }

    /// The same without these: they turned out to be gone.
    #[must_use]
    pub fn without<'a>(&self, gone: impl IntoIterator<Item = &'a ChannelId>) -> Channels {
        let mut channels = self.clone();
        for id in gone {
            channels.managed.remove(id);
        }
        channels
    }
}
