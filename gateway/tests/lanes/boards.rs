//! A lane whose turnstile has a board of our own, with a reader at it: the whole gateway, and the reference firmware at
//! the other end of a simulated cable.

use firmware_protocol::board::Direction;
use firmware_protocol::board::message::{BoardInput, BoardRead};
use hal::simulated::SimulatedBoard;
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
