//! The pass as a whole, against the simulator.

mod basics;
mod lab;
