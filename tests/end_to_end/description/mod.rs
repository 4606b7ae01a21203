//! The vendor's description as a judge of both sides: what the gateway, its commands and its client ask while they work,
//! and what the simulator answers, is recorded and held against the schemas.
//!
//! Needs the folder with the vendor's `open-api.json` and `device-api.json`, which is not part of this repository:
//! `STUDIO_API_DESCRIPTION`, or `../shared/studio-api` beside the checkout. Says so where it is missing.

mod recorder;
mod schema;

use std::collections::BTreeSet;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::pin::pin;
use std::process::{Command, Stdio};
use std::time::Duration;

use futures_util::TryStreamExt;
use jiff::civil::{Date, date};
use turnstile_gateway::domain::{AccessRestriction, CardNumber, Credential, CustomerId, DateRange};
use turnstile_gateway::simulator::{Story, members};
use turnstile_gateway::studio::{
    ApiKey, CustomerKey, CustomerSearch, DeviceAction, DeviceClient, DeviceSettings, InformationFieldId,
    InformationValue, Language, MediumKind, NewCustomer, Personal, StudioClient, StudioError, StudioId,
    StudioSettings, Upload, Weighing,
};

use self::recorder::Recorder;
use self::schema::Description;
use crate::rig::{KEY_VARIABLE, Lane, ON, PROGRAM, Studio, rdm6300};

/// Operations that the published description does not have: it is older than they are.
const NEWER: [&str; 2] = ["/checkin", "/checkout"];

/// Written past the test harness, which hides what a passing test prints.
fn say(text: &str) {
    let _ = writeln!(std::io::stderr(), "{text}");
}

fn folder() -> Option<PathBuf> {
    let folder = std::env::var_os("STUDIO_API_DESCRIPTION").map_or_else(
        || Path::new(env!("CARGO_MANIFEST_DIR")).join("../../shared/studio-api"),
        PathBuf::from,
    );
    if folder.join("open-api.json").is_file() {
        return Some(folder);
    }
    say(
        "SKIPPED, the simulator was not held against the vendor's description: set STUDIO_API_DESCRIPTION to the folder with open-api.json and device-api.json",
    );
    None
}

#[test]
fn what_is_asked_and_what_the_simulator_answers_is_as_the_vendor_describes_it() {
    let Some(folder) = folder() else {
        return;
    };
    let description = Description::load(&folder, &["open-api.json", "device-api.json"]);
    let studio = Studio::start(1000);
    let recorder = Recorder::start(studio.address());
    a_day_at_the_gym(&recorder);
    tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .unwrap()
        .block_on(the_other_operations(&recorder))
        .unwrap();

    let exchanges = recorder.exchanges();
    let mut wrong = BTreeSet::new();
    let mut answered = BTreeSet::new();
    for exchange in &exchanges {
        if exchange.method == "HEAD" || NEWER.iter().any(|path| exchange.path.ends_with(path)) {
            continue;
        }
        match description.operation(exchange) {
            Some((name, operation)) => {
                description.check(exchange, operation, |problem| {
                    wrong.insert(format!("{name}: {problem}"));
                });
                if exchange.status < 300 {
                    answered.insert(name);
                }
            }
            None => {
                wrong.insert(format!("{} {}: not described", exchange.method, exchange.path));
            }
        }
    }
    let wrong: Vec<String> = wrong.into_iter().collect();
    assert!(wrong.is_empty(), "\n{}", wrong.join("\n"));
    let section = description.section("Customers");
    let missing: Vec<_> = section.difference(&answered).collect();
    assert!(missing.is_empty(), "never asked with success: {missing:?}");
    say(&format!(
        "{} exchanges of {} operations are as the vendor describes them, {} of {} of the customers section",
        exchanges.len(),
        answered.len(),
        section.intersection(&answered).count(),
        section.len()
    ));
}

/// The gateway and its commands at work.
fn a_day_at_the_gym(recorder: &Recorder) {
    let benefits = "required_benefits = { all = [\"GYM_ACCESS\"] }";
    let mut lane = Lane::start_with(recorder.address(), "format = \"rdm6300\"", benefits);
    let config = lane.config();
    let member = members(1, 1000)
        .find(|member| member.story == Story::Active && member.uid.len() == 5)
        .unwrap();
    let id = member.id.to_string();
    lane.reader.send(&rdm6300(&member.uid));
    lane.relay.wait_for(&ON, 1, Duration::from_secs(5));
    let commands: [&[&str]; 9] = [
        &["customer", "find", &member.last_name],
        &["customer", "find", &member.customer_number],
        &["customer", "show", &id, "--personal"],
        &["block", &id, "--reason", "owes the fee", "--yes"],
        &["unblock", &id, "--yes"],
        &["use-benefit", &id, "VISIT_PASS", "--yes"],
        &["visits", &id],
        &["devices"],
        &["members", "resync"],
    ];
    for arguments in commands {
        let status = Command::new(PROGRAM)
            .args(arguments)
            .arg("--config")
            .arg(&config)
            .env(KEY_VARIABLE, "simulator")
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .status()
            .unwrap();
        assert!(status.success(), "{arguments:?}");
    }
    lane.reader.send(&rdm6300(&[0x77, 1, 2, 3, 4]));
    lane.gateway.wait_for_log("reason=unknown", 1);
}

/// What the client can ask and the gateway does not, or not in an hour.
async fn the_other_operations(recorder: &Recorder) -> Result<(), StudioError> {
    let key = ApiKey::new("simulator", "the test");
    let url = || format!("http://{}", recorder.address()).parse().unwrap();
    let client = StudioClient::new(StudioSettings::new(url(), key))?;
    let member = members(1, 1000).find(|member| member.story == Story::Active);
    let member = member.unwrap();
    let customer = CustomerId(member.id);
    let card = CardNumber::from_uid(&member.uid).unwrap();
    let by_card = CustomerKey::Credential(Credential::Card(card));
    let personal = |text: &str| Personal::new(text.to_owned());
    let file = |name: &str| Upload {
        file_name: name.into(),
        content: b"content".to_vec(),
    };

    // One of each story, and people who are not there.
    for story in Story::ALL {
        if let Some(one) = members(1, 1000).find(|member| member.story == story) {
            client.profile(CustomerId(one.id)).await?;
            client.contracts(CustomerId(one.id), None).await?;
            client.benefits(CustomerId(one.id), &[]).await?;
            client.access_code(CustomerId(one.id)).await?;
        }
    }
    client.member(CustomerId(1)).await?;
    client
        .profile_by(&CustomerKey::DebtorId(member.debtor_id.clone()))
        .await?;
    client
        .member_by(&Credential::CodeUuid(member.uuid.clone()))
        .await?;
    client.contracts_by(&by_card, None).await?;
    let search = CustomerSearch {
        first_name: Some(personal(&member.first_name)),
        ..CustomerSearch::default()
    };
    client.search(&search).await?;
    client
        .check_in_history(customer, date(2026, 1, 1), date(2026, 12, 30))
        .await?;
    client.benefits_by_card(&card, &["GYM_ACCESS".to_owned()]).await?;

    let period = Some(DateRange {
        first: date(2026, 1, 1),
        last: date(2026, 1, 31),
    });
    let restriction = AccessRestriction {
        reason: "house rules".into(),
        period,
    };
    client.set_restriction(customer, &restriction).await?;
    client.lift_restriction(customer).await?;
    let medium = client
        .add_medium(customer, &Credential::Code("NEW-CODE".into()))
        .await?;
    let id = medium.id.unwrap();
    assert_eq!(medium.kind, MediumKind::Barcode);
    client
        .replace_medium(customer, id, &Credential::Code("NEWER-CODE".into()))
        .await?;
    client.withdraw_medium(customer, id).await?;
    client
        .add_medium_deprecated(customer, &Credential::Pin("918273".into()))
        .await?;
    let taken = client.add_medium(customer, &Credential::Card(card)).await;
    assert!(matches!(taken, Err(StudioError::Refused { .. })));

    let document = client
        .upload_document(customer, file("consent.pdf"), Some("consent"))
        .await?;
    pin!(client.documents(customer)).try_next().await?;
    client.document(customer, document.unwrap()).await?;
    client.update_image(customer, file("face.jpg")).await?;
    let weighing = Weighing {
        raw_results: "raw".into(),
        weight: Some(71.5),
        ..Weighing::default()
    };
    client.store_weighing(customer, weighing, None).await?;
    client.measurement(&Credential::Card(card)).await?;

    let fields = client.information_fields().await?;
    let field = fields.first().map_or(InformationFieldId(1), |field| field.id);
    let value = InformationValue {
        field,
        value: personal("blue"),
    };
    client.set_information(customer, &[value]).await?;
    let created = client.create_customer(&prospect()).await?;
    client.profile(created).await?;
    client
        .switch_studio(created, StudioId(9), date(2026, 1, 1), None)
        .await?;

    client.utilization().await?;
    client.studio_information().await?;
    let devices = client.devices().await?;
    let mut token = None;
    for device in devices.iter().filter(|device| !device.active) {
        if let Some(id) = device.id {
            token = token.or(client.activate_device(id).await?);
        }
    }
    let token = token.unwrap_or_else(|| ApiKey::new("wrong", "the test"));
    let device = DeviceClient::new(&DeviceSettings::new(url(), token))?;
    for credential in [
        Credential::Card(card),
        Credential::Pin(member.pin.clone()),
        Credential::WalletPass(member.wallet_pass.clone()),
        Credential::Code("NOBODYS".into()),
    ] {
        // Refusals are answers too.
        let _ = device.identify(&credential, DeviceAction::Check).await;
    }
    Ok(())
}

fn prospect() -> NewCustomer {
    let text = |text: &str| Personal::new(text.to_owned());
    let birthday: Date = date(1990, 5, 17);
    NewCustomer {
        first_name: text("A"),
        last_name: text("B"),
        date_of_birth: Personal::new(birthday),
        email: text("a@studio.example"),
        language: Language {
            language_code: "de".into(),
            country_code: None,
        },
        street: text("Hauptweg"),
        house_number: Some(text("3a")),
        zip_code: text("12345"),
        city: text("Musterstadt"),
        country_code: "DE".into(),
        phone: None,
        third_party_id: None,
        information: Vec::new(),
    }
}
