//! The rules that every client of this platform has to keep, under whatever switches.

use std::collections::BTreeSet;
use std::hash::Hash;

use super::Limits;
use super::request::{Item, Items, PhoneField, Request, Verb, is_phone};
use crate::simulator::account::{Account, UserMap};
use crate::simulator::record::Rule;
use crate::simulator::switches::{PatchUnknown, Switches};

/// Most items of a request. The documents' number, whatever the switch says.
const MAX_BATCH: usize = 100;

/// Adds the rules that the request breaks, judged by the state on its arrival.
pub(in crate::simulator) fn audit(
    request: &Request,
    limits: &Limits,
    account: &Account,
    switches: &Switches,
    broken: &mut Vec<(Rule, String)>,
) {
    match request {
        Request::Unknown(_) => broken.push((Rule::KnownEndpoint, "no such endpoint".to_owned())),
        Request::List(Err(text)) => broken.push((Rule::DocumentedShape, text.clone())),
        Request::List(Ok(_)) | Request::Get(_) => {}
        Request::Upsert(verb, body) => {
            audit_body(body, broken);
            audit_ids(request, limits, account, broken);
            audit_fields(&body.items, limits, broken);
            audit_phones(&body.items, account.users(), broken);
            let may_create = *verb == Verb::Post || switches.patch_unknown == PatchUnknown::Create;
            if may_create {
                audit_seats(&body.items, account.users(), switches.seats, broken);
            }
        }
        Request::Delete(body) => {
            audit_body(body, broken);
            audit_ids(request, limits, account, broken);
        }
        Request::DeleteOne(_) => audit_ids(request, limits, account, broken),
    }
}

fn audit_body<T>(body: &Items<T>, broken: &mut Vec<(Rule, String)>) {
    broken.extend(
        body.malformed
            .iter()
            .map(|it| (Rule::DocumentedShape, it.clone())),
    );
    broken.extend(body.unknown.iter().map(|it| (Rule::KnownProperties, it.clone())));
    let n_items = body.items.len();
    if n_items == 0 && body.malformed.is_empty() {
        broken.push((Rule::NoEmptyBatch, format!("{} is empty", body.key)));
    }
    if n_items > MAX_BATCH {
        broken.push((Rule::BatchSize, format!("{n_items} items")));
    }
}

fn audit_ids(request: &Request, limits: &Limits, account: &Account, broken: &mut Vec<(Rule, String)>) {
    let ids = request.user_ids();
    for id in repeated(ids.iter()) {
        broken.push((Rule::IdOnce, format!("user {id:?} twice")));
    }
    for id in &ids {
        if !(1..=limits.id_chars).contains(&id.chars().count()) {
            broken.push((Rule::IdLength, format!("id {id:?}")));
        }
        if account.protected.contains(id) {
            broken.push((Rule::ProtectedUser, format!("user {id:?} is protected")));
        }
    }
}

fn audit_fields(items: &[Item], limits: &Limits, broken: &mut Vec<(Rule, String)>) {
    for item in items {
        if !(1..=limits.name_chars).contains(&item.name.chars().count()) {
            broken.push((Rule::NameLength, format!("name of user {:?}", item.id)));
        }
        if let PhoneField::Text(text) = &item.phone
            && !is_phone(text)
            && text.chars().any(char::is_numeric)
        {
            broken.push((Rule::PhoneForm, format!("phone {text:?} of user {:?}", item.id)));
        }
    }
}

fn audit_phones(items: &[Item], before: &UserMap, broken: &mut Vec<(Rule, String)>) {
    for phone in repeated(items.iter().filter_map(Item::phone)) {
        broken.push((Rule::PhoneOnce, format!("phone {phone} for two users")));
    }
    for (item, phone) in items.iter().filter_map(|it| Some((it, it.phone()?))) {
        let holder = before
            .values()
            .find(|it| it.id != item.id && it.phone.as_deref() == Some(phone));
        if let Some(holder) = holder {
            let text = format!(
                "phone {phone} for user {:?} while user {:?} has it",
                item.id, holder.id
            );
            broken.push((Rule::PhoneFree, text));
        }
    }
}

fn audit_seats(items: &[Item], before: &UserMap, seats: usize, broken: &mut Vec<(Rule, String)>) {
    let created: BTreeSet<&str> = items.iter().map(|it| it.id.as_str()).collect();
    let n_created = created.iter().filter(|it| !before.contains_key(**it)).count();
    if n_created > 0 && before.len() + n_created > seats {
        let text = format!(
            "{n_created} new users, {} of {seats} seats are taken",
            before.len()
        );
        broken.push((Rule::FreeSeats, text));
    }
}

/// Every value that occurs again, once for each repetition.
fn repeated<T: Copy + Eq + Hash>(values: impl Iterator<Item = T>) -> Vec<T> {
    let mut seen = std::collections::HashSet::new();
    values.filter(|it| !seen.insert(*it)).collect()
}
