//! What a person sees who starts a simulated studio in a terminal.

use std::io::{self, Write};
use std::net::SocketAddr;

use comfy_table::{Table, presets};

use super::card::CardNumberFormat;
use super::members::{Story, members};
use super::{OPERATIONS, SimulatorSettings};

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
    let operations = OPERATIONS.join(", ");
    format!(
        "\
Simulated studio at http://{addr} with {count} members (seed {seed}); x-api-key: {api_key}

{table}

More cards:   curl 'http://{addr}/_simulator/members?story=paused&limit=5'
Check-ins:    curl http://{addr}/_simulator/check-ins
Requests:     curl http://{addr}/_simulator/requests
Block:        curl -X PUT -H 'content-type: application/json' -d '{{\"reason\": \"Left the tap running\"}}' http://{addr}/_simulator/members/1001/restriction
Slow down:    curl -X PUT -H 'content-type: application/json' -d '{{\"*\": {{\"latency_ms\": 10000}}}}' http://{addr}/_simulator/faults
Break down:   curl -X PUT -H 'content-type: application/json' -d '{{\"*\": {{\"down\": true}}}}' http://{addr}/_simulator/faults
Be flaky:     curl -X PUT -H 'content-type: application/json' -d '{{\"checkIn\": {{\"error_rate\": 0.2, \"status\": 503}}}}' http://{addr}/_simulator/faults
Repair:       curl -X DELETE http://{addr}/_simulator/faults

Other faults: drop_before_rate, drop_after_rate, timeout_after_rate, rate_limit_per_minute, malformed_json, hang_body.
Operations:   {operations}.
"
    )
}
