//! The command line as a person uses it: what it prints and how it exits.

use std::path::Path;
use std::process::{Command, Output};

use serde_json::Value;

use crate::rig::PROGRAM;

fn run(arguments: &[&str]) -> Output {
    Command::new(PROGRAM).args(arguments).output().unwrap()
}

fn text(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}

/// The first block of the tutorial that is a configuration file.
fn configuration_of_the_tutorial() -> String {
    let page = Path::new(env!("CARGO_MANIFEST_DIR")).join("../docs/tutorial.md");
    let page = std::fs::read_to_string(page).unwrap();
    let (_, block) = page.split_once("```toml\n").unwrap();
    block.split_once("```").unwrap().0.to_owned()
}

#[test]
fn the_configuration_of_the_tutorial_is_good_and_its_settings_are_printed() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("gateway.toml");
    std::fs::write(&file, configuration_of_the_tutorial()).unwrap();
    let output = run(&["check-config", file.to_str().unwrap()]);
    assert_eq!(output.status.code(), Some(0), "{}", text(&output.stderr));
    assert!(text(&output.stdout).contains("offline_limit = \"7d\""));
}

#[test]
fn a_bad_configuration_shows_every_problem_with_place_and_fix_and_starts_nothing() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("gateway.toml");
    let bad = configuration_of_the_tutorial()
        .replace("pulse = \"400ms\"", "pulse = 400")
        .replace("relay = \"entry relay\"", "relay = \"entry rely\"");
    std::fs::write(&file, bad).unwrap();
    for command in [vec!["check-config"], vec!["run", "--config"]] {
        let output = run(&[command, vec![file.to_str().unwrap()]].concat());
        let printed = text(&output.stderr);
        assert_eq!(output.status.code(), Some(64), "{printed}");
        for part in [
            "gateway.toml:26:9",
            "did you mean \"entry relay\"",
            "has no unit",
            "^^^",
            "2 problems",
        ] {
            assert!(printed.contains(part), "{part} is missing in\n{printed}");
        }
        assert_eq!(text(&output.stdout), "");
    }
    assert!(!folder.path().join("data").exists());
}

#[test]
fn a_missing_configuration_and_a_missing_key_are_named() {
    let output = run(&["run", "--config", "/nowhere/gateway.toml"]);
    assert_eq!(output.status.code(), Some(64));
    assert!(text(&output.stderr).contains("/nowhere/gateway.toml"));

    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("gateway.toml");
    let data = folder.path().join("data");
    let settings = configuration_of_the_tutorial();
    let (_, named) = settings.split_once("data_dir = \"").unwrap();
    let (named, _) = named.split_once('"').unwrap();
    let settings = settings.replace(named, data.to_str().unwrap());
    std::fs::write(&file, settings).unwrap();
    let output = run(&["run", "--config", file.to_str().unwrap()]);
    assert_eq!(output.status.code(), Some(64), "{}", text(&output.stderr));
    assert!(text(&output.stderr).contains("STUDIO_API_KEY"));
}

#[test]
fn a_frame_is_decoded_to_one_json_line_and_a_wrong_one_refused_with_a_reason() {
    let good = run(&[
        "decode",
        "--format",
        "rdm6300",
        "02 46353539463435414432",
        "4430 03",
    ]);
    assert_eq!(good.status.code(), Some(0));
    let meaning: Value = serde_json::from_slice(&good.stdout).unwrap();
    assert_eq!(meaning["uid"], "f559f45ad2");
    assert_eq!(meaning["decimal"], "1053776173778");

    let wrong = run(&[
        "decode",
        "--format",
        "rdm6300",
        "02 46353539463435414432",
        "4431 03",
    ]);
    assert_eq!(wrong.status.code(), Some(65));
    let meaning: Value = serde_json::from_slice(&wrong.stdout).unwrap();
    assert_eq!(meaning["valid"], false);
    assert!(meaning["reason"].as_str().unwrap().contains("checksum"));
}

#[test]
fn a_staff_credential_is_hashed_for_the_configuration_file_without_being_shown() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("gateway.toml");
    let (settings, data) = (configuration_of_the_tutorial(), folder.path().join("data"));
    std::fs::create_dir(&data).unwrap();
    let (_, named) = settings.split_once("data_dir = \"").unwrap();
    let (named, _) = named.split_once('"').unwrap();
    std::fs::write(&file, settings.replace(named, data.to_str().unwrap())).unwrap();
    let hash = || {
        let typed = folder.path().join("typed");
        std::fs::write(&typed, "1173673668653440\n").unwrap();
        let mut command = Command::new(PROGRAM);
        command.args(["staff-hash", "--config", file.to_str().unwrap()]);
        command
            .stdin(std::fs::File::open(typed).unwrap())
            .output()
            .unwrap()
    };
    let printed = text(&hash().stdout);
    assert_eq!(printed, text(&hash().stdout));
    assert!(!printed.contains("1173673668653440"));

    // The gateway takes the line as it is.
    let with_staff = format!(
        "{}\n[[staff]]\nname = \"owner\"\n{printed}",
        std::fs::read_to_string(&file).unwrap()
    );
    std::fs::write(&file, with_staff).unwrap();
    let checked = run(&["check-config", file.to_str().unwrap()]);
    assert_eq!(checked.status.code(), Some(0), "{}", text(&checked.stderr));
}

#[test]
fn the_demo_tells_its_story_and_everything_happens_as_told() {
    let output = run(&["demo", "--script"]);
    let story = text(&output.stdout);
    assert_eq!(output.status.code(), Some(0), "{story}\n{}", text(&output.stderr));
    assert!(
        story.contains("Everything happened as told: 9 visits, 9 check-ins."),
        "{story}"
    );
    assert_eq!(story.matches("the person passed").count(), 9, "{story}");
    assert_eq!(story.matches("nobody passed").count(), 1, "{story}");
}
