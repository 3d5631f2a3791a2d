//! The pass as a whole, against the simulator.

mod basics;
mod clearing;
mod faults;
mod killed;
mod lab;
mod parked;
mod platforms;
mod refusals;
mod scenarios;
mod walk;
