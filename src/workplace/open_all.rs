//! Many accounts at a time: each opened, and none that would undo the work of another.

use std::collections::BTreeMap;

use super::{Opened, Workplace};
use crate::reconcile::AccountReport;
use crate::settings::AccountSettings;
use crate::store::Store;

/// Each account opened, or the report that says why it can't be.
pub fn open_all(
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
