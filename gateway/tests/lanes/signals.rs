//! What the person at the lane sees and hears.

use std::time::Duration;

use hal::indicator::Lit;
use hal::simulated::LitUp;
use tokio::sync::broadcast;
use turnstile_gateway::simulator::{FIRST_ID, SimulatedMember, Story};

use super::{Gym, soon, who};

const ENTRY: &str = "indicator = \"lights\"\ndisplay = \"greeter\"";
const DEVICES: &str = "[[indicator]]
name = \"lights\"
kind = \"simulated\"
[indicator.patterns]
granted = \"green 150ms\"
denied = \"red+buzzer 100ms, off 50ms, red 100ms\"
paused = \"red 200ms\"
out_of_service = \"red 10s\"
[[display]]
name = \"greeter\"
kind = \"simulated\"
idle = \"Hello\"
show = \"1s\"";

const GREEN: Lit = Lit {
    green: true,
    ..Lit::DARK
};
const RED: Lit = Lit {
    red: true,
    ..Lit::DARK
};
const ALARM: Lit = Lit { buzzer: true, ..RED };

/// Every third member of the simulator has chosen German.
fn german(story: Story) -> SimulatedMember {
    who(story).find(|member| (member.id - FIRST_ID) % 3 == 0).unwrap()
}

/// The next steps of a pattern, with how long each but the last was on.
async fn steps(lights: &mut broadcast::Receiver<LitUp>, count: usize) -> (Vec<Lit>, Vec<Duration>) {
    let mut steps: Vec<LitUp> = Vec::new();
    for _ in 0..count {
        steps.push(soon(lights.recv()).await.unwrap());
    }
    let times = steps.windows(2).map(|pair| pair[1].at - pair[0].at).collect();
    (steps.into_iter().map(|step| step.lit).collect(), times)
}

#[tokio::test]
async fn lights_and_display_show_each_outcome_in_its_own_way_and_language() {
    let mut gym = Gym::open(ENTRY, DEVICES).await;
    let mut lights = gym.devices.indicators["lights"].changes();
    let mut display = gym.devices.displays["greeter"].lines();
    let shows = |text: &'static str| move |lines: &Vec<String>| *lines == [text];
    soon(display.wait_for(shows("Hello"))).await.unwrap();

    gym.presents(&german(Story::Active));
    soon(display.wait_for(shows("Willkommen"))).await.unwrap();
    let (lit, times) = steps(&mut lights, 2).await;
    assert_eq!(lit, [GREEN, Lit::DARK]);
    assert!(times[0] >= Duration::from_millis(140), "{times:?}");
    soon(display.wait_for(shows("Hello"))).await.unwrap();

    // A reason with a pattern of its own.
    gym.presents(&german(Story::Paused));
    soon(display.wait_for(shows("Bitte an der Theke melden")))
        .await
        .unwrap();
    let (lit, times) = steps(&mut lights, 2).await;
    assert_eq!(lit, [RED, Lit::DARK]);
    assert!(times[0] >= Duration::from_millis(190), "{times:?}");

    gym.presents(
        &who(Story::AccessRefused)
            .find(|member| (member.id - FIRST_ID) % 3 != 0)
            .unwrap(),
    );
    soon(display.wait_for(shows("Please see the front desk")))
        .await
        .unwrap();
    let (lit, _) = steps(&mut lights, 4).await;
    assert_eq!(lit, [ALARM, Lit::DARK, RED, Lit::DARK]);
}

#[tokio::test]
async fn nobody_is_shown_a_green_light_before_a_lane_that_cannot_open() {
    let mut gym = Gym::open(ENTRY, DEVICES).await;
    let mut lights = gym.devices.indicators["lights"].changes();
    let mut display = gym.devices.displays["greeter"].lines();
    gym.log.waits_for("the lane works").await;
    gym.devices.relays["relay"].unplug();
    let (lit, _) = steps(&mut lights, 1).await;
    assert_eq!(lit, [RED], "it shows so before anybody comes");
    gym.presents(&german(Story::Active));
    soon(display.wait_for(|lines| *lines == ["Out of service"]))
        .await
        .unwrap();
    gym.devices.relays["relay"].plug_in();
    loop {
        let (lit, _) = steps(&mut lights, 1).await;
        assert_ne!(lit, [GREEN]);
        if lit == [Lit::DARK] {
            break;
        }
    }
    gym.log.waits_for("reason=out-of-service").await;
    assert!(!gym.log.text().contains("lane opened"));
}
