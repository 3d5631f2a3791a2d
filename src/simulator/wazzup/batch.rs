//! What a batch does to the users of an account.
//!
//! Pure: from a state and items to a state and a verdict. Here the switches about batches, phones and
//! seats meet, and only here.

use std::collections::{BTreeMap, BTreeSet};

use super::Limits;
use super::problem::{Code, Problem};
use super::request::{Item, PhoneField, Verb, is_phone};
use crate::simulator::account::{SimUser, UserMap};
use crate::simulator::switches::{
    BatchRule, DeleteUnknown, PatchUnknown, PhoneCheck, PhoneRule, PostExisting, Switches,
};

/// What became of a batch.
pub(super) struct Outcome {
    pub(super) users: UserMap,
    /// Items that had their effect.
    pub(super) n_applied: usize,
    /// What was wrong with the first bad item.
    pub(super) problem: Option<Problem>,
}

pub(super) fn upsert(
    before: &UserMap,
    items: &[Item],
    verb: Verb,
    limits: &Limits,
    switches: &Switches,
) -> Outcome {
    let mut order: Vec<&Item> = items.iter().collect();
    if switches.phone_check == PhoneCheck::DuringReversed {
        order.reverse();
    }
    let upsert = Upsert {
        before,
        verb,
        limits,
        switches,
    };
    if switches.phone_check == PhoneCheck::After && switches.unique_phones {
        upsert.checked_after(order)
    } else {
        upsert.checked_on_the_way(&order)
    }
}

pub(super) fn delete(before: &UserMap, ids: &[String], switches: &Switches) -> Outcome {
    fold(before, ids, switches.batch, |id, working| {
        if working.remove(id).is_some() {
            return Ok(true);
        }
        let text = format!("User {id} not found");
        match switches.delete_unknown {
            DeleteUnknown::Ok => Ok(false),
            DeleteUnknown::NotFound => Err(Problem::new(Code::UserNotFound, &text)),
            DeleteUnknown::BadRequest => Err(Problem::new(Code::InvalidUserData, &text)),
        }
    })
}

/// Applies items one by one and stops, goes on or takes all back, as the rule says. `apply` tells
/// whether the item had an effect, and leaves the state alone if it refuses the item.
fn fold<T>(
    before: &UserMap,
    items: &[T],
    rule: BatchRule,
    mut apply: impl FnMut(&T, &mut UserMap) -> Result<bool, Problem>,
) -> Outcome {
    let mut outcome = Outcome {
        users: before.clone(),
        n_applied: 0,
        problem: None,
    };
    for item in items {
        match apply(item, &mut outcome.users) {
            Ok(had_effect) => outcome.n_applied += usize::from(had_effect),
            Err(problem) => {
                outcome.problem.get_or_insert(problem);
                match rule {
                    BatchRule::SkipBad => {}
                    BatchRule::StopAtFirst => break,
                    BatchRule::Atomic => {
                        outcome.users = before.clone();
                        outcome.n_applied = 0;
                        break;
                    }
                }
            }
        }
    }
    outcome
}

/// One POST or PATCH.
struct Upsert<'a> {
    before: &'a UserMap,
    verb: Verb,
    limits: &'a Limits,
    switches: &'a Switches,
}

impl Upsert<'_> {
    fn checked_on_the_way(&self, order: &[&Item]) -> Outcome {
        let mut taken = BTreeSet::new();
        fold(self.before, order, self.switches.batch, |item, working| {
            let Some(user) = self.wanted(item, working)? else {
                return Ok(false);
            };
            // A phone that stays where it is takes part in no check, as with a unique index.
            let had = working.get(&user.id).and_then(|it| it.phone.as_ref());
            if let Some(phone) = user.phone.as_ref().filter(|it| had != Some(*it)) {
                let is_busy = match self.switches.phone_check {
                    _ if !self.switches.unique_phones => false,
                    PhoneCheck::Before => has_other_holder(self.before, &user) || taken.contains(phone),
                    PhoneCheck::During | PhoneCheck::DuringReversed | PhoneCheck::After => {
                        has_other_holder(working, &user)
                    }
                };
                if is_busy {
                    return Err(self.phone_taken(phone));
                }
                taken.insert(phone.clone());
            }
            working.insert(user.id.clone(), user);
            Ok(true)
        })
    }

    /// Applies everything, then takes items back until no two users share a phone because of them.
    fn checked_after(&self, mut order: Vec<&Item>) -> Outcome {
        let mut refused: Option<Problem> = None;
        loop {
            let mut outcome = fold(self.before, &order, self.switches.batch, |item, working| {
                let Some(user) = self.wanted(item, working)? else {
                    return Ok(false);
                };
                working.insert(user.id.clone(), user);
                Ok(true)
            });
            let Some((idx, phone)) = self.last_clash(&order, &outcome.users) else {
                outcome.problem = refused.or(outcome.problem);
                return outcome;
            };
            refused.get_or_insert_with(|| self.phone_taken(&phone));
            match self.switches.batch {
                BatchRule::SkipBad => {
                    order.remove(idx);
                }
                BatchRule::StopAtFirst => order.truncate(idx),
                BatchRule::Atomic => order.clear(),
            }
        }
    }

    /// The last item that gave its user a phone which another user has too.
    fn last_clash(&self, order: &[&Item], users: &UserMap) -> Option<(usize, String)> {
        let mut n_holders: BTreeMap<&str, usize> = BTreeMap::new();
        for phone in users.values().filter_map(|it| it.phone.as_deref()) {
            *n_holders.entry(phone).or_default() += 1;
        }
        let clashes = |item: &Item| {
            let phone = users.get(&item.id)?.phone.as_deref()?;
            let had_it = self.before.get(&item.id).and_then(|it| it.phone.as_deref()) == Some(phone);
            (!had_it && n_holders[phone] > 1).then(|| phone.to_owned())
        };
        let mut found = order.iter().enumerate().rev();
        found.find_map(|(idx, item)| Some((idx, clashes(item)?)))
    }

    /// The user that the item asks for; `None` if the item is to be ignored.
    fn wanted(&self, item: &Item, users: &UserMap) -> Result<Option<SimUser>, Problem> {
        let switches = self.switches;
        let invalid = |text: &str| Err(Problem::new(Code::InvalidUserData, text));
        let old = users.get(&item.id);
        match (self.verb, old) {
            (Verb::Post, Some(_)) if switches.post_existing == PostExisting::Refuse => {
                let text = format!("User with id {} already exists in the CRM.", item.id);
                return Err(Problem::new(Code::UserAlreadyExists, &text));
            }
            (Verb::Patch, None) => match switches.patch_unknown {
                PatchUnknown::Ignore => return Ok(None),
                PatchUnknown::Create => {}
                PatchUnknown::NotFound => return Err(Problem::new(Code::UserNotFound, "User not found")),
            },
            (Verb::Post | Verb::Patch, _) => {}
        }
        if item.id.is_empty() {
            return invalid("id should not be empty");
        }
        let max = self.limits.id_chars;
        if item.id.chars().count() > max {
            return invalid(&format!("id must be shorter than or equal to {max} characters"));
        }
        let name = self.name(&item.name)?;
        let phone = self.phone(&item.phone, old)?;
        if phone.is_none() && switches.phone_required {
            return invalid("phone should not be empty");
        }
        if old.is_none() && users.len() >= switches.seats {
            let text = format!("The account has {} users already.", users.len());
            return Err(Problem::new(Code::UserLimitExceeded, &text));
        }
        Ok(Some(SimUser {
            id: item.id.clone(),
            name,
            phone,
        }))
    }

    fn name(&self, sent: &str) -> Result<String, Problem> {
        let invalid = |text: &str| Err(Problem::new(Code::InvalidUserData, text));
        let name = if self.switches.trim_names {
            sent.trim()
        } else {
            sent
        };
        if name.is_empty() {
            return invalid("name should not be empty");
        }
        if let Some(max) = self.switches.cut_names_at {
            return Ok(name.chars().take(max).collect());
        }
        let max = self.limits.name_chars;
        if name.chars().count() > max {
            return invalid(&format!("name must be shorter than or equal to {max} characters"));
        }
        Ok(name.to_owned())
    }

    fn phone(&self, sent: &PhoneField, old: Option<&SimUser>) -> Result<Option<String>, Problem> {
        let switches = self.switches;
        let rule = match sent {
            PhoneField::Omitted => switches.omitted_phone,
            PhoneField::Null => switches.null_phone,
            PhoneField::Text(text) if text.trim().is_empty() => switches.empty_phone,
            PhoneField::Text(text) => {
                let phone = if switches.normalise_phones {
                    text.replace(['+', ' ', '-', '.', '(', ')', '\u{a0}'], "")
                } else {
                    text.clone()
                };
                if is_phone(&phone) {
                    return Ok(Some(phone));
                }
                switches.malformed_phone
            }
        };
        match rule {
            PhoneRule::Keep => Ok(old.and_then(|it| it.phone.clone())),
            PhoneRule::Clear => Ok(None),
            PhoneRule::Reject => Err(Problem::new(
                Code::InvalidUserData,
                "phone must be a valid phone number",
            )),
        }
    }

    fn phone_taken(&self, phone: &str) -> Problem {
        let text = if self.switches.name_phone_in_errors {
            format!("User with phone number {phone} already exists in the CRM.")
        } else {
            "User with this phone number already exists in the CRM.".to_owned()
        };
        Problem::new(Code::UserAlreadyExists, &text)
    }
}

fn has_other_holder(users: &UserMap, user: &SimUser) -> bool {
    users
        .values()
        .any(|it| it.id != user.id && it.phone == user.phone)
}
