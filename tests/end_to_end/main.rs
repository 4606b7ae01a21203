//! End-to-end tests: the gateway as a process, on real pseudo-terminals, sockets, files and signals.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a test that cannot go on has to fail, in helper functions too"
)]

mod check_ins;
mod commands;
mod decode;
mod description;
mod desk;
mod devices;
mod directory;
mod explain;
mod operator;
mod rig;
mod visit;
mod webhooks;
