//! Whole passes on platforms that give their users ids of their own: from an employee table to WUTS and Meta, and
//! back.
//!
//! The simulator is right however it is switched; a test looks at its users, and at the rules that were broken
//! on the way.

#![expect(
    clippy::unwrap_used,
    reason = "the helpers of a test may panic as the test itself may"
)]

#[macro_use]
mod lab;
mod both;
mod meta;
mod wuts;
