//! The program as its users meet it: started as a process, on a CRM in an SQLite file or on a server, against the simulated
//! platform. What is looked at is what they see: exit codes, documents, texts and files.
#![expect(clippy::unwrap_used, reason = "a test may fail, and its helpers with it")]

#[path = "../support/aside.rs"]
mod aside;
mod checks;
mod credentials;
mod documents;
#[path = "../support/ended.rs"]
mod ended;
mod exit_codes;
mod files;
mod people;
mod people_commands;
mod rights;
mod servers;
mod several;
mod texts;
mod world;
