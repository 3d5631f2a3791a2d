//! What the guards know beside the diff: limits, what was done before, and what is still held.

use std::collections::{BTreeMap, BTreeSet};

use super::Limits;
use crate::domain::memory::{Reason, Subject};
use crate::domain::user::UserId;

/// What the guards know beside the diff.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Circumstances {
    /// The account's limits.
    pub limits: Limits,
    /// Removals by earlier runs of the last 24 hours that nobody approved, dated in the future included,
    /// without those whose user is still on the platform. This run's own are in `passed`.
    pub removed_in_24h: usize,
    /// The query, or another setting that decides who is an employee, is another one than at the last run.
    pub settings_changed: bool,
    /// The credential or the base URL is another one than at the last run.
    pub binding_changed: bool,
    /// A person wants nobody to be removed for now, not even who was approved.
    pub removals_paused: bool,
    /// Held before and not decided: by an earlier plan of this run, or by `settings_changed`.
    pub still_held: BTreeMap<(Subject, UserId), Reason>,
    /// Changes that earlier plans of this run let pass.
    pub passed: Passed,
    /// Users who are there and stay, and whose rights on channels would change, which no change of a diff says.
    pub access: BTreeSet<UserId>,
}

/// Users whose change passed in this run: plans made again within one run add up.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Passed {
    /// Removed without approval.
    pub removals: BTreeSet<UserId>,
    /// Lost their phone without approval.
    pub phone_losses: BTreeSet<UserId>,
    /// Changed without approval.
    pub updates: BTreeSet<UserId>,
}

impl Passed {
    /// Adds what a plan lets pass.
    pub fn extend(&mut self, other: Passed) {
        let Passed {
            removals,
            phone_losses,
            updates,
        } = other;
        self.removals.extend(removals);
        self.phone_losses.extend(phone_losses);
        self.updates.extend(updates);
    }
}
