//! End-to-end tests: the gateway as a process, on real pseudo-terminals, sockets, files and signals.

mod rig;
mod visit;
