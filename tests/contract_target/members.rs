//! The surroundings of platforms that give their users ids of their own.
#![expect(
    dead_code,
    unused_macros,
    reason = "the tests of these platforms need more of it"
)]

#[path = "../members/lab.rs"]
pub mod lab;
