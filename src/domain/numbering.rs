//! The world's numbering plans: which texts are phone numbers, and which number is meant.

use std::sync::{Arc, Mutex, OnceLock, PoisonError, Weak};

use rlibphonenumber::enums::Region;
use rlibphonenumber::{PhoneNumber, PhoneNumberFormat, PhoneNumberUtil};

use super::phone::{Phone, country_code_len};

/// Stands for the numbering plans by which [`NumberingPlans::phone`] judges: `rlibphonenumber`'s metadata. Another
/// version may call other texts valid, so it is part of what a plan is made from.
pub const METADATA: &str = "rlibphonenumber 2.2";

/// The plans that somebody holds.
static SHARED: Mutex<Weak<PhoneNumberUtil>> = Mutex::new(Weak::new());

/// The numbering plans of all countries, made from the library's metadata when the first text is read.
///
/// All that are alive share one copy, and the last one takes it along: it is about three megabytes, which a
/// service that mostly finds nothing to read would hold for nothing. To make it takes some milliseconds, so one
/// is held for as long as a table is read.
#[derive(Default)]
pub struct NumberingPlans {
    util: OnceLock<Arc<PhoneNumberUtil>>,
}

impl NumberingPlans {
    /// The number that a text of the CRM means, if it is a valid one: `region` (ISO 3166, such as `LV`)
    /// completes a number without a country code; an extension is dropped.
    pub fn phone(&self, text: &str, region: Option<&str>) -> Option<Phone> {
        let util = self.util();
        let region = region.and_then(|it| Region::try_from(it).ok());
        let plain = plain_number(util, text, region).and_then(|it| valid(util, &it));
        plain.or_else(|| valid(util, &util.parse(text, region).ok()?))
    }

    fn util(&self) -> &Arc<PhoneNumberUtil> {
        self.util.get_or_init(|| {
            let mut shared = SHARED.lock().unwrap_or_else(PoisonError::into_inner);
            if let Some(util) = shared.upgrade() {
                return util;
            }
            let util = PhoneNumberUtil::new().expect("the library reads its own metadata");
            let util = Arc::new(util);
            *shared = Arc::downgrade(&util);
            util
        })
    }
}

/// The phone of a number that exists in its country's plan.
fn valid(util: &PhoneNumberUtil, number: &PhoneNumber) -> Option<Phone> {
    if !util.is_valid_number(number) {
        return None;
    }
    Phone::from_remote(&util.format(number, PhoneNumberFormat::E164))
}

/// The number that a text spells out, digit by digit: what is left of [`NumberingPlans::phone`]'s work is to ask whether
/// it is valid. `None` says nothing of the text but that only the whole parser can tell.
///
/// The parser looks for extensions, second numbers and words in every text, which makes up nine tenths of its
/// time (callgrind), while nearly all texts are digits and separators. Left to it, because their first digits
/// may be something else: national parts that begin with a zero or an eight, as trunk prefixes do; without `+`, those that
/// begin with the country's code, and countries that share one. That both always agree is a property below.
fn plain_number(util: &PhoneNumberUtil, text: &str, region: Option<Region>) -> Option<PhoneNumber> {
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
        (util.get_country_code_for_region(region?)?, digits)
    };
    let home = util.get_region_for_country_code(country_code)?;
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

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use proptest::test_runner::TestRunner;
    use rlibphonenumber::get_national_significant_number_owned;

    use super::*;

    #[test]
    fn texts_of_a_crm_become_e164_or_nothing() {
        let plans = NumberingPlans::default();
        let digits = |text, region| plans.phone(text, region).map(|it| it.digits().to_owned());
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
    fn nearly_a_number(plans: &NumberingPlans) -> impl Strategy<Value = (String, Option<Region>)> {
        let util = Arc::clone(plans.util());
        let regions: Vec<Region> = util.get_supported_regions().collect();
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
                let example = util.get_example_number(region).ok()?;
                let mut digits = get_national_significant_number_owned(&example).into_bytes();
                for (index, digit) in changed {
                    let position = index.index(digits.len());
                    digits[position] = digit;
                }
                let digits: Vec<u8> = first.into_iter().chain(digits).chain(last).collect();
                let national = String::from_utf8(digits).ok()?;
                let code = util.get_country_code_for_region(region)?;
                Some(match form {
                    0 => (format!("+{code} {national}"), None),
                    1 => (format!("+{code} {national}"), Some(other)),
                    2 => (format!("{code}{national}"), Some(region)),
                    _ => (national, Some(region)),
                })
            },
        )
    }

    #[test]
    fn what_is_spelled_out_is_read_as_the_parser_reads_it() {
        let plans = NumberingPlans::default();
        let util = plans.util();
        let config = ProptestConfig::default();
        TestRunner::new(config)
            .run(&nearly_a_number(&plans), |(text, region)| {
                if let Some(plain) = plain_number(util, &text, region).and_then(|it| valid(util, &it)) {
                    let parsed = util.parse(&text, region).ok();
                    let parsed = parsed.and_then(|it| valid(util, &it));
                    prop_assert_eq!(
                        parsed.as_ref().map(Phone::digits),
                        Some(plain.digits()),
                        "{}",
                        text
                    );
                }
                Ok(())
            })
            .unwrap();
    }

    #[test]
    fn the_plans_are_shared_while_somebody_holds_them() {
        let (one, other) = (NumberingPlans::default(), NumberingPlans::default());
        assert!(Arc::ptr_eq(one.util(), other.util()));
    }
}
