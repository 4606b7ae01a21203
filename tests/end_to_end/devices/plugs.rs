//! A device that is pulled out takes its own lane with it and no other, and works again when it is back.

use super::{MEMBERS, SECOND, lanes, wait_for_visits, welcome};
use crate::rig::{Gateway, Pty, Studio, rdm6300};

/// The first lanes share one relay card, the last one is alone on another.
const LAST: usize = 8;

#[test]
fn readers_and_relays_are_pulled_out_and_put_back_while_another_lane_works() {
    let studio = Studio::start(MEMBERS);
    let folder = tempfile::tempdir().unwrap();
    let mut lines: Vec<Pty> = (0..=LAST)
        .map(|lane| Pty::new(folder.path(), &format!("reader-{lane}")))
        .collect();
    let readers: Vec<(String, String)> = (0..=LAST)
        .map(|lane| {
            let table =
                format!("kind = \"serial\"\nport = \"{{folder}}/reader-{lane}\"\nformat = \"rdm6300\"");
            (format!("lane {lane}"), table)
        })
        .collect();
    let (config, mut relays) = lanes(folder.path(), &studio, &readers, "");
    let gateway = Gateway::start(&config);
    gateway.wait_for_log("reader connected", readers.len());
    gateway.wait_for_log("the lane works", readers.len());
    let mut people = welcome(5);
    let mut came = Vec::new();
    let mut presents = |line: &mut Pty| {
        let member = people.next().unwrap();
        line.send(&rdm6300(&member.uid));
        member.id
    };

    lines[0].unplug();
    gateway.wait_for_line(&["reader disconnected", "lane 0"]);
    came.push(presents(&mut lines[LAST]));
    relays.wait_for_opening(LAST, 1, "the last lane without the first reader");
    lines[0].plug();
    gateway.wait_for_log("reader connected", readers.len() + 1);
    came.push(presents(&mut lines[0]));
    relays.wait_for_opening(0, 1, "the first lane with its reader again");

    relays.0[0].unplug();
    gateway.wait_for_line(&["its relay is away", "lane 0"]);
    let kept_out = presents(&mut lines[0]);
    gateway.wait_for_line(&["lane stays shut", "lane 0", "reason=out-of-service"]);
    came.push(presents(&mut lines[LAST]));
    relays.wait_for_opening(LAST, 2, "the last lane without the first relay card");
    relays.0[0].plug();
    gateway.wait_for_log("the lane works", readers.len() + LAST);
    came.push(presents(&mut lines[0]));
    relays.wait_for_opening(0, 1, "the first lane with its relay again");
    std::thread::sleep(SECOND);
    assert!(!came.contains(&kept_out));
    wait_for_visits(&studio, came);
}
