//! Makes a platform that gives its users ids of its own look like one that takes ours.
//!
//! The rest of a pass knows people by the employee's id. The directory finds out who is whom with every list
//! ([`crate::domain::identity`]), turns each item of a batch into a step for one of the platform's users, and
//! remembers what it found. What a user was last granted decides how a reading is understood: more than that
//! is no drift, and a reading that does not show it says nothing of it.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use async_trait::async_trait;

use super::account::Account;
use crate::domain::batch::{Batch, Item, Verb};
use crate::domain::capability::{Capabilities, Names};
use crate::domain::employee::Employees;
use crate::domain::grant::Grant;
use crate::domain::identity::{Identified, Key, Pin, Pins, folded, identify};
use crate::domain::member::{Member, MemberId};
use crate::domain::memory::Managed;
use crate::domain::user::{User, UserId};
use crate::store::{Store, StoreError};
use crate::target::member::{MemberStep, MemberTarget, StepAnswer};
use crate::target::{Answer, Listing, Meaning, People, ReadTarget, Requests, WriteTarget};

/// Who is whom on one platform, within one pass.
pub(super) struct Directory<'a> {
    target: &'a dyn MemberTarget,
    employees: Employees,
    key: Key,
    /// Ids, keys or the platform's ids that are never touched.
    protected: BTreeSet<UserId>,
    ours: BTreeSet<UserId>,
    state: Mutex<State>,
    /// Where pins are kept; a pass that only plans keeps none.
    keep: Option<(&'a Store, &'a str)>,
}

#[derive(Default)]
struct State {
    pins: Pins,
    found: Identified,
    /// What each user was last granted, as far as it was taken or read back.
    granted: BTreeMap<UserId, Grant>,
    /// All users of the last list, by key.
    by_key: BTreeMap<Arc<str>, Member>,
    /// Nothing was sent since the last list.
    is_fresh: bool,
    /// Users whose create has no answer: it may land at any time, so there is no second one in this pass.
    lost_creates: BTreeSet<UserId>,
}

impl<'a> Directory<'a> {
    pub(super) fn new(
        target: &'a dyn MemberTarget,
        account: &Account,
        employees: &Employees,
        managed: &Managed,
        pins: Pins,
        keep: Option<(&'a Store, &'a str)>,
    ) -> Directory<'a> {
        let granted = managed.iter().filter_map(|(id, it)| {
            let grant = it.observed.as_ref()?.grant.clone()?;
            Some((id.clone(), grant))
        });
        let state = State {
            granted: granted.collect(),
            pins,
            ..State::default()
        };
        Directory {
            target,
            employees: employees.clone(),
            key: account.key,
            protected: account
                .policy
                .protected
                .iter()
                .map(|it| UserId::new(folded(it.as_str())))
                .collect(),
            ours: managed.keys().cloned().collect(),
            state: Mutex::new(state),
            keep,
        }
    }

    fn state(&self) -> MutexGuard<'_, State> {
        // A panic while it was held left no half-made state: every change is one assignment.
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn is_protected(&self, id: &UserId, member: &Member) -> bool {
        let names = [id.as_str(), &*member.key, member.id.as_str()];
        names
            .into_iter()
            .any(|it| self.protected.contains(&UserId::new(folded(it))))
    }

    /// The user as the core knows it; `None` for one that can't use the platform now.
    fn user(&self, id: &UserId, member: &Member, granted: Option<&Grant>) -> Option<User> {
        let name = match self.target.capabilities().names {
            Names::Identity => folded(&member.key),
            Names::Managed | Names::Unmanaged => member.key.clone(),
        };
        let grant = match (&member.grant, granted) {
            (None, last) => last.cloned(),
            (Some(shown), Some(last)) if shown.includes(last) && !last.is_empty() => Some(last.clone()),
            (Some(shown), _) => Some(shown.clone()),
        };
        member.is_active.then(|| User {
            id: id.clone(),
            name,
            phone: None,
            grant,
        })
    }

    /// Keeps what was found of those who are ours by now.
    ///
    /// # Errors
    /// Any [`StoreError`].
    pub(super) async fn save(&self, managed: &Managed) -> Result<(), StoreError> {
        let Some((store, account)) = self.keep else {
            return Ok(());
        };
        let pins = {
            let state = self.state();
            let known = state
                .found
                .members
                .iter()
                .filter(|(id, _)| managed.contains_key(id));
            let found = known.map(|(id, member)| (id.clone(), pin_of(member)));
            let changed = found.filter(|(id, pin)| state.pins.get(id) != Some(pin));
            changed.collect::<Vec<_>>()
        };
        store.save_pins(account, &pins).await
    }

    /// Remembers a pin at once: what is about to be created must be found again, whatever happens.
    async fn pin(&self, id: &UserId, pin: Pin) -> Result<(), Answer> {
        self.state().pins.insert(id.clone(), pin.clone());
        let Some((store, account)) = self.keep else {
            return Ok(());
        };
        store
            .save_pins(account, &[(id.clone(), pin)])
            .await
            .map_err(|error| local(Meaning::Unknown, "store_failed", &error.to_string()))
    }

    /// What the item asks for, in the platform's terms.
    fn step(&self, verb: Verb, item: &Item) -> Result<MemberStep, Answer> {
        let state = self.state();
        let member = state.found.members.get(&item.id);
        let missing = || local(Meaning::Missing, "user_missing", "the platform has no such user");
        if verb == Verb::Delete {
            let id = member.ok_or_else(missing)?.id.clone();
            return Ok(MemberStep::Dismiss { id });
        }
        let Some(grant) = item.grant.clone() else {
            let text = "nothing says what this user may do";
            return Err(local(Meaning::BadItem, "role_unmapped", text));
        };
        let is_identity = self.target.capabilities().names == Names::Identity;
        let heir = match member {
            // Another key is another user.
            Some(member) if is_identity && folded(&member.key) != item.name => state.by_key.get(&item.name),
            member => member,
        };
        Ok(match heir {
            Some(member) => MemberStep::Admit {
                id: member.id.clone(),
                grant,
                seen: Some(member.clone()),
            },
            None if verb == Verb::Update && member.is_none() => return Err(missing()),
            None => MemberStep::Create {
                key: item.name.clone(),
                grant,
            },
        })
    }

    /// The user that this step leaves behind: the employee has another key now.
    fn left_behind(&self, item: &Item, step: &MemberStep) -> Option<MemberId> {
        let state = self.state();
        let member = state.found.members.get(&item.id).filter(|it| it.is_active)?;
        match step {
            MemberStep::Dismiss { .. } => None,
            MemberStep::Admit { id, .. } => (member.id != *id).then(|| member.id.clone()),
            MemberStep::Create { .. } => Some(member.id.clone()),
        }
    }

    async fn carry_out(&self, verb: Verb, item: &Item) -> Result<Answer, Answer> {
        let step = self.step(verb, item)?;
        let left_behind = self.left_behind(item, &step);
        if let MemberStep::Create { key, .. } = &step {
            if self.state().lost_creates.contains(&item.id) {
                let text =
                    "an earlier request to create this user has no answer yet; the next run looks again";
                return Err(local(Meaning::Unknown, "create_unanswered", text));
            }
            if left_behind.is_none() {
                let key = folded(key);
                self.pin(&item.id, Pin { member: None, key }).await?;
            }
        }
        let StepAnswer { answer, id } = self.target.send(&step).await;
        self.state().is_fresh = false;
        let is_create = matches!(step, MemberStep::Create { .. });
        if is_create && answer.meaning == Meaning::Unknown && id.is_none() {
            self.state().lost_creates.insert(item.id.clone());
        }
        if answer.meaning != Meaning::Accepted {
            if let (Some(id), None) = (id, &left_behind) {
                let key = folded(&item.name);
                self.pin(
                    &item.id,
                    Pin {
                        member: Some(id),
                        key,
                    },
                )
                .await?;
            }
            return Ok(answer);
        }
        if let (MemberStep::Create { key, .. }, Some(id)) = (&step, &id) {
            // Whatever fails from here on: there is one, and no second one is needed.
            let member = new_member(id.clone(), key.clone());
            self.state().by_key.insert(folded(key), member);
        }
        if let Some(old) = left_behind {
            // Only now, so that at no moment the person has no user at all.
            let dismissed = self.target.send(&MemberStep::Dismiss { id: old }).await.answer;
            if dismissed.meaning != Meaning::Accepted && dismissed.meaning != Meaning::Missing {
                return Ok(dismissed);
            }
        }
        match step {
            MemberStep::Dismiss { id } => {
                let mut state = self.state();
                state.granted.remove(&item.id);
                if let Some(member) = state.found.members.get_mut(&item.id).filter(|it| it.id == id) {
                    member.is_active = false;
                }
            }
            MemberStep::Admit { grant, seen, .. } => {
                if let Some(member) = seen {
                    self.settle(&item.id, member, grant).await?;
                }
            }
            MemberStep::Create { key, grant } => {
                if let Some(id) = id {
                    self.settle(&item.id, new_member(id, key), grant).await?;
                } else {
                    self.state().granted.insert(item.id.clone(), grant);
                }
            }
        }
        Ok(answer)
    }

    /// From now on this is the employee's user.
    async fn settle(&self, id: &UserId, member: Member, grant: Grant) -> Result<(), Answer> {
        let pin = pin_of(&member);
        {
            let mut state = self.state();
            state.granted.insert(id.clone(), grant);
            state.found.successors.remove(id);
            let member = Member {
                is_active: true,
                grant: None,
                ..member
            };
            state.found.known.insert(id.clone());
            state.found.members.insert(id.clone(), member);
        }
        self.pin(id, pin).await
    }
}

/// What is known of a user that was made just now.
fn new_member(id: MemberId, key: Arc<str>) -> Member {
    Member {
        id,
        key,
        is_active: true,
        grant: None,
        untouchable: None,
    }
}

fn pin_of(member: &Member) -> Pin {
    Pin {
        member: Some(member.id.clone()),
        key: folded(&member.key),
    }
}

/// An answer that no platform gave.
fn local(meaning: Meaning, code: &str, text: &str) -> Answer {
    Answer {
        meaning,
        status: None,
        code: Some(code.to_owned()),
        text: text.to_owned(),
    }
}

#[async_trait]
impl ReadTarget for Directory<'_> {
    fn capabilities(&self) -> &Capabilities {
        self.target.capabilities()
    }

    async fn list(&self) -> Result<Listing, Answer> {
        let listed = self.target.list().await?;
        let mut state = self.state();
        let found = identify(
            &listed.members,
            &self.employees,
            &self.ours,
            &state.pins,
            self.key,
        );
        let is_known = |id: &UserId| found.known.contains(id);
        let mut people = People {
            findings: found.findings.clone(),
            untouchable: found.ambiguous.clone(),
            ..People::default()
        };
        let mut users = Vec::new();
        for (id, member) in &found.members {
            if member.untouchable.is_some() || self.is_protected(id, member) {
                people.untouchable.insert(id.clone());
            }
            match self.user(id, member, state.granted.get(id)) {
                Some(user) => users.push(user),
                None if is_known(id) => {
                    people.dormant.insert(id.clone(), member.grant.clone());
                }
                None => {}
            }
        }
        state.by_key = listed
            .members
            .into_iter()
            .map(|it| (folded(&it.key), it))
            .collect();
        state.found = found;
        state.is_fresh = true;
        Ok(Listing {
            users,
            // There are none to be shown.
            phones_shown: true,
            incomplete: listed.incomplete,
            people,
        })
    }

    async fn get(&self, id: &UserId) -> Result<Option<User>, Answer> {
        let member = {
            let state = self.state();
            let listed = state.found.members.get(id).map(|it| it.id.clone());
            // The user that was once found for this id may be somebody else's by now.
            let is_free = |it: &MemberId| !state.found.members.values().any(|member| member.id == *it);
            let pinned = || state.pins.get(id)?.member.clone().filter(is_free);
            match listed.or_else(pinned) {
                None if state.is_fresh => return Ok(None),
                member => member,
            }
        };
        let Some(member) = member else {
            // Only a list shows whether somebody of this key is there.
            let listing = self.list().await?;
            return Ok(listing.users.into_iter().find(|it| it.id == *id));
        };
        let Some(member) = self.target.get(&member).await? else {
            return Ok(None);
        };
        let mut state = self.state();
        let user = self.user(id, &member, state.granted.get(id));
        state.found.members.insert(id.clone(), member);
        Ok(user)
    }

    fn requests(&self) -> Requests {
        self.target.requests()
    }

    fn describe(&self, batch: &Batch) -> (&'static str, &'static str) {
        let step = batch.items.first().map(|item| self.step(batch.verb, item));
        let step = step.and_then(Result::ok).unwrap_or(MemberStep::Create {
            key: "".into(),
            grant: Grant::new([""; 0]),
        });
        self.target.describe(&step)
    }
}

#[async_trait]
impl WriteTarget for Directory<'_> {
    async fn send(&self, batch: &Batch) -> Answer {
        // One user a request: its capabilities say so, and the checker sees to it.
        let [item] = batch.items.as_slice() else {
            return local(Meaning::BadItem, "batch_size", "one user at a time");
        };
        match self.carry_out(batch.verb, item).await {
            Ok(answer) | Err(answer) => answer,
        }
    }
}
