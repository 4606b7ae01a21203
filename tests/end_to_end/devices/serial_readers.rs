//! Readers that speak by themselves: one gym with a lane for each format, frames as their makers' documents have them.

use std::collections::BTreeSet;
use std::time::Duration;

use nix::sys::signal::Signal;
use turnstile_gateway::simulator::{SimulatedMember, Story, members};

use super::{MEMBERS, PAUSE, SECOND, decimal, hex, lanes, wait_for_visits, welcome};
use crate::rig::{Gateway, Lane, ON, Pty, Studio, rdm6300, wait_for};

/// Past the repeat filter, and past the time for which an unknown code stays unknown.
const LATER: Duration = Duration::from_millis(2_500);

/// A reader, and a member at it.
struct Case {
    name: &'static str,
    /// Lines of its table.
    lines: &'static str,
    customer: i64,
    /// What it says when the member is there.
    frame: Vec<u8>,
    /// The same with a wrong checksum or parity bit, where its frames have one.
    wrong: Option<Vec<u8>>,
}

impl Case {
    fn new(name: &'static str, lines: &'static str, member: &SimulatedMember, frame: Vec<u8>) -> Self {
        Self {
            name,
            lines,
            customer: member.id,
            frame,
            wrong: None,
        }
    }

    /// With a frame that is wrong in the byte at `place`, counted from its end.
    fn checked(mut self, place: usize) -> Self {
        let mut wrong = self.frame.clone();
        let at = wrong.len() - place;
        wrong[at] = if wrong[at] == b'0' { b'1' } else { wrong[at] ^ 1 };
        self.wrong = Some(wrong);
        self
    }
}

/// STX, length, type, UID, exclusive-or, ETX.
fn gwiot(uid: &[u8]) -> Vec<u8> {
    let length = u8::try_from(uid.len() + 5).unwrap();
    let sealed = [&[length, 0x01], uid].concat();
    let bcc = sealed.iter().fold(0, |sum, byte| sum ^ byte);
    [&[0x02], &sealed[..], &[bcc, 0x03]].concat()
}

/// STX, ten digits, ETX, exclusive-or of all.
fn ssa_r1101(uid: &[u8]) -> Vec<u8> {
    let frame = format!("\x02{:0>10}\x03", decimal(uid)).into_bytes();
    let lrc = frame.iter().fold(0, |sum, byte| sum ^ byte);
    [frame, vec![lrc]].concat()
}

/// TWN3: 22 (34 in hex), even parity over the first half of the UID, the UID, odd parity over the second half, zeros up to
/// whole bytes; CR.
fn twn3_uid(uid: &[u8]) -> Vec<u8> {
    let ones = |bytes: &[u8]| bytes.iter().map(|byte| byte.count_ones()).sum::<u32>();
    let number = uid
        .iter()
        .fold(0_u64, |number, byte| number << 8 | u64::from(*byte));
    let (even, odd) = (ones(&uid[..2]) % 2, 1 - ones(&uid[2..]) % 2);
    let bits = u64::from(even) << 39 | number << 7 | u64::from(odd) << 6;
    format!("22{bits:010X}\r").into_bytes()
}

/// Card readers: every format for cards that is not polled.
fn cards(studio: &Studio) -> Vec<Case> {
    let mut tags = welcome(5);
    let mut mifare = welcome(4);
    let mut tag = || tags.next().unwrap();
    let mut card = || mifare.next().unwrap();
    let mut cases = Vec::new();

    let member = tag();
    cases.push(Case::new("rdm6300", "format = \"rdm6300\"", &member, rdm6300(&member.uid)).checked(2));
    let member = tag();
    let digits = rdm6300(&member.uid)[1..13].to_vec();
    cases.push(Case::new("em18-bare", "format = \"em18-bare\"", &member, digits).checked(1));
    let member = tag();
    let frame = [&rdm6300(&member.uid)[..13], b"\r\n\x03"].concat();
    cases.push(Case::new("id12la", "format = \"id12la\"", &member, frame).checked(4));
    // The studio knows the card by the number that is printed on it, which has not the first byte.
    let member = card();
    let frame = rdm6300(&[&[0x3F], &member.uid[..]].concat());
    let lines = "format = \"rdm6300\"\nnumber = \"8h10d\"";
    cases.push(Case::new("printed number", lines, &member, frame));

    let member = card();
    cases.push(
        Case::new(
            "gwiot7941e",
            "format = \"gwiot7941e\"",
            &member,
            gwiot(&member.uid),
        )
        .checked(2),
    );
    let member = card();
    let reversed: Vec<u8> = member.uid.iter().rev().copied().collect();
    let lines = "format = \"gwiot7941e\"\nbyte_order = \"reversed\"";
    cases.push(Case::new("gwiot7941e reversed", lines, &member, gwiot(&reversed)).checked(2));
    let member = welcome(7).next().unwrap();
    cases.push(
        Case::new(
            "seven bytes",
            "format = \"gwiot7941e\"",
            &member,
            gwiot(&member.uid),
        )
        .checked(2),
    );
    let member = card();
    cases.push(
        Case::new(
            "ssa-r1101",
            "format = \"ssa-r1101\"",
            &member,
            ssa_r1101(&member.uid),
        )
        .checked(1),
    );
    let member = card();
    let frame = format!("{:0>10}\r\n", decimal(&member.uid)).into_bytes();
    cases.push(Case::new("s4a-dec", "format = \"s4a-dec\"", &member, frame));

    // What is left of a card after 26 bits of Wiegand: facility and card number in three bytes.
    let member = tag();
    studio.give_card(member.id, &decimal(&[0x01, 0x00, 0x03]));
    let frame = b"1A808001C0\r".to_vec();
    let mut twn3 = Case::new("twn3-ascii", "format = \"twn3-ascii\"", &member, frame);
    twn3.wrong = Some(b"1A80800180\r".to_vec());
    cases.push(twn3);
    let member = card();
    let lines = "format = \"twn3-ascii\"\ncarries = \"w34-uid\"";
    cases.push(Case::new("twn3-ascii with a UID", lines, &member, twn3_uid(&member.uid)).checked(5));
    let member = tag();
    studio.give_card(member.id, &decimal(&[0x89, 0xD4, 0x1B]));
    cases.push(Case::new(
        "wg2rs232",
        "format = \"wg2rs232\"",
        &member,
        b"89D41B".to_vec(),
    ));
    cases
}

/// Scanners and other readers of text.
fn texts() -> Vec<Case> {
    let mut people = welcome(5).skip(20);
    let mut next = || people.next().unwrap();
    let mut cases = Vec::new();
    let member = next();
    let text = |text: &str, end: &str| format!("{text}{end}").into_bytes();
    cases.push(Case::new(
        "decimal CR",
        "format = \"line\"\ncontent = \"decimal\"\nterminator = \"cr\"",
        &member,
        text(&decimal(&member.uid), "\r"),
    ));
    let member = next();
    cases.push(Case::new(
        "hex LF",
        "format = \"line\"\ncontent = \"hex-msb\"\nterminator = \"lf\"",
        &member,
        text(&hex(&member.uid), "\n"),
    ));
    let member = next();
    let reversed: Vec<u8> = member.uid.iter().rev().copied().collect();
    cases.push(Case::new(
        "prefixed hex CRLF",
        "format = \"line\"\ncontent = \"hex-lsb\"\nterminator = \"crlf\"\nprefix = \"GYM:\"\nsuffix = \";\"",
        &member,
        text(&format!("GYM:{};", hex(&reversed)), "\r\n"),
    ));
    let member = next();
    cases.push(Case::new(
        "barcode",
        "format = \"line\"\ncontent = \"code\"\nterminator = \"idle\"",
        &member,
        text(&member.barcode, ""),
    ));
    let member = next();
    cases.push(Case::new(
        "barcode with its AIM identifier",
        "format = \"line\"\ncontent = \"code\"\naim_id = true\nterminator = \"cr\"",
        &member,
        text(&format!("]C0{}", member.barcode), "\r"),
    ));
    let member = next();
    cases.push(Case::new(
        "QR code of the app",
        "format = \"line\"\ncontent = \"code\"",
        &member,
        text(&format!("{{\"uuid\": \"{}\"}}", member.uuid), "\r\n"),
    ));
    cases
}

#[test]
fn every_serial_format_opens_its_lane_through_noise_and_never_with_a_wrong_checksum() {
    let studio = Studio::start(MEMBERS);
    let cases: Vec<Case> = cards(&studio).into_iter().chain(texts()).collect();
    let formats: BTreeSet<&str> = cases
        .iter()
        .filter_map(|case| case.lines.split('"').nth(1))
        .collect();
    for format in config::FORMATS {
        let serial = matches!(format.kind, config::FormatKind::Serial | config::FormatKind::Text);
        assert!(
            !serial || formats.contains(format.name),
            "{} is not tried",
            format.name
        );
    }

    let folder = tempfile::tempdir().unwrap();
    let mut lines: Vec<Pty> = (0..cases.len())
        .map(|number| Pty::new(folder.path(), &format!("reader-{number}")))
        .collect();
    let readers: Vec<(String, String)> = cases
        .iter()
        .enumerate()
        .map(|(number, case)| {
            let table = format!(
                "kind = \"serial\"\nport = \"{{folder}}/reader-{number}\"\n{}",
                case.lines
            );
            (case.name.to_owned(), table)
        })
        .collect();
    let (config, relays) = lanes(folder.path(), &studio, &readers, "");
    let gateway = Gateway::start(&config);
    gateway.wait_for_log("reader connected", cases.len());
    gateway.wait_for_log("the roster is complete", 1);
    gateway.wait_for_log("relay connected", cases.len().div_ceil(8));

    for (case, line) in cases.iter().zip(&mut lines) {
        if let Some(wrong) = &case.wrong {
            line.send(wrong);
        }
    }
    for case in cases.iter().filter(|case| case.wrong.is_some()) {
        gateway.wait_for_line(&["read rejected", &format!("reader=\"{}\"", case.name)]);
    }
    let ending =
        |case: &Case| case.lines.contains("terminator = \"c") || case.lines.contains("terminator = \"l");
    for (case, line) in cases.iter().zip(&mut lines) {
        // A line ends where its terminator is, and not with a silence.
        let end: &[u8] = if ending(case) { b"\r\n" } else { b"" };
        line.send(&[&[0x00, 0xFF, 0x80, 0xAA], end].concat());
    }
    std::thread::sleep(PAUSE);
    for (number, case) in cases.iter().enumerate() {
        assert_eq!(
            relays.openings(number),
            0,
            "{} opened without a member",
            case.name
        );
    }

    let mut delays = Vec::new();
    for (number, (case, line)) in cases.iter().zip(&mut lines).enumerate() {
        let sent = line.send(&case.frame);
        relays.wait_for_opening(number, 1, case.name);
        delays.push(hal::clock::monotonic() - sent);
        if case.name == "rdm6300" {
            // The same card again at once is the same visit.
            line.send(&case.frame);
        }
    }
    delays.sort();
    println!(
        "{} formats: last byte to relay frame median {:?}, maximum {:?}",
        cases.len(),
        delays[delays.len() / 2],
        delays[delays.len() - 1]
    );
    wait_for_visits(&studio, cases.iter().map(|case| case.customer).collect());
    for (number, case) in cases.iter().enumerate() {
        assert_eq!(relays.openings(number), 1, "{}", case.name);
    }
    assert_eq!(gateway.log().matches("noisy").count(), 0);
}

#[test]
fn an_access_code_opens_and_an_expired_one_does_not_as_soon_as_the_codes_are_fetched() {
    let studio = Studio::start(MEMBERS);
    let lines = "format = \"line\"\ncontent = \"code\"";
    let mut lane = Lane::start_with(studio.address(), lines, "[decisions]\nunknown = \"1s\"");
    lane.gateway.wait_for_log("the roster is complete", 1);
    lane.gateway.signal(Signal::SIGTERM);
    lane.gateway.wait(2 * SECOND);
    lane.gateway = Gateway::start(&lane.config());

    let member = welcome(5).next().unwrap();
    wait_for("an access code that was fetched ahead", 40 * SECOND, || {
        lane.reader.send(format!("{}\r", member.access_code).as_bytes());
        std::thread::sleep(LATER);
        (!lane.relay.arrivals(&ON).is_empty()).then_some(())
    });
    let late = members(1, MEMBERS)
        .find(|member| member.story == Story::ExpiredAccessCode)
        .unwrap();
    wait_for("an access code that has expired", 40 * SECOND, || {
        lane.reader.send(format!("{}\r", late.access_code).as_bytes());
        std::thread::sleep(LATER);
        lane.gateway
            .log()
            .contains("reason=access-code-expired")
            .then_some(())
    });
    wait_for_visits(&studio, vec![member.id]);
}
