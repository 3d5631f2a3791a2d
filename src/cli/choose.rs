//! Which accounts a command is about.

use std::collections::{BTreeMap, BTreeSet};

use super::failure::Failure;
use super::workplace::{Opened, Workplace};
use crate::reconcile::AccountReport;
use crate::settings::{AccountSettings, Settings};
use crate::store::Store;

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

/// Each account opened, or the report that says why it can't be.
pub(super) fn open_all(
    workplace: &Workplace,
    chosen: &[&AccountSettings],
    store: Option<&Store>,
) -> Vec<Result<Opened, Box<AccountReport>>> {
    let rivals = rivals(workplace, chosen, store);
    let open = |account: &&AccountSettings| {
        let failed = |why| Box::new(AccountReport::misconfigured(&account.name, why));
        if let Some(rival) = rivals.get(account.name.as_str()) {
            let why = format!(
                "accounts[{}].target is the same remote as accounts[{rival}].target: each would undo the other's \
                 work; disable one of them, or give each its own credential",
                account.name
            );
            return Err(failed(why));
        }
        workplace
            .open(account, store)
            .map_err(|it| failed(it.to_string()))
    };
    chosen.iter().map(open).collect()
}

/// Accounts that share a remote with another one, each with the name of that one. Enabled accounts count
/// even if they are not asked for: the service may be at work on them.
fn rivals<'a>(
    workplace: &'a Workplace,
    chosen: &[&'a AccountSettings],
    store: Option<&Store>,
) -> BTreeMap<&'a str, &'a str> {
    let is_chosen = |account: &AccountSettings| chosen.iter().any(|it| it.name == account.name);
    let accounts = &workplace.settings.accounts;
    let mut rivals = BTreeMap::new();
    if accounts.len() < 2 {
        return rivals;
    }
    let mut by_remote: BTreeMap<String, &str> = BTreeMap::new();
    for account in accounts.iter().filter(|it| it.enabled || is_chosen(it)) {
        let Some(remote) = workplace.remote_of(account, store) else {
            continue;
        };
        if let Some(first) = by_remote.get(&remote) {
            rivals.insert(account.name.as_str(), *first);
            rivals.insert(*first, account.name.as_str());
        } else {
            by_remote.insert(remote, &account.name);
        }
    }
    rivals
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
