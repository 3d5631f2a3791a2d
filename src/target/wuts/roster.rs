//! Who must stay: the credential's own user, and at least one active administrator.
//!
//! Whether the platform would refuse to lose either is undocumented, and a tenant without an administrator
//! can be mended by nobody. So this remembers what was shown, and what was done since: a list that lags
//! behind our own writes still shows those as administrators who have just gone.

use std::collections::{BTreeMap, BTreeSet};

use crate::target::member::MemberId;

use super::user::Shown;

/// The role that may do everything.
pub const ADMIN: &str = "admin";

/// The roles that are documented as having less rights than an administrator.
const LESSER: [&str; 2] = ["manager", "user"];

/// Why a user must stay as it is.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Reason {
    /// It is the one whose token we come with.
    Own,
    /// It may be the one whose token we come with: the list does not tell.
    PerhapsOwn,
    /// There would be no active administrator without it.
    LastAdmin,
}

impl Reason {
    /// For people.
    pub fn text(self) -> &'static str {
        match self {
            Reason::Own => "the credential's own user",
            Reason::PerhapsOwn => "perhaps the credential's own user: no token tells which one that is",
            Reason::LastAdmin => "the last active administrator",
        }
    }

    /// The code of a step that was not sent because of it.
    pub fn code(self) -> &'static str {
        match self {
            Reason::Own | Reason::PerhapsOwn => "own_user",
            Reason::LastAdmin => "last_admin",
        }
    }
}

/// What is known of the users, as far as it decides who must stay.
#[derive(Debug, Default)]
pub struct Roster {
    /// Whether a list has been seen.
    is_known: bool,
    own: Option<MemberId>,
    standings: BTreeMap<MemberId, Standing>,
    /// Administrators that a request of ours has taken away, or may have.
    gone: BTreeSet<MemberId>,
}

#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Standing {
    /// Can log in and do everything.
    ActiveAdmin,
    /// May have more rights than those of the documented lesser roles; or is an administrator who can't log in.
    Powerful,
    /// Neither.
    Lesser,
}

impl Standing {
    fn of(shown: &Shown) -> Standing {
        match (shown.role.as_deref(), shown.is_active) {
            (Some(ADMIN), Some(true)) => Standing::ActiveAdmin,
            (Some(role), _) if LESSER.contains(&role) => Standing::Lesser,
            _ => Standing::Powerful,
        }
    }
}

impl Roster {
    /// Whether it can judge.
    pub fn is_known(&self) -> bool {
        self.is_known
    }

    /// Takes in a list. What is known of earlier ones goes, but for what we did.
    pub fn see_all<'a>(&mut self, users: impl Iterator<Item = &'a Shown>) {
        self.is_known = true;
        self.standings.clear();
        self.own = None;
        for shown in users {
            self.see(shown);
        }
    }

    /// Takes in one user, from a read or from the answer to its creation.
    pub fn see(&mut self, shown: &Shown) {
        self.standings.insert(shown.id.clone(), Standing::of(shown));
        if shown.is_own {
            self.own = Some(shown.id.clone());
        }
    }

    /// Why the user must be left alone, whatever is planned for it.
    pub fn untouchable(&self, id: &MemberId) -> Option<Reason> {
        let is_admin = self.standings.get(id) == Some(&Standing::ActiveAdmin);
        self.own_reason(id)
            .or_else(|| (is_admin && !self.has_other_admin(id)).then_some(Reason::LastAdmin))
    }

    /// Judges a step; `unseats` if it takes rights or access away. Whoever may lose its seat as an administrator
    /// counts as gone from now on: true if that is new.
    ///
    /// # Errors
    /// Why the step may not be sent.
    pub fn admit_step(&mut self, id: &MemberId, unseats: bool) -> Result<bool, Reason> {
        if let Some(reason) = self.own_reason(id) {
            return Err(reason);
        }
        // Of whom nothing is known, the worst is assumed.
        let may_be_admin = self
            .standings
            .get(id)
            .is_none_or(|it| *it == Standing::ActiveAdmin);
        if unseats && may_be_admin {
            if !self.has_other_admin(id) {
                return Err(Reason::LastAdmin);
            }
            return Ok(self.gone.insert(id.clone()));
        }
        Ok(false)
    }

    /// The step by which the user counted as gone was refused: it counts again, if it is an administrator.
    pub fn take_back(&mut self, id: &MemberId) {
        self.gone.remove(id);
    }

    fn own_reason(&self, id: &MemberId) -> Option<Reason> {
        match &self.own {
            Some(own) => (own == id).then_some(Reason::Own),
            None => {
                let standing = self.standings.get(id);
                (standing != Some(&Standing::Lesser)).then_some(Reason::PerhapsOwn)
            }
        }
    }

    fn has_other_admin(&self, id: &MemberId) -> bool {
        self.standings.iter().any(|(other, standing)| {
            *standing == Standing::ActiveAdmin && other != id && !self.gone.contains(other)
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn id(id: &str) -> MemberId {
        MemberId(id.into())
    }

    fn shown(name: &str, role: &str, is_active: bool) -> Shown {
        Shown {
            id: id(name),
            email: None,
            role: Some(role.into()).filter(|it: &std::sync::Arc<str>| !it.is_empty()),
            is_active: Some(is_active),
            is_own: name == "own",
        }
    }

    fn roster(users: &[Shown]) -> Roster {
        let mut roster = Roster::default();
        roster.see_all(users.iter());
        roster
    }

    #[test]
    fn the_own_user_is_left_alone_whatever_its_role() {
        for role in ["admin", "manager", "user"] {
            let mut roster = roster(&[shown("own", role, true), shown("a", "admin", true)]);
            assert_eq!(roster.untouchable(&id("own")), Some(Reason::Own));
            assert_eq!(roster.admit_step(&id("own"), false), Err(Reason::Own));
        }
    }

    #[test]
    fn without_a_sign_of_the_own_user_every_powerful_one_may_be_it() {
        let mut roster = roster(&[
            shown("a", "admin", true),
            shown("b", "admin", false),
            shown("c", "owner", true),
            shown("d", "", true),
            shown("e", "manager", true),
            shown("f", "user", false),
        ]);
        for perhaps in ["a", "b", "c", "d", "unseen"] {
            assert_eq!(
                roster.untouchable(&id(perhaps)),
                Some(Reason::PerhapsOwn),
                "{perhaps}"
            );
            assert_eq!(
                roster.admit_step(&id(perhaps), true),
                Err(Reason::PerhapsOwn),
                "{perhaps}"
            );
        }
        for free in ["e", "f"] {
            assert_eq!(roster.untouchable(&id(free)), None, "{free}");
            assert_eq!(roster.admit_step(&id(free), true), Ok(false), "{free}");
        }
    }

    #[test]
    fn the_last_active_administrator_stays() {
        let users = [
            shown("own", "manager", true),
            shown("a", "admin", true),
            shown("b", "admin", false),
        ];
        let mut roster = roster(&users);
        assert_eq!(roster.untouchable(&id("a")), Some(Reason::LastAdmin));
        assert_eq!(roster.untouchable(&id("b")), None, "inactive");
        assert_eq!(roster.admit_step(&id("a"), true), Err(Reason::LastAdmin));
        assert_eq!(
            roster.admit_step(&id("a"), false),
            Ok(false),
            "stays administrator"
        );
        assert_eq!(roster.admit_step(&id("b"), true), Ok(false));
    }

    #[test]
    fn what_was_done_counts_even_if_a_list_lags_behind_it() {
        let users = [
            shown("own", "manager", true),
            shown("a", "admin", true),
            shown("b", "admin", true),
        ];
        let mut roster = roster(&users);
        assert_eq!(roster.untouchable(&id("a")), None);
        assert_eq!(roster.admit_step(&id("a"), true), Ok(true));
        assert_eq!(roster.admit_step(&id("a"), true), Ok(false), "again");
        roster.see_all(users.iter());
        assert_eq!(roster.untouchable(&id("b")), Some(Reason::LastAdmin));
        assert_eq!(roster.admit_step(&id("b"), true), Err(Reason::LastAdmin));
        assert_eq!(
            roster.admit_step(&id("unseen"), true),
            Ok(true),
            "b is there besides"
        );
        roster.take_back(&id("a"));
        assert_eq!(roster.admit_step(&id("b"), true), Ok(true));
    }

    #[test]
    fn a_single_read_is_newer_than_the_list() {
        let mut roster = roster(&[
            shown("own", "user", true),
            shown("a", "admin", true),
            shown("b", "admin", true),
        ]);
        roster.see(&shown("b", "admin", false));
        assert_eq!(roster.admit_step(&id("a"), true), Err(Reason::LastAdmin));
        roster.see(&shown("c", "admin", true));
        assert_eq!(roster.admit_step(&id("a"), true), Ok(true));
    }
}
