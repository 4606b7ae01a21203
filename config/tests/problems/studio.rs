//! The studio, its keys, and how long its word counts.

use super::*;

#[test]
fn a_key_in_the_file_is_refused_and_never_shown() {
    let place = "{ credential = \"studio-api-key\" }";
    let multi_line = "\"\"\"\nhunter2\n\"\"\"";
    for key in [
        "\"hunter2\"",
        "'hunter2'",
        "hunter2",
        "\"hunter2",
        multi_line,
        "{ value = \"hunter2\" }",
        "{ file = \"hunter2\" }",
    ] {
        let problems = problems(&GOOD.replace(place, key));
        assert!(
            !format!("{problems} {problems:?}").contains("hunter2"),
            "{problems}"
        );
    }
    refused(
        place,
        "\"hunter2\"",
        "`api_key` must not be in this file",
        "credential = \"studio-api-key\"",
    );
    let misspelt = problems(&GOOD.replace("api_key = {", "apikey = \"hunter2\" #"));
    assert!(
        misspelt.to_string().contains("did you mean `api_key`?"),
        "{misspelt}"
    );
    assert!(!misspelt.to_string().contains("hunter2"), "{misspelt}");
    let login = problems(&GOOD.replace("https://", "https://joe:hunter2@"));
    assert!(!login.to_string().contains("hunter2"), "{login}");
}

#[test]
fn the_key_is_in_exactly_one_place() {
    let message = "`api_key` needs exactly one of credential, file, env";
    refused("{ credential = \"studio-api-key\" }", "{}", message, "");
    refused(
        "{ credential = \"studio-api-key\" }",
        "{ env = \"A\", file = \"/b\" }",
        message,
        "keep the one",
    );
}

#[test]
fn the_studio_is_reached_safely() {
    let https = "https://example.open-api.perfectgym.com";
    refused(
        https,
        "http://example.com",
        "`base_url` must begin with https://",
        "write https://",
    );
    refused(
        https,
        "https://example.com/v1",
        "`base_url` must end after the host",
        "write \"https://example.com\"",
    );
    refused(
        https,
        "https://a:b@example.com",
        "`base_url` must not hold a login",
        "remove it",
    );
    refused(
        https,
        "example",
        "`base_url` is not a web address",
        "write it like",
    );
    for loopback in ["http://localhost:8490", "http://127.0.0.1:1", "http://[::1]:8490"] {
        assert!(
            parse(&GOOD.replace(https, loopback), Path::new("config.toml")).is_ok(),
            "{loopback}"
        );
    }
}

#[test]
fn ages_and_deadlines_are_in_order() {
    refused(
        "fresh = \"5min\"",
        "fresh = \"2h\"\nusable = \"1h\"",
        "`fresh` is longer than `usable`",
        "fresh first",
    );
    refused(
        "fresh = \"5min\"",
        "usable = \"8d\"",
        "`usable` is longer than `offline_limit`",
        "too old offline",
    );
    refused(
        "fresh = \"5min\"",
        "deadline = \"4s\"",
        "`deadline` is longer than `read_deadline`",
        "in time",
    );
    refused(
        "\"400ms\"",
        "\"6s\"",
        "`pulse` is longer than `passage_time`",
        "next person",
    );
}

#[test]
fn the_device_api_is_set_up_when_something_uses_it_and_only_then() {
    let section = "[studio.device_api]\nbase_url = \"https://example.devices.example\"\ntoken = { credential = \"studio-device-token\" }\n";
    refused_in_rich(
        section,
        "",
        "the way \"device-api\" needs [studio.device_api]",
        "base_url and token",
    );
    refused_in_rich(
        "\"device-api\", ",
        "",
        "nothing uses [studio.device_api]",
        "remove the section",
    );
    refused_in_rich(
        "https://example.devices",
        "http://example.devices",
        "`base_url` must begin with https://",
        "https://",
    );
    refused_in_rich(
        "{ credential = \"studio-device-token\" }",
        "\"hunter2\"",
        "`token` must not be in this file",
        "credential",
    );
}

#[test]
fn the_ways_of_delivery_are_known_and_have_what_they_need() {
    let ways = "ways = [\"device-api\", \"benefit-use\"]";
    let without = |problem: &str| format!("`benefit` {problem}");
    refused_in_rich(
        "benefit = \"VISIT_PASS\"\n",
        "",
        &without("is missing"),
        "VISIT_PASS",
    );
    refused_in_rich(
        ways,
        "ways = [\"device-api\"]",
        &without("does not belong in [delivery]"),
        "remove",
    );
    refused_in_rich(
        "\"benefit-use\"]",
        "\"benefit-use\", \"device-api\"]",
        "`ways` names a way twice",
        "once",
    );
    refused_in_rich(
        "\"device-api\",",
        "\"device-ap\",",
        "`ways` has an unknown value",
        "did you mean \"device-api\"?",
    );
    let both = RICH.replacen(ways, "ways = [\"open-api\", \"device-api\"]", 1);
    let both = problems(&both).to_string();
    assert!(both.contains("`ways` reports each visit twice"), "{both}");
    let none = problems(&RICH.replacen(ways, "ways = []", 1)).to_string();
    assert!(none.contains("`ways` is empty"), "{none}");
}

#[test]
fn budgets_and_spans_have_bounds() {
    let section = |setting: &str| format!("[delivery]\n{setting}\n");
    for (setting, key, fix) in [
        ("replay_within = \"2d\"", "replay_within", "from 1s to 1d"),
        ("keep_delivered = \"1h\"", "keep_delivered", "from 1d to 365d"),
        ("most_visits = 10", "most_visits", "from 1000 to 10000000"),
    ] {
        refused_in_rich(
            "[delivery]\n",
            &section(setting),
            &format!("`{key}` is out of range"),
            fix,
        );
    }
    let budget = "[decisions]\n";
    for (section, key, fix) in [
        ("[roster]\ninterval = \"1min\"\n", "interval", "from 10min to 7d"),
        ("[lockout]\nattempts = 1\n", "attempts", "from 3 to 1000"),
        ("[lockout]\nspan = \"2d\"\n", "span", "from 1s to 1d"),
    ] {
        refused(
            budget,
            &format!("{section}{budget}"),
            &format!("`{key}` is out of range"),
            fix,
        );
    }
    let key = "api_key = { credential = \"studio-api-key\" }";
    let greedy = format!("{key}\nrequests_per_minute = 2000");
    refused(
        key,
        &greedy,
        "`requests_per_minute` is out of range",
        "from 10 to 1000",
    );
}

#[test]
fn webhooks_come_in_at_an_address_with_a_port() {
    let hooks = |listen| {
        format!("[studio.webhooks]\nlisten = \"{listen}\"\napi_key = {{ env = \"HOOKS\" }}\n[decisions]\n")
    };
    for wrong in ["8491", "localhost:8491", "127.0.0.1", "127.0.0.1:0"] {
        refused(
            "[decisions]\n",
            &hooks(wrong),
            "`listen` is not an address to listen at",
            "127.0.0.1:8491",
        );
    }
    let settings = parse(
        &GOOD.replacen("[decisions]\n", &hooks("[::1]:8491"), 1),
        Path::new("config.toml"),
    )
    .unwrap();
    assert_eq!(settings.studio.webhooks.unwrap().listen.port(), 8491);
}
