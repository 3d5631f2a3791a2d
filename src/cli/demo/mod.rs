//! The whole story on a made-up company.

pub mod people;
