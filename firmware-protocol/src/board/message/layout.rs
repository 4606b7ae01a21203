//! Bodies of the messages, byte by byte: the tables of `docs/board-protocol.md`, version 1.

use core::ops::RangeInclusive;

use super::{
    AckStatus, BoardHeartbeat, BoardHello, BoardInput, BoardMessage, BoardRead, Fault, Feedback, HostMessage,
    Indicator, Inputs, MAX_READ, ReleaseId, ReleaseOrder, ResetCause,
};
use crate::board::Direction;
use crate::board::frame::{Body, Fields, Message};

impl Message for HostMessage {
    fn kind(&self) -> u8 {
        match self {
            Self::Hello { .. } => 0x01,
            Self::Heartbeat { .. } => 0x02,
            Self::Release(_) => 0x03,
            Self::Feedback(_) => 0x04,
        }
    }

    fn lengths(kind: u8) -> Option<RangeInclusive<usize>> {
        let length = match kind {
            0x01 | 0x02 => 4,
            0x03 => 19,
            0x04 => 6,
            _ => return None,
        };
        Some(length..=length)
    }

    fn write(&self, body: &mut Body) {
        match *self {
            Self::Hello { challenge } => body.u32(challenge),
            Self::Heartbeat { acknowledged } => body.u32(acknowledged),
            Self::Release(order) => {
                body.u64(order.grant);
                body.u8(order.direction.code());
                body.u32(order.issued_at);
                body.u16(order.ttl_ms);
                body.u16(order.pulse_ms);
                body.u16(order.passage_ms);
            }
            Self::Feedback(feedback) => {
                body.u8(feedback.direction.code());
                body.u8(feedback.indicator as u8);
                body.u16(feedback.indicator_ms);
                body.u16(feedback.buzzer_ms);
            }
        }
    }

    fn read(kind: u8, fields: &mut Fields<'_>) -> Option<Self> {
        Some(match kind {
            0x01 => Self::Hello {
                challenge: fields.u32()?,
            },
            0x02 => Self::Heartbeat {
                acknowledged: fields.u32()?,
            },
            0x03 => Self::Release(ReleaseOrder {
                grant: fields.u64()?,
                direction: Direction::read(fields)?,
                issued_at: fields.u32()?,
                ttl_ms: fields.u16()?,
                pulse_ms: fields.u16()?,
                passage_ms: fields.u16()?,
            }),
            0x04 => Self::Feedback(Feedback {
                direction: Direction::read(fields)?,
                indicator: Indicator::read(fields)?,
                indicator_ms: fields.u16()?,
                buzzer_ms: fields.u16()?,
            }),
            _ => return None,
        })
    }
}

impl Message for BoardMessage {
    fn kind(&self) -> u8 {
        match self {
            Self::Hello(_) => 0x81,
            Self::Heartbeat(_) => 0x82,
            Self::Ack { .. } => 0x83,
            Self::Read(_) => 0x84,
            Self::Input { .. } => 0x85,
            Self::Passed { .. } => 0x86,
            Self::TimedOut { .. } => 0x87,
            Self::WrongWay { .. } => 0x88,
            Self::Fault { .. } => 0x89,
        }
    }

    fn lengths(kind: u8) -> Option<RangeInclusive<usize>> {
        let length = match kind {
            0x81 => 16,
            0x82 => 7,
            0x83 | 0x87 | 0x88 | 0x89 => 13,
            0x84 => return Some(5..=4 + MAX_READ),
            0x85 => 2,
            0x86 => 17,
            _ => return None,
        };
        Some(length..=length)
    }

    fn write(&self, body: &mut Body) {
        match self {
            Self::Hello(hello) => {
                body.u32(hello.challenge);
                body.u32(hello.clock);
                body.u32(hello.last_release);
                body.bytes(&hello.firmware);
                body.u8(hello.reset_cause as u8);
            }
            Self::Heartbeat(heartbeat) => {
                body.u32(heartbeat.clock);
                body.u8(u8::from(heartbeat.serving));
                body.u8(heartbeat.inputs.0);
                write_fault(body, heartbeat.fault);
            }
            Self::Ack { release, status } => {
                write_release(body, Some(*release));
                body.u8(*status as u8);
            }
            Self::Read(read) => {
                body.u8(read.reader);
                body.u8(read.format as u8 + 1);
                body.u16(read.count);
                body.bytes(&read.content);
            }
            Self::Input { input, active } => {
                body.u8(*input as u8);
                body.u8(u8::from(*active));
            }
            Self::Passed {
                release,
                direction,
                counter,
            } => {
                write_release(body, *release);
                body.u8(direction.code());
                body.u32(*counter);
            }
            Self::TimedOut { release, direction } => {
                write_release(body, Some(*release));
                body.u8(direction.code());
            }
            Self::WrongWay { release, direction } => {
                write_release(body, *release);
                body.u8(direction.code());
            }
            Self::Fault { release, fault } => {
                write_release(body, *release);
                write_fault(body, *fault);
            }
        }
    }

    fn read(kind: u8, fields: &mut Fields<'_>) -> Option<Self> {
        Some(match kind {
            0x81 => Self::Hello(BoardHello {
                challenge: fields.u32()?,
                clock: fields.u32()?,
                last_release: fields.u32()?,
                firmware: [fields.u8()?, fields.u8()?, fields.u8()?],
                reset_cause: ResetCause::read(fields)?,
            }),
            0x82 => Self::Heartbeat(BoardHeartbeat {
                clock: fields.u32()?,
                serving: read_flag(fields)?,
                inputs: Inputs(fields.u8()?),
                fault: Fault::from_code(fields.u8()?),
            }),
            0x83 => Self::Ack {
                // A release numbered 0 is answered like any other.
                release: ReleaseId {
                    sequence: fields.u32()?,
                    grant: fields.u64()?,
                },
                status: AckStatus::read(fields)?,
            },
            0x84 => Self::Read(BoardRead::read(fields)?),
            0x85 => Self::Input {
                input: BoardInput::read(fields)?,
                active: read_flag(fields)?,
            },
            0x86 => Self::Passed {
                release: read_release(fields)?,
                direction: Direction::read(fields)?,
                counter: fields.u32()?,
            },
            0x87 => Self::TimedOut {
                release: read_release(fields)??,
                direction: Direction::read(fields)?,
            },
            0x88 => Self::WrongWay {
                release: read_release(fields)?,
                direction: Direction::read(fields)?,
            },
            0x89 => Self::Fault {
                release: read_release(fields)?,
                fault: Fault::from_code(fields.u8()?),
            },
            _ => return None,
        })
    }
}

fn write_release(body: &mut Body, release: Option<ReleaseId>) {
    body.u32(release.map_or(0, |release| release.sequence));
    body.u64(release.map_or(0, |release| release.grant));
}

fn read_release(fields: &mut Fields<'_>) -> Option<Option<ReleaseId>> {
    let release = ReleaseId {
        sequence: fields.u32()?,
        grant: fields.u64()?,
    };
    Some((release.sequence != 0).then_some(release))
}

fn read_flag(fields: &mut Fields<'_>) -> Option<bool> {
    read_listed(fields, &[false, true])
}

fn write_fault(body: &mut Body, fault: Option<Fault>) {
    body.u8(fault.map_or(0, Fault::code));
}

impl BoardRead {
    fn read(fields: &mut Fields<'_>) -> Option<Self> {
        let reader = fields.u8()?;
        let format = fields.u8()?;
        let count = fields.u16()?;
        let content = fields.rest();
        match format {
            1 => Self::bits(reader, count, content),
            2 => Self::bytes(reader, content).filter(|read| read.count == count),
            _ => None,
        }
    }
}

impl Direction {
    const fn code(self) -> u8 {
        match self {
            Self::A => 1,
            Self::B => 2,
        }
    }

    fn read(fields: &mut Fields<'_>) -> Option<Self> {
        match fields.u8()? {
            1 => Some(Self::A),
            2 => Some(Self::B),
            _ => None,
        }
    }
}

/// Reads a value that stands in the list at the place of its number.
fn read_listed<T: Copy>(fields: &mut Fields<'_>, list: &[T]) -> Option<T> {
    list.get(usize::from(fields.u8()?)).copied()
}

impl Indicator {
    const ALL: [Self; 4] = [Self::Idle, Self::Granted, Self::Denied, Self::OutOfService];

    fn read(fields: &mut Fields<'_>) -> Option<Self> {
        read_listed(fields, &Self::ALL)
    }
}

impl BoardInput {
    fn read(fields: &mut Fields<'_>) -> Option<Self> {
        read_listed(fields, &Self::ALL)
    }
}

impl ResetCause {
    const ALL: [Self; 6] = [
        Self::Unknown,
        Self::PowerOn,
        Self::BrownOut,
        Self::Watchdog,
        Self::Software,
        Self::Pin,
    ];

    fn read(fields: &mut Fields<'_>) -> Option<Self> {
        read_listed(fields, &Self::ALL)
    }
}

impl AckStatus {
    fn read(fields: &mut Fields<'_>) -> Option<Self> {
        read_listed(fields, &Self::ALL)
    }
}
