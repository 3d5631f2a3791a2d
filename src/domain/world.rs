//! Who is on the platform, as observed.

use std::collections::{BTreeMap, BTreeSet};

use foldhash::{HashMap, HashMapExt as _};

use super::finding::Finding;
use super::grant::Grant;
use super::memory::Managed;
use super::phone::Phone;
use super::user::{User, UserId};

/// All users of an account, ours and foreign, as a list of this run or as the snapshot shows them.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct World {
    /// By id.
    pub users: BTreeMap<UserId, User>,
    /// Whether this was read from the platform in this run. What only the snapshot tells can't be the
    /// ground of a create, a removal or a phone move, since it knows no foreign user.
    pub is_fresh: bool,
    /// People whom the platform knows and who can't use it now, with what they might do: to admit them,
    /// nobody has to be created.
    pub dormant: BTreeMap<UserId, Option<Grant>>,
    /// Users that no plan may change, whosoever they are.
    pub untouchable: BTreeSet<UserId>,
    /// What was found while it was told who is whom.
    pub findings: Vec<Finding>,
}

impl World {
    /// The users of a complete list.
    pub fn from_list(users: impl IntoIterator<Item = User>) -> World {
        World {
            users: users.into_iter().map(|user| (user.id.clone(), user)).collect(),
            is_fresh: true,
            ..World::default()
        }
    }

    /// The managed users as last read.
    pub fn from_snapshot(managed: &Managed) -> World {
        let seen = managed.values().filter_map(|it| it.observed.clone());
        World {
            is_fresh: false,
            ..World::from_list(seen)
        }
    }

    /// Who holds each phone, in order of id. A platform with unique phones yields one holder each; the
    /// type allows for more, because nobody promised that it never shows two.
    pub fn holders(&self) -> HashMap<&Phone, Vec<&UserId>> {
        let mut holders: HashMap<&Phone, Vec<&UserId>> = HashMap::with_capacity(self.users.len());
        for user in self.users.values() {
            if let Some(phone) = &user.phone {
                holders.entry(phone).or_default().push(&user.id);
            }
        }
        holders
    }

    /// The phone that the user has now.
    pub fn phone_of(&self, id: &UserId) -> Option<&Phone> {
        self.users.get(id)?.phone.as_ref()
    }
}
