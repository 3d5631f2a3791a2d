//! The command line: arguments, exit codes, and one file for each command.

pub mod args;
pub mod exit;
