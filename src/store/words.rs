//! Values of the domain as words and numbers of the database, and back.

use std::cell::RefCell;
use std::error::Error;
use std::sync::Arc;

use foldhash::HashMap;

use crate::domain::batch::{ClearBy, Purpose, Verb};
use crate::domain::grant::Grant;
use crate::domain::phone::Phone;
use crate::domain::user::User;

/// A mark of 128 bits as 32 hexadecimal digits.
pub(super) fn mark_text(mark: Option<u128>) -> Option<String> {
    mark.map(|it| format!("{it:032x}"))
}

/// The mark of such digits.
pub(super) fn mark(text: Option<String>) -> sqlx::Result<Option<u128>> {
    let parse = |it: String| u128::from_str_radix(&it, 16).map_err(|_| unreadable("mark", &it));
    text.map(parse).transpose()
}

/// The phone of stored digits.
pub(super) fn phone(digits: Option<String>) -> Option<Phone> {
    digits.and_then(|it| Phone::from_remote(&it))
}

/// The digits to store.
pub(super) fn digits(phone: Option<&Phone>) -> Option<Arc<str>> {
    phone.map(Phone::to_shared)
}

/// A word that is bound for many rows. sqlx takes a shared text as it is, and copies any other twice.
pub(super) fn shared(word: &'static str) -> Arc<str> {
    thread_local! {
        static WORDS: RefCell<HashMap<&'static str, Arc<str>>> = RefCell::default();
    }
    WORDS.with_borrow_mut(|words| Arc::clone(words.entry(word).or_insert_with(|| word.into())))
}

/// The user of an id and three columns; `None` if there is no name.
pub(super) fn user(
    id: &str,
    name: Option<String>,
    digits: Option<String>,
    access: Option<String>,
) -> Option<User> {
    name.map(|name| User {
        id: id.into(),
        name: name.into(),
        phone: phone(digits),
        grant: access.map(|it| Grant::from_text(&it)),
    })
}

/// What the user may do, as stored.
pub(super) fn access(user: Option<&User>) -> Option<String> {
    user.and_then(|it| it.grant.as_ref()).map(Grant::to_string)
}

/// The value that a stored word stands for.
pub(super) fn known<T>(what: &str, word: &str, value: Option<T>) -> sqlx::Result<T> {
    value.ok_or_else(|| unreadable(what, word))
}

/// A stored number as a count; nothing we store is negative.
pub(super) fn count<T: TryFrom<i64>>(what: &str, number: i64) -> sqlx::Result<T> {
    T::try_from(number).map_err(|_| unreadable(what, &number.to_string()))
}

/// A count as it is stored: one that no column can hold is cut, which no real one ever is.
pub(super) fn number(count: impl TryInto<i64>) -> i64 {
    count.try_into().unwrap_or(i64::MAX)
}

/// The error for a value that this release doesn't write.
fn unreadable(what: &str, value: &str) -> sqlx::Error {
    let text: Box<dyn Error + Send + Sync> = format!("{value:?} is no {what}").into();
    sqlx::Error::Decode(text)
}

/// The word in the place of a verb and of a purpose where a request changes what users may do.
pub(super) const ACCESS: &str = "access";

/// The word of a verb.
pub(super) fn verb_word(verb: Verb) -> &'static str {
    match verb {
        Verb::Delete => "delete",
        Verb::Update => "update",
        Verb::Create => "create",
        Verb::Upsert => "upsert",
    }
}

/// The verb of a word.
pub(super) fn verb(word: &str) -> sqlx::Result<Verb> {
    let all = [Verb::Delete, Verb::Update, Verb::Create, Verb::Upsert];
    known("verb", word, all.into_iter().find(|it| verb_word(*it) == word))
}

/// The word of a purpose.
pub(super) fn purpose_word(purpose: Purpose) -> &'static str {
    match purpose {
        Purpose::Remove => "remove",
        Purpose::Park => "park",
        Purpose::Recreate => "recreate",
        Purpose::Apply => "apply",
    }
}

/// The purpose of a word.
pub(super) fn purpose(word: &str) -> sqlx::Result<Purpose> {
    let all = [Purpose::Remove, Purpose::Park, Purpose::Recreate, Purpose::Apply];
    known(
        "purpose",
        word,
        all.into_iter().find(|it| purpose_word(*it) == word),
    )
}

/// The word of a way to clear a phone.
pub(super) fn clear_word(clear: ClearBy) -> &'static str {
    match clear {
        ClearBy::Empty => "empty",
        ClearBy::Malformed => "malformed",
        ClearBy::Omit => "omit",
        ClearBy::Null => "null",
    }
}

/// The way of a word.
pub(super) fn clear(word: &str) -> sqlx::Result<ClearBy> {
    known(
        "way to clear a phone",
        word,
        ClearBy::ALL.into_iter().find(|it| clear_word(*it) == word),
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_word_comes_back() {
        for it in [Verb::Delete, Verb::Update, Verb::Create, Verb::Upsert] {
            assert_eq!(verb(verb_word(it)).unwrap(), it);
        }
        for it in [Purpose::Remove, Purpose::Park, Purpose::Recreate, Purpose::Apply] {
            assert_eq!(purpose(purpose_word(it)).unwrap(), it);
        }
        for it in ClearBy::ALL {
            assert_eq!(clear(clear_word(it)).unwrap(), it);
        }
        assert!(verb("merge").is_err());
    }

    #[test]
    fn marks_keep_all_their_bits() {
        for it in [0, 1, u128::MAX] {
            assert_eq!(mark(mark_text(Some(it))).unwrap(), Some(it));
        }
        assert_eq!(mark(None).unwrap(), None);
        assert!(mark(Some("x".to_owned())).is_err());
    }
}
