//! Phone numbers as the platforms know them: digits, unique, personal.

use std::cmp::Ordering;
use std::fmt;
use std::hash::{Hash, Hasher};
use std::sync::Arc;

/// A phone number as digits without `+`.
///
/// A phone of the desired state is a valid E.164 number (made by [`super::desired`]); one read from a
/// platform is whatever digits it shows. `Debug` masks it and there is no `Display`: whole phones are
/// personal data, and whoever prints one asks for [`Phone::digits`].
#[derive(Clone)]
pub struct Phone {
    /// The value of the digits, cut off at 64 bits: numbers that differ in it need no look at their text.
    value: u64,
    digits: Arc<str>,
}

impl PartialEq for Phone {
    #[inline]
    fn eq(&self, other: &Phone) -> bool {
        self.value == other.value && self.digits == other.digits
    }
}

impl Eq for Phone {}

impl Hash for Phone {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.value.hash(state);
    }
}

impl PartialOrd for Phone {
    fn partial_cmp(&self, other: &Phone) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl Ord for Phone {
    fn cmp(&self, other: &Phone) -> Ordering {
        self.digits.cmp(&other.digits)
    }
}

impl Phone {
    fn of_digits(digits: &str) -> Phone {
        let value = digits.bytes().fold(0, |value: u64, byte| {
            value.wrapping_mul(10).wrapping_add(u64::from(byte & 0x0f))
        });
        let digits = digits.into();
        Phone { value, digits }
    }

    /// The digits of a remote value: formatting is dropped, a value without digits is no phone.
    pub fn from_remote(text: &str) -> Option<Phone> {
        if !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit()) {
            return Some(Phone::of_digits(text));
        }
        let digits: String = text.chars().filter(char::is_ascii_digit).collect();
        (!digits.is_empty()).then(|| Phone::of_digits(&digits))
    }

    /// The digits, as sent to a platform.
    pub fn digits(&self) -> &str {
        &self.digits
    }

    /// The number with its middle hidden: `+371 55*** *34` keeps enough to recognise, too little to call.
    pub fn masked(&self) -> String {
        mask(&self.digits)
    }
}

/// Hides the middle of a number: country code and two digits, stars, the last two digits.
fn mask(digits: &str) -> String {
    if digits.len() < 8 {
        return "+***".to_owned();
    }
    let (country, rest) = digits.split_at(country_code_len(digits));
    format!("+{country} {} *** *{}", &rest[..2], &rest[rest.len() - 2..])
}

/// Length of the country code: the world's numbering plan (ITU-T E.164) tells it by the first two digits.
pub(super) fn country_code_len(digits: &str) -> usize {
    match digits.as_bytes() {
        [b'1' | b'7', ..] => 1,
        [b'2', b'0' | b'7', ..]
        | [b'3', b'0'..=b'4' | b'6' | b'9', ..]
        | [b'4', b'0' | b'1' | b'3'..=b'9', ..]
        | [b'5', b'1'..=b'8', ..]
        | [b'6', b'0'..=b'6', ..]
        | [b'8', b'1' | b'2' | b'4' | b'6', ..]
        | [b'9', b'0'..=b'5' | b'8', ..] => 2,
        _ => 3,
    }
}

impl fmt::Debug for Phone {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.masked())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn remote_formatting_is_dropped_and_rubbish_is_no_phone() {
        assert_eq!(
            Phone::from_remote("+371 26-12 34 56").unwrap().digits(),
            "37126123456"
        );
        assert_eq!(Phone::from_remote("none"), None);
        assert_eq!(Phone::from_remote(""), None);
    }

    #[test]
    fn a_mask_keeps_the_ends_only() {
        let masked = |digits| Phone::from_remote(digits).unwrap().masked();
        assert_eq!(masked("37155123434"), "+371 55 *** *34");
        assert_eq!(masked("77014236066"), "+7 70 *** *66");
        assert_eq!(masked("5511987854099"), "+55 11 *** *99");
        assert_eq!(masked("99112345"), "+991 12 *** *45");
        assert_eq!(masked("1234567"), "+***");
    }
}
