//! What every platform with ids of its own has to keep to, whichever it is: the contract of `MemberTarget`, run
//! against the simulator, which is right however it is switched.
//!
//! A further platform gives a [`stage::Stage`] and one line of `member_contract!`; what is peculiar to it is
//! tested beside.

#![expect(
    clippy::unwrap_used,
    reason = "the helpers of a test may panic as the test itself may"
)]

#[macro_use]
mod contract;
#[path = "../support/log.rs"]
mod log;
mod stage;
mod wuts;
