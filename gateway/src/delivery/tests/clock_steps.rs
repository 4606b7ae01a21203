//! The wall clock is stepped while visits come and go. Both clocks are handed in; no clock of the machine is touched.

use super::*;

const HOUR: i64 = 3600;

/// The one customer of this file comes at the gateway's present time.
fn come(world: &mut World) {
    world.sequence += 1;
    let check_in = CheckIn {
        id: CheckInId {
            device: "gate".into(),
            boot: 0,
            sequence: world.sequence,
        },
        visitor: Visitor::Customer(CustomerId(1)),
        credential: None,
        access_point: "entry".into(),
        direction: Direction::In,
        at: world.now.wall,
        clock_set: world.now.wall_set,
    };
    let journal = world.writer.as_ref().unwrap().handle();
    journal.append_at(check_in, world.now);
}

/// A gateway at a studio that is well, with one way.
fn world() -> World {
    let mut world = World::new(0);
    world.ways = &[Way::OpenApi];
    world.crash();
    let mut model = world.studio.0.lock().unwrap();
    (model.fate, model.rounds) = (None, false);
    drop(model);
    world
}

fn wait(world: &mut World, seconds: u64) {
    world.now.monotonic = world.now.monotonic + Duration::from_secs(seconds);
    world.now.wall += Duration::from_secs(seconds);
}

fn step(world: &mut World, seconds: i64) {
    world.now.wall += jiff::SignedDuration::from_secs(seconds);
}

/// Seconds since 1970 of what the studio has, in the order in which it came.
fn at_the_studio(world: &World) -> Vec<i64> {
    let model = world.studio.0.lock().unwrap();
    model
        .visits
        .iter()
        .map(|visit| visit.moment.as_second())
        .collect()
}

#[test]
fn steps_of_the_wall_clock_change_neither_order_nor_identity_of_visits() {
    let mut world = world();
    let start = world.now.wall.as_second();
    come(&mut world);
    wait(&mut world, 10);
    step(&mut world, -HOUR);
    come(&mut world);
    wait(&mut world, 10);
    step(&mut world, 24 * HOUR);
    come(&mut world);
    let journal = world.writer.as_ref().unwrap().handle();
    let names: Vec<String> = journal
        .visits()
        .iter()
        .map(|visit| visit.id.to_string())
        .collect();
    let boot = journal.visits()[0].id.boot;
    assert_eq!(names, [1, 2, 3].map(|sequence| format!("{boot}-{sequence}")));
    world.settle();
    assert_eq!(
        at_the_studio(&world),
        [start, start + 10 - HOUR, start + 20 + 23 * HOUR]
    );
}

#[test]
fn visits_from_1970_wait_for_the_clock_and_reach_the_studio_with_their_true_time_in_their_order() {
    let mut world = world();
    let truth = world.now.wall;
    world.now.wall = Timestamp::from_second(40).unwrap();
    world.now.wall_set = false;
    come(&mut world);
    wait(&mut world, 90);
    come(&mut world);
    wait(&mut world, 10);
    for _ in 0..5 {
        world.write();
        world.begin(false);
        world.answer();
        wait(&mut world, 30);
    }
    assert_eq!(at_the_studio(&world), [] as [i64; 0]);
    // Time sync: 250 s have passed since the first visit.
    world.now.wall = truth + Duration::from_secs(250);
    world.now.wall_set = true;
    come(&mut world);
    world.settle();
    let start = truth.as_second();
    assert_eq!(at_the_studio(&world), [start, start + 90, start + 250]);
}

#[test]
fn a_pause_is_as_long_as_it_is_whatever_the_wall_clock_does() {
    for seconds in [-HOUR, 24 * HOUR] {
        let mut world = world();
        let overloaded = StudioError::Overloaded {
            operation: crate::studio::Operation::CheckIn,
            retry_after: Some(Duration::from_secs(50)),
            detail: crate::studio::Detail::default(),
        };
        let delivery = world.delivery.as_mut().unwrap();
        let pace = delivery.reports.of(Way::OpenApi);
        pace.hold(Pause::For(Duration::from_secs(50)), &overloaded, world.now, 0.0);
        step(&mut world, seconds);
        come(&mut world);
        for _ in 0..4 {
            world.write();
            world.begin(false);
            world.answer();
            wait(&mut world, 12);
        }
        assert_eq!(at_the_studio(&world), [] as [i64; 0], "48 s are not 50");
        wait(&mut world, 3);
        world.begin(false);
        world.answer();
        world.answer();
        assert_eq!(at_the_studio(&world).len(), 1);
    }
}
