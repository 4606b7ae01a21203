//! The task of one board: it moves bytes between the line and the protocol, wakes the protocol when it wants to be
//! woken, and gives every order its answer. The line comes and goes; the protocol stays, so that what the board
//! repeats after an interruption is not taken for something new.

use std::collections::VecDeque;
use std::future::Future;
use std::sync::Arc;
use std::time::Duration;

use firmware_protocol::board::message::{self, Feedback};
use firmware_protocol::board::{BoardEvent as Told, Direction, Observes, Refusal, Release, Turnstile};
use tokio::sync::mpsc::error::SendError;
use tokio::sync::{mpsc, oneshot};
use tokio::time::sleep;
use tracing::{debug, info};

use super::readers::Readers;
use super::service::Service;
use super::{BoardAway, BoardEvent, BoardEventKind, BoardInput, BoardSettings, NotOpened, Order, Way};
use crate::clock::monotonic;
use crate::connection::{DisconnectReason, Reconnect};
use crate::serial::Port;

/// While the line is away there is nothing to send: the protocol is only looked after this often.
const TICK: Duration = Duration::from_millis(50);

/// With so many events waiting for the gateway the board is not listened to.
const WAITING_EVENTS: usize = 64;

/// What bytes go through: a port, or what stands for it.
pub(crate) trait Line: Send {
    /// Waits for bytes; at least one. Cancelling it loses none.
    fn read(&mut self, buffer: &mut [u8]) -> impl Future<Output = Result<usize, DisconnectReason>> + Send;

    /// Hands all bytes over.
    fn write(&mut self, bytes: &[u8]) -> impl Future<Output = Result<(), DisconnectReason>> + Send;
}

impl Line for Port {
    async fn read(&mut self, buffer: &mut [u8]) -> Result<usize, DisconnectReason> {
        Port::read(self, buffer).await
    }

    async fn write(&mut self, bytes: &[u8]) -> Result<(), DisconnectReason> {
        Port::write(self, bytes).await
    }
}

/// The task side of one board.
pub(crate) struct Task {
    settings: BoardSettings,
    turnstile: Box<dyn Turnstile + Send>,
    orders: mpsc::Receiver<Order>,
    events: mpsc::Sender<BoardEvent>,
    /// What the gateway has not taken yet, oldest first.
    waiting: VecDeque<BoardEvent>,
    releases: Vec<Taken>,
    last_grant: u64,
    service: Service,
    readers: Readers,
}

/// A release that the protocol has taken and that has not come to its end.
struct Taken {
    grant: u64,
    way: Way,
    /// Until it is given.
    answer: Option<oneshot::Sender<Result<Duration, NotOpened>>>,
    /// Whether the answer was that it has opened.
    opened: bool,
}

impl Taken {
    fn answer(&mut self, result: Result<Duration, NotOpened>) {
        if let Some(answer) = self.answer.take() {
            self.opened = result.is_ok();
            // Whoever asked may have gone.
            let _ = answer.send(result);
        }
    }
}

impl Task {
    pub(super) fn new(
        settings: BoardSettings,
        device: Arc<str>,
        turnstile: Box<dyn Turnstile + Send>,
        orders: mpsc::Receiver<Order>,
        events: mpsc::Sender<BoardEvent>,
        readers: Readers,
    ) -> Self {
        Self {
            settings,
            service: Service::new(device),
            turnstile,
            orders,
            events,
            waiting: VecDeque::new(),
            releases: Vec::new(),
            last_grant: 0,
            readers,
        }
    }

    /// Connects with `connect` and serves the board, for ever, until `stop`.
    pub(crate) async fn run<L, F>(self, connect: impl FnMut() -> F, stop: impl Future<Output = ()>)
    where
        L: Line,
        F: Future<Output = Result<L, DisconnectReason>>,
    {
        tokio::select! {
            biased;
            () = stop => {}
            () = self.serve_for_ever(connect) => {}
        }
    }

    async fn serve_for_ever<L, F>(mut self, mut connect: impl FnMut() -> F)
    where
        L: Line,
        F: Future<Output = Result<L, DisconnectReason>>,
    {
        let mut reconnect = Reconnect::new();
        loop {
            let mut held = Duration::ZERO;
            let reason = match self.look_after_during(connect()).await {
                Ok(line) => {
                    reconnect.connected();
                    let since = monotonic();
                    self.service.line_opened(since);
                    let reason = self.serve(line).await;
                    held = monotonic().saturating_sub(since);
                    reason
                }
                Err(reason) => reason,
            };
            if reconnect.is_news(&reason) {
                self.line_lost(reason);
            }
            self.look_after_during(sleep(reconnect.wait_after(held))).await;
        }
    }

    /// Serves the board until its line is lost.
    async fn serve(&mut self, mut line: impl Line) -> DisconnectReason {
        let events = self.events.clone();
        let mut buffer = [0; 512];
        loop {
            let now = monotonic();
            self.turnstile.handle_timeout(now);
            while let Some(frame) = self.turnstile.transmit(now) {
                if let Err(reason) = line.write(&frame).await {
                    return reason;
                }
            }
            self.take_events();
            let next = self
                .turnstile
                .poll_timeout()
                .into_iter()
                .chain(self.service.deadline());
            let wait = next
                .min()
                .map_or(Duration::MAX, |at| at.saturating_sub(monotonic()));
            tokio::select! {
                biased;
                Some(order) = self.orders.recv() => self.carry_out(order),
                permit = events.reserve(), if !self.waiting.is_empty() => self.give(permit),
                read = line.read(&mut buffer), if self.waiting.len() < WAITING_EVENTS => match read {
                    Ok(count) => {
                        let bytes = buffer.get(..count).unwrap_or_default();
                        self.turnstile.receive(bytes, monotonic());
                    }
                    Err(reason) => return reason,
                },
                () = sleep(wait) => {}
            }
        }
    }

    /// Waits for `work` while there is no line: refuses every release, and lets those under way come to their ends.
    async fn look_after_during<T>(&mut self, work: impl Future<Output = T>) -> T {
        let events = self.events.clone();
        tokio::pin!(work);
        loop {
            self.turnstile.handle_timeout(monotonic());
            self.take_events();
            tokio::select! {
                biased;
                Some(order) = self.orders.recv() => self.carry_out(order),
                permit = events.reserve(), if !self.waiting.is_empty() => self.give(permit),
                result = &mut work => return result,
                () = sleep(TICK) => {}
            }
        }
    }

    fn give(&mut self, permit: Result<mpsc::Permit<'_, BoardEvent>, SendError<()>>) {
        match permit {
            Ok(permit) => {
                if let Some(event) = self.waiting.pop_front() {
                    permit.send(event);
                }
            }
            // The gateway is stopping.
            Err(_nobody_listens) => self.waiting.clear(),
        }
    }

    fn carry_out(&mut self, order: Order) {
        let now = monotonic();
        match order {
            Order::Open {
                way,
                pulse,
                not_after,
                answer,
            } => self.release(way, pulse, not_after, answer, now),
            Order::Feedback(feedback) if self.service.line().is_ok() => {
                let feedback = Feedback {
                    direction: self.settings.direction(feedback.way),
                    indicator: feedback.indicator,
                    indicator_ms: milliseconds(feedback.shown),
                    buzzer_ms: milliseconds(feedback.buzzer),
                };
                self.turnstile.feedback(feedback, now);
            }
            // Nobody looks at it later.
            Order::Feedback(_) => {}
        }
    }

    fn release(
        &mut self,
        way: Way,
        pulse: Duration,
        not_after: Duration,
        answer: oneshot::Sender<Result<Duration, NotOpened>>,
        now: Duration,
    ) {
        self.last_grant += 1;
        let mut taken = Taken {
            grant: self.last_grant,
            way,
            answer: Some(answer),
            opened: false,
        };
        if let Err(away) = self.service.line() {
            return taken.answer(Err(NotOpened::Away(away)));
        }
        let release = Release {
            grant: taken.grant,
            direction: self.settings.direction(way),
            pulse,
            passage: self.settings.passage(way),
            not_after,
        };
        match self.turnstile.release(release, now) {
            Ok(()) => self.releases.push(taken),
            Err(Refusal::Offline) => taken.answer(Err(NotOpened::Away(self.service.away()))),
            Err(why) => taken.answer(Err(NotOpened::Refused(why))),
        }
    }

    fn line_lost(&mut self, reason: DisconnectReason) {
        self.service.line_lost(reason);
        self.turnstile.line_lost();
        self.take_told(monotonic());
        self.give_up(&self.service.away());
    }

    /// Answers whoever waits for an opening that the board is lost. What was written may have arrived or not.
    fn give_up(&mut self, away: &BoardAway) {
        for taken in &mut self.releases {
            taken.answer(Err(NotOpened::Unknown(away.clone())));
        }
    }

    /// Tells whether the board can be used, if that is news.
    fn tell_service(&mut self, now: Duration) {
        self.service.rejected(self.turnstile.rejected());
        let Some(service) = self.service.news(now) else {
            return;
        };
        let kind = match service {
            Ok(()) => BoardEventKind::Online,
            Err(reason) => BoardEventKind::Offline(reason),
        };
        self.say(kind, now);
    }

    /// Takes what the protocol has to tell.
    fn take_events(&mut self) {
        let now = monotonic();
        if let Some(away) = self.take_told(now) {
            self.give_up(&away);
        }
        self.readers.timeout(now);
        self.tell_service(now);
    }

    /// The same without what follows from it; why the board was lost, if it was. Whoever's release was not sent is
    /// refused among that: only the others may be open.
    fn take_told(&mut self, now: Duration) -> Option<BoardAway> {
        let mut lost = None;
        while let Some(told) = self.turnstile.poll_event() {
            let is_loss = matches!(told, Told::Offline(_));
            self.told(told, now);
            if is_loss {
                lost = Some(self.service.away());
            }
        }
        lost
    }

    fn told(&mut self, told: Told, now: Duration) {
        match told {
            Told::Online { hello } => {
                if let Some(hello) = hello {
                    let [major, minor, patch] = hello.firmware;
                    info!(
                        board = &*self.settings.name,
                        firmware = format!("{major}.{minor}.{patch}"),
                        reset_cause = ?hello.reset_cause,
                        "turnstile board has introduced itself"
                    );
                }
                self.service.heard();
                self.tell_service(now);
            }
            Told::Offline(reason) => {
                self.service.rejected(self.turnstile.rejected());
                self.service.lost(reason);
                self.tell_service(now);
            }
            Told::Opened { grant, .. } => {
                if let Some(taken) = self.releases.iter_mut().find(|taken| taken.grant == grant) {
                    taken.answer(Ok(now));
                }
            }
            Told::Refused {
                grant,
                why: Refusal::Offline,
                ..
            } => {
                self.end(Some(grant), NotOpened::Away(self.service.away()));
            }
            Told::Refused { grant, why, .. } => {
                self.end(Some(grant), NotOpened::Refused(why));
            }
            Told::Unknown { grant, .. } => {
                let opened = self.end(Some(grant), NotOpened::Unknown(self.service.away()));
                // Of a board that never sees anybody pass, nobody expects to hear of it.
                if let Some(way) = opened.filter(|_| self.turnstile.observes() != Observes::Nothing) {
                    self.say(BoardEventKind::Unknown(way), now);
                }
            }
            Told::Passed { grant, direction, .. } => {
                let way = self.settings.way(direction);
                let granted = self.ended(grant).is_some();
                self.say(BoardEventKind::Passed { way, granted }, now);
            }
            Told::TimedOut { grant, .. } => {
                if let Some(way) = self.ended(grant) {
                    self.say(BoardEventKind::TimedOut(way), now);
                }
            }
            Told::WrongWay { grant, direction } => {
                let way = self.settings.way(direction);
                let ended = self.ended(grant);
                self.say(BoardEventKind::WrongWay { way, ended }, now);
            }
            Told::Fault { grant, fault } => {
                let ended = self.ended(grant);
                self.say(BoardEventKind::Fault { fault, ended }, now);
            }
            Told::Tamper { open } => self.say(BoardEventKind::Tamper(open), now),
            Told::Input {
                input,
                active,
                initial,
            } => {
                if let Some(input) = self.input(input) {
                    let kind = BoardEventKind::Input {
                        input,
                        active,
                        initial,
                    };
                    self.say(kind, now);
                }
            }
            Told::Read(read) => self.readers.read(&read, now),
            Told::NotUnderstood { kind } => debug!(
                board = &*self.settings.name,
                kind = format!("{kind:#04x}"),
                "the turnstile board says something that this version does not know: its firmware is newer"
            ),
        }
    }

    /// Takes out a release that has come to its end after opening: its way, if its opening was answered as such.
    fn ended(&mut self, grant: Option<u64>) -> Option<Way> {
        self.end(grant, NotOpened::Unknown(self.service.away()))
    }

    /// Takes out a release that has come to its end: its way, if it was answered as opened, otherwise with `answer`.
    fn end(&mut self, grant: Option<u64>, answer: NotOpened) -> Option<Way> {
        let grant = grant?;
        let position = self.releases.iter().position(|taken| taken.grant == grant)?;
        let mut taken = self.releases.swap_remove(position);
        taken.answer(Err(answer));
        taken.opened.then_some(taken.way)
    }

    fn input(&self, input: message::BoardInput) -> Option<BoardInput> {
        let button = |direction| BoardInput::Button(self.settings.way(direction));
        Some(match input {
            message::BoardInput::Fire => BoardInput::Fire,
            message::BoardInput::Stop => BoardInput::Stop,
            message::BoardInput::ButtonA => button(Direction::A),
            message::BoardInput::ButtonB => button(Direction::B),
            message::BoardInput::Auxiliary => BoardInput::Auxiliary,
            // It comes as an event of its own.
            message::BoardInput::Tamper => return None,
        })
    }

    fn say(&mut self, kind: BoardEventKind, at: Duration) {
        self.waiting.push_back(BoardEvent {
            board: self.settings.name.clone(),
            at,
            kind,
        });
    }
}

/// Whole milliseconds, at most what fits a field.
fn milliseconds(span: Duration) -> u16 {
    u16::try_from(span.as_millis()).unwrap_or(u16::MAX)
}
