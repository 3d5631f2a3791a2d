//! The command line: arguments in, one report out, one exit code.

pub mod args;
pub mod exit;
pub mod workplace;
