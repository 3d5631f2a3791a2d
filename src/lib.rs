//! Keeps the user lists of messaging platforms equal to a CRM's employee table.
//!
//! # Bird's-eye view
//!
//! ```text
//!  source ──rows──▶ desired ──▶ diff ──▶ guard ──▶ contention ──▶ order ──plan──▶ check ──▶ apply ──▶ record
//!    (SQL)            ▲          ▲                                                            │ ▲       │
//!                   rules    snapshot ◀───────────────── read back ◀──────────────────────────┘ target store
//! ```
//!
//! Everything from `desired` to `check` is [`domain`]: pure, synchronous, the same input gives the same
//! plan. [`reconcile`] is the only caller of [`source`], [`target`] and [`store`]; [`workplace`]
//! makes them from the settings, [`cli`] calls `reconcile`.
//!
//! # Codemap
//!
//! - [`domain`] decides: rules, comparison, guards, order of requests, the checker.
//! - [`source`] reads the CRM's database, and has the queries for known CRMs; [`target`] speaks to a
//!   platform; [`store`] remembers.
//! - [`reconcile`] is one pass: observe, plan, apply, read back, record.
//! - [`simulator`] is a platform that can be told how to behave and misbehave: for tests, `simulate`, `demo`.
//! - [`settings`] is the configuration, [`cli`] the commands and what they print, [`telemetry`] the log.
//! - [`text`] makes text from outside fit to show.
//!
//! # Invariants
//!
//! - `domain` never fails because of a network and never reads a clock.
//! - Only a read that came to its end becomes a [`domain::table::CompleteRead`], and only that is planned.
//! - Adapters ([`source`], [`target`], [`store`]) know `domain` and not each other.
//! - No request leaves before its intent is journalled in the store.
//! - Secrets are `SecretString`; outside text is cleaned by [`text`] before anybody sees it.

pub mod cli;
pub mod domain;
pub mod reconcile;
pub mod settings;
pub mod simulator;
pub mod source;
pub mod store;
pub mod target;
pub mod telemetry;
pub mod text;
pub mod workplace;
