//! Contacts at the board: a change is told once, a state whenever the board comes back.

use firmware_protocol::board::frame::{Decoder, Frame};
use firmware_protocol::board::message::{BoardInput, BoardMessage, HostMessage};

use super::rig::{CUT, Rig, ms};

/// What the board reports of contacts from now on, over this span, while it hears a host that acknowledges nothing.
fn reported_inputs(rig: &mut Rig, span: u64) -> Vec<(u32, BoardMessage)> {
    let mut decoder = Decoder::<BoardMessage>::default();
    let heartbeat = Frame {
        sequence: 0,
        nonce: 0xB007_0001,
        message: HostMessage::Heartbeat { acknowledged: 0 },
    };
    let mut reported = Vec::new();
    for _ in 0..span {
        rig.now += ms(1);
        rig.board.receive(&heartbeat.encode(), rig.board_now());
        while let Some(frame) = rig.board.transmit(rig.board_now()) {
            let frames = frame.iter().filter_map(|byte| decoder.feed(*byte));
            let inputs = frames.flatten().filter(|frame| frame.sequence > 0);
            reported.extend(inputs.map(|frame| (frame.sequence, frame.message)));
        }
    }
    reported
}

#[test]
fn a_button_that_was_pressed_while_no_host_was_heard_is_never_reported() {
    let mut rig = Rig::online();
    rig.line = CUT;
    rig.run(ms(3000));
    for active in [true, false] {
        rig.board.input(BoardInput::ButtonA, active, rig.board_now());
    }
    assert_eq!(reported_inputs(&mut rig, 1000), []);
}

#[test]
fn a_press_that_the_host_does_not_take_within_a_second_is_dropped() {
    let mut rig = Rig::online();
    rig.run(ms(300));
    let input = BoardInput::ButtonA;
    rig.board.input(input, true, rig.board_now());
    let press = (1, BoardMessage::Input { input, active: true });
    assert_eq!(reported_inputs(&mut rig, 1000), vec![press; 10]);
    assert_eq!(reported_inputs(&mut rig, 1000), []);
}
