//! The ways beside the open API, end to end: the device API, which the studio has to activate first, and the use of a
//! benefit. Each is told of a visit once.

use std::process::Command;
use std::time::Duration;

use serde_json::Value;
use turnstile_gateway::simulator::{Story, members};

use crate::rig::{Gateway, KEY_VARIABLE, ON, PROGRAM, Pty, Studio, rdm6300, wait_for, write_config};

const SECOND: Duration = Duration::from_secs(1);

fn told(studio: &Studio, way: &str) -> Vec<Value> {
    let by = |visit: &Value| visit["via"] == way;
    studio.check_ins().into_iter().filter(by).collect()
}

#[test]
fn a_visit_is_told_once_to_the_device_api_and_once_uses_up_a_benefit() {
    let studio = Studio::start(1000);
    let folder = tempfile::tempdir().unwrap();
    let data = folder.path().join("data");
    std::fs::create_dir(&data).unwrap();
    let more = format!(
        "[studio.device_api]\nbase_url = \"http://{}\"\ntoken = {{ file = \"{}/device-1.token\" }}\n\
         [delivery]\nways = [\"device-api\", \"benefit-use\"]\nbenefit = \"VISIT_PASS\"\n",
        studio.address(),
        data.display()
    );
    let plain = write_config(folder.path(), studio.address(), "format = \"rdm6300\"", "");
    let activated = Command::new(PROGRAM)
        .args(["devices", "--activate", "1", "--config", plain.to_str().unwrap()])
        .env(KEY_VARIABLE, "simulator")
        .output()
        .unwrap();
    assert!(
        activated.status.success(),
        "{}",
        String::from_utf8_lossy(&activated.stderr)
    );

    let mut reader = Pty::new(folder.path(), "reader");
    let relay = Pty::new(folder.path(), "relay");
    let config = write_config(folder.path(), studio.address(), "format = \"rdm6300\"", &more);
    let gateway = Gateway::start(&config);
    gateway.wait_for_log("reader connected", 1);
    gateway.wait_for_log("relay connected", 1);
    let visitors: Vec<_> = members(1, 1000)
        .filter(|member| member.story == Story::Active && member.uid.len() == 5)
        .take(3)
        .collect();
    for (count, visitor) in (1..).zip(&visitors) {
        reader.send(&rdm6300(&visitor.uid));
        relay.wait_for(&ON, count, 5 * SECOND);
    }
    wait_for("three visits at the device API", 40 * SECOND, || {
        (told(&studio, "device-api").len() >= 3).then_some(())
    });
    let holders = |visits: Vec<Value>| {
        let mut ids: Vec<i64> = visits
            .iter()
            .filter_map(|visit| visit["customerId"].as_i64())
            .collect();
        ids.sort_unstable();
        ids
    };
    let expected: Vec<i64> = visitors.iter().map(|visitor| visitor.id).collect();
    // Which of them hold a visit pass, only the studio knows; nobody uses one twice.
    std::thread::sleep(3 * SECOND);
    assert_eq!(holders(told(&studio, "device-api")), expected);
    assert_eq!(told(&studio, "open-api"), Vec::<Value>::new());
    let used = holders(told(&studio, "benefit-use"));
    assert!(
        !used.is_empty() && used.iter().all(|id| expected.contains(id)),
        "{used:?}"
    );
    assert!(used.windows(2).all(|pair| pair[0] != pair[1]), "{used:?}");
    let token = std::fs::read_to_string(data.join("device-1.token")).unwrap();
    assert!(!gateway.log().contains(token.trim()), "the token is in the log");
}
