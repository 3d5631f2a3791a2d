//! What is remembered between runs: the snapshot, who is ours, and what people decided.

use std::collections::BTreeMap;
use std::sync::Arc;

use super::phone::Phone;
use super::user::{User, UserId};

/// An instant, in milliseconds since 1970-01-01T00:00:00Z.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub struct Millis(pub i64);

impl Millis {
    /// One day.
    pub const DAY: i64 = 24 * 60 * 60 * 1000;

    /// This instant and so many milliseconds.
    pub fn plus(self, millis: i64) -> Millis {
        Millis(self.0.saturating_add(millis))
    }
}

/// How a user came to be ours. What is not ours is never changed.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub enum Origin {
    /// We created it (or journalled that we were about to).
    Created,
    /// It was there under the id of an employee.
    Adopted,
    /// A person said that it is ours.
    Claimed,
}

impl Origin {
    /// The word in the store.
    pub fn word(self) -> &'static str {
        match self {
            Origin::Created => "created",
            Origin::Adopted => "adopted",
            Origin::Claimed => "claimed",
        }
    }

    /// The origin of that word.
    pub fn from_word(word: &str) -> Option<Origin> {
        [Origin::Created, Origin::Adopted, Origin::Claimed]
            .into_iter()
            .find(|it| it.word() == word)
    }
}

/// What the platform makes of one value of ours.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Form<T> {
    /// As we sent it.
    pub sent: T,
    /// As we read it back.
    pub read: T,
    /// In answer to how many sends. From [`Form::ACCEPTED`] on it is the accepted form.
    pub times: u32,
}

impl<T: PartialEq + Clone> Form<T> {
    /// A value that was read back the same after this many sends is what the platform will ever show.
    pub const ACCEPTED: u32 = 2;

    /// Whether reading `read` is all that can be had for the wish `sent`.
    pub fn accepts(&self, sent: &T, read: &T) -> bool {
        self.times >= Form::<T>::ACCEPTED && self.sent == *sent && self.read == *read
    }

    /// The form after one more send of `sent` that was read back as `read`; `None` when they agree.
    pub fn after(before: Option<&Form<T>>, sent: &T, read: &T) -> Option<Form<T>> {
        if sent == read {
            return None;
        }
        let times = match before {
            Some(form) if form.sent == *sent && form.read == *read => form.times.saturating_add(1),
            _ => 1,
        };
        Some(Form {
            sent: sent.clone(),
            read: read.clone(),
            times,
        })
    }
}

/// What is remembered of one managed user.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Remembered {
    /// How it came to be ours.
    pub origin: Origin,
    /// Since when it is ours.
    pub since: Millis,
    /// As last read from the platform; `None` while a create is under way: one that was journalled and never
    /// seen, or that of a user whom we deleted for a moment.
    pub observed: Option<User>,
    /// What the platform makes of the name we want, where that is another one.
    pub name_form: Option<Form<Arc<str>>>,
    /// What the platform makes of the phone we want, where that is another one.
    pub phone_form: Option<Form<Option<Phone>>>,
    /// [`super::employee::Employee::phone_cells`] of the row from which the accepted phone was made.
    pub phone_cells: Option<u128>,
    /// Since when complete reads lack the employee.
    pub absent_since: Option<Millis>,
}

impl Remembered {
    /// One who is ours from now on, and was last read like that.
    pub fn new(origin: Origin, since: Millis, observed: Option<User>) -> Remembered {
        Remembered {
            origin,
            since,
            observed,
            name_form: None,
            phone_form: None,
            phone_cells: None,
            absent_since: None,
        }
    }
}

/// All managed users of an account.
pub type Managed = BTreeMap<UserId, Remembered>;

/// What a hold is about, and what a decision lets pass.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub enum Subject {
    /// The user goes.
    Removal,
    /// The user loses its phone and gets no other.
    PhoneLoss,
    /// Another name, phone or access.
    Update,
    /// A new user that looks like one who is about to go.
    Create,
    /// A user becomes ours.
    Adoption,
    /// A managed user is not on the platform.
    Absence,
}

impl Subject {
    /// All of them.
    pub const ALL: [Subject; 6] = [
        Subject::Removal,
        Subject::PhoneLoss,
        Subject::Update,
        Subject::Create,
        Subject::Adoption,
        Subject::Absence,
    ];

    /// The word in the store.
    pub fn word(self) -> &'static str {
        match self {
            Subject::Removal => "removal",
            Subject::PhoneLoss => "phone_loss",
            Subject::Update => "update",
            Subject::Create => "create",
            Subject::Adoption => "adoption",
            Subject::Absence => "absence",
        }
    }

    /// What would become of the users of such a hold, for people.
    pub fn deed(self) -> &'static str {
        match self {
            Subject::Removal => "would be deleted",
            Subject::PhoneLoss => "would lose their phone",
            Subject::Update => "would be changed",
            Subject::Create => "would be created",
            Subject::Adoption => "would become ours",
            Subject::Absence => "of ours are missing on the platform",
        }
    }

    /// The subject of that word.
    pub fn from_word(word: &str) -> Option<Subject> {
        Subject::ALL.into_iter().find(|it| it.word() == word)
    }
}

/// Why a guard holds changes.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub enum Reason {
    /// Too many removals in one plan.
    Removals,
    /// Too many removals in 24 hours.
    RemovalsPerDay,
    /// The query or another setting that decides who is an employee changed.
    SettingsChanged,
    /// The source has no desired user at all.
    NoRows,
    /// Too many users would lose their phone.
    PhoneLosses,
    /// Too many users would change.
    Updates,
    /// New users look like the leavers under other ids.
    Rekeyed,
    /// The platform lacks too many of our users.
    TargetChanged,
    /// Users to adopt do not look like the employees of those ids.
    Adoption,
}

impl Reason {
    /// All of them, in the order of reports.
    pub const ALL: [Reason; 9] = [
        Reason::Removals,
        Reason::RemovalsPerDay,
        Reason::SettingsChanged,
        Reason::NoRows,
        Reason::PhoneLosses,
        Reason::Updates,
        Reason::Rekeyed,
        Reason::TargetChanged,
        Reason::Adoption,
    ];

    /// The word in reports and in the store.
    pub fn word(self) -> &'static str {
        match self {
            Reason::Removals => "removals",
            Reason::RemovalsPerDay => "removals_per_day",
            Reason::SettingsChanged => "settings_changed",
            Reason::NoRows => "no_rows",
            Reason::PhoneLosses => "phone_losses",
            Reason::Updates => "updates",
            Reason::Rekeyed => "rekeyed",
            Reason::TargetChanged => "target_changed",
            Reason::Adoption => "adoption",
        }
    }

    /// The reason of that word.
    pub fn from_word(word: &str) -> Option<Reason> {
        Reason::ALL.into_iter().find(|it| it.word() == word)
    }

    /// What such a hold is about.
    pub fn subject(self) -> Subject {
        match self {
            Reason::Removals | Reason::RemovalsPerDay | Reason::SettingsChanged | Reason::NoRows => {
                Subject::Removal
            }
            Reason::PhoneLosses => Subject::PhoneLoss,
            Reason::Updates => Subject::Update,
            Reason::Rekeyed => Subject::Create,
            Reason::TargetChanged => Subject::Absence,
            Reason::Adoption => Subject::Adoption,
        }
    }
}

/// Changes that wait for a person.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Hold {
    /// Stands for reason and users: the same hold has the same digest in every run.
    pub digest: String,
    /// Why.
    pub reason: Reason,
    /// Whose changes wait, in order of id.
    pub users: Vec<HeldUser>,
    /// For people: what was counted, and against which limit.
    pub detail: String,
}

/// One user of a hold.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct HeldUser {
    /// Who.
    pub id: UserId,
    /// The mark of its row in the CRM; `None` if there is no row. A rejection lasts while it stays so.
    pub row: Option<u128>,
}

/// What a person said about one user of a hold.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Decision {
    /// About whom.
    pub user: UserId,
    /// About what.
    pub subject: Subject,
    /// What was said.
    pub verdict: Verdict,
}

/// The two answers to a hold.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Verdict {
    /// The change may pass until then.
    Approved {
        /// 24 hours after the approval.
        until: Millis,
    },
    /// The user stays as it is until its row in the CRM changes.
    Rejected {
        /// The mark of the row at the time of the rejection; `None` if there was no row.
        row: Option<u128>,
    },
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_form_is_accepted_after_the_same_answer_to_two_sends() {
        let first = Form::after(None, &"Anna ", &"Anna").unwrap();
        assert!(!first.accepts(&"Anna ", &"Anna"));
        let second = Form::after(Some(&first), &"Anna ", &"Anna").unwrap();
        assert!(second.accepts(&"Anna ", &"Anna"));
        assert!(!second.accepts(&"Anna ", &"An"));
        assert_eq!(Form::after(Some(&second), &"Anna ", &"An").unwrap().times, 1);
        assert_eq!(Form::after(Some(&second), &"Anna", &"Anna"), None);
    }
}
