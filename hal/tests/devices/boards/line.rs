//! A line between a pseudo-terminal and the simulated board on which frames are lost, doubled or all stopped.

use std::sync::Arc;
use std::sync::atomic::{AtomicU8, Ordering};

use hal::simulated::SimulatedBoard;
use tokio::io::DuplexStream;
use tokio::io::{AsyncReadExt, AsyncWriteExt, ReadHalf, WriteHalf, duplex, split};
use tokio::task::JoinHandle;
use tokio::time::sleep;

use super::ms;
use crate::port::{FarEnd, Socket};

/// What happens to frames.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u8)]
pub(super) enum Weather {
    Fair,
    /// Nothing arrives.
    Cut,
    /// Nothing arrives from the board.
    BoardMuted,
    /// One in five is lost.
    Lossy,
    /// Each comes twice.
    Doubling,
    /// One in ten is lost, one has a wrong bit, two come twice.
    Stormy,
}

impl Weather {
    const ALL: [Self; 6] = [
        Self::Fair,
        Self::Cut,
        Self::BoardMuted,
        Self::Lossy,
        Self::Doubling,
        Self::Stormy,
    ];

    /// What becomes of a frame.
    fn blow(self, frame: &[u8], from_board: bool, random: &mut u64) -> Vec<u8> {
        *random ^= *random << 13;
        *random ^= *random >> 7;
        *random ^= *random << 17;
        let chance = *random >> 32 & 0xFF;
        match self {
            Self::Cut => Vec::new(),
            Self::BoardMuted if from_board => Vec::new(),
            Self::Lossy if chance < 51 => Vec::new(),
            Self::Stormy if chance < 26 => Vec::new(),
            Self::Stormy if chance < 51 => {
                let mut frame = frame.to_vec();
                let place = *random as usize % (frame.len() - 1);
                frame[place] ^= 0x10;
                frame
            }
            Self::Doubling => frame.repeat(2),
            Self::Stormy if chance < 102 => frame.repeat(2),
            _ => frame.to_vec(),
        }
    }
}

/// A line that is plugged in. Dropping it unplugs the port and the board.
pub(super) struct PluggedLine {
    weather: Arc<AtomicU8>,
    tasks: [JoinHandle<()>; 2],
    far_end: Option<Arc<FarEnd>>,
}

impl PluggedLine {
    /// Connects the board with a new port of this name.
    pub(super) fn new(socket: &Socket, board: &SimulatedBoard) -> Self {
        let (near, far) = duplex(4096);
        board.plug_into(far);
        let far_end = Arc::new(socket.plug());
        let weather = Arc::new(AtomicU8::new(Weather::Fair as u8));
        let (from_board, to_board) = split(near);
        let tasks = [
            tokio::spawn(carry_to_board(far_end.clone(), to_board, weather.clone())),
            tokio::spawn(carry_from_board(from_board, far_end.clone(), weather.clone())),
        ];
        Self {
            weather,
            tasks,
            far_end: Some(far_end),
        }
    }

    pub(super) fn set(&self, weather: Weather) {
        self.weather.store(weather as u8, Ordering::Relaxed);
    }

    /// Pulls the plug out of the gateway. The board keeps its power.
    pub(super) async fn unplug(mut self) {
        for task in &mut self.tasks {
            task.abort();
            let _ = task.await;
        }
        let far_end = self.far_end.take().unwrap();
        Arc::into_inner(far_end).unwrap().unplug();
    }
}

async fn carry_to_board(far_end: Arc<FarEnd>, mut board: WriteHalf<DuplexStream>, weather: Arc<AtomicU8>) {
    let mut random = 0x2545_F491_4F6C_DD1D;
    let mut waiting = Vec::new();
    loop {
        waiting.extend(far_end.received());
        let carried = carry(&mut waiting, &weather, false, &mut random);
        board.write_all(&carried).await.unwrap();
        sleep(ms(1)).await;
    }
}

async fn carry_from_board(mut board: ReadHalf<DuplexStream>, far_end: Arc<FarEnd>, weather: Arc<AtomicU8>) {
    let mut random = 0x9E37_79B9_7F4A_7C15;
    let mut waiting = Vec::new();
    let mut buffer = [0; 512];
    loop {
        let count = board.read(&mut buffer).await.unwrap();
        waiting.extend(&buffer[..count]);
        far_end.send(&carry(&mut waiting, &weather, true, &mut random));
    }
}

/// Takes the whole frames out of `waiting` and gives what is left of them.
fn carry(waiting: &mut Vec<u8>, weather: &AtomicU8, from_board: bool, random: &mut u64) -> Vec<u8> {
    let weather = Weather::ALL[usize::from(weather.load(Ordering::Relaxed))];
    let mut carried = Vec::new();
    while let Some(end) = waiting.iter().position(|byte| *byte == 0) {
        let frame: Vec<u8> = waiting.drain(..=end).collect();
        carried.extend(weather.blow(&frame, from_board, random));
    }
    carried
}
