//! Who waits for whom: a change that takes a phone waits for the update that frees it.
//!
//! Each waits for at most one and is waited for by at most one, so they form chains and cycles. What
//! follows from that is decided in [`super::contention`] and [`super::order`].

use std::collections::BTreeMap;

use foldhash::{HashMap, HashMapExt as _, HashSet, HashSetExt as _};

use super::outcome::{Change, Op};
use super::phone::Phone;
use super::user::UserId;

/// For each change that takes a phone: the update that frees it, if one does.
pub fn waits_for<'a>(
    moves: &'a BTreeMap<UserId, Change>,
    holders: &HashMap<&Phone, Vec<&UserId>>,
) -> HashMap<&'a UserId, &'a Change> {
    let mut waits = HashMap::with_capacity(moves.len());
    for change in moves.values() {
        let Some(phone) = change.takes() else { continue };
        for holder in holders.get(phone).into_iter().flatten() {
            let freeing = moves.get(*holder);
            if let Some(freeing) = freeing.filter(|it| it.op == Op::Update && it.id != change.id) {
                waits.insert(&change.id, freeing);
            }
        }
    }
    waits
}

/// The cycles among updates that each take a phone of the next.
pub fn cycles(moves: &BTreeMap<UserId, Change>, holders: &HashMap<&Phone, Vec<&UserId>>) -> Vec<Vec<UserId>> {
    let waits = waits_for(moves, holders);
    let mut seen: HashSet<&UserId> = HashSet::with_capacity(waits.len());
    let mut cycles = Vec::new();
    for start in moves.keys().filter(|id| waits.contains_key(*id)) {
        let mut path: Vec<&UserId> = Vec::new();
        let mut at = start;
        while seen.insert(at) {
            path.push(at);
            let Some(next) = waits.get(at) else { break };
            at = &next.id;
        }
        // The walk ended where this same walk had been before: from there on it is a cycle.
        if let Some(begin) = path
            .iter()
            .position(|id| *id == at)
            .filter(|_| waits.contains_key(at))
        {
            cycles.push(path[begin..].iter().map(|id| (*id).clone()).collect());
        }
    }
    cycles
}
