//! The command line: arguments in, one report out, one exit code.

pub mod workplace;
