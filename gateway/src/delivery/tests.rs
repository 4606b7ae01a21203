//! Journal and delivery together against a modelled studio, under random transitions: visits, writes, every answer,
//! disks that cannot be written, and crashes. Time is simulated, the file is real.

mod studio;

use std::collections::BTreeMap;
use std::future::Future;
use std::path::Path;
use std::pin::pin;
use std::task::{Context, Poll, Waker};

use jiff::civil::Date;
use jiff::{Timestamp, ZonedDateTime};
use rand::{Rng, SeedableRng};
use tempfile::TempDir;

use self::studio::{Model, ModelStudio, Moment, StudioVisit};
use super::*;
use crate::domain::{CardNumber, CheckIn, CheckInId, Credential, Direction, Visitor};
use crate::journal::testing::Writer;
use crate::journal::{JournalSettings, State};

/// One gateway and what the outside world knows of its visits.
struct World {
    folder: TempDir,
    writer: Option<Writer>,
    delivery: Option<Delivery<ModelStudio>>,
    studio: ModelStudio,
    random: StdRng,
    now: Now,
    appended: BTreeMap<Moment, Known>,
    /// Visits that were sent while the disk could not be written, and forgotten by a crash.
    forgotten: Vec<StudioVisit>,
    sequence: u64,
}

/// What is known of a visit outside.
#[derive(Clone, Copy, PartialEq, Debug)]
enum Known {
    /// A crash may have lost it.
    Appended,
    /// The journal has reported it as written.
    Written,
}

fn settings(folder: &Path) -> JournalSettings {
    JournalSettings {
        path: folder.join("check-ins.db"),
        device: "gate".into(),
        machine_boot: "run".into(),
        most_visits: 1000,
        keep_delivered: Duration::from_secs(10 * 365 * 24 * 3600),
    }
}

fn poll_once<F: Future>(future: std::pin::Pin<&mut F>) -> Option<F::Output> {
    match future.poll(&mut Context::from_waker(Waker::noop())) {
        Poll::Ready(output) => Some(output),
        Poll::Pending => None,
    }
}

impl World {
    fn new(seed: u64) -> Self {
        let mut random = StdRng::seed_from_u64(seed);
        let studio = ModelStudio::default();
        *studio.0.lock().unwrap() = Model {
            fate: Some(StdRng::seed_from_u64(seed.wrapping_mul(31))),
            rounds: random.random_range(0..4) == 0,
            ..Model::default()
        };
        let folder = if Path::new("/dev/shm").is_dir() {
            TempDir::new_in("/dev/shm").unwrap()
        } else {
            TempDir::new().unwrap()
        };
        let mut world = Self {
            folder,
            writer: None,
            delivery: None,
            studio,
            random,
            now: Now {
                monotonic: Monotonic(Duration::from_secs(100)),
                wall: Timestamp::from_second(1_700_000_000).unwrap(),
                wall_set: true,
            },
            appended: BTreeMap::new(),
            forgotten: Vec::new(),
            sequence: 0,
        };
        world.start();
        world
    }

    fn start(&mut self) {
        let (writer, _) = Writer::open(settings(self.folder.path())).unwrap();
        let delivery = DeliverySettings {
            per_minute: 6000,
            time_zone: TimeZone::UTC,
        };
        let random = StdRng::seed_from_u64(self.random.next_u64());
        let monotonic = self.now.monotonic;
        self.delivery = Some(Delivery::new(
            writer.handle(),
            self.studio.clone(),
            delivery,
            random,
            monotonic,
        ));
        self.writer = Some(writer);
        self.sequence = 0;
    }

    fn crash(&mut self) {
        self.delivery = None;
        self.writer = None;
        self.start();
        let journal = self.writer.as_ref().unwrap().handle();
        let kept: Vec<Moment> = journal.visits().iter().map(|visit| visit.at).collect();
        self.appended.retain(|moment, known| {
            let there = kept.contains(moment);
            assert!(
                there || *known == Known::Appended,
                "{moment} was written and is gone"
            );
            if !there {
                let of_it = self.studio.visits_at(*moment);
                assert!(of_it.len() <= 1, "{moment} was delivered twice and is gone");
                self.forgotten.extend(of_it);
            }
            there
        });
        for moment in kept {
            self.appended.insert(moment, Known::Written);
        }
    }

    fn pass(&mut self, most_seconds: u64) {
        let millis = self.random.random_range(1..most_seconds * 1000);
        let span = Duration::from_millis(millis);
        self.now.monotonic = self.now.monotonic + span;
        self.now.wall += span;
    }

    fn append(&mut self) {
        let most_seconds = if self.random.random() { 3 } else { 90 };
        self.pass(most_seconds);
        self.sequence += 1;
        let at = Timestamp::from_millisecond(self.now.wall.as_millisecond()).unwrap();
        let number = self.random.random_range(1..=4);
        let visitor = if number == 4 {
            Visitor::Unresolved(Credential::Card(CardNumber::from_decimal("4").unwrap()))
        } else {
            Visitor::Customer(CustomerId(number))
        };
        let journal = self.writer.as_ref().unwrap().handle();
        journal.append(CheckIn {
            id: CheckInId {
                device: "gate".into(),
                boot: 0,
                sequence: self.sequence,
            },
            visitor,
            access_point: "entry".into(),
            direction: if self.random.random() {
                Direction::In
            } else {
                Direction::Out
            },
            at,
            clock_set: true,
        });
        self.appended.insert(at, Known::Appended);
    }

    fn write(&mut self) {
        let writer = self.writer.as_mut().unwrap();
        writer.step();
        if writer.handle().counts().unwritten == 0 {
            for known in self.appended.values_mut() {
                *known = Known::Written;
            }
        }
    }

    /// Begins what is due; `false` when the program ended in the middle of it.
    fn begin(&mut self, may_end: bool) -> bool {
        let mut delivery = self.delivery.take().unwrap();
        {
            let mut begin = pin!(delivery.begin(self.now));
            let mut tries = 0;
            while poll_once(begin.as_mut()).is_none() {
                tries += 1;
                assert!(tries < 10, "the delivery waits for ever");
                let fate = if may_end {
                    self.random.random_range(0..20)
                } else {
                    9
                };
                if fate == 0 {
                    return false;
                }
                self.write();
                if fate == 1 {
                    return false;
                }
            }
        }
        self.delivery = Some(delivery);
        true
    }

    /// Brings new requests on their way, and lets one be answered.
    fn answer(&mut self) {
        let now = self.now;
        let delivery = self.delivery.as_mut().unwrap();
        assert!(poll_once(pin!(delivery.answers.next())).is_none_or(|answer| answer.is_none()));
        let mut waiting = std::mem::take(&mut self.studio.0.lock().unwrap().on_the_way);
        if waiting.is_empty() {
            return;
        }
        waiting
            .swap_remove(self.random.random_range(0..waiting.len()))
            .wake();
        self.studio.0.lock().unwrap().on_the_way = waiting;
        if let Some(Some(answer)) = poll_once(pin!(delivery.answers.next())) {
            delivery.take(answer, now);
        }
    }

    fn transition(&mut self) {
        match self.random.random_range(0..100) {
            0..30 => self.append(),
            30..45 => self.write(),
            45..65 => {
                if !self.begin(true) {
                    self.crash();
                }
            }
            65..85 => self.answer(),
            85..93 => self.pass(20),
            93..96 => self.pass(400),
            96 => self.set_read_only(true),
            97 => self.set_read_only(false),
            _ => self.crash(),
        }
    }

    fn set_read_only(&self, read_only: bool) {
        if let Some(store) = &self.writer.as_ref().unwrap().store {
            store.set_read_only(read_only);
        }
    }

    /// Everything works again, for as long as there is something to do.
    fn settle(&mut self) {
        self.studio.0.lock().unwrap().fate = None;
        self.set_read_only(false);
        for _ in 0..2000 {
            self.write();
            self.begin(false);
            for _ in 0..3 {
                self.answer();
            }
            let counts = self.writer.as_ref().unwrap().handle().counts();
            if counts.waiting + counts.sent == 0 {
                return;
            }
            self.pass(30);
        }
        panic!("visits are never delivered");
    }

    fn check(&self) {
        let journal = self.writer.as_ref().unwrap().handle();
        let model = self.studio.0.lock().unwrap();
        let visits = journal.visits();
        assert_eq!(visits.len(), self.appended.len());
        for visit in &visits {
            let times = model.visits.iter().filter(|(_, _, at)| *at == visit.at).count();
            match &visit.state {
                // The one known weakness: where a history seems rounded, a forgotten visit a moment before is the same.
                State::Delivered { .. } if times == 0 => {
                    let taken_for = |(customer, direction, at): &StudioVisit| {
                        (model.rounds || at.as_second() % 60 == 0)
                            && visit.visitor == Visitor::Customer(*customer)
                            && visit.direction == *direction
                            && visit.at.duration_since(*at).unsigned_abs() < Duration::from_secs(120)
                    };
                    assert!(self.forgotten.iter().any(taken_for), "{visit:?}");
                }
                State::Delivered { .. } => assert_eq!(times, 1, "{visit:?}"),
                State::Parked(_) => {
                    assert_eq!(times, 0, "{visit:?}");
                    let unresolved = matches!(visit.visitor, Visitor::Unresolved(_));
                    assert!(unresolved || model.refused.contains(&visit.at), "{visit:?}");
                }
                _ => panic!("{visit:?} is not settled"),
            }
        }
        for customer in (1..=4).map(CustomerId) {
            let of = model.visits.iter().filter(|visit| visit.0 == customer);
            let moments: Vec<Moment> = of.map(|visit| visit.2).collect();
            assert!(moments.is_sorted(), "{customer}: out of order");
        }
    }
}

/// How many sequences the model is tried with; `SEED=n` tries the one of that number alone.
const SEQUENCES: u64 = 10_000;

fn live(seed: u64) {
    let mut world = World::new(seed);
    for _ in 0..world.random.random_range(10..120) {
        world.transition();
    }
    world.settle();
    world.check();
}

#[test]
fn ten_thousand_random_lives_of_a_gateway_deliver_every_visit_exactly_once_and_in_order() {
    if let Some(seed) = std::env::var("SEED").ok().and_then(|seed| seed.parse().ok()) {
        return live(seed);
    }
    let threads = std::thread::available_parallelism().map_or(1, usize::from);
    std::thread::scope(|scope| {
        for thread in 0..threads {
            scope.spawn(move || {
                for seed in (0..SEQUENCES).skip(thread).step_by(threads) {
                    let life = std::panic::catch_unwind(|| live(seed));
                    assert!(life.is_ok(), "SEED={seed} repeats this sequence alone");
                }
            });
        }
    });
}

/// Takes everything at once.
struct WillingStudio(tokio::sync::mpsc::Sender<CustomerId>);

impl Studio for WillingStudio {
    async fn report(
        &self,
        customer: CustomerId,
        _direction: Direction,
        _at: &ZonedDateTime,
    ) -> Result<(), StudioError> {
        self.0.send(customer).await.unwrap();
        Ok(())
    }

    async fn history(&self, _: CustomerId, _: Date, _: Date) -> Result<Vec<PastCheckIn>, StudioError> {
        Ok(Vec::new())
    }

    async fn holder(&self, _: &Credential) -> Result<Option<CustomerId>, StudioError> {
        Ok(None)
    }
}

#[tokio::test]
async fn the_running_task_brings_a_visit_to_the_studio_as_soon_as_it_has_come() {
    let folder = TempDir::new().unwrap();
    let (journal, _) = crate::journal::open(settings(folder.path())).unwrap();
    let (reported, mut reports) = tokio::sync::mpsc::channel(9);
    let delivery = Delivery::new(
        journal.handle(),
        WillingStudio(reported),
        DeliverySettings {
            per_minute: 6000,
            time_zone: TimeZone::UTC,
        },
        StdRng::seed_from_u64(1),
        clock::now().monotonic,
    );
    let delivery = tokio::spawn(delivery.run());
    let begun = clock::now().monotonic;
    for sequence in 1..=3 {
        journal.handle().append(CheckIn {
            id: CheckInId {
                device: "gate".into(),
                boot: 1,
                sequence,
            },
            visitor: Visitor::Customer(CustomerId(7)),
            access_point: "entry".into(),
            direction: Direction::In,
            at: clock::wall(),
            clock_set: true,
        });
    }
    for _ in 0..3 {
        assert_eq!(reports.recv().await, Some(CustomerId(7)));
    }
    assert!(clock::now().monotonic.since(begun) < Duration::from_secs(5));
    delivery.abort();
    let _ = delivery.await;
    journal.close();
    let (journal, opened) = crate::journal::open(settings(folder.path())).unwrap();
    assert!(opened.recovered <= 1, "only the last one may not have been noted");
    assert_eq!(journal.handle().counts().waiting, 0);
}
