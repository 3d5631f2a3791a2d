//! The end of a pass, as far as rights are concerned: outcomes, and what is remembered.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use super::super::mind::Mind;
use super::super::stop::Said;
use super::Access;
use super::planned::{held, n_drifted};
use super::write::{Entry, Fate};
use crate::domain::access::wish::supervisors;
use crate::domain::access::{Wish, notify_grant};
use crate::domain::grant::Grant;
use crate::domain::outcome::{Change, Outcome, Settled};
use crate::domain::user::UserId;
use crate::domain::world::World;
use crate::store::AccessClosing;

impl Access<'_> {
    /// One outcome for every change of rights in this pass.
    pub(in super::super) fn settled(&self) -> Vec<Settled> {
        let mut settled: BTreeMap<&UserId, Settled> = BTreeMap::new();
        for (id, (change, reason)) in &self.planned.held {
            settled.insert(id, held(change, *reason));
        }
        for (id, change) in &self.planned.changes {
            settled.insert(id, self.not_sent(change));
        }
        for (id, entry) in &self.entries {
            settled.insert(id, entry.outcome());
        }
        settled.into_values().collect()
    }

    /// The outcome of a change that no request carried.
    fn not_sent(&self, change: &Change) -> Settled {
        let is_so = self.is_finished && self.wishes.users.contains_key(&change.id);
        let is_said = self.is_finished && change.id == supervisors();
        let (outcome, code, detail): (_, Option<Arc<str>>, Option<Arc<str>>) = if is_so || is_said {
            // The platform showed it when we were about to write.
            (Outcome::Applied, None, None)
        } else if self.is_finished {
            let why = "the user is not on the platform, so it has no rights yet";
            (Outcome::Unknown, Some("user_missing".into()), Some(why.into()))
        } else {
            let why = || "the run ended before it was sent".into();
            let why = self.trouble.clone().unwrap_or_else(why);
            (Outcome::Unknown, Some("not_sent".into()), Some(why))
        };
        Settled {
            change: change.clone(),
            outcome,
            code,
            detail,
            attempts: 0,
            status: None,
        }
    }

    /// Whether all rights were looked at, so that what is open no more is done.
    pub(in super::super) fn is_finished(&self) -> bool {
        self.is_finished
    }

    /// Whether something may still have its effect later, or is to be looked at again.
    pub(in super::super) fn is_doubtful(&self) -> bool {
        self.had_unknown || !self.restored().is_empty()
    }

    /// Users whose rights somebody changed on the platform before this pass.
    pub(in super::super) fn n_drifted(&self, others: &BTreeSet<UserId>) -> usize {
        n_drifted(&self.drift, others)
    }

    /// Whether what was wished of the user is what the platform shows.
    fn is_done(&self, id: &UserId) -> bool {
        self.entries.get(id).is_none_or(|it| it.fate == Fate::Confirmed)
    }

    fn restored(&self) -> Vec<UserId> {
        if !self.is_finished {
            return Vec::new();
        }
        let kept = self.wishes.kept.keys();
        kept.filter(|id| self.is_done(id)).cloned().collect()
    }
}

impl Mind<'_> {
    /// What this pass leaves behind of rights.
    pub(in super::super) fn access_closing(&self, world: &World) -> AccessClosing {
        let access = &self.access;
        if !access.is_finished {
            return AccessClosing::default();
        }
        let mut closing = AccessClosing {
            restored: access.restored(),
            ..AccessClosing::default()
        };
        // Who left meanwhile needs nothing back.
        let is_nobody = |id: &&UserId| {
            world.is_fresh && !world.users.contains_key(*id) && !self.memory.managed.contains_key(*id)
        };
        closing
            .restored
            .extend(access.memory.kept.keys().filter(is_nobody).cloned());
        let Some(policy) = access.policy() else {
            // Nobody watches any more what becomes of rights.
            closing.forget = access.memory.accepted.keys().cloned().collect();
            return closing;
        };
        let is_whole = self.order.only.is_none();
        let has_other_channels = access.has_other_channels();
        if has_other_channels && !is_whole {
            return closing;
        }
        let mut accepted: BTreeMap<UserId, Grant> = BTreeMap::new();
        for (id, wish) in &access.wishes.users {
            match wish {
                Wish::Have(rights) if access.is_done(id) => {
                    accepted.insert(id.clone(), rights.grant());
                }
                Wish::Gone if access.is_done(id) => closing.forget.push(id.clone()),
                Wish::Have(_) | Wish::Gone => {}
            }
        }
        if let Some(notify) = access
            .wishes
            .notify_supervisors
            .filter(|_| access.is_done(&supervisors()))
        {
            accepted.insert(supervisors(), notify_grant(notify));
        }
        if is_whole {
            let is_ours = |id: &UserId| *id == supervisors() || self.memory.managed.contains_key(id);
            let is_wished = |id: &UserId| access.wishes.users.contains_key(id) || accepted.contains_key(id);
            let ids = access.memory.accepted.keys();
            let stray = ids.filter(|id| has_other_channels || (is_ours(id) && !is_wished(id)));
            let stray = stray.filter(|id| !accepted.contains_key(*id) && access.is_done(id));
            closing.forget.extend(stray.cloned());
        }
        let is_news = |(id, rights): &(UserId, Grant)| {
            has_other_channels
                || access.intended.contains(id)
                || access.memory.accepted.get(id) != Some(&Some(rights.clone()))
        };
        let news = accepted.into_iter().filter(is_news);
        closing.accepted = news.map(|(id, rights)| (id, Some(rights))).collect();
        closing.channels = has_other_channels.then(|| policy.channels.mark());
        closing
    }
}

impl Entry {
    fn outcome(&self) -> Settled {
        let answer = self.answer.as_ref();
        let said = || answer.map(|it| Arc::<str>::from(Said::from(it).to_string()));
        let code = || answer.and_then(|it| it.code.as_deref()).map(Arc::from);
        let too_large = || {
            let is_too_large = answer.is_some_and(|it| it.status == Some(413));
            is_too_large.then(|| Arc::from("payload_too_large"))
        };
        let (outcome, code, detail): (_, Option<Arc<str>>, Option<Arc<str>>) = match self.fate {
            Fate::Confirmed => (Outcome::Applied, None, self.reason.clone()),
            Fate::Rejected => (Outcome::Rejected, code().or_else(too_large), said()),
            Fate::Accepted => {
                let why = "the platform accepted the document and does not show its effect";
                (Outcome::Unknown, Some("not_confirmed".into()), Some(why.into()))
            }
            Fate::Open => (Outcome::Unknown, code(), said()),
        };
        Settled {
            change: self.change.clone(),
            outcome,
            code,
            detail,
            attempts: self.attempts,
            status: answer.and_then(|it| it.status),
        }
    }
}
