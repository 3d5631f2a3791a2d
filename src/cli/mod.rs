//! The command line: arguments in, one report out, one exit code.

pub mod args;
pub mod demo;
pub mod exit;
pub mod interrupt;
pub mod simulate;
pub mod workplace;
