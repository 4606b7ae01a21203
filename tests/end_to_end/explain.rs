//! `explain` tells of the decision that a swipe would get, on a running gateway and on a stopped one.

use std::time::Duration;

use serde_json::Value;
use turnstile_gateway::simulator::Story;

use crate::operator::{json, operator, text, uid};
use crate::rig::{Lane, ON, Studio};

const SECOND: Duration = Duration::from_secs(1);

/// The checks of an explanation that refuse, by name.
fn refusing(explanation: &Value) -> Vec<&str> {
    let checks = explanation["checks"].as_array().unwrap();
    let refused = checks.iter().filter(|check| check["finding"] == "refused");
    refused.map(|check| check["check"].as_str().unwrap()).collect()
}

#[test]
fn explain_names_the_check_that_refuses_in_each_story_from_a_running_and_from_a_stopped_gateway() {
    let studio = Studio::start(1000);
    let more = "required_benefits = { all = [\"GYM_ACCESS\"] }";
    let mut lane = Lane::start_with(studio.address(), "format = \"rdm6300\"", more);
    let config = lane.config();
    let stories: [(Story, &[&str], &str); 8] = [
        (Story::Active, &[], "live"),
        (Story::RestrictedLastYear, &[], "live"),
        (Story::RestrictedNow, &["access restrictions"], "restricted"),
        (Story::Paused, &["idle period"], "paused"),
        (Story::FormerMember, &["member status"], "former-member"),
        (Story::Prospect, &["member status"], "no-contract"),
        (Story::AccessRefused, &["access refusal"], "access-refused"),
        (Story::BenefitMissing, &["required benefits"], "benefit-missing"),
    ];
    let explain = |story: Story| {
        let hex: String = uid(story).iter().map(|byte| format!("{byte:02x}")).collect();
        json(&config, &["explain", &hex, "--as", "hex"])
    };
    for (story, refused, because) in stories {
        let explanation = explain(story);
        // The first to refuse gives the reason; a former member may lack the benefit as well.
        assert_eq!(
            refusing(&explanation).first(),
            refused.first(),
            "{story:?}: {explanation}"
        );
        assert_eq!(explanation["because"], because, "{story:?}: {explanation}");
        // The roster may have told of the others before; benefits are asked for when somebody comes.
        if because == "live" {
            let source = &explanation["checks"][4]["source"];
            assert_eq!(source, "studio", "{story:?}: {explanation}");
        }
    }
    let restricted = explain(Story::RestrictedNow);
    assert_eq!(
        restricted["checks"][4]["source"], "memory",
        "the second time nobody is asked"
    );
    let unknown = json(&config, &["explain", "4711"]);
    assert_eq!(refusing(&unknown), ["known"]);
    assert_eq!(unknown["because"], "unknown");
    // Nothing was opened, decided or counted by asking.
    assert_eq!(lane.relay.arrivals(&ON), []);
    assert!(!lane.gateway.log().contains("lane stays shut"));

    operator(&config, &["lane", "close", "main"]);
    assert_eq!(refusing(&explain(Story::Active)), ["lane mode"]);
    operator(&config, &["lane", "open", "main"]);
    assert_eq!(explain(Story::Paused)["because"], "free-passage");
    let nowhere = operator(&config, &["explain", "4711", "--lane", "mian"]);
    assert_eq!(nowhere.status.code(), Some(1));
    assert!(text(&nowhere.stderr).contains("main/in"));
    let no_number = operator(&config, &["explain", "hello"]);
    assert!(
        text(&no_number.stderr).contains("--as"),
        "{}",
        text(&no_number.stderr)
    );

    lane.gateway.signal(nix::sys::signal::Signal::SIGTERM);
    lane.gateway.wait(5 * SECOND);
    for (story, refused, because) in stories {
        let explanation = explain(story);
        assert_eq!(
            refusing(&explanation).first(),
            refused.first(),
            "{story:?}: {explanation}"
        );
        let expected = if because == "live" { "cached" } else { because };
        assert!(
            explanation["because"].as_str().unwrap().starts_with(expected),
            "{story:?}: {explanation}"
        );
        assert_eq!(explanation["checks"][4]["source"], "disk");
    }
    // In ten years the restriction without an end still holds, and what is known is too old to be believed.
    let later = text(&operator(&config, &["explain", "4711", "--at", "2036-01-01T12:00:00Z"]).stdout);
    assert!(
        later.contains("does not run") && later.contains("studio-unreachable"),
        "{later}"
    );
}
