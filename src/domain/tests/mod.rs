//! Laws of the whole core, tried on random worlds and on all small ones.
//!
//! `PROPTEST_CASES=10000 cargo test --release domain::tests` is the thorough run; without the variable
//! there are 256 cases of each law.

mod expected;
mod laws;
mod platform;
mod scenario;
mod small_worlds;
