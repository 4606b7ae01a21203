//! Indicators and displays: what is played and shown, and for how long.

use std::future::pending;
use std::sync::Arc;
use std::time::Duration;

use hal::clock::monotonic;
use hal::display::{SerialDisplay, serial_display};
use hal::indicator::{Lit, Pattern, Step};
use hal::serial::PortSettings;
use hal::simulated::{LitUp, simulated_display, simulated_indicator};
use tokio::sync::{broadcast, oneshot, watch};
use tokio::time::{sleep, timeout};

use crate::port::{PATIENCE, Socket};

const MOMENT: Duration = Duration::from_millis(100);
const GREEN: Lit = Lit {
    green: true,
    ..Lit::DARK
};
const RED_LOUD: Lit = Lit {
    red: true,
    buzzer: true,
    ..Lit::DARK
};

fn pattern(steps: &[(Lit, Duration)]) -> Pattern {
    let steps = steps.iter().map(|(lit, time)| Step {
        lit: *lit,
        time: *time,
    });
    Pattern::from(steps.collect::<Vec<_>>())
}

async fn next(changes: &mut broadcast::Receiver<LitUp>) -> LitUp {
    timeout(PATIENCE, changes.recv()).await.unwrap().unwrap()
}

#[tokio::test]
async fn a_pattern_is_played_step_by_step_and_ends_dark() {
    let (indicator, control, task) = simulated_indicator(Arc::from("entrance"), pending());
    let mut changes = control.changes();
    tokio::spawn(task);
    sleep(MOMENT).await;
    indicator.play(&pattern(&[(RED_LOUD, MOMENT), (GREEN, 2 * MOMENT)]));
    let (first, second, end) = (
        next(&mut changes).await,
        next(&mut changes).await,
        next(&mut changes).await,
    );
    assert_eq!([first.lit, second.lit, end.lit], [RED_LOUD, GREEN, Lit::DARK]);
    assert!(second.at - first.at >= MOMENT && end.at - second.at >= 2 * MOMENT);
}

#[tokio::test]
async fn a_new_pattern_takes_the_place_of_the_one_being_played() {
    let (indicator, control, task) = simulated_indicator(Arc::from("entrance"), pending());
    let mut changes = control.changes();
    tokio::spawn(task);
    sleep(MOMENT).await;
    indicator.play(&pattern(&[(RED_LOUD, PATIENCE)]));
    assert_eq!(next(&mut changes).await.lit, RED_LOUD);
    indicator.play(&pattern(&[(GREEN, MOMENT)]));
    assert_eq!(next(&mut changes).await.lit, GREEN);
    assert_eq!(next(&mut changes).await.lit, Lit::DARK);
    sleep(2 * MOMENT).await;
    assert!(changes.is_empty(), "the first pattern goes on");
}

#[tokio::test]
async fn stopping_in_the_middle_of_a_pattern_leaves_the_indicator_dark() {
    let (stop, stopped) = oneshot::channel::<()>();
    let (indicator, control, task) = simulated_indicator(Arc::from("entrance"), async {
        let _ = stopped.await;
    });
    let mut changes = control.changes();
    let task = tokio::spawn(task);
    sleep(MOMENT).await;
    indicator.play(&pattern(&[(RED_LOUD, PATIENCE)]));
    assert_eq!(next(&mut changes).await.lit, RED_LOUD);
    stop.send(()).unwrap();
    task.await.unwrap();
    assert_eq!(next(&mut changes).await.lit, Lit::DARK);
}

async fn shows(lines: &mut watch::Receiver<Vec<String>>, expected: &str) {
    let shown = timeout(PATIENCE, lines.wait_for(|lines| lines.concat() == expected)).await;
    shown.expect("it is never shown").unwrap();
}

#[tokio::test]
async fn a_display_shows_a_text_for_its_time_and_then_the_idle_text_again() {
    let idle = vec!["Welcome".to_owned()];
    let (display, control, task) = simulated_display(Arc::from("entrance"), idle, pending());
    let mut lines = control.lines();
    tokio::spawn(task);
    shows(&mut lines, "Welcome").await;
    let began = monotonic();
    display.show(["Please pass"], PATIENCE);
    shows(&mut lines, "Please pass").await;
    display.show(["Membership", " ended"], MOMENT);
    shows(&mut lines, "Membership ended").await;
    shows(&mut lines, "Welcome").await;
    assert!((MOMENT..PATIENCE).contains(&(monotonic() - began)));
}

#[tokio::test]
async fn a_serial_display_gets_whole_lines_of_plain_characters_after_its_clear_sequence() {
    let socket = Socket::new();
    let far_end = socket.plug();
    let settings = SerialDisplay {
        name: Arc::from("entrance"),
        port: PortSettings::new(socket.path()),
        columns: 8,
        rows: 2,
        clear: Arc::from([0x0C]),
        idle: vec!["Welcome".to_owned()],
    };
    let (display, task) = serial_display(settings, pending());
    tokio::spawn(task);
    assert_eq!(far_end.receive(9).await, b"\x0CWelcome ");
    display.show(["Grüße\x1B", "until tomorrow", "more"], MOMENT);
    assert_eq!(far_end.receive(17).await, b"\x0CGruesse?until to");
    assert_eq!(far_end.receive(9).await, b"\x0CWelcome ");
    far_end.unplug();
    let far_end = socket.plug();
    assert_eq!(
        far_end.receive(9).await,
        b"\x0CWelcome ",
        "it is not idle after it was plugged in again"
    );
}
