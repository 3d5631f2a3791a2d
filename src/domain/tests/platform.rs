//! A strict platform, written without a look at the checker: it takes a request only if every order in
//! which the items could be treated, and every moment at which they could be judged, is sound.

use std::collections::BTreeMap;

use super::super::batch::{Batch, Item, PhoneField, Verb};
use super::super::contention::Clearing;
use super::super::phone::Phone;
use super::super::testing::Office;
use super::super::user::{User, UserId};

/// From so many items on, orders are no longer tried one by one.
const MOST_ORDERED: usize = 4;

#[derive(Clone, Debug)]
pub struct Platform {
    pub users: BTreeMap<UserId, User>,
    seats: Option<usize>,
    unique_phones: bool,
    clearing: Clearing,
    upsert: bool,
    batch_users: usize,
}

impl Platform {
    pub fn of(office: &Office) -> Platform {
        Platform {
            users: office
                .users
                .iter()
                .map(|it| (it.id.clone(), it.clone()))
                .collect(),
            seats: office.terms.seats,
            unique_phones: office.capabilities.unique_phones,
            clearing: office.terms.clearing,
            upsert: office.capabilities.upsert,
            batch_users: office.capabilities.batch_users,
        }
    }

    /// Carries out the whole request, or says why not.
    pub fn take(&mut self, batch: &Batch) -> Result<(), String> {
        if batch.items.is_empty() || self.batch_users < batch.items.len() {
            return Err(format!("{} users in a request", batch.items.len()));
        }
        // Judged before anything is done …
        for item in &batch.items {
            self.judge(batch.verb, item)?;
            let twins = batch.items.iter().filter(|it| it.id == item.id).count();
            if twins != 1 {
                return Err(format!("{} is there {twins} times", item.id));
            }
            let takes_too = |it: &&Item| it.id != item.id && self.takes(it) && it.phone == item.phone;
            if self.unique_phones && self.takes(item) && batch.items.iter().any(|it| takes_too(&it)) {
                return Err(format!("{} takes what another takes", item.id));
            }
        }
        // … and one by one, in every order.
        if batch.items.len() <= MOST_ORDERED {
            let order: Vec<&Item> = batch.items.iter().collect();
            self.try_orders(batch.verb, &order)?;
        }
        let before = self.users.len();
        for item in &batch.items {
            self.put(batch.verb, item);
        }
        let after = self.users.len();
        match self.seats {
            Some(seats) if before < after && seats < after => Err(format!("{after} users on {seats} seats")),
            _ => Ok(()),
        }
    }

    /// Carries out those items that are sound on their own and that `is_lucky`; as a platform that takes a
    /// request in part.
    pub fn take_in_part(&mut self, batch: &Batch, mut is_lucky: impl FnMut(usize) -> bool) {
        for (idx, item) in batch.items.iter().enumerate() {
            let has_seat = self.users.contains_key(&item.id)
                || batch.verb == Verb::Delete
                || self.seats.is_none_or(|seats| self.users.len() < seats);
            if is_lucky(idx) && has_seat && self.judge(batch.verb, item).is_ok() {
                self.put(batch.verb, item);
            }
        }
    }

    fn try_orders(&self, verb: Verb, items: &[&Item]) -> Result<(), String> {
        for (idx, first) in items.iter().enumerate() {
            self.judge(verb, first)?;
            let mut after = self.clone();
            after.put(verb, first);
            let mut others = items.to_vec();
            others.remove(idx);
            after.try_orders(verb, &others)?;
        }
        Ok(())
    }

    /// Whether the item asks for a phone that its user does not have.
    fn takes(&self, item: &Item) -> bool {
        let has = self.users.get(&item.id).and_then(|it| it.phone.as_ref());
        item.phone.number().is_some_and(|wanted| has != Some(wanted))
    }

    fn judge(&self, verb: Verb, item: &Item) -> Result<(), String> {
        let id = &item.id;
        let now = self.users.get(id);
        match (verb, now) {
            (Verb::Create, Some(_)) => return Err(format!("{id} exists")),
            (Verb::Update | Verb::Delete, None) => return Err(format!("{id} does not exist")),
            (Verb::Upsert, _) if !self.upsert => return Err("no such call".to_owned()),
            _ => {}
        }
        if verb == Verb::Delete {
            return Ok(());
        }
        if item.name.is_empty() {
            return Err(format!("{id} has no name"));
        }
        let has_phone = now.is_some_and(|it| it.phone.is_some());
        match (&item.phone, self.clearing) {
            (PhoneField::None, _) if has_phone => Err(format!("{id} has a phone and would keep it")),
            (PhoneField::Clear(_), _) if !has_phone => Err(format!("{id} has no phone to clear")),
            (PhoneField::Clear(_), Clearing::Impossible) => Err(format!("{id} can't be cleared")),
            (PhoneField::Clear(by), Clearing::Works(way)) if *by != way => Err(format!("{by:?} works not")),
            (PhoneField::Number(phone), _) if self.unique_phones => match self.holder(phone, id) {
                Some(holder) => Err(format!("{holder} has the phone of {id}")),
                None => Ok(()),
            },
            _ => Ok(()),
        }
    }

    fn holder(&self, phone: &Phone, but: &UserId) -> Option<&UserId> {
        let mut others = self.users.values().filter(|it| it.id != *but);
        others
            .find(|it| it.phone.as_ref() == Some(phone))
            .map(|it| &it.id)
    }

    fn put(&mut self, verb: Verb, item: &Item) {
        if verb == Verb::Delete {
            self.users.remove(&item.id);
            return;
        }
        let user = User {
            id: item.id.clone(),
            name: item.name.clone(),
            phone: item.phone.number().cloned(),
            grant: None,
        };
        self.users.insert(item.id.clone(), user);
    }
}
