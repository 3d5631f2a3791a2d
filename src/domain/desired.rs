//! From employees to the users that the platform shall have.
//!
//! The rows alone do not decide that: who of several claimants gets a phone, what an unmanaged phone
//! stays at, and which phone was accepted before, depends on the platform as observed. Every run
//! decides alike, so that two claimants never take turns.

use std::collections::BTreeMap;
use std::collections::hash_map::Entry;
use std::sync::Arc;

use foldhash::{HashMap, HashMapExt as _};

use super::capability::Names;
use super::employee::{Employee, Employees, PhoneWish};
use super::finding::{Finding, FindingKind};
use super::memory::Managed;
use super::phone::Phone;
use super::user::{User, UserId};
use super::world::World;

/// The users that the platform shall have, and what was found on the way.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Desired {
    /// Each active employee's whole record.
    pub users: BTreeMap<UserId, User>,
    /// Findings about phones; those about rows are in [`Employees::findings`].
    pub findings: Vec<Finding>,
}

/// Gives each active employee its record.
pub fn desired(employees: &Employees, world: &World, managed: &Managed, names: Names) -> Desired {
    let mut findings = Vec::new();
    let user = |employee: &Employee| {
        let phone = wanted_phone(employee, world, managed, &mut findings);
        let known = world.users.get(&employee.id);
        let name = match (names, known) {
            (Names::Unmanaged, Some(user)) => &user.name,
            _ => &employee.name,
        };
        let dormant = || world.dormant.get(&employee.id)?.as_ref();
        let shown = known.and_then(|it| it.grant.as_ref()).or_else(dormant);
        let user = User {
            id: employee.id.clone(),
            name: Arc::clone(name),
            phone,
            grant: employee.grant.as_ref().or(shown).cloned(),
        };
        (employee.id.clone(), user)
    };
    let mut users: BTreeMap<UserId, User> = employees.active().map(user).collect();
    // What is not managed is no claim: it stays, even where the platform shows one phone on two users.
    let losers = if employees.manage_phones {
        losers_of_shared_phones(&users, world)
    } else {
        Vec::new()
    };
    for (id, finding) in losers {
        if let Some(user) = users.get_mut(&id) {
            user.phone = None;
        }
        findings.push(finding);
    }
    findings.sort();
    Desired { users, findings }
}

/// The phone that the employee claims.
fn wanted_phone(
    employee: &Employee,
    world: &World,
    managed: &Managed,
    findings: &mut Vec<Finding>,
) -> Option<Phone> {
    match &employee.phone {
        PhoneWish::Unmanaged => world.phone_of(&employee.id).cloned(),
        PhoneWish::None => None,
        PhoneWish::Number(phone) => Some(phone.clone()),
        PhoneWish::Invalid => {
            let remembered = managed.get(&employee.id);
            let was_accepted = remembered.is_some_and(|it| it.phone_cells == Some(employee.phone_cells));
            let kept = if was_accepted {
                world.phone_of(&employee.id).cloned()
            } else {
                None
            };
            let detail = match &kept {
                Some(phone) => format!(
                    "no phone of the row is a valid number any more; the platform accepted +{} and keeps it",
                    phone.digits()
                ),
                None => "no phone of the row is a valid number; write it with its country code, or set default_region"
                    .to_owned(),
            };
            let id = employee.id.clone();
            findings.push(Finding {
                id,
                kind: FindingKind::PhoneInvalid,
                detail: detail.into(),
            });
            kept
        }
    }
}

/// Of several employees with one phone, all but the one who gets it: the one who holds it remotely now,
/// else the smallest id.
fn losers_of_shared_phones(users: &BTreeMap<UserId, User>, world: &World) -> Vec<(UserId, Finding)> {
    let mut first: HashMap<&Phone, &UserId> = HashMap::with_capacity(users.len());
    let mut shared: HashMap<&Phone, Vec<&UserId>> = HashMap::new();
    for user in users.values() {
        let Some(phone) = &user.phone else { continue };
        match first.entry(phone) {
            Entry::Vacant(entry) => drop(entry.insert(&user.id)),
            Entry::Occupied(entry) => shared
                .entry(phone)
                .or_insert_with(|| vec![entry.get()])
                .push(&user.id),
        }
    }
    let mut losers = Vec::new();
    for (phone, claimants) in shared {
        let holder = claimants.iter().find(|id| world.phone_of(id) == Some(phone));
        let Some(winner) = holder.or(claimants.first()) else {
            continue;
        };
        let all = claimants
            .iter()
            .map(|id| format!("\"{id}\""))
            .collect::<Vec<_>>()
            .join(", ");
        for loser in claimants.iter().filter(|id| *id != winner) {
            let detail = format!(
                "+{} is the phone of {all}; \"{winner}\" has it on the platform, the others go without",
                phone.digits()
            );
            let finding = Finding {
                id: (*loser).clone(),
                kind: FindingKind::PhoneDuplicate,
                detail: detail.into(),
            };
            losers.push(((*loser).clone(), finding));
        }
    }
    losers
}

#[cfg(test)]
mod tests;
