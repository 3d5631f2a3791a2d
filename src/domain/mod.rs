//! The pure core: from employee rows to a checked plan.
//!
//! Everything here is synchronous and deterministic: the same input gives the same plan, on any
//! machine, at any time. There is no clock (`now` is an argument), no randomness, no I/O and no
//! serialisation; a test in `tests/architecture.rs` guards that.
//!
//! Suggested reading order: [`user`] and [`phone`] (the words), [`table`] (what a source hands
//! over), [`desired`] (rules from rows to users), [`diff`] (desired against observed), [`guard`]
//! (what needs a person's consent), [`contention`] (who may have which phone and seat),
//! [`order`] (chains, cycles, parks, requests), [`plan`] (all of it together), [`check`] (the
//! independent checker).

pub mod access;
pub mod batch;
pub mod capability;
pub mod chain;
pub mod check;
pub mod contention;
pub mod desired;
pub mod diff;
pub mod employee;
pub mod finding;
pub mod grant;
pub mod guard;
pub mod identity;
pub mod member;
pub mod memory;
pub mod name;
pub mod numbering;
pub mod order;
pub mod outcome;
pub mod phone;
pub mod plan;
pub mod refusal;
pub mod table;
pub mod user;
pub mod world;

#[cfg(test)]
mod testing;
#[cfg(test)]
mod tests;
