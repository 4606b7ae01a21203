//! The devices of a lane: readers, relays and inputs as asynchronous tasks. Knows nothing of the configuration
//! file, of members or of decisions.
pub mod clock;
