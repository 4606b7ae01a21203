//! Devices: their kinds and formats, and what must not be in one place.

use config::{BoardKind, BoardProtocol, Lamps};

use super::*;

#[test]
fn a_simulated_device_is_on_no_port() {
    let bad = GOOD.replacen("\"serial\"", "\"simulated\"", 1);
    let said: Vec<String> = problems(&bad)
        .iter()
        .map(|problem| problem.message().to_owned())
        .collect();
    let refusal = |key| format!("`{key}` does not belong in [[reader]] \"entry reader\"");
    assert_eq!(said, [refusal("port"), refusal("format")]);
}

#[test]
fn one_port_has_one_owner() {
    refused(
        "/dev/ttyUSB1",
        "/dev/ttyUSB0",
        "two devices are on one port",
        "its own port",
    );
    let reader_on_board = GOOD.replace("/dev/ttyUSB1", "/dev/ttyUSB2");
    let said = problems(&reader_on_board).to_string();
    assert!(said.contains("the port of [[reader]] \"exit reader\""), "{said}");
}

#[test]
fn relays_of_one_board_differ_in_channel_and_agree_in_speed() {
    refused(
        "channel = 2",
        "channel = 1",
        "two relays are the same channel of one board",
        "own `channel`",
    );
    refused(
        "channel = 2\n",
        "channel = 2\nbaud = 19200\n",
        "two relays of one board differ in speed",
        "same `baud`",
    );
    // The channel that is not written is a channel, too.
    refused(
        "channel = 2\n",
        "",
        "two relays are the same channel of one board",
        "own `channel`",
    );
}

#[test]
fn names_are_given_once() {
    let twice = problems(&GOOD.replace("name = \"side\"", "name = \"main\"")).to_string();
    assert!(
        twice.contains("two lanes are called \"main\"") && twice.contains("first used here"),
        "{twice}"
    );
}

#[test]
fn one_gpio_line_has_one_use_and_one_input_device_one_reader() {
    let taken = "two things are on one GPIO line";
    refused_in_rich("GPIO23", "GPIO17", taken, "its own line");
    refused_in_rich("GPIO24", "GPIO6", taken, "its own line");
    refused_in_rich("\"gpiochip0:18\"", "\"GPIO17\"", taken, "its own line");
    let second = "[[reader]]\nname = \"other\"\nkind = \"keyboard\"\ndevice = \"/dev/input/event3\"\ncontent = \"pin\"\n";
    let side = "[[lane]]\nname = \"side\"\n[lane.entry]\nreader = \"other\"\nrelay = \"other\"\n";
    let relay = "[[relay]]\nname = \"other\"\nkind = \"simulated\"\n";
    let said = problems(&format!("{RICH}{second}{relay}{side}"));
    let messages: Vec<&str> = said.iter().map(config::Problem::message).collect();
    assert_eq!(messages, ["two readers are on one input device"]);
}

#[test]
fn boards_and_displays_have_ports_of_their_own() {
    refused_in_rich(
        "ttyUSB1",
        "ttyUSB0",
        "two devices are on one port",
        "its own port",
    );
}

#[test]
fn gpio_lines_are_written_by_name_or_chip_and_number() {
    let wrong = "`line` is not a GPIO line";
    refused_in_rich("\"GPIO24\"", "24", wrong, "\"GPIO24\"");
    for line in [
        "\"\"",
        "\"GPIO 24\"",
        "\"gpiochip0:\"",
        "\":4\"",
        "\"gpiochip0:x\"",
        "\"a:1:2\"",
    ] {
        refused_in_rich("\"GPIO24\"", line, wrong, "gpiochip0:17");
    }
    let rppal = "`d1` is a line that the rppal backend does not know";
    refused_in_rich("character-device", "rppal", rppal, "GPIO17");
}

#[test]
fn a_chip_is_for_the_backend_that_has_chips() {
    let chip = "\"character-device\"\nchip = \"/dev/gpiochip4\"";
    parse(
        &RICH.replace("\"character-device\"", chip),
        Path::new("config.toml"),
    )
    .unwrap();
    let rppal = RICH
        .replace("gpiochip0:18", "GPIO18")
        .replace("character-device", "rppal");
    parse(&rppal, Path::new("config.toml")).unwrap();
    let (_, said, fix) = problem_of(&rppal, "\"rppal\"", "\"rppal\"\nchip = \"/dev/gpiochip4\"");
    assert_eq!(
        (said.as_str(), fix.as_str()),
        ("`chip` does not belong in [gpio]", "remove `chip`")
    );
}

#[test]
fn an_address_is_only_for_boards_that_have_one_and_the_speed_is_never_guessed() {
    refused_in_rich(
        "\"digicon\"",
        "\"digicon\"\naddress = 3",
        "`address` does not belong in [[board]] \"turnstile\"",
        "remove",
    );
    refused_in_rich("\"digicon\"", "\"one-tech\"", "`baud` is missing", "baud = ");
    let swing = RICH.replacen("\"digicon\"", "\"swing-7e\"", 1);
    let settings = parse(&swing, Path::new("config.toml")).unwrap();
    let BoardKind::Serial(board) = &settings.boards[0].kind else {
        panic!()
    };
    assert_eq!(
        (board.baud, board.protocol),
        (19_200, BoardProtocol::Swing7e { address: 1 })
    );
}

#[test]
fn an_indicator_shows_only_what_it_has() {
    refused_in_rich(
        "\"red 1s\"",
        "\"green 1s\"",
        "`denied` shows what is not there",
        "add its line",
    );
    refused_in_rich(
        "\"red 1s\"",
        "\"red\"",
        "`denied` is not a pattern",
        "red+buzzer 150ms",
    );
    refused_in_rich("denied =", "denid =", "unknown setting \"denid\"", "`denied`?");
    refused_in_rich(
        "denied = \"red 1s\"",
        "busy = \"red 1\"",
        "`busy` is not a pattern",
        "red+buzzer",
    );
    refused_in_rich(
        "red = \"GPIO6\"\n",
        "",
        "[[indicator]] \"lights\" has nothing to show",
        "`green`, `red` and `buzzer`",
    );
    let settings = parse(RICH, Path::new("config.toml")).unwrap();
    let granted = &settings.indicators[0].patterns.granted;
    assert!(
        granted.steps.iter().all(|step| step.on == Lamps::OFF),
        "{granted:?}"
    );
}

/// The exit reader as one on an OSDP bus.
fn osdp(settings: &str) -> String {
    let serial = "kind = \"serial\"\nport = \"/dev/ttyUSB1\"\nformat = \"line\"\ncontent = \"decimal\"\n";
    assert!(GOOD.contains(serial));
    GOOD.replacen(
        serial,
        &format!("kind = \"osdp\"\nport = \"/dev/ttyUSB1\"\n{settings}"),
        1,
    )
}

#[test]
fn an_osdp_reader_says_what_its_cards_are_and_has_a_speed_of_osdp() {
    let good = osdp("format = \"uid\"\n");
    for format in ["w34-uid", "h10301"] {
        let settings = parse(&good.replace("uid", format), Path::new("config.toml")).unwrap();
        let config::ReaderKind::Osdp(reader) = &settings.reader("exit reader").unwrap().kind else {
            panic!()
        };
        let named = config::WiegandFormat::Named(format.to_owned());
        assert_eq!(reader.format, config::OsdpFormat::Wiegand(named));
    }
    let said = |bad: &str| problem_of(&good, "format = \"uid\"\n", bad);
    assert_eq!(said("").1, "`format` is missing");
    assert_eq!(said("format = \"w4\"\n").1, "`format` does not fit here");
    assert_eq!(said("format = \"custom\"\n").1, "`layout` is missing");
    let (_, message, _) = said("format = \"uid\"\nbaud = 4800\n");
    assert_eq!(message, "`baud` is not a speed of OSDP");
    let layout = "format = \"uid\"\n[reader.layout]\nbits = 26\ncard = [0, 25]\n";
    assert!(said(layout).1.starts_with("`layout` does not belong in"));
}

#[test]
fn osdp_lights_are_those_of_an_osdp_reader_and_of_one_set_only() {
    let lights = |name: &str, reader: &str| {
        format!("\n[[indicator]]\nname = \"{name}\"\nkind = \"osdp\"\nreader = \"{reader}\"\n")
    };
    let sides = |text: String| {
        text.replace(
            "relay = \"side relay\"",
            "relay = \"side relay\"\nindicator = \"a\"",
        )
        .replace(
            "relay = \"main relay\"",
            "relay = \"main relay\"\nindicator = \"b\"",
        )
    };
    let with = |first: &str, second: &str| {
        sides(osdp("format = \"uid\"\n")) + &lights("a", first) + &lights("b", second)
    };
    let said = |text: &str| -> Vec<String> {
        let problems = problems(text);
        problems
            .iter()
            .map(|problem| problem.message().to_owned())
            .collect()
    };
    let unknown = "no OSDP reader has this name";
    assert_eq!(
        said(&with("exit reader", "exit reader")),
        ["the lights of this reader are another indicator's already"]
    );
    assert_eq!(said(&with("exit reader", "entry reader")), [unknown]);
    assert_eq!(said(&with("nobody", "exit reader")), [unknown]);
}
