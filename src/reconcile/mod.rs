//! One pass over one account: observe, plan, apply, record. The only caller of source, target and store.
//!
//! - [`reconcile`] does the whole pass, under the lock of the remote.
//! - [`preview()`] is the same path up to the checked plan; it can't write, takes no lock and records nothing.
//! - [`rebuild()`] takes what the platform shows as the last known state, and sends nothing.
//!
//! The pass takes no hint of what changed and remembers nothing in memory: killed at any instant, the next
//! one reads what is there and finishes the work. What it does not decide: which accounts are due (the
//! caller's business) and what a plan looks like (`domain`'s).

mod access;
mod account;
mod again;
mod clear;
mod confirm;
mod deliver;
mod directory;
mod halve;
mod keeper;
mod ledger;
mod link;
mod mind;
mod pass;
mod phones;
mod preview;
mod progress;
mod rebuild;
mod record;
mod refused;
mod report;
mod stop;

pub use account::{Account, Clock, Order, Timing};
pub use again::due_at;
pub use keeper::TokenKeeper;
pub use pass::{Parts, reconcile, rules};
pub use preview::preview;
pub use progress::{Progress, Step};
pub use rebuild::{Rebuilt, rebuild};
pub use refused::NOBODY;
pub use report::{AccountReport, Census, Person, PlannedBatch, ReportedChange, RunResult};
pub use stop::{Said, Stop};
