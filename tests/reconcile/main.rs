//! The pass as a whole, against the simulator.

mod basics;
mod clearing;
mod faults;
mod lab;
mod platforms;
mod scenarios;
mod walk;
