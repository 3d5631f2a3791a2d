//! How much one plan may change before a person is asked.

use config::ValueKind;

use super::section::Section;
use crate::domain::guard::{Limit, Limits};

/// Unless the account says otherwise. In a company few people leave in one interval, so a tenth is an
/// accident more often than news; a day may see one more wave. Renames are harmless, so only a rewrite of
/// half the list is stopped.
const DEFAULTS: Limits = Limits {
    removals: Limit::Percent(10),
    removals_per_day: Limit::Percent(15),
    phone_losses: Limit::Percent(10),
    updates: Limit::Percent(50),
};

/// Reads the limits of an account.
pub(super) fn read(account: &Section<'_>) -> Limits {
    let read = |name, default| limit(account, name).unwrap_or(default);
    Limits {
        removals: read("max_removals", DEFAULTS.removals),
        removals_per_day: read("max_removals_per_day", DEFAULTS.removals_per_day),
        phone_losses: read("max_phone_losses", DEFAULTS.phone_losses),
        updates: read("max_updates", DEFAULTS.updates),
    }
}

fn limit(account: &Section<'_>, name: &str) -> Option<Limit> {
    let limit = match &account.value(name)?.kind {
        ValueKind::I64(number) => u64::try_from(*number).ok().map(Limit::Count),
        ValueKind::String(text) => percent(text).map(Limit::Percent),
        _ => None,
    };
    if limit.is_none() {
        account.problem(
            name,
            "expected a share as text, such as \"10%\" (0% to 100%), or a whole number",
        );
    }
    limit
}

fn percent(text: &str) -> Option<u32> {
    let digits = text.strip_suffix('%')?;
    let is_number = digits.bytes().all(|it| it.is_ascii_digit());
    digits.parse().ok().filter(|share| is_number && *share <= 100)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_share_is_a_whole_number_of_percent_up_to_a_hundred() {
        assert_eq!(percent("10%"), Some(10));
        assert_eq!(percent("0%"), Some(0));
        assert_eq!(percent("100%"), Some(100));
        for text in ["101%", "10", "%", "-1%", "+5%", "12.5%", "10 %", "300%"] {
            assert_eq!(percent(text), None, "{text}");
        }
    }
}
