//! The pass as a whole, against the simulator.

mod basics;
mod lab;
mod platforms;
mod scenarios;
mod walk;
