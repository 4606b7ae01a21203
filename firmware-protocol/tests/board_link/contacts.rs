//! Contacts at the board: a change is told once, a state whenever the board comes back.

use firmware_protocol::board::frame::{Decoder, Frame};
use firmware_protocol::board::message::{BoardHeartbeat, BoardInput, BoardMessage, HostMessage, Inputs};
use firmware_protocol::board::{BoardEvent, Turnstile};

use super::rig::{CUT, Line, Rig, ms};

/// What was told of a contact: active, and whether it was found so.
fn told(rig: &Rig, which: BoardInput) -> Vec<(bool, bool)> {
    let told = rig.events.iter().filter_map(|event| match *event {
        BoardEvent::Input {
            input,
            active,
            initial,
        } if input == which => Some((active, initial)),
        _ => None,
    });
    told.collect()
}

impl Rig {
    fn input(&mut self, input: BoardInput, active: bool) {
        self.board.input(input, active, self.board_now());
        self.settle();
    }

    fn cut_for(&mut self, milliseconds: u64) {
        self.line = CUT;
        self.run(ms(milliseconds));
    }

    fn mend(&mut self) {
        self.line = Line::default();
        self.run(ms(3000));
    }
}

#[test]
fn a_fire_that_is_over_before_a_lost_board_is_back_is_told_as_over() {
    for reboots in [false, true] {
        let mut rig = Rig::online();
        rig.input(BoardInput::Fire, true);
        rig.cut_for(5000);
        assert_eq!(
            told(&rig, BoardInput::Fire),
            [(true, false)],
            "a loose cable ends no fire"
        );
        rig.input(BoardInput::Fire, false);
        if reboots {
            rig.reboot();
        }
        rig.mend();
        assert_eq!(told(&rig, BoardInput::Fire), [(true, false), (false, true)]);
    }
}

#[test]
fn a_button_that_is_held_while_the_board_comes_and_goes_is_pressed_once() {
    let mut rig = Rig::online();
    rig.run(ms(300));
    rig.input(BoardInput::ButtonA, true);
    for _ in 0..2 {
        rig.cut_for(5000);
        rig.mend();
    }
    assert_eq!(
        told(&rig, BoardInput::ButtonA),
        [(true, false), (true, true), (true, true)]
    );
}

#[test]
fn a_contact_that_is_active_when_the_board_is_first_heard_is_no_change() {
    let mut rig = Rig::new(CUT, 1);
    rig.input(BoardInput::ButtonB, true);
    rig.cut_for(3000);
    rig.mend();
    assert_eq!(told(&rig, BoardInput::ButtonB), [(true, true)]);
}

#[test]
fn a_press_whose_report_is_held_up_behind_heartbeats_is_one_press() {
    let mut rig = Rig::online();
    rig.run(ms(300));
    let clock = rig.board_now().as_millis() as u32;
    let say = |rig: &mut Rig, sequence, message| {
        let frame = Frame {
            sequence,
            nonce: 0xB007_0001,
            message,
        };
        rig.host.receive(&frame.encode(), rig.now);
        rig.events.extend(std::iter::from_fn(|| rig.host.poll_event()));
    };
    for (later, active) in [(1, true), (2, false)] {
        let mut inputs = Inputs::default();
        inputs.set(BoardInput::ButtonA, active);
        let heartbeat = BoardHeartbeat {
            clock: clock + later,
            serving: true,
            inputs,
            fault: None,
        };
        say(&mut rig, 0, BoardMessage::Heartbeat(heartbeat));
    }
    for (sequence, active) in [(1, true), (2, false)] {
        for _repetition in 0..2 {
            let input = BoardInput::ButtonA;
            say(&mut rig, sequence, BoardMessage::Input { input, active });
        }
    }
    assert_eq!(
        told(&rig, BoardInput::ButtonA),
        [(true, true), (false, true), (true, false), (false, false)]
    );
}

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
