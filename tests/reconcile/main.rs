//! The pass as a whole, against the simulator.

#![expect(clippy::unwrap_used, reason = "a test ends where its surroundings fail")]

mod basics;
mod clearing;
mod faults;
mod killed;
mod lab;
mod parked;
mod platforms;
mod refusals;
mod scenarios;
mod walk;
