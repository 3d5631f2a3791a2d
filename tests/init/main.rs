//! `init` by the program itself: what it recognises, what it writes, what it refuses, and that what it wrote is taken by
//! the commands that come next.
#![expect(clippy::unwrap_used, reason = "a test may fail, and its helpers with it")]

#[path = "../support/aside.rs"]
mod aside;
#[expect(dead_code, reason = "made for the contract of sources, which needs more")]
#[path = "../contract_source/database.rs"]
mod database;
#[expect(dead_code, reason = "the commands that give JSON need more of it")]
#[path = "../support/ended.rs"]
mod ended;
mod lab;
mod presets;
mod refusals;
mod terminal;
mod unknown;
