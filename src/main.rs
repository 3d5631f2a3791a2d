//! The command line of wazzup-sync.

fn main() {}
