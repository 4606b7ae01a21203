//! The registers of a Raspberry Pi as a plain file, which shows what rppal writes into them. They take effect nowhere:
//! what was set stays set until it is forgotten here.

use std::fs::{OpenOptions, read, write};
use std::os::unix::fs::FileExt;
use std::path::Path;

const FILE: &str = "/dev/gpiomem";

/// BCM2835 ARM Peripherals, 6.1: offsets of the registers.
const FUNCTION_SELECT_1: usize = 0x04;
const SET_0: usize = 0x1C;
const CLEAR_0: usize = 0x28;
const LEVEL_0: usize = 0x34;

/// The line that is looked at, of the second ten.
const LINE: usize = 17;

/// Whether this machine is dressed up as a Raspberry Pi.
pub(crate) fn available() -> bool {
    Path::new(FILE).exists()
}

/// Registers as after power-on, every line high.
pub(crate) fn reset() {
    let mut registers = vec![0; 4096];
    registers[LEVEL_0..LEVEL_0 + 8].fill(0xFF);
    write(FILE, registers).unwrap();
}

/// Whether GPIO17 is an output.
pub(crate) fn is_output() -> bool {
    register(FUNCTION_SELECT_1) >> (3 * (LINE - 10)) & 0b111 == 0b001
}

/// Whether GPIO17, and nothing else, was set high since the last [`forget`].
pub(crate) fn set_high() -> bool {
    register(SET_0) == 1 << LINE
}

/// The same for low.
pub(crate) fn set_low() -> bool {
    register(CLEAR_0) == 1 << LINE
}

/// Forgets what was set.
pub(crate) fn forget() {
    let registers = OpenOptions::new().write(true).open(FILE).unwrap();
    for offset in [SET_0, CLEAR_0] {
        registers.write_all_at(&[0; 4], offset as u64).unwrap();
    }
}

fn register(offset: usize) -> u32 {
    let registers = read(FILE).unwrap();
    u32::from_le_bytes(registers[offset..offset + 4].try_into().unwrap())
}
