//! stub
pub mod backoff;
pub mod due;
