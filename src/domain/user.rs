//! A user of a messaging platform, and the id under which both sides know it.

use std::cmp::Ordering;
use std::fmt;
use std::hash::{Hash, Hasher};
use std::sync::Arc;

use super::grant::Grant;
use super::phone::Phone;

/// The key of a user: the employee's id in the CRM, and the id under which the platform knows the user.
///
/// Ordered as people count: ids of ASCII digits first, by value and then by text (`2 < 010 < 10`), all
/// others after them by bytes. Wherever the design says "the smallest id", it means this order.
#[derive(Clone)]
pub struct UserId {
    /// Decides most comparisons: an id of a smaller rank is smaller. Follows from the text.
    rank: u64,
    text: Arc<str>,
}

/// The rank of all numbers that are too large for a rank of their own.
const LARGE_NUMBER: u64 = 1 << 62;
/// Set in the rank of each id that is no number; the lower bits are the first seven bytes.
const NO_NUMBER: u64 = 1 << 63;

impl UserId {
    /// Takes the text as it is; [`super::desired`] decides what a usable id of an employee is.
    pub fn new(text: impl Into<Arc<str>>) -> UserId {
        let text = text.into();
        UserId {
            rank: rank(&text),
            text,
        }
    }

    /// Whether the id can be one segment of a URL's path; others would lead to another place.
    pub fn is_path_segment(&self) -> bool {
        !matches!(&*self.text, "" | "." | "..") && !self.text.contains(char::is_control)
    }

    /// The id as text.
    pub fn as_str(&self) -> &str {
        &self.text
    }

    /// The id as text, for somebody who keeps it: nothing is copied.
    pub fn to_shared(&self) -> Arc<str> {
        Arc::clone(&self.text)
    }
}

/// The digits without leading zeros, if the id is made of ASCII digits alone.
fn numeric(text: &str) -> Option<&str> {
    let is_number = !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    is_number.then(|| text.trim_start_matches('0'))
}

fn rank(text: &str) -> u64 {
    match numeric(text) {
        Some("") => 0,
        Some(digits) => digits
            .parse()
            .map_or(LARGE_NUMBER, |value: u64| value.min(LARGE_NUMBER)),
        None => {
            let mut prefix = [0; 8];
            for (to, byte) in prefix[1..].iter_mut().zip(text.bytes()) {
                *to = byte;
            }
            NO_NUMBER | u64::from_be_bytes(prefix)
        }
    }
}

impl PartialEq for UserId {
    #[inline]
    fn eq(&self, other: &UserId) -> bool {
        self.cmp(other) == Ordering::Equal
    }
}

impl Eq for UserId {}

impl Ord for UserId {
    #[inline]
    fn cmp(&self, other: &UserId) -> Ordering {
        match self.rank.cmp(&other.rank) {
            Ordering::Equal => cmp_of_one_rank(self.rank, &self.text, &other.text),
            by_rank => by_rank,
        }
    }
}

/// Compares two texts as the ids that they are, without making ids of them.
pub fn compare_ids(one: &str, other: &str) -> Ordering {
    let of_one = rank(one);
    let by_rank = of_one.cmp(&rank(other));
    by_rank.then_with(|| cmp_of_one_rank(of_one, one, other))
}

/// Compares two ids of one rank, which are both numbers or both not.
fn cmp_of_one_rank(rank: u64, one: &str, other: &str) -> Ordering {
    if rank == LARGE_NUMBER
        && let (Some(mine), Some(theirs)) = (numeric(one), numeric(other))
    {
        let by_value = mine.len().cmp(&theirs.len()).then_with(|| mine.cmp(theirs));
        return by_value.then_with(|| one.cmp(other));
    }
    // Of one value, as long as each other: the same digits. Nearly every look-up that finds somebody ends here.
    if rank < LARGE_NUMBER && one.len() == other.len() {
        return Ordering::Equal;
    }
    one.cmp(other)
}

impl Hash for UserId {
    fn hash<H: Hasher>(&self, state: &mut H) {
        // A rank stands for one number; only leading zeros share it.
        if self.rank < LARGE_NUMBER {
            self.rank.hash(state);
        } else {
            self.text.hash(state);
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
        write!(f, "{:?}", self.as_str())
    }
}

impl fmt::Display for UserId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
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
    /// What the user may do, where that travels with the user; `None` where it does not, or nobody knows.
    pub grant: Option<Grant>,
}

impl fmt::Debug for User {
    /// Shows the id and the masked phone; a name is personal data and stays out of logs.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let User {
            id,
            name,
            phone,
            grant,
        } = self;
        f.debug_struct("User")
            .field("id", id)
            .field("name_chars", &name.chars().count())
            .field("phone", phone)
            .field("grant", grant)
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
    fn the_order_is_the_same_however_long_or_alike_ids_are() {
        let sorted = [
            "0",
            "00",
            "7",
            "4611686018427387903",
            "04611686018427387904",
            "4611686018427387904",
            "4611686018427387905",
            "18446744073709551616",
            "99999999999999999999999999",
            "",
            "\0",
            "a",
            "a\0",
            "abcdefg",
            "abcdefg1",
            "abcdefg10",
            "abcdefg2",
            "ä",
        ];
        for (n, one) in sorted.iter().enumerate() {
            for (m, other) in sorted.iter().enumerate() {
                let order = UserId::from(*one).cmp(&UserId::from(*other));
                assert_eq!(order, n.cmp(&m), "{one:?} {other:?}");
                assert_eq!(compare_ids(one, other), order, "{one:?} {other:?}");
            }
        }
    }

    #[test]
    fn debug_of_a_user_shows_neither_name_nor_phone() {
        let user = User {
            id: "7".into(),
            name: "Anna Ozola".into(),
            phone: Phone::from_remote("37126123456"),
            grant: None,
        };
        let text = format!("{user:?}");
        assert!(!text.contains("Anna") && !text.contains("26123456"), "{text}");
    }
}
