//! The device API, where the studio decides, and that every operation is there.

use std::collections::BTreeMap;

use reqwest::{Method, RequestBuilder};
use serde_json::{Value, json};
use turnstile_gateway::simulator::{CardNumberFormat, OPERATIONS, Story};

use super::{Studio, decimal, member, ok, refused};

async fn token(studio: &Studio, device: i64) -> String {
    let activated = ok(studio.request(Method::PUT, &format!("/v1/devices/{device}/activate"))).await;
    activated["accessToken"].as_str().unwrap().to_owned()
}

fn identify(studio: &Studio, token: &str, identification: Value, action: bool) -> RequestBuilder {
    studio
        .without_key(Method::POST, "/open-api/device/cardreader/identification")
        .bearer_auth(token)
        .json(&json!({ "identification": identification, "shouldExecuteAction": action }))
}

#[tokio::test]
async fn a_device_is_activated_once_and_answers_its_token() {
    let studio = Studio::open().await;
    assert_eq!(studio.answer("/v1/devices").await[0]["active"], false);
    let token = token(&studio, 1).await;
    assert!(!token.is_empty());
    let devices = studio.answer("/v1/devices").await;
    assert_eq!(devices[0]["active"], true);
    assert_eq!(devices[0]["model"], "GENERIC_CARD_READER");
    assert!(!devices.to_string().contains(&token));
    refused(studio.request(Method::PUT, "/v1/devices/1/activate"), 400).await;
    refused(studio.request(Method::PUT, "/v1/devices/99/activate"), 404).await;
}

#[tokio::test]
async fn a_member_is_checked_in_by_each_credential_and_a_dry_run_only_asks() {
    let studio = Studio::open().await;
    let token = token(&studio, 1).await;
    let someone = member(Story::Active);
    let hex = CardNumberFormat::HexLsb.write(&someone.uid);
    let code = json!({ "uuid": someone.uuid, "customer_number": someone.customer_number, "tenant": "t" });
    let credentials = [
        json!({ "type": "NUMBER", "value": decimal(&someone) }),
        json!({ "type": "NUMBER", "value": hex, "format": "HEX_LSB" }),
        json!({ "type": "BARCODE", "value": someone.barcode }),
        json!({ "type": "PIN", "value": someone.pin }),
        json!({ "type": "WALLET_PASS", "value": someone.wallet_pass }),
        json!({ "type": "QR_CODE", "value": someone.access_code }),
        json!({ "type": "QR_CODE", "value": code.to_string() }),
    ];
    for credential in &credentials {
        assert_eq!(
            ok(identify(&studio, &token, credential.clone(), false)).await,
            Value::Null
        );
    }
    assert!(studio.simulator.check_ins().is_empty());
    for credential in &credentials {
        assert_eq!(
            ok(identify(&studio, &token, credential.clone(), true)).await,
            Value::Null
        );
    }
    let visits = studio.answer("/_simulator/check-ins").await;
    assert_eq!(visits.as_array().unwrap().len(), credentials.len());
    assert_eq!(visits[0]["customerId"], someone.id);
    assert_eq!(visits[0]["via"], "device-api");
}

#[tokio::test]
async fn each_story_is_let_in_or_kept_out_with_words_for_the_member() {
    let studio = Studio::open().await;
    let token = token(&studio, 1).await;
    for story in Story::ALL {
        let card = json!({ "type": "NUMBER", "value": decimal(&member(story)) });
        let request = identify(&studio, &token, card, true);
        match story {
            Story::Active | Story::RestrictedLastYear | Story::ExpiredAccessCode => {
                ok(request).await;
            }
            _ => {
                refused(request, 403).await;
            }
        }
    }
    assert_eq!(studio.simulator.check_ins().len(), 3);

    let code = member(Story::ExpiredAccessCode).access_code;
    let expired = || identify(&studio, &token, json!({ "type": "QR_CODE", "value": code }), true);
    let english = refused(expired().header("accept-language", "en"), 403).await;
    let german = refused(expired().header("accept-language", "de-AT,de;q=0.9"), 403).await;
    assert_ne!(english, german);
}

#[tokio::test]
async fn without_a_token_of_a_card_reader_nobody_is_identified() {
    let studio = Studio::open().await;
    let card = json!({ "type": "NUMBER", "value": decimal(&member(Story::Active)) });
    let response = identify(&studio, "wrong", card.clone(), true)
        .send()
        .await
        .unwrap();
    assert_eq!(response.status(), 401);
    assert_eq!(response.text().await.unwrap(), "");
    let vending = token(&studio, 3).await;
    refused(identify(&studio, &vending, card, true), 403).await;
    let reader = token(&studio, 1).await;
    refused(
        identify(
            &studio,
            &reader,
            json!({ "type": "NUMBER", "value": "4711" }),
            true,
        ),
        404,
    )
    .await;
    refused(
        identify(&studio, &reader, json!({ "type": "NUMBER", "value": "x" }), true),
        400,
    )
    .await;
    refused(
        identify(&studio, &reader, json!({ "type": "EYE", "value": "x" }), true),
        400,
    )
    .await;
    assert!(studio.simulator.check_ins().is_empty());
}

#[tokio::test]
async fn every_operation_has_its_path() {
    let studio = Studio::open().await;
    for (method, path) in [
        (Method::HEAD, "/"),
        (Method::GET, "/v1/customers"),
        (Method::GET, "/v1/customers/by"),
        (Method::POST, "/v1/customers/search"),
        (Method::POST, "/v1/customers/create"),
        (Method::GET, "/v1/customers/benefits"),
        (Method::GET, "/v1/customers/contracts/by"),
        (Method::GET, "/v1/customers/measurement/latest"),
        (Method::GET, "/v1/customers/additional-information-fields"),
        (Method::GET, "/v1/customers/1001"),
        (Method::GET, "/v1/customers/1001/contracts"),
        (Method::GET, "/v1/customers/1001/benefits"),
        (Method::POST, "/v1/customers/1001/benefits/SAUNA/use"),
        (Method::GET, "/v1/customers/1001/access-code"),
        (Method::PUT, "/v1/customers/1001/access-medium"),
        (Method::POST, "/v1/customers/1001/access-mediums"),
        (Method::PUT, "/v1/customers/1001/access-mediums/1"),
        (Method::DELETE, "/v1/customers/1001/access-mediums/1"),
        (Method::PUT, "/v1/customers/1001/access-restrictions"),
        (Method::DELETE, "/v1/customers/1001/access-restrictions"),
        (Method::GET, "/v1/customers/1001/activities/checkins"),
        (Method::POST, "/v1/customers/1001/checkin"),
        (Method::POST, "/v1/customers/1001/checkout"),
        (Method::GET, "/v1/customers/1001/documents"),
        (Method::POST, "/v1/customers/1001/documents"),
        (Method::GET, "/v1/customers/1001/documents/1"),
        (Method::PUT, "/v1/customers/1001/images"),
        (Method::POST, "/v1/customers/1001/weighing"),
        (
            Method::PUT,
            "/v1/customers/1001/additional-information-field-assignments",
        ),
        (Method::POST, "/v1/customers/1001/switch-studio"),
        (Method::GET, "/v1/studios/utilization"),
        (Method::GET, "/v1/studios/information"),
        (Method::GET, "/v1/devices"),
        (Method::PUT, "/v1/devices/1/activate"),
        (Method::POST, "/open-api/device/cardreader/identification"),
    ] {
        let response = studio.request(method.clone(), path).send().await.unwrap();
        assert_ne!(response.status(), 405, "{method} {path}");
    }
    let counts: BTreeMap<String, u64> =
        serde_json::from_value(studio.answer("/_simulator/requests").await).unwrap();
    assert!(counts.keys().eq(OPERATIONS), "{counts:?}");
    assert!(counts.values().all(|count| *count == 1), "{counts:?}");
}
