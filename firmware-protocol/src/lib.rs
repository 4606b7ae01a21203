//! Decoders of reader frames and the link protocol to a turnstile board. No I/O, no clock, no allocation:
//! bytes and timed edges go in, reads come out.
#![no_std]

pub mod board;
