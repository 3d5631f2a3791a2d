//! In which order the changes travel, and in which requests.
//!
//! A phone is a resource. An operation that takes one waits for the operation that frees it; each waits
//! for at most one and is waited for by at most one, so they form **chains and cycles**:
//!
//! - Deletes wait for nothing and free phones and seats: they go first.
//! - A cycle can't begin, so one member is **parked**: its phone is taken away for a moment. A chain or
//!   cycle longer than [`MAX_CHAIN`] is cut by further parks into pieces of equal length.
//! - Parks, and phones given up that others wait for, go second.
//! - Updates follow. A request is valid under every order and any moment of checking only if no item
//!   takes a phone that anybody else holds before the request, so a chain of n needs n requests. Packing
//!   chains into requests of a fixed size is scheduling unit jobs with chain precedence on identical
//!   machines, and taking the jobs with the longest remaining chain first is optimal (T. C. Hu,
//!   "Parallel sequencing and assembly line problems", Operations Research 9, 1961).
//! - Nothing waits for a create: they go last, or with the updates where one call does both.

use std::collections::{BTreeMap, BTreeSet, BinaryHeap};
use std::sync::Arc;

use foldhash::{HashMap, HashMapExt as _, HashSet, HashSetExt as _};

use super::batch::{Batch, ClearBy, Item, PhoneField, Purpose, Verb};
use super::capability::Capabilities;
use super::chain::{cycles, waits_for};
use super::contention::{Clearing, ParkPolicy, Terms};
use super::outcome::{Change, Op};
use super::user::UserId;
use super::world::World;

/// Longest chain that is left whole. A chain costs a request for each link and a cut costs one park, of
/// which a hundred share a request: at 10, a rotation of 300 takes 11 requests instead of 300.
pub const MAX_CHAIN: usize = 10;

/// Orders all changes. Every phone that one of them takes must be free, or be freed by another of them,
/// as [`super::contention::contend`] leaves them.
///
/// `suspects` were refused in an earlier run and travel alone, so that they stop nobody else.
pub fn order(
    moves: &BTreeMap<UserId, Change>,
    world: &World,
    terms: &Terms,
    capabilities: &Capabilities,
    suspects: &BTreeSet<UserId>,
) -> Vec<Batch> {
    let holders = world.holders();
    // Without unique phones nobody waits for anybody.
    let waits = if terms.unique_phones {
        waits_for(moves, &holders)
    } else {
        HashMap::new()
    };
    let recreated = recreated(moves, &holders, terms);
    let parked = parked(moves, &waits, &recreated, terms, capabilities.upsert);
    let sheet = Sheet {
        moves,
        terms,
        waits: &waits,
        awaited: waits.values().map(|it| &it.id).collect(),
        recreated: &recreated,
        parked: &parked,
    };

    let packer = Packer {
        batch_users: capabilities.batch_users,
        suspects,
    };
    let mut batches = Vec::new();
    packer.pack(Verb::Delete, sheet.deletes(), &mut batches);
    sheet.parks(&packer, &mut batches);
    let (update_verb, create_verb) = if capabilities.upsert {
        (Verb::Upsert, Verb::Upsert)
    } else {
        (Verb::Update, Verb::Create)
    };
    let jobs = sheet.jobs(capabilities.upsert);
    for slot in sheet.schedule(&jobs, capabilities.batch_users) {
        packer.pack(
            update_verb,
            slot.iter().map(|change| sheet.apply_item(change)).collect(),
            &mut batches,
        );
    }
    if !capabilities.upsert {
        packer.pack(create_verb, sheet.creates(), &mut batches);
    }
    batches
}

/// Updates that are done as delete and create, because nothing else takes their phone away.
fn recreated(
    moves: &BTreeMap<UserId, Change>,
    holders: &HashMap<&super::phone::Phone, Vec<&UserId>>,
    terms: &Terms,
) -> HashSet<UserId> {
    if terms.clearing != Clearing::Impossible || terms.park != ParkPolicy::Recreate {
        return HashSet::new();
    }
    let mut recreated: HashSet<UserId> = moves
        .values()
        .filter(|it| gives_up(it))
        .map(|it| it.id.clone())
        .collect();
    if terms.unique_phones {
        recreated.extend(
            cycles(moves, holders)
                .into_iter()
                .filter_map(|cycle| cycle.into_iter().min()),
        );
    }
    recreated
}

/// Whether an update lets go of its phone and takes no other.
fn gives_up(change: &Change) -> bool {
    change.op == Op::Update && change.frees().is_some() && change.takes().is_none()
}

/// Who is parked: one of each cycle, and one at each cut of a long chain.
fn parked<'a>(
    moves: &'a BTreeMap<UserId, Change>,
    waits: &HashMap<&'a UserId, &'a Change>,
    recreated: &HashSet<UserId>,
    terms: &Terms,
    creates_share: bool,
) -> HashSet<&'a UserId> {
    let mut parked = HashSet::new();
    if terms.clearing == Clearing::Impossible {
        return parked;
    }
    let is_link = |change: &Change| {
        let is_kind = change.op == Op::Update || creates_share;
        is_kind && change.takes().is_some() && !recreated.contains(&change.id)
    };
    let links: Vec<&UserId> = moves.values().filter(|it| is_link(it)).map(|it| &it.id).collect();
    let mut followers: HashMap<&UserId, &UserId> = HashMap::with_capacity(waits.len());
    for id in &links {
        if let Some(freeing) = waits.get(*id) {
            followers.insert(&freeing.id, id);
        }
    }
    let mut seen: HashSet<&UserId> = HashSet::with_capacity(waits.len());
    // First the chains, each from its head, which waits for no link; what remains are cycles.
    let is_head = |id: &&UserId| waits.get(*id).is_none_or(|freeing| !is_link(freeing));
    for begin in links.iter().filter(|id| is_head(id)).chain(&links) {
        if seen.contains(*begin) {
            continue;
        }
        let is_cycle = !is_head(begin);
        let mut component = Vec::new();
        let mut at = Some(*begin);
        while let Some(id) = at.filter(|id| seen.insert(*id)) {
            component.push(id);
            at = followers.get(id).copied();
        }
        // In a cycle the last one's phone is what the first one takes.
        let n = component.len();
        let pieces = n.div_ceil(MAX_CHAIN);
        parked.extend((1..pieces).map(|piece| component[piece * n / pieces - 1]));
        if is_cycle {
            parked.extend(component.last().copied());
        }
    }
    parked
}

/// All that decides about the place of each change.
struct Sheet<'a> {
    moves: &'a BTreeMap<UserId, Change>,
    terms: &'a Terms,
    waits: &'a HashMap<&'a UserId, &'a Change>,
    /// Updates whose phone somebody waits for.
    awaited: HashSet<&'a UserId>,
    recreated: &'a HashSet<UserId>,
    parked: &'a HashSet<&'a UserId>,
}

impl<'a> Sheet<'a> {
    fn deletes(&self) -> Vec<Item> {
        let purpose = |change: &Change| match change.op {
            Op::Delete => Some(Purpose::Remove),
            _ if self.recreated.contains(&change.id) => Some(Purpose::Recreate),
            _ => None,
        };
        let item = |change: &Change| {
            Some(Item {
                id: change.id.clone(),
                name: Arc::clone(&change.old.as_ref()?.name),
                phone: PhoneField::None,
                grant: None,
                purpose: purpose(change)?,
            })
        };
        self.moves.values().filter_map(item).collect()
    }

    /// Users whose phone goes before the updates begin, because somebody waits for it or because the way
    /// to do it must be learned, with one user alone, before anything is built on it.
    fn parks(&self, packer: &Packer<'_>, batches: &mut Vec<Batch>) {
        let mut items: Vec<Item> = self
            .moves
            .values()
            .filter(|it| self.goes_early(it))
            .filter_map(|it| self.early_item(it))
            .collect();
        if self.terms.clearing == Clearing::Unknown && items.len() > 1 {
            let rest = items.split_off(1);
            packer.pack(Verb::Update, items, batches);
            items = rest;
        }
        packer.pack(Verb::Update, items, batches);
    }

    fn goes_early(&self, change: &Change) -> bool {
        if self.recreated.contains(&change.id) {
            return false;
        }
        let is_learned = matches!(self.terms.clearing, Clearing::Works(_));
        self.parked.contains(&change.id)
            || (gives_up(change) && (!is_learned || self.awaited.contains(&change.id)))
    }

    /// A park leaves the name as it is; a phone that goes for good goes with the whole new record.
    fn early_item(&self, change: &Change) -> Option<Item> {
        if !self.parked.contains(&change.id) {
            return Some(self.apply_item(change));
        }
        let old = change.old.as_ref()?;
        let phone = PhoneField::Clear(self.clear_by());
        Some(Item {
            id: change.id.clone(),
            name: Arc::clone(&old.name),
            phone,
            grant: old.grant.clone(),
            purpose: Purpose::Park,
        })
    }

    fn clear_by(&self) -> ClearBy {
        match self.terms.clearing {
            Clearing::Works(by) => by,
            Clearing::Unknown | Clearing::Impossible => ClearBy::ALL[0],
        }
    }

    /// The whole record as it shall be after the plan.
    fn apply_item(&self, change: &Change) -> Item {
        let new = change
            .new
            .as_ref()
            .expect("only deletes have no new record, and they are not applied here");
        let phone = match &new.phone {
            Some(phone) => PhoneField::Number(phone.clone()),
            None if change.frees().is_some() && !self.recreated.contains(&change.id) => {
                PhoneField::Clear(self.clear_by())
            }
            None => PhoneField::None,
        };
        Item {
            id: change.id.clone(),
            name: Arc::clone(&new.name),
            phone,
            grant: new.grant.clone(),
            purpose: Purpose::Apply,
        }
    }

    /// Recreated users first: their seats are their own.
    fn creates(&self) -> Vec<Item> {
        let changes = self.moves.values();
        let again = changes.clone().filter(|it| self.recreated.contains(&it.id));
        let new = changes.filter(|it| it.op == Op::Create);
        again.chain(new).map(|it| self.apply_item(it)).collect()
    }

    /// The changes that travel with the updates.
    fn jobs(&self, creates_share: bool) -> Vec<&'a Change> {
        let is_job = |change: &Change| match change.op {
            Op::Create => creates_share,
            Op::Update if self.recreated.contains(&change.id) => creates_share,
            Op::Update | Op::Access => self.parked.contains(&change.id) || !self.goes_early(change),
            Op::Delete | Op::Park => false,
        };
        self.moves.values().filter(|it| is_job(it)).collect()
    }

    /// The job that must be done before this one, if any: it frees the phone, and does so as a job.
    fn predecessor(&self, job: &Change) -> Option<&'a UserId> {
        let freeing = *self.waits.get(&job.id)?;
        let is_free_before = self.goes_early(freeing) || self.recreated.contains(&freeing.id);
        (!is_free_before).then_some(&freeing.id)
    }

    /// Hu's algorithm: in each slot the ready jobs with the longest remaining chain.
    fn schedule(&self, jobs: &[&'a Change], batch_users: usize) -> Vec<Vec<&'a Change>> {
        let index: HashMap<&UserId, usize> =
            jobs.iter().enumerate().map(|(idx, job)| (&job.id, idx)).collect();
        let before: Vec<Option<usize>> = jobs
            .iter()
            .map(|job| self.predecessor(job).and_then(|it| index.get(it).copied()))
            .collect();
        let mut after: Vec<Option<usize>> = vec![None; jobs.len()];
        for (idx, before) in before.iter().enumerate() {
            if let Some(before) = before {
                after[*before] = Some(idx);
            }
        }
        let levels = levels(&before, &after);
        let mut ready: BinaryHeap<(usize, std::cmp::Reverse<usize>)> = (0..jobs.len())
            .filter(|idx| before[*idx].is_none())
            .map(|idx| (levels[idx], std::cmp::Reverse(idx)))
            .collect();
        let mut slots = Vec::new();
        while !ready.is_empty() {
            let mut slot: Vec<usize> = (0..batch_users)
                .map_while(|_| ready.pop())
                .map(|(_, std::cmp::Reverse(idx))| idx)
                .collect();
            for idx in slot.iter().filter_map(|idx| after[*idx]) {
                ready.push((levels[idx], std::cmp::Reverse(idx)));
            }
            slot.sort_unstable();
            slots.push(slot.into_iter().map(|idx| jobs[idx]).collect());
        }
        slots
    }
}

/// How many jobs of its chain remain from each job on, itself included.
fn levels(before: &[Option<usize>], after: &[Option<usize>]) -> Vec<usize> {
    let mut levels = vec![1; before.len()];
    for end in (0..before.len()).filter(|idx| after[*idx].is_none()) {
        let mut at = end;
        while let Some(previous) = before[at] {
            levels[previous] = levels[at] + 1;
            at = previous;
        }
    }
    levels
}

/// Cuts items into requests.
struct Packer<'a> {
    batch_users: usize,
    suspects: &'a BTreeSet<UserId>,
}

impl Packer<'_> {
    /// Requests of `batch_users`, then each suspect in one of its own.
    fn pack(&self, verb: Verb, items: Vec<Item>, batches: &mut Vec<Batch>) {
        let (suspects, sound): (Vec<Item>, Vec<Item>) = items
            .into_iter()
            .partition(|item| self.suspects.contains(&item.id));
        let mut sound = sound.into_iter().peekable();
        while sound.peek().is_some() {
            batches.push(Batch {
                verb,
                items: sound.by_ref().take(self.batch_users).collect(),
            });
        }
        batches.extend(suspects.into_iter().map(|item| Batch {
            verb,
            items: vec![item],
        }));
    }
}
