//! What a person sees who starts a simulated studio in a terminal.

use std::io::{self, Write};
use std::net::SocketAddr;

use comfy_table::{Table, presets};

use super::SimulatorSettings;
use super::card::CardNumberFormat;
use super::members::{Story, members};

/// Prints address, sample cards and how to break things. Whoever started it may not read along: that is no error.
pub(super) fn print(addr: SocketAddr, settings: &SimulatorSettings) {
    let _ = io::stdout().write_all(text(addr, settings).as_bytes());
}

fn text(addr: SocketAddr, settings: &SimulatorSettings) -> String {
    let SimulatorSettings {
        members: count,
        seed,
        api_key,
        ..
    } = settings;
    let mut table = Table::new();
    table.load_style(presets::NOTHING).set_header([
        "CUSTOMER",
        "CARD (DECIMAL)",
        "CARD (HEX)",
        "QR CODE",
        "STORY",
    ]);
    for story in Story::ALL {
        if let Some(member) =
            members(*seed, *count).find(|member| member.story == story && member.uid.len() == 5)
        {
            table.add_row([
                member.id.to_string(),
                CardNumberFormat::Decimal.write(&member.uid),
                CardNumberFormat::HexMsb.write(&member.uid),
                member.access_code,
                story.sentence().to_owned(),
            ]);
        }
    }
    format!(
        "\
Simulated studio at http://{addr} with {count} members (seed {seed}); x-api-key: {api_key}

{table}

More cards:   curl 'http://{addr}/_simulator/members?story=paused&limit=5'
Check-ins:    curl http://{addr}/_simulator/check-ins
Requests:     curl http://{addr}/_simulator/requests
Block:        curl -X PUT -d '{{\"reason\": \"Left the tap running\"}}' http://{addr}/_simulator/members/1001/restriction
Slow down:    curl -X PUT -d '{{\"*\": {{\"latency_ms\": 10000}}}}' http://{addr}/_simulator/faults
Break down:   curl -X PUT -d '{{\"*\": {{\"down\": true}}}}' http://{addr}/_simulator/faults
Be flaky:     curl -X PUT -d '{{\"checkIn\": {{\"error_rate\": 0.2, \"status\": 503}}}}' http://{addr}/_simulator/faults
Repair:       curl -X DELETE http://{addr}/_simulator/faults

Other faults: drop_before_rate, drop_after_rate, timeout_after_rate, rate_limit_per_minute, malformed_json, hang_body.
They are set for all operations (*) or one by its name in the vendor's description, such as getCustomerBy; a name
that is none is answered with all of them.
"
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_line_has_the_address_and_every_story_has_a_card() {
        let addr = SocketAddr::from(([127, 0, 0, 1], 8490));
        let settings = SimulatorSettings::default();
        let text = text(addr, &settings);
        let first = text.lines().next().unwrap();
        assert!(first.contains("http://127.0.0.1:8490 "), "{first}");
        for story in Story::ALL {
            let line = text.lines().find(|line| line.contains(story.sentence())).unwrap();
            let id: i64 = line.split_whitespace().next().unwrap().parse().unwrap();
            let member = members(settings.seed, settings.members).find(|member| member.id == id);
            let member = member.unwrap();
            assert_eq!(member.story, story);
            assert!(
                line.contains(&CardNumberFormat::HexMsb.write(&member.uid)),
                "{line}"
            );
        }
    }
}
