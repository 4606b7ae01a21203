//! Lanes whose turnstile has a board: the whole gateway, and at the other end the reference firmware with a reader at it, or
//! another maker's board that sees nobody.

use std::path::Path;

use firmware_protocol::board::Direction;
use firmware_protocol::board::message::{BoardInput, BoardRead};
use firmware_protocol::{Card, Reading, Uid};
use hal::simulated::SimulatedBoard;
use nix::pty::openpty;
use nix::unistd::{read, ttyname};
use turnstile_gateway::domain::Passage;
use turnstile_gateway::runtime::Notice;
use turnstile_gateway::simulator::{SimulatedMember, Story};

use super::{Gym, soon, who};

const TABLES: &str = r#"
[[reader]]
name = "side reader"
kind = "board"
board = "turnstile"
format = "w34-uid"
[[board]]
name = "turnstile"
kind = "simulated"
[[lane]]
name = "side"
[lane.entry]
reader = "side reader"
board = "turnstile"
pulse = "300ms"
passage_time = "1s"
check_in = "on-passage"
"#;

/// Members in good standing with a UID of four bytes.
fn members() -> impl Iterator<Item = SimulatedMember> {
    // No card has a UID that begins like these.
    who(Story::Active).filter(|member| member.uid.len() == 4 && member.uid[0] & 0x7F != 0x08)
}

/// 34 bits: the UID between its parities.
fn presents(board: &SimulatedBoard, member: &SimulatedMember) {
    let uid = u64::from(u32::from_be_bytes(member.uid[..].try_into().unwrap()));
    let even = u64::from((uid >> 16).count_ones() % 2);
    let odd = u64::from((uid & 0xFFFF).count_ones() % 2 == 0);
    let frame = (even << 33 | uid << 1 | odd) << 6;
    board.read(BoardRead::bits(0, 34, &frame.to_be_bytes()[3..]).unwrap());
}

/// What comes of the opening, after whatever else is told.
async fn passes(gym: &mut Gym) -> Passage {
    loop {
        if let Notice::Passage { passage, .. } = gym.next().await {
            return passage;
        }
    }
}

async fn contact(board: &SimulatedBoard, direction: Option<Direction>) {
    let mut outputs = board.outputs();
    soon(outputs.wait_for(|outputs| outputs.contact == direction))
        .await
        .unwrap();
}

#[tokio::test]
async fn whoever_presents_at_the_board_passes_it_and_a_board_that_is_cut_off_opens_for_nobody() {
    let mut gym = Gym::open("", TABLES).await;
    gym.log.waits_for("turnstile board in service").await;
    let board = gym.devices.boards["turnstile"].clone();
    let mut people = members();
    let visitor = people.next().unwrap();
    presents(&board, &visitor);
    contact(&board, Some(Direction::A)).await;
    board.pass(Direction::A);
    assert_eq!(passes(&mut gym).await, Passage::Taken);
    gym.waits_for_visits(&[visitor.id]).await;

    presents(&board, &people.next().unwrap());
    contact(&board, Some(Direction::A)).await;
    assert_eq!(passes(&mut gym).await, Passage::NotTaken);

    board.unplug();
    gym.log.waits_for("turnstile board out of service").await;
    board.input(BoardInput::ButtonA, true);
    board.plug_in();
    super::soon(async {
        while gym.log.text().matches("turnstile board in service").count() < 2 {
            tokio::time::sleep(std::time::Duration::from_millis(5)).await;
        }
    })
    .await;
    tokio::time::sleep(std::time::Duration::from_secs(1)).await;
    assert_eq!(
        board.outputs().borrow().contact,
        None,
        "opened by a press of before"
    );
}

/// A board that opens when it is told to and says nothing, with a sensor beside it.
fn blind(port: &Path) -> String {
    format!(
        "[[reader]]\nname = \"gate reader\"\nkind = \"simulated\"
[[board]]\nname = \"turnstile\"\nkind = \"mach-power\"\nport = {port:?}
[[input]]\nname = \"gate\"\nkind = \"simulated\"
[[lane]]\nname = \"side\"
[lane.entry]\nreader = \"gate reader\"\nboard = \"turnstile\"\npassage_sensor = \"gate\"
check_in = \"on-passage\"\npassage_time = \"2s\""
    )
}

#[tokio::test]
async fn whoever_is_seen_to_pass_a_board_that_sees_nobody_is_a_visit() {
    let line = openpty(None, None).unwrap();
    let port = ttyname(&line.slave).unwrap();
    let mut gym = Gym::open("", &blind(&port)).await;
    gym.log.waits_for("turnstile board in service").await;
    let mut reader = gym.devices.readers.remove("gate reader").unwrap();
    reader.plug_in().await;
    let visitor = who(Story::Active).next().unwrap();
    reader.read(Reading::Card(Card::from_uid(Uid::new(&visitor.uid).unwrap())));
    gym.log.waits_for("lane opened").await;
    let mut frame = [0; 5];
    assert_eq!(read(&line.master, &mut frame).unwrap(), frame.len());
    assert_eq!(frame, [0xEB, 0x01, 0x40, 0x00, 0xAA]);
    tokio::time::sleep(std::time::Duration::from_millis(500)).await;
    gym.touches("gate").await;
    assert_eq!(passes(&mut gym).await, Passage::Taken);
    gym.waits_for_visits(&[visitor.id]).await;
    assert!(
        !gym.log.text().contains("the board was lost"),
        "{}",
        gym.log.text()
    );
}
