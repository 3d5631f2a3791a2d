//! One file for each command. Each opens what it needs, lets the engine work, and answers.

pub(super) mod apply;
pub(super) mod check;
pub(super) mod demo;
pub(super) mod explain;
pub(super) mod findings;
pub(super) mod foreign;
pub(super) mod holds;
pub(super) mod init;
pub(super) mod manual;
pub(super) mod pause;
pub(super) mod plan;
pub(super) mod reconcile;
pub(super) mod run;
pub(super) mod runs;
pub(super) mod simulate;
pub(super) mod state;
pub(super) mod status;
