//! Which accounts a command is about.

use std::collections::BTreeSet;

use super::failure::Failure;
use crate::settings::{AccountSettings, Settings};

/// The accounts of these names, else all that are enabled; in the order of the configuration.
///
/// # Errors
/// If a name is no account's.
pub(super) fn choose<'a>(
    settings: &'a Settings,
    names: &[String],
) -> Result<Vec<&'a AccountSettings>, Failure> {
    let unknown: Vec<&String> = names
        .iter()
        .filter(|name| settings.account(name).is_none())
        .collect();
    if !unknown.is_empty() {
        let known: Vec<&str> = settings.accounts.iter().map(|it| it.name.as_str()).collect();
        let unknown: Vec<String> = unknown.into_iter().map(|it| no_account(it, &known)).collect();
        return Err(Failure::usage(unknown.join("\n")));
    }
    let named: BTreeSet<&String> = names.iter().collect();
    let is_chosen = |it: &&AccountSettings| match named.is_empty() {
        true => it.enabled,
        false => named.contains(&it.name),
    };
    Ok(settings.accounts.iter().filter(is_chosen).collect())
}

/// The names of the accounts of these names, else of all: those of the configuration in its order, disabled ones
/// included, and then those that only the store knows.
///
/// # Errors
/// If neither the configuration nor the store has such an account.
pub(super) fn choose_known(
    settings: &Settings,
    in_store: &[String],
    names: &[String],
) -> Result<Vec<String>, Failure> {
    let mut known: Vec<&str> = settings.accounts.iter().map(|it| it.name.as_str()).collect();
    known.extend(
        in_store
            .iter()
            .map(String::as_str)
            .filter(|it| settings.account(it).is_none()),
    );
    let unknown: Vec<String> = names
        .iter()
        .filter(|name| !known.contains(&name.as_str()))
        .map(|name| no_account(name, &known))
        .collect();
    if !unknown.is_empty() {
        return Err(Failure::usage(unknown.join("\n")));
    }
    known.retain(|it| names.is_empty() || names.iter().any(|name| name == it));
    Ok(known.into_iter().map(str::to_owned).collect())
}

/// Says that there is no such account, and which one may be meant.
pub(super) fn no_account(name: &str, known: &[&str]) -> String {
    let name = crate::text::printable(name);
    let folded = name.to_lowercase();
    let nearest = known
        .iter()
        .map(|it| (strsim::osa_distance(&folded, &it.to_lowercase()), *it))
        .filter(|(distance, _)| *distance <= (folded.chars().count() / 3).clamp(1, 3))
        .min();
    let hint = match (nearest, known) {
        (Some((_, nearest)), _) => format!("; did you mean {nearest:?}?"),
        (None, []) => "; the configuration has no [[accounts]]".to_owned(),
        (None, known) if known.len() <= 20 => format!("; the accounts are {}", known.join(", ")),
        (None, known) => format!(
            "; the accounts are {}, … and {} more",
            known[..20].join(", "),
            known.len() - 20
        ),
    };
    format!("there is no account {name:?} in the configuration{hint}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_misspelt_account_is_guessed_and_a_strange_one_gets_the_list() {
        let known = ["acme", "beta"];
        assert!(no_account("acmee", &known).ends_with("did you mean \"acme\"?"));
        assert!(no_account("x\u{1b}[1m", &known).ends_with("the accounts are acme, beta"));
        assert!(!no_account("x\u{1b}[1m", &known).contains('\u{1b}'));
        assert!(no_account("acme", &[]).ends_with("has no [[accounts]]"));
    }
}
