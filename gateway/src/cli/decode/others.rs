//! The frames that are no reads, by name: commands and answers of boards and scanners, OSDP, our own link. They are
//! told in words, for whoever listens on a cable or writes firmware.

use super::{boards, osdp, scanners};

/// One format.
pub(super) struct Other {
    /// Its name on the command line.
    pub(super) name: &'static str,
    /// How it arrives.
    pub(super) arrives: &'static str,
    /// What it is.
    pub(super) meaning: &'static str,
    /// One whole frame in words, or why it is none.
    pub(super) read: fn(&[u8]) -> Result<String, String>,
}

impl Other {
    /// The format of that name.
    pub(super) fn from_name(name: &str) -> Option<&'static Other> {
        Self::ALL.iter().find(|other| other.name == name)
    }

    /// All of them.
    pub(super) const ALL: &'static [Other] = &[
        Other {
            name: "board-link",
            arrives: "board",
            meaning: "Our own link to a turnstile board: one frame of either end, docs/board-protocol.md.",
            read: boards::link,
        },
        Other {
            name: "cobs",
            arrives: "board",
            meaning: "Bytes stuffed by COBS, as the frames of our link are.",
            read: boards::cobs,
        },
        Other {
            name: "digicon",
            arrives: "board",
            meaning: "Turnstile board Digicon Tx1500, CATRAX Master.",
            read: boards::digicon,
        },
        Other {
            name: "machpower-eb",
            arrives: "board",
            meaning: "Turnstile board Mach Power AC-ATRI-018.",
            read: boards::mach_power,
        },
        Other {
            name: "onetech-fe",
            arrives: "board",
            meaning: "Turnstile board One-Tech 2B-ATT203.",
            read: boards::one_tech,
        },
        Other {
            name: "swing-7e",
            arrives: "board",
            meaning: "Swing gate board with frames that begin with 7E: a command.",
            read: boards::swing,
        },
        Other {
            name: "swing-7e-status",
            arrives: "board",
            meaning: "The answer of that board, which begins with 7F.",
            read: boards::swing_status,
        },
        Other {
            name: "osdp",
            arrives: "osdp",
            meaning: "One frame of OSDP v2 on RS-485, plain or in a secure channel.",
            read: osdp::read,
        },
        Other {
            name: "honeywell-cmd",
            arrives: "scanner",
            meaning: "A setting sent to a Honeywell scanner.",
            read: scanners::honeywell,
        },
        Other {
            name: "newland-cmd",
            arrives: "scanner",
            meaning: "A setting sent to a Newland scanner.",
            read: scanners::newland,
        },
        Other {
            name: "newland-rsp",
            arrives: "scanner",
            meaning: "The answer of a Newland scanner to a setting.",
            read: scanners::newland_answer,
        },
        Other {
            name: "twn4-simple-req",
            arrives: "polled",
            meaning: "A question to an Elatec TWN4 in its Simple Protocol, in text.",
            read: scanners::twn4_question,
        },
    ];
}
