//! What the owner of the CRM should mend.

use std::sync::Arc;

use super::user::UserId;

/// The kinds of finding.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub enum FindingKind {
    /// No phone of the row is a valid number.
    PhoneInvalid,
    /// Several employees have the same phone.
    PhoneDuplicate,
    /// The platform takes the record and drops its phone.
    PhoneDropped,
    /// A phone that should go can't be taken away on this platform.
    PhoneKept,
    /// The name is longer than the platform allows.
    NameShortened,
    /// The row has no name.
    NameMissing,
    /// The platform stores another value than the one sent.
    ValueNormalised,
    /// The id can't be used.
    IdInvalid,
    /// Several rows have the same id.
    IdDuplicate,
    /// `active` is NULL or no known word.
    ActiveUnreadable,
    /// No rule matches the role.
    RoleUnmapped,
    /// The row has no e-mail where one is needed.
    EmailMissing,
    /// Several rows have the same e-mail.
    EmailDuplicate,
    /// The platform has no such user, and none may be created.
    UserMissing,
    /// Several users of the platform match.
    UserAmbiguous,
    /// Somebody left and keeps the user, by setting or decision.
    LeaverKept,
}

impl FindingKind {
    /// All kinds, in the order of reports.
    pub const ALL: [FindingKind; 16] = [
        FindingKind::PhoneInvalid,
        FindingKind::PhoneDuplicate,
        FindingKind::PhoneDropped,
        FindingKind::PhoneKept,
        FindingKind::NameShortened,
        FindingKind::NameMissing,
        FindingKind::ValueNormalised,
        FindingKind::IdInvalid,
        FindingKind::IdDuplicate,
        FindingKind::ActiveUnreadable,
        FindingKind::RoleUnmapped,
        FindingKind::EmailMissing,
        FindingKind::EmailDuplicate,
        FindingKind::UserMissing,
        FindingKind::UserAmbiguous,
        FindingKind::LeaverKept,
    ];

    /// The word in reports and in the store.
    pub fn word(self) -> &'static str {
        match self {
            FindingKind::PhoneInvalid => "phone_invalid",
            FindingKind::PhoneDuplicate => "phone_duplicate",
            FindingKind::PhoneDropped => "phone_dropped",
            FindingKind::PhoneKept => "phone_kept",
            FindingKind::NameShortened => "name_shortened",
            FindingKind::NameMissing => "name_missing",
            FindingKind::ValueNormalised => "value_normalised",
            FindingKind::IdInvalid => "id_invalid",
            FindingKind::IdDuplicate => "id_duplicate",
            FindingKind::ActiveUnreadable => "active_unreadable",
            FindingKind::RoleUnmapped => "role_unmapped",
            FindingKind::EmailMissing => "email_missing",
            FindingKind::EmailDuplicate => "email_duplicate",
            FindingKind::UserMissing => "user_missing",
            FindingKind::UserAmbiguous => "user_ambiguous",
            FindingKind::LeaverKept => "leaver_kept",
        }
    }

    /// The kind of that word.
    pub fn from_word(word: &str) -> Option<FindingKind> {
        FindingKind::ALL.into_iter().find(|kind| kind.word() == word)
    }
}

/// One finding about one employee.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub struct Finding {
    /// The employee's id; empty if the row has none.
    pub id: UserId,
    /// What is wrong.
    pub kind: FindingKind,
    /// For people: what was found, and what to mend in the CRM. Phones stand here whole, as `+` and digits,
    /// and ids in double quotes: whoever prints it masks the phones (see `text::mask_phones`).
    pub detail: Arc<str>,
}
