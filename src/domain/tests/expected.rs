//! How many parks and requests a plan may have, computed from its changes alone, in another way than the
//! planner does.

use std::collections::{BTreeMap, BTreeSet};

use super::super::batch::Purpose;
use super::super::contention::{Clearing, ParkPolicy};
use super::super::outcome::{Change, Op};
use super::super::phone::Phone;
use super::super::plan::Plan;
use super::super::testing::Office;
use super::super::user::UserId;

/// Pieces of a chain or cycle have at most so many moves.
const LONGEST: usize = 10;

/// Which users must wait for which, and which of them nobody needs to wait for.
pub struct Expected<'a> {
    office: &'a Office,
    changes: &'a BTreeMap<UserId, Change>,
    batch_users: usize,
    holders: BTreeMap<&'a Phone, &'a UserId>,
}

impl<'a> Expected<'a> {
    pub fn of(office: &'a Office, plan: &'a Plan) -> Expected<'a> {
        let holder = |it: &'a super::super::user::User| Some((it.phone.as_ref()?, &it.id));
        Expected {
            office,
            changes: &plan.changes,
            batch_users: office.capabilities.batch_users,
            holders: office.users.iter().filter_map(holder).collect(),
        }
    }

    fn recreates(&self) -> bool {
        self.office.terms.clearing == Clearing::Impossible && self.office.terms.park == ParkPolicy::Recreate
    }

    fn gives_up(change: &Change) -> bool {
        change.op == Op::Update && change.takes().is_none() && change.frees().is_some()
    }

    /// The update that frees what this one takes.
    fn before(&self, id: &UserId) -> Option<&'a Change> {
        if !self.office.terms.unique_phones {
            return None;
        }
        let holder = self.holders.get(self.changes.get(id)?.takes()?)?;
        self.changes.get(*holder).filter(|it| it.op == Op::Update)
    }

    /// The moves of each chain and cycle: those that take a phone, a create only where it shares requests
    /// with the updates. `true` for a cycle.
    fn components(&self, without: &BTreeSet<UserId>) -> Vec<(usize, bool)> {
        let moves: BTreeSet<&UserId> = self
            .changes
            .values()
            .filter(|it| it.takes().is_some() && (it.op == Op::Update || self.office.capabilities.upsert))
            .map(|it| &it.id)
            .filter(|id| !without.contains(*id))
            .collect();
        let is_move = |it: &&Change| moves.contains(&it.id);
        let mut lengths: BTreeMap<&UserId, (usize, bool)> = BTreeMap::new();
        // From each move back to where its chain begins, which names the chain; or around a cycle, which
        // its smallest member names.
        for id in &moves {
            let mut at = *id;
            let mut trail = vec![at];
            let is_cycle = loop {
                match self.before(at).filter(is_move) {
                    None => break false,
                    Some(previous) if previous.id == **id => break true,
                    Some(previous) => at = &previous.id,
                }
                trail.push(at);
            };
            let name = if is_cycle {
                trail.iter().min().copied()
            } else {
                Some(at)
            };
            let entry = lengths.entry(name.unwrap_or(at)).or_insert((0, is_cycle));
            entry.0 += 1;
        }
        lengths.into_values().collect()
    }

    /// How many users lose their phone, or vanish, for a moment.
    pub fn parks(&self) -> usize {
        let components = self.components(&BTreeSet::new());
        if self.recreates() {
            let n_cycles = components.iter().filter(|(_, is_cycle)| *is_cycle).count();
            return n_cycles + self.changes.values().filter(|it| Self::gives_up(it)).count();
        }
        if self.office.terms.clearing == Clearing::Impossible {
            return 0;
        }
        let cuts = |(n, is_cycle): (usize, bool)| n.div_ceil(LONGEST) - usize::from(!is_cycle);
        components.into_iter().map(cuts).sum()
    }

    /// The fewest requests for the parks that the plan has.
    pub fn requests(&self, plan: &Plan) -> usize {
        let items = || plan.batches.iter().flat_map(|it| &it.items);
        let of = |purpose| -> BTreeSet<&UserId> {
            items()
                .filter(|it| it.purpose == purpose)
                .map(|it| &it.id)
                .collect()
        };
        let (parked, recreated) = (of(Purpose::Park), of(Purpose::Recreate));
        let requests = |n: usize| n.div_ceil(self.batch_users);
        let n_deletes = self.changes.values().filter(|it| it.op == Op::Delete).count() + recreated.len();

        let awaited: BTreeSet<&UserId> = self
            .changes
            .keys()
            .filter_map(|id| self.before(id))
            .map(|it| &it.id)
            .collect();
        let is_learned = matches!(self.office.terms.clearing, Clearing::Works(_));
        let is_early = |it: &Change| {
            Self::gives_up(it) && !recreated.contains(&it.id) && (!is_learned || awaited.contains(&it.id))
        };
        let n_early = parked.len() + self.changes.values().filter(|it| is_early(it)).count();
        let early_requests = match self.office.terms.clearing {
            Clearing::Unknown if n_early > 0 => 1 + requests(n_early - 1),
            _ => requests(n_early),
        };

        let upsert = self.office.capabilities.upsert;
        let is_create = |it: &Change| it.op == Op::Create || recreated.contains(&it.id);
        let jobs: BTreeSet<&UserId> = self
            .changes
            .values()
            .filter(|it| it.op != Op::Delete && !is_early(it) && (upsert || !is_create(it)))
            .map(|it| &it.id)
            .collect();
        let n_creates = self.changes.values().filter(|it| is_create(it)).count();
        let create_requests = if upsert { 0 } else { requests(n_creates) };
        let is_job_before =
            |it: &&Change| jobs.contains(&it.id) && !parked.contains(&it.id) && !recreated.contains(&it.id);
        // The level of a job is the number of jobs from it to the end of its chain.
        let mut levels: BTreeMap<&UserId, usize> = jobs.iter().map(|id| (*id, 1)).collect();
        for id in &jobs {
            let (mut at, mut level) = (*id, 1);
            while let Some(previous) = self.before(at).filter(is_job_before) {
                level += 1;
                at = &previous.id;
                let known = levels.entry(at).or_default();
                *known = level.max(*known);
            }
        }
        let highest = levels.values().copied().max().unwrap_or(0);
        let bound = |level: usize| level + requests(levels.values().filter(|it| **it > level).count());
        let update_requests = (0..=highest).map(bound).max().unwrap_or(0);
        requests(n_deletes) + early_requests + update_requests + create_requests
    }
}
