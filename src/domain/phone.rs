//! Phone numbers as the platforms know them: digits, unique, personal.

use std::fmt;
use std::sync::Arc;

use rlibphonenumber::enums::Region;
use rlibphonenumber::{PHONE_NUMBER_UTIL, PhoneNumberFormat};

/// Stands for the numbering plans by which [`Phone::parse`] judges: `rlibphonenumber`'s metadata. Another
/// version may call other texts valid, so it is part of what a plan is made from.
pub const METADATA: &str = "rlibphonenumber 2.2";

/// A phone number as digits without `+`.
///
/// A phone of the desired state is a valid E.164 number (made by [`super::desired`]); one read from a
/// platform is whatever digits it shows. `Debug` masks it and there is no `Display`: whole phones are
/// personal data, and whoever prints one asks for [`Phone::digits`].
#[derive(Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Phone(Arc<str>);

impl Phone {
    /// The number that a text of the CRM means, if it is a valid one: `region` (ISO 3166, such as `LV`)
    /// completes a number without a country code; an extension is dropped.
    pub fn parse(text: &str, region: Option<&str>) -> Option<Phone> {
        let region = region.and_then(|it| Region::try_from(it).ok());
        let number = PHONE_NUMBER_UTIL.parse(text, region).ok()?;
        if !PHONE_NUMBER_UTIL.is_valid_number(&number) {
            return None;
        }
        Phone::from_remote(&PHONE_NUMBER_UTIL.format(&number, PhoneNumberFormat::E164))
    }

    /// The digits of a remote value: formatting is dropped, a value without digits is no phone.
    pub fn from_remote(text: &str) -> Option<Phone> {
        if !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit()) {
            return Some(Phone(text.into()));
        }
        let digits: String = text.chars().filter(char::is_ascii_digit).collect();
        (!digits.is_empty()).then(|| Phone(digits.into()))
    }

    /// The digits, as sent to a platform.
    pub fn digits(&self) -> &str {
        &self.0
    }

    /// The number with its middle hidden: `+371 55*** *34` keeps enough to recognise, too little to call.
    pub fn masked(&self) -> String {
        mask(&self.0)
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
fn country_code_len(digits: &str) -> usize {
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
    fn texts_of_a_crm_become_e164_or_nothing() {
        let digits = |text, region| Phone::parse(text, region).map(|it| it.digits().to_owned());
        assert_eq!(digits("26 12-34 56", Some("LV")).as_deref(), Some("37126123456"));
        assert_eq!(
            digits("+7 (926) 123-45-67 доб. 12", None).as_deref(),
            Some("79261234567")
        );
        assert_eq!(
            digits("0037126123456", Some("LV")).as_deref(),
            Some("37126123456")
        );
        assert_eq!(digits("26123456", None), None, "no country to complete it with");
        assert_eq!(digits("+371 1", None), None);
        assert_eq!(digits("n/a", Some("LV")), None);
        assert_eq!(digits("26123456", Some("no region")), None);
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
