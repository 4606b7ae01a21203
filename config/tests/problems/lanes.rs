//! Lanes and the rules of the place: what they name, who may share it, when people are let in.

use config::OpenTime;

use super::*;

#[test]
fn a_reader_stands_on_one_side_and_a_relay_opens_one_lane() {
    let message = "two access points share a reader: \"entry reader\"";
    let shared = problems(&GOOD.replace("reader = \"exit reader\"", "reader = \"entry reader\"")).to_string();
    assert!(
        shared.contains(message) && shared.contains("no lane uses the reader \"exit reader\""),
        "{shared}"
    );
    let shared = problems(&GOOD.replace("relay = \"side relay\"", "relay = \"main relay\"")).to_string();
    assert!(
        shared.contains("two lanes share a relay: \"main relay\""),
        "{shared}"
    );
}

#[test]
fn entry_and_exit_of_one_lane_may_share_a_relay() {
    let relay = GOOD.find("[[relay]]\nname = \"side relay\"").unwrap();
    let lanes = GOOD.find("[[lane]]").unwrap();
    let without_side_relay = format!("{}{}", &GOOD[..relay], &GOOD[lanes..]);
    let one_lane = without_side_relay
        .replace("[[lane]]\nname = \"side\"\n", "")
        .replace("relay = \"side relay\"", "relay = \"main relay\"");
    let settings = parse(&one_lane, Path::new("config.toml")).unwrap();
    let lane = &settings.lanes[0];
    assert_eq!(
        lane.entry.as_ref().unwrap().opener,
        lane.exit.as_ref().unwrap().opener
    );
}

#[test]
fn what_no_lane_uses_is_reported_unless_its_name_was_misspelt() {
    let unused = "[[reader]]\nname = \"spare\"\nkind = \"simulated\"\n\n[[relay]]";
    refused(
        "[[relay]]",
        unused,
        "no lane uses the reader \"spare\"",
        "remove the [[reader]]",
    );
    refused(
        "relay = \"side relay\"",
        "relay = \"sid relay\"",
        "there is no relay \"sid relay\"",
        "\"side relay\"?",
    );
}

#[test]
fn a_lane_has_a_side() {
    let sideless = "[[lane]]\nname = \"void\"\n\n[[lane]]\nname = \"main\"";
    refused(
        "[[lane]]\nname = \"main\"",
        sideless,
        "a lane needs an entry or an exit",
        "add [lane.entry]",
    );
}

#[test]
fn benefits_are_all_or_any_and_not_nothing() {
    let with = |benefits| format!("pulse = \"400ms\"\nrequired_benefits = {benefits}");
    let pulse = "pulse = \"400ms\"";
    let message = "`required_benefits` needs exactly one of all, any";
    refused(pulse, &with("{}"), message, "");
    refused(pulse, &with("{ all = [\"A\"], any = [\"B\"] }"), message, "");
    refused(
        pulse,
        &with("{ all = [] }"),
        "`all` is empty",
        "list the benefit keys",
    );
    refused(
        pulse,
        &with("[\"A\"]"),
        "`required_benefits` must be settings in braces",
        "{ all = [\"GYM\"] }",
    );
}

#[test]
fn a_visit_counts_on_passage_only_where_the_passage_is_seen() {
    let message = "`check_in` cannot be on-passage here";
    refused(
        "pulse = \"400ms\"",
        "check_in = \"on-passage\"",
        message,
        "`passage_sensor`",
    );
    refused_in_rich("\"digicon\"", "\"mach-power\"", message, "`passage_sensor`");
}

#[test]
fn a_board_of_our_own_is_asked_for_what_it_can_do() {
    let link = RICH.replacen("\"digicon\"", "\"link\"", 1);
    let board = "board = \"turnstile\"\n";
    let too_long = |setting: &str| problem_of(&link, board, &format!("{board}{setting}\n"));
    let (_, said, fix) = too_long("pulse = \"15s\"\npassage_time = \"60s\"");
    assert_eq!(
        (&*said, &*fix),
        ("`pulse` is too long for the board", "write \"10s\" or less")
    );
    let (_, said, fix) = too_long("passage_time = \"70s\"");
    assert_eq!(
        (&*said, &*fix),
        (
            "`passage_time` is too long for the board",
            "write \"65s\" or less"
        )
    );
    // Another maker's board has its own setting for it.
    let fine = RICH.replacen(board, &format!("{board}passage_time = \"70s\"\n"), 1);
    assert!(config::parse(&fine, std::path::Path::new("config.toml")).is_ok());
}

#[test]
fn a_simulated_board_is_nowhere() {
    let there = "kind = \"digicon\"\nport = \"/dev/ttyUSB0\"";
    let simulated = RICH.replacen(there, "kind = \"simulated\"\nentry = \"b\"", 1);
    let path = std::path::Path::new("config.toml");
    let loaded = config::parse(&simulated, path).unwrap();
    assert_eq!(loaded.boards[0].kind, config::BoardKind::Simulated);
    assert_eq!(
        config::parse(&loaded.effective(), path).unwrap().boards,
        loaded.boards
    );
    let (_, said, _) = problem_of(RICH, "kind = \"digicon\"", "kind = \"simulated\"");
    assert_eq!(said, "`port` does not belong in [[board]] \"turnstile\"");
}

#[test]
fn an_exit_is_free_or_controlled() {
    let free = RICH.replacen("kind = \"digicon\"", "kind = \"digicon\"\nfree_exit = true", 1);
    assert!(config::parse(&free, std::path::Path::new("config.toml")).is_ok());
    let relay = "[[relay]]\nname = \"side relay\"\nkind = \"gpio\"\nline = \"GPIO23\"\n";
    let alone = free.replacen(relay, "", 1);
    let (_, said, fix) = problem_of(&alone, "relay = \"side relay\"", "board = \"turnstile\"");
    assert_eq!(said, "this exit is free and controlled at the same time");
    assert!(fix.contains("remove `free_exit`"), "{fix}");
}

#[test]
fn a_side_is_opened_by_exactly_one_thing() {
    let message = "`[lane.exit]` needs exactly one of relay, board";
    refused_in_rich(
        "relay = \"side relay\"\n",
        "relay = \"side relay\"\nboard = \"turnstile\"\n",
        message,
        "keep the one",
    );
    let neither = problems(&RICH.replacen("relay = \"side relay\"\n", "", 1)).to_string();
    assert!(neither.contains(message), "{neither}");
}

#[test]
fn whatever_a_lane_names_exists() {
    for (kind, name) in [
        ("zone", "gym"),
        ("board", "turnstile"),
        ("input", "passage"),
        ("input", "desk"),
        ("indicator", "lights"),
        ("display", "panel"),
    ] {
        let lane = RICH.find("[[lane]]").unwrap();
        let (devices, lane) = RICH.split_at(lane);
        let misspelt = format!("{name}x");
        let spoilt = lane.replacen(&format!("= \"{name}\""), &format!("= \"{misspelt}\""), 1);
        let problems = problems(&format!("{devices}{spoilt}"));
        let said: Vec<_> = problems
            .iter()
            .map(|problem| (problem.message(), problem.fix()))
            .collect();
        let message = format!("there is no {kind} {misspelt:?}");
        assert_eq!(
            said,
            [(message.as_str(), format!("did you mean {name:?}?").as_str())]
        );
    }
}

#[test]
fn an_input_has_one_task_and_a_button_one_side() {
    refused_in_rich(
        "button = \"desk\"",
        "button = \"desk\"\ntamper = \"desk\"",
        "one input has two tasks: \"desk\"",
        "`tamper`",
    );
    let both = "button = \"desk\"\n[lane.exit]";
    refused_in_rich(
        "[lane.exit]",
        both,
        "two access points share an input: \"desk\"",
        "one side of one lane",
    );
    let sensor = RICH.replacen("[lane.exit]", "passage_sensor = \"passage\"\n[lane.exit]", 1);
    assert!(parse(&sensor, Path::new("config.toml")).is_ok());
}

#[test]
fn opening_hours_are_times_of_days_that_do_not_overlap() {
    let hours = "{ mon-fri = [\"06:00-22:00\"], sun = [\"20:00-02:00\"] }";
    let overlap = "two opening times overlap";
    for bad in [
        "{ mon = [\"06:00-12:00\", \"11:59-13:00\"] }",
        "{ mon-fri = [\"06:00-22:00\"], wed = [\"21:00-23:00\"] }",
        "{ mon = [\"20:00-02:00\"], tue = [\"01:00-03:00\"] }",
        "{ sun = [\"20:00-02:00\"], mon = [\"01:00-03:00\"] }",
        "{ sun = [\"00:00-24:00\", \"08:00-09:00\"] }",
    ] {
        refused_in_rich(hours, bad, overlap, "one of the two");
    }
    let touching =
        "{ mon = [\"06:00-12:00\", \"12:00-24:00\"], tue = [\"00:00-02:00\"], sun = [\"20:00-06:00\"] }";
    assert!(parse(&RICH.replacen(hours, touching, 1), Path::new("config.toml")).is_ok());
    for time in [
        "06:00",
        "6:00-22:00",
        "06:00-25:00",
        "24:00-06:00",
        "06:00-06:00",
        "06:60-07:00",
        "+6:00-07:00",
        "",
    ] {
        let wrong = format!("{{ mon-fri = [{time:?}] }}");
        refused_in_rich(
            hours,
            &wrong,
            "`mon-fri` holds something that is no opening time",
            "06:00-22:00",
        );
    }
    refused_in_rich(
        hours,
        "{ moon = [] }",
        "\"moon\" is no day of the week",
        "mon-fri",
    );
    refused_in_rich(
        hours,
        "{ fri-mon = [] }",
        "\"fri-mon\" is no day of the week",
        "mon-fri",
    );
    refused_in_rich(
        hours,
        "{ mon = \"06:00-22:00\" }",
        "`mon` must be a list of times",
        "06:00-22:00",
    );
    refused_in_rich(
        "2026-12-25",
        "25.12.2026",
        "`closed_on` holds something that is no date",
        "2026-12-25",
    );
}

#[test]
fn a_day_closed_without_opening_hours_leaves_the_others_open_all_day() {
    let hours = RICH
        .lines()
        .find(|line| line.starts_with("opening_hours"))
        .unwrap();
    let settings = parse(&RICH.replacen(hours, "", 1), Path::new("config.toml")).unwrap();
    let open = settings.lanes[0].opening_hours.as_ref().unwrap();
    assert!(open.week.iter().all(|day| day[..] == [OpenTime::WHOLE_DAY]) && open.closed_on.len() == 1);
}

#[test]
fn who_counts_people_sees_them_leave() {
    let exit = RICH.find("[lane.exit]").unwrap();
    let spoilt = format!("{}\n[[lane]]\nname = \"out\"\n{}", &RICH[..exit], &RICH[exit..]);
    let (_, message, fix) = problem_of(&spoilt, "", "");
    assert_eq!(message, "nobody ever leaves the zone of `capacity`");
    assert!(fix.contains("forgive_at"), "{fix}");
    for good in ["capacity = \"studio\"", "capacity = 120\nforgive_at = \"04:00\""] {
        parse(
            &spoilt.replacen("capacity = 120", good, 1),
            Path::new("config.toml"),
        )
        .unwrap_or_else(|problems| panic!("{problems}"));
    }
}

#[test]
fn zones_have_a_capacity_and_a_window_that_mean_something() {
    let message = "`capacity` has an unknown value";
    refused_in_rich("capacity = 120", "capacity = \"many\"", message, "such as 120");
    refused_in_rich(
        "capacity = 120",
        "capacity = 0",
        "`capacity` is out of range",
        "from 1 to 100000",
    );
    refused_in_rich(
        "capacity = 120",
        "capacity = \"120\"",
        "`capacity` must be a whole number",
        "without quotes",
    );
    let unused = "`anti_passback_window` does not belong in [[zone]] \"gym\"";
    refused_in_rich("\"soft\"", "\"off\"", unused, "remove");
    refused_in_rich(
        "capacity = 120",
        "capacity = 120\nforgive_at = \"4:00\"",
        "`forgive_at` is not a time of day",
        "04:00",
    );
    refused_in_rich(
        "zone = \"gym\"\n",
        "",
        "no lane uses the zone \"gym\"",
        "`zone` of a lane",
    );
}

#[test]
fn a_staff_credential_is_a_hash_and_never_shown() {
    let hash = RICH
        .lines()
        .find(|line| line.starts_with("credential = \"hmac"))
        .unwrap();
    let message = "`credential` is not the hash of a credential";
    for wrong in ["hunter2", "hmac-sha256:hunter2", "sha256:00"] {
        let bad = format!("credential = {wrong:?}");
        refused_in_rich(hash, &bad, message, "staff-hash");
        let spoilt = RICH.replacen(hash, &bad, 1);
        assert!(!problems(&spoilt).to_string().contains("hunter2"));
        let unfinished = RICH.replacen(hash, "credential = \"hunter2", 1);
        assert!(!problems(&unfinished).to_string().contains("hunter2"));
    }
    let twice = format!(
        "{hash}\n[[staff]]\nname = \"other\"\n{}",
        hash.replace("aabb", "AABB")
    );
    refused_in_rich(
        hash,
        &twice,
        "two staff members have one credential",
        "of their own",
    );
}
