//! A user of a messaging platform, and the id under which both sides know it.

use std::cmp::Ordering;
use std::fmt;
use std::sync::Arc;

use super::phone::Phone;

/// The key of a user: the employee's id in the CRM, and the id under which the platform knows the user.
///
/// Ordered as people count: ids of ASCII digits first, by value and then by text (`2 < 10 < 010`), all
/// others after them by bytes. Wherever the design says "the smallest id", it means this order.
#[derive(Clone, PartialEq, Eq, Hash)]
pub struct UserId(Arc<str>);

impl UserId {
    /// Takes the text as it is; [`super::desired`] decides what a usable id of an employee is.
    pub fn new(text: impl Into<Arc<str>>) -> UserId {
        UserId(text.into())
    }

    /// The id as text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// The digits without leading zeros, if the id is made of ASCII digits alone.
fn numeric(text: &str) -> Option<&str> {
    let is_number = !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    is_number.then(|| text.trim_start_matches('0'))
}

impl Ord for UserId {
    fn cmp(&self, other: &UserId) -> Ordering {
        match (numeric(&self.0), numeric(&other.0)) {
            (Some(mine), Some(theirs)) => mine
                .len()
                .cmp(&theirs.len())
                .then_with(|| mine.cmp(theirs))
                .then_with(|| self.0.cmp(&other.0)),
            (Some(_), None) => Ordering::Less,
            (None, Some(_)) => Ordering::Greater,
            (None, None) => self.0.as_bytes().cmp(other.0.as_bytes()),
        }
    }
}

impl PartialOrd for UserId {
    fn partial_cmp(&self, other: &UserId) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl fmt::Debug for UserId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:?}", &*self.0)
    }
}

impl fmt::Display for UserId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl From<&str> for UserId {
    fn from(text: &str) -> UserId {
        UserId::new(text)
    }
}

/// One user record: what the platform holds, or should hold.
#[derive(Clone, PartialEq, Eq)]
pub struct User {
    /// Key on both sides.
    pub id: UserId,
    /// Display name, as sent or as read.
    pub name: Arc<str>,
    /// Phone, or none.
    pub phone: Option<Phone>,
}

impl fmt::Debug for User {
    /// Shows the id and the masked phone; a name is personal data and stays out of logs.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let User { id, name, phone } = self;
        f.debug_struct("User")
            .field("id", id)
            .field("name_chars", &name.chars().count())
            .field("phone", phone)
            .finish()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids_of_digits_come_first_by_value_then_by_text() {
        let mut ids: Vec<UserId> = ["b", "10", "2", "010", "A", "", "0", "00"]
            .map(UserId::from)
            .to_vec();
        ids.sort();
        let sorted: Vec<&str> = ids.iter().map(UserId::as_str).collect();
        assert_eq!(sorted, ["0", "00", "2", "010", "10", "", "A", "b"]);
    }

    #[test]
    fn debug_of_a_user_shows_neither_name_nor_phone() {
        let user = User {
            id: "7".into(),
            name: "Anna Ozola".into(),
            phone: Phone::from_remote("37126123456"),
        };
        let text = format!("{user:?}");
        assert!(!text.contains("Anna") && !text.contains("26123456"), "{text}");
    }
}
