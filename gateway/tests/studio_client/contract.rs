//! The studio client against the vendor's own descriptions, served by Prism: every request is accepted, every
//! generated answer is read.
//!
//! Needs two things that are not part of this repository and says so when one is missing:
//! - the folder with `open-api.json` and `device-api.json`: `STUDIO_API_DESCRIPTION`, or `../shared/studio-api`
//!   beside the checkout;
//! - Prism: `npm install @stoplight/prism-cli`, then `PRISM=<folder>/node_modules/.bin/prism`, or `prism` on the
//!   path.

use std::collections::{BTreeMap, BTreeSet};
use std::io::Write;
use std::net::{TcpListener, TcpStream};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use turnstile_gateway::domain::{CardNumber, Credential};
use turnstile_gateway::studio::{
    ApiKey, CodeType, DeviceAction, DeviceClient, DeviceSettings, Identification, Operation, StudioClient,
    StudioError, StudioSettings,
};

use crate::calls::{MORE_OPERATIONS, OPERATIONS, call};

/// How often each operation is called; each answer is generated anew.
const ROUNDS: usize = 20;

/// A running Prism.
struct Prism {
    url: url::Url,
    child: Child,
}

impl Drop for Prism {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

impl Prism {
    fn start(program: &Path, description: &Path) -> Self {
        let port = TcpListener::bind("127.0.0.1:0")
            .unwrap()
            .local_addr()
            .unwrap()
            .port();
        let child = Command::new(program)
            .args(["mock", "--errors", "--dynamic", "--port", &port.to_string()])
            .arg(description)
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        let prism = Self {
            url: format!("http://127.0.0.1:{port}").parse().unwrap(),
            child,
        };
        for _ in 0..600 {
            if TcpStream::connect(("127.0.0.1", port)).is_ok() {
                return prism;
            }
            std::thread::sleep(Duration::from_millis(100));
        }
        panic!("prism did not start within a minute");
    }
}

/// Written past the test harness, which hides what a passing test prints.
fn say(text: &str) {
    let _ = writeln!(std::io::stderr(), "{text}");
}

/// The folder of descriptions and the program that serves them, or a word about what is missing.
fn prerequisites() -> Option<(PathBuf, PathBuf)> {
    let folder = std::env::var_os("STUDIO_API_DESCRIPTION").map_or_else(
        || Path::new(env!("CARGO_MANIFEST_DIR")).join("../../shared/studio-api"),
        PathBuf::from,
    );
    let program = std::env::var_os("PRISM").map_or_else(|| "prism".into(), PathBuf::from);
    let runs = Command::new(&program)
        .arg("--version")
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .status()
        .is_ok_and(|status| status.success());
    let missing = match (folder.join("open-api.json").is_file(), runs) {
        (true, true) => return Some((folder, program)),
        (false, _) => {
            "the vendor's description is not there: set STUDIO_API_DESCRIPTION to the folder with open-api.json and device-api.json"
        }
        (true, false) => {
            "prism is not there: npm install @stoplight/prism-cli, then set PRISM to node_modules/.bin/prism"
        }
    };
    say(&format!(
        "SKIPPED, nothing was checked against the vendor's description: {missing}"
    ));
    None
}

/// The first tag and the words of each operation in the description, by its id.
fn described(folder: &Path) -> BTreeMap<String, (String, String)> {
    let text = std::fs::read(folder.join("open-api.json")).unwrap();
    let description: serde_json::Value = serde_json::from_slice(&text).unwrap();
    let text = |operation: &serde_json::Value, pointer| {
        let text = operation.pointer(pointer).and_then(|text| text.as_str());
        text.unwrap_or_default().to_owned()
    };
    let paths = description
        .get("paths")
        .and_then(|paths| paths.as_object())
        .unwrap();
    paths
        .values()
        .filter_map(|methods| methods.as_object())
        .flat_map(|methods| methods.values())
        .map(|operation| {
            let words = (text(operation, "/tags/0"), text(operation, "/description"));
            (text(operation, "/operationId"), words)
        })
        .collect()
}

#[test]
fn the_operations_and_their_scopes_are_those_of_the_description() {
    let Some((folder, _)) = prerequisites() else {
        return;
    };
    let described = described(&folder);
    let section: BTreeSet<&str> = described
        .iter()
        .filter(|(_, (tag, _))| tag == "Customers")
        .map(|(name, _)| name.as_str())
        .collect();
    assert_eq!(section, OPERATIONS.map(Operation::name).into());
    for operation in OPERATIONS.iter().chain(&MORE_OPERATIONS) {
        let (_, words) = described.get(operation.name()).unwrap();
        let line = words.lines().next().unwrap_or_default();
        let mut scopes: Vec<&str> = line.split('`').skip(1).step_by(2).collect();
        let mut ours = operation.scopes().to_vec();
        scopes.sort_unstable();
        ours.sort_unstable();
        assert_eq!(ours, scopes, "{operation:?}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn every_operation_of_the_customers_section_is_called_as_described_and_its_answers_are_read() {
    let Some((folder, program)) = prerequisites() else {
        return;
    };
    let mut failed = BTreeSet::new();
    let mut calls = 0;
    let prism = Prism::start(&program, &folder.join("open-api.json"));
    let settings = StudioSettings::new(prism.url.clone(), ApiKey::new("key", "the test"));
    let client = StudioClient::new(settings).unwrap();
    let against_the_description = client.members_slice(None, 7).await;
    assert!(
        matches!(against_the_description, Err(StudioError::Refused { .. })),
        "prism accepts anything"
    );

    for operation in OPERATIONS.iter().chain(&MORE_OPERATIONS) {
        for round in 0..ROUNDS {
            calls += 1;
            if let Err(error) = call(&client, *operation, round).await {
                say(&format!("{}: {error}", operation.name()));
                failed.insert(operation.name());
                break;
            }
        }
    }
    let passed = OPERATIONS
        .iter()
        .filter(|operation| !failed.contains(operation.name()))
        .count();
    say(&format!(
        "operations passed: {passed} of {} ({calls} calls)",
        OPERATIONS.len()
    ));
    assert_eq!(failed, BTreeSet::new());
}

/// The description of the device API with the mapping of its discriminator written into the schemas. Prism looks at
/// schemas only, where the five kinds of identification are alike, so that none would be exactly one of them.
fn told_apart_by_type(folder: &Path) -> String {
    let text = std::fs::read(folder.join("device-api.json")).unwrap();
    let mut description: serde_json::Value = serde_json::from_slice(&text).unwrap();
    let mapping = description
        .pointer(
            "/components/schemas/CardReaderIdentification/properties/identification/discriminator/mapping",
        )
        .and_then(|mapping| mapping.as_object())
        .unwrap()
        .clone();
    for (kind, schema) in mapping {
        let schema = schema.as_str().unwrap().trim_start_matches('#');
        let kinds = description
            .pointer_mut(&format!("{schema}/properties/type"))
            .unwrap();
        *kinds = serde_json::json!({"type": "string", "enum": [kind]});
    }
    description.to_string()
}

#[tokio::test(flavor = "multi_thread")]
async fn every_identification_is_sent_as_the_device_api_describes() {
    let Some((folder, program)) = prerequisites() else {
        return;
    };
    let description = tempfile::NamedTempFile::with_suffix(".json").unwrap();
    std::fs::write(description.path(), told_apart_by_type(&folder)).unwrap();
    let prism = Prism::start(&program, description.path());
    let credentials = [
        Credential::Card(CardNumber::from_decimal("1233588160").unwrap()),
        Credential::Code("PSZEYAZ7".into()),
        Credential::CodeUuid("f8017d3d-1ab6-467d-b57d-0328e7978906".into()),
        Credential::Pin("12378".into()),
        Credential::WalletPass("dfdd464b-04e8-4322-b260-a04beac6293c".into()),
    ];
    for code_type in [CodeType::QrCode, CodeType::Barcode] {
        let mut settings = DeviceSettings::new(prism.url.clone(), ApiKey::new("token", "the test"));
        settings.code_type = code_type;
        let client = DeviceClient::new(&settings).unwrap();
        for credential in &credentials {
            for action in [DeviceAction::Check, DeviceAction::CheckIn] {
                let answer = client.identify(credential, action).await;
                assert_eq!(answer, Ok(Identification::Allowed), "{credential:?}");
            }
        }
    }
    say("device API identifications passed: 20 of 20");
}
