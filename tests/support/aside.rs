//! A simulator that goes on while its test waits for a program.

use std::sync::mpsc;
use std::thread;

use tokio::runtime::Builder;
use wazzup_sync::simulator::{Setup, Simulator};

/// A simulator on a thread of its own, which ends with the process.
///
/// No runtime of several threads: what tests switch on in a library is built into the program that they measure.
pub fn simulator(setup: Setup) -> Simulator {
    let (give, take) = mpsc::channel();
    thread::spawn(move || {
        let runtime = Builder::new_current_thread().enable_all().build();
        let runtime = runtime.expect("a runtime can be had");
        runtime.block_on(async {
            let simulator = Simulator::start(setup).await;
            give.send(simulator).expect("the test waits for it");
            std::future::pending::<()>().await;
        });
    });
    let simulator = take.recv().expect("the thread gives one");
    simulator.expect("a port is free")
}
