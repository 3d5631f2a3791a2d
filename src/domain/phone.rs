//! Phone numbers as the platforms know them: digits, unique, personal.

use std::cmp::Ordering;
use std::fmt;
use std::hash::{Hash, Hasher};
use std::sync::Arc;

use rlibphonenumber::enums::Region;
use rlibphonenumber::{PhoneNumber, PhoneNumberFormat, PhoneNumberUtil};

use super::numbering;

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
    /// The number that a text of the CRM means, if it is a valid one: `region` (ISO 3166, such as `LV`)
    /// completes a number without a country code; an extension is dropped.
    pub fn parse(text: &str, region: Option<&str>) -> Option<Phone> {
        let plans = &*numbering::plans();
        let region = region.and_then(|it| Region::try_from(it).ok());
        let plain = plain_number(plans, text, region).and_then(|it| Phone::from_valid(plans, &it));
        plain.or_else(|| Phone::from_valid(plans, &plans.parse(text, region).ok()?))
    }

    /// The phone of a number that exists in its country's plan.
    fn from_valid(plans: &PhoneNumberUtil, number: &PhoneNumber) -> Option<Phone> {
        if !plans.is_valid_number(number) {
            return None;
        }
        Phone::from_remote(&plans.format(number, PhoneNumberFormat::E164))
    }

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

    /// The digits, for somebody who keeps them: nothing is copied.
    pub fn to_shared(&self) -> Arc<str> {
        Arc::clone(&self.digits)
    }

    /// The number with its middle hidden: `+371 55*** *34` keeps enough to recognise, too little to call.
    pub fn masked(&self) -> String {
        mask(&self.digits)
    }
}

/// The number that a text spells out, digit by digit: what is left of [`Phone::parse`]'s work is to ask whether
/// it is valid. `None` says nothing of the text but that only the whole parser can tell.
///
/// The parser looks for extensions, second numbers and words in every text, which makes up nine tenths of its
/// time (callgrind), while nearly all texts are digits and separators. Left to it, because their first digits
/// may be something else: national parts that begin with a zero or an eight, as trunk prefixes do; without `+`, those that
/// begin with the country's code, and countries that share one. That both always agree is a property below.
fn plain_number(plans: &PhoneNumberUtil, text: &str, region: Option<Region>) -> Option<PhoneNumber> {
    /// Longest number with its country code (ITU-T E.164).
    const MAX_DIGITS: usize = 15;
    let text = text.trim();
    let (is_international, rest) = match text.strip_prefix('+') {
        Some(rest) => (true, rest),
        None => (false, text),
    };
    let is_separator = |byte: &u8| matches!(byte, b' ' | b'-' | b'.' | b'(' | b')');
    let mut buffer = [0; MAX_DIGITS];
    let mut n_digits = 0;
    for byte in rest.bytes().filter(|it| !is_separator(it)) {
        *buffer.get_mut(n_digits).filter(|_| byte.is_ascii_digit())? = byte;
        n_digits += 1;
    }
    let digits = std::str::from_utf8(&buffer[..n_digits]).ok()?;
    let (country_code, national) = if is_international {
        let (code, national) = digits.split_at_checked(country_code_len(digits))?;
        (code.parse().ok()?, national)
    } else {
        (plans.get_country_code_for_region(region?)?, digits)
    };
    let home = plans.get_region_for_country_code(country_code)?;
    let may_have_trunk_prefix = national.starts_with(['0', '8']);
    let is_ambiguous =
        !is_international && (region != Some(home) || national.starts_with(&country_code.to_string()));
    if may_have_trunk_prefix || is_ambiguous {
        return None;
    }
    Some(PhoneNumber {
        country_code,
        national_number: national.parse().ok()?,
        ..PhoneNumber::default()
    })
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
    use proptest::prelude::*;
    use rlibphonenumber::get_national_significant_number_owned;

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

    /// Texts close to the numbers of all countries: examples with some digits changed, added at either end.
    fn nearly_a_number() -> impl Strategy<Value = (String, Option<Region>)> {
        let plans = numbering::plans();
        let regions: Vec<Region> = plans.get_supported_regions().collect();
        let changed = prop::collection::vec((any::<prop::sample::Index>(), b'0'..=b'9'), 0..5);
        let parts = (
            prop::sample::select(regions.clone()),
            prop::sample::select(regions),
            changed,
            prop::option::weighted(0.1, b'0'..=b'9'),
            prop::option::weighted(0.1, b'0'..=b'9'),
            0..4,
        );
        parts.prop_filter_map(
            "a region without an example",
            move |(region, other, changed, first, last, form)| {
                let example = plans.get_example_number(region).ok()?;
                let mut digits = get_national_significant_number_owned(&example).into_bytes();
                for (index, digit) in changed {
                    let position = index.index(digits.len());
                    digits[position] = digit;
                }
                let digits: Vec<u8> = first.into_iter().chain(digits).chain(last).collect();
                let national = String::from_utf8(digits).ok()?;
                let code = plans.get_country_code_for_region(region)?;
                Some(match form {
                    0 => (format!("+{code} {national}"), None),
                    1 => (format!("+{code} {national}"), Some(other)),
                    2 => (format!("{code}{national}"), Some(region)),
                    _ => (national, Some(region)),
                })
            },
        )
    }

    proptest! {
        #[test]
        fn what_is_spelled_out_is_read_as_the_parser_reads_it((text, region) in nearly_a_number()) {
            let plans = &*numbering::plans();
            if let Some(plain) = plain_number(plans, &text, region).and_then(|it| Phone::from_valid(plans, &it)) {
                let parsed = plans.parse(&text, region).ok();
                let parsed = parsed.and_then(|it| Phone::from_valid(plans, &it));
                prop_assert_eq!(parsed.as_ref().map(Phone::digits), Some(plain.digits()), "{}", text);
            }
        }
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
