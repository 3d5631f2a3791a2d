//! The pass as a whole, against the simulator.

#![expect(clippy::unwrap_used, reason = "a test ends where its surroundings fail")]

#[macro_use]
mod lab;

mod access;
mod basics;
mod clearing;
mod connection;
mod credentials;
mod faults;
mod fears;
mod killed;
#[path = "../support/log.rs"]
mod log;
mod oracle;
mod outcomes;
mod parked;
mod platforms;
mod refusals;
mod scenarios;
mod set_back;
mod walk;
mod wild;
