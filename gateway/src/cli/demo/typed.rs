//! The demo as a person plays it: card numbers and commands are typed, what happens is shown at once.

use std::io::BufRead;
use std::time::Duration;

use owo_colors::Style;
use tokio::sync::mpsc;

use super::show;
use super::stage::Stage;
use crate::runtime::asked_to_end;
use crate::simulator::Faults;

const HELP: &str = "Type a card number or QR code of the table, or any other, and Enter.
stay: the next person who is let in turns back
slow: the studio takes 10 s for each answer   down: it is gone   up: it works again
table: the cards again   quit: the end";

/// The studio's delay under `slow`.
const SLOW: Duration = Duration::from_secs(10);

/// Events are awaited so long before the keyboard is looked at again.
const LOOK: Duration = Duration::from_millis(50);

pub(super) async fn play(stage: &mut Stage) -> anyhow::Result<()> {
    println!(
        "A gym with one lane, a simulated studio at {}, and the real gateway between them.",
        stage.simulator.url()
    );
    let samples = show::samples(stage);
    show::table(&samples);
    println!("{HELP}");
    let mut lines = keyboard();
    let end = asked_to_end();
    tokio::pin!(end);
    loop {
        tokio::select! {
            _ = &mut end => return Ok(()),
            line = lines.recv() => match line.as_deref().map(str::trim) {
                None | Some("quit" | "exit") => return Ok(()),
                Some("slow") => {
                    stage.simulator.set_faults(Faults::slow(SLOW));
                    say("the studio takes 10 s for each answer from now on");
                }
                Some("down") => {
                    stage.simulator.set_faults(Faults::down());
                    say("the studio is gone");
                }
                Some("up") => {
                    stage.simulator.set_faults(Faults::default());
                    say("the studio works again");
                }
                Some("stay") => {
                    stage.next_one_stays();
                    say("the next person who is let in turns back");
                }
                Some("table") => show::table(&samples),
                Some("help" | "?") => println!("{HELP}"),
                Some("") => {}
                Some(typed) => present(stage, typed),
            },
            event = stage.event(LOOK) => {
                if let Some(event) = event {
                    show::event(&event);
                }
            }
        }
    }
}

fn present(stage: &mut Stage, typed: &str) {
    let card = stage
        .members()
        .map(|member| member.uid)
        .find(|uid| show::decimal(uid) == typed);
    let presented = match card {
        Some(uid) => stage.present(&uid),
        None => stage.scan(typed),
    };
    if let Err(error) = presented {
        say(&format!("no reader would send this: {error}"));
    }
}

fn say(text: &str) {
    println!("  {}", show::styled(text, Style::new().italic()));
}

/// The lines of standard input. A thread of its own: reading a terminal cannot be cancelled, and must not keep the
/// demo from ending.
fn keyboard() -> mpsc::Receiver<String> {
    let (sender, receiver) = mpsc::channel(16);
    std::thread::spawn(move || {
        for line in std::io::stdin().lock().lines().map_while(Result::ok) {
            if sender.blocking_send(line).is_err() {
                return;
            }
        }
    });
    receiver
}
