//! The surroundings of platforms that know people by the employee's id.
#![expect(
    dead_code,
    unused_macros,
    reason = "the tests of whole passes need more of it"
)]

#[path = "../reconcile/lab.rs"]
pub mod lab;
#[path = "../reconcile/platforms.rs"]
pub mod platforms;
