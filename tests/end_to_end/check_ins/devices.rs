//! `devices`: the studio's devices on the command line, and the token of one in a file.

use std::os::unix::fs::PermissionsExt;
use std::process::{Command, Output};

use serde_json::Value;

use crate::rig::{KEY_VARIABLE, PROGRAM, Studio, write_config};

#[test]
fn a_device_is_listed_activated_once_and_its_token_kept_in_a_file_that_only_the_owner_reads() {
    let studio = Studio::start(10);
    let folder = tempfile::tempdir().unwrap();
    std::fs::create_dir(folder.path().join("data")).unwrap();
    let config = write_config(folder.path(), studio.address(), "format = \"rdm6300\"", "");
    let devices = |more: &[&str]| -> Output {
        Command::new(PROGRAM)
            .args(["devices", "--config", config.to_str().unwrap()])
            .args(more)
            .env(KEY_VARIABLE, "simulator")
            .output()
            .unwrap()
    };
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();

    let table = text(&devices(&[]).stdout);
    assert!(
        table.contains("Turnstile (entry)") && table.contains("card reader"),
        "{table}"
    );
    let activated = devices(&["--activate", "1"]);
    let file = folder.path().join("data/device-1.token");
    let said = text(&activated.stdout);
    assert!(
        said.contains(file.to_str().unwrap()),
        "{said}{}",
        text(&activated.stderr)
    );
    let token = std::fs::read_to_string(&file).unwrap();
    assert!(token.len() > 8 && !said.contains(&token));
    assert_eq!(
        std::fs::metadata(&file).unwrap().permissions().mode() & 0o777,
        0o600
    );
    let list: Value = serde_json::from_slice(&devices(&["--json"]).stdout).unwrap();
    let active: Vec<bool> = list
        .as_array()
        .unwrap()
        .iter()
        .map(|device| device["active"] == true)
        .collect();
    assert_eq!(active, [true, false, false]);

    // A token that is there is not overwritten, and one that could not be kept is not asked for.
    let again = devices(&["--activate", "1"]);
    assert!(!again.status.success() && text(&again.stderr).contains("nothing was activated"));
    let other = folder.path().join("other");
    let refused = devices(&["--activate", "1", "--token-file", other.to_str().unwrap()]);
    assert!(
        text(&refused.stderr).contains("already active"),
        "{}",
        text(&refused.stderr)
    );
    assert!(!other.exists());
    assert_eq!(std::fs::read_to_string(&file).unwrap(), token);
}
