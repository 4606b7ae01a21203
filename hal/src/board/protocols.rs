//! Which protocol each kind of board speaks. What it is in bytes is not known here.

use std::time::Duration;

use firmware_protocol::board::Turnstile;
use firmware_protocol::board::host::Host;
use firmware_protocol::board::third_party::{Digicon, MachPower, OneTech, Site, Swing, ThirdParty};

use super::{BoardKind, BoardSettings};

/// The protocol of this kind of board.
pub(super) fn turnstile(
    kind: BoardKind,
    settings: &BoardSettings,
    now: Duration,
) -> Box<dyn Turnstile + Send> {
    let site = Site {
        swapped: false,
        free: settings.free(),
    };
    match kind {
        // Any number that differs from one start to the next.
        BoardKind::Link => Box::new(Host::new(now.subsec_nanos(), now)),
        BoardKind::Digicon => Box::new(ThirdParty::new(Digicon::default(), site, now)),
        BoardKind::MachPower { address } => Box::new(ThirdParty::new(MachPower { address }, site, now)),
        BoardKind::OneTech => Box::new(ThirdParty::new(OneTech::default(), site, now)),
        BoardKind::Swing { machine } => Box::new(ThirdParty::new(Swing::new(machine), site, now)),
    }
}
