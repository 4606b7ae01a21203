//! The gateway: reads credentials, decides who may pass, opens the lane and reports the visit to the studio.
//!
//! `domain` decides and does nothing else; everything around it carries bytes, requests and records.
pub mod budget;
pub mod cli;
pub mod clock;
pub mod control;
mod database;
pub mod delivery;
pub mod directory;
pub mod domain;
pub mod journal;
pub mod runtime;
pub mod simulator;
pub mod staff;
pub mod studio;
mod webhooks;
pub mod wiring;
