//! The service as its operators meet it: the program itself, on a CRM in an SQLite file and the simulated platform,
//! with signals, systemd's socket, and the web.
#![expect(clippy::unwrap_used, reason = "a test may fail, and its helpers with it")]

#[path = "../support/aside.rs"]
mod aside;
mod clockwork;
mod disk;
mod door;
#[path = "../support/ended.rs"]
#[expect(dead_code, reason = "the tests of the commands need more of it")]
mod ended;
mod hours;
mod lab;
mod life;
mod people;
mod set_back;
mod store;
mod trouble;
mod web;
#[path = "../cli/world.rs"]
#[expect(dead_code, reason = "the tests of the commands need more of it")]
mod world;
