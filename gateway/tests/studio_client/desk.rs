//! What the front desk and the device API are told.

use jiff::civil::date;
use turnstile_gateway::domain::Credential;
use turnstile_gateway::studio::{
    ContractStatus, CustomerKey, CustomerSearch, DeviceAction, DeviceClient, DeviceModel, DeviceSettings,
    Identification, MediumId, MediumKind, Personal, StudioError, Weighing,
};

use crate::lookups::{ANNA, CUSTOMER, card};
use crate::server::{KEY, Server, json};

#[tokio::test]
async fn a_profile_has_names_and_numbered_media_and_shows_none_of_them_in_debug() {
    let server = Server::always(json(200, ANNA)).await;
    let key = CustomerKey::CustomerNumber("1-10003".into());
    let profile = server.client().profile_by(&key).await.unwrap().unwrap();
    assert_eq!(
        server.request().line(),
        "GET /v1/customers/by?customerNumber=1-10003"
    );
    assert_eq!(profile.first_name.as_ref().unwrap().reveal(), "Anna");
    assert_eq!(profile.number.as_deref(), Some("1-10003"));
    assert_eq!(profile.media[1].id, Some(MediumId(2)));
    assert_eq!(profile.media[4].kind, MediumKind::Other);
    let debug = format!("{profile:?}");
    for secret in [
        "Anna", "Beispiel", "1990", "anna@", "4712", "PSZEYAZ7", "pass-1", "DE00",
    ] {
        assert!(!debug.contains(secret), "{debug}");
    }
}

#[tokio::test]
async fn a_search_sends_only_what_is_given() {
    let server = Server::always(json(200, &format!("[{ANNA}]"))).await;
    let search = CustomerSearch {
        last_name: Some(Personal::new("Bei".into())),
        ..CustomerSearch::default()
    };
    assert_eq!(server.client().search(&search).await.unwrap().len(), 1);
    let request = server.request();
    assert_eq!(request.line(), "POST /v1/customers/search");
    assert_eq!(
        request.json(),
        serde_json::json!({"lastName": "Bei", "cardNumberFormat": "DECIMAL"})
    );
    assert!(!format!("{search:?}").contains("Bei"));
}

#[tokio::test]
async fn a_contract_status_that_nobody_knows_is_not_in_force() {
    let body = r#"[{"id":1,"rateName":"Gold","contractStatus":"ACTIVE","startDate":"2024-01-01","cancelled":false},
        {"id":2,"rateName":"Old","contractStatus":"FROZEN","startDate":"2020-01-01","endDate":"2020-12-31","cancelled":true}]"#;
    let server = Server::always(json(200, body)).await;
    let contracts = server
        .client()
        .contracts(CUSTOMER, Some(ContractStatus::Active))
        .await
        .unwrap();
    assert_eq!(contracts[0].status, ContractStatus::Active);
    assert_eq!(contracts[1].status, ContractStatus::Inactive);
    assert_eq!(contracts[1].end, Some(date(2020, 12, 31)));
    assert_eq!(
        server.request().line(),
        "GET /v1/customers/4711/contracts?status=ACTIVE"
    );
}

#[tokio::test]
async fn the_studio_says_how_full_and_when_open_it_is() {
    let server = Server::start(|request| match request.line() {
        "GET /v1/studios/utilization" => json(200, r#"{"count":130,"capacity":120}"#),
        "GET /v1/devices" => json(200, r#"[{"id":3,"name":"Gate","active":false,"model":"GENERIC_CARD_READER"},
            {"active":true,"model":"GENERIC_SAUNA"}]"#),
        _ => json(200, r#"{"studioId":12,"name":"North","accessCodeConfiguration":{"enabled":true},
            "openingHours":[{"dayOfWeekFrom":"MONDAY","dayOfWeekTo":"FRIDAY","timeFrom":{"hour":6,"minute":30},
            "timeTo":{"hour":23,"minute":0,"second":0,"nano":0}},{"dayOfWeekFrom":"SUNDAY","dayOfWeekTo":"SUNDAY",
            "timeFrom":{"hour":25},"timeTo":{"hour":26}}],
            "closingHours":[{"reason":"paint","dateTimeFrom":"2024-05-01T00:00:00+02:00","dateTimeTo":"2024-05-02T00:00:00+02:00"}]}"#),
    })
    .await;
    let client = server.client();
    let utilization = client.utilization().await.unwrap();
    assert_eq!((utilization.inside, utilization.capacity), (130, Some(120)));
    let studio = client.studio_information().await.unwrap();
    assert_eq!(studio.access_codes, Some(true));
    assert_eq!(studio.opening_hours.len(), 1);
    assert_eq!(studio.opening_hours[0].opens, jiff::civil::time(6, 30, 0, 0));
    assert_eq!(studio.closings[0].reason.as_deref(), Some("paint"));
    let devices = client.devices().await.unwrap();
    assert_eq!(devices[0].model, Some(DeviceModel::CardReader));
    assert_eq!(devices[1].model, Some(DeviceModel::Other));
}

#[tokio::test]
async fn a_weighing_comes_back_with_each_limb_at_its_place() {
    let server = Server::start(|request| json(200, std::str::from_utf8(&request.body).unwrap())).await;
    let mut weighing = Weighing {
        raw_results: "raw".into(),
        weight: Some(71.5),
        ..Weighing::default()
    };
    weighing.fat.left_arm = Some(1.25);
    weighing.lean_percent.trunk = Some(80.0);
    let stored = server
        .client()
        .store_weighing(CUSTOMER, weighing.clone(), Some("scale"))
        .await
        .unwrap();
    assert!(stored == weighing);
    let request = server.request();
    assert_eq!(
        request.line(),
        "POST /v1/customers/4711/weighing?benefitKey=scale"
    );
    assert_eq!(
        request.json(),
        serde_json::json!({"rawResults": "raw", "weight": 71.5, "bfmLeftArm": 1.25, "ffmPercentTrunk": 80.0})
    );
}

fn device(server: &Server) -> DeviceClient {
    let token = server.settings().api_key;
    DeviceClient::new(&DeviceSettings::new(server.url.clone(), token)).unwrap()
}

#[tokio::test]
async fn the_device_api_allows_refuses_with_words_for_the_member_or_knows_nobody() {
    for (reply, expected) in [
        (json(200, ""), Identification::Allowed),
        (
            json(403, r#"{"errorMessage":"Your contract has ended"}"#),
            Identification::Refused {
                message: Some("Your contract has ended".into()),
            },
        ),
        (
            json(404, r#"{"errorMessage":"Not found"}"#),
            Identification::Unknown,
        ),
    ] {
        let server = Server::always(reply).await;
        let answer = device(&server).identify(&card("77"), DeviceAction::Check).await;
        assert_eq!(answer, Ok(expected));
        let request = server.request();
        assert_eq!(request.line(), "POST /open-api/device/cardreader/identification");
        assert!(request.head.contains(&format!("authorization: Bearer {KEY}")));
        assert!(!request.head.contains("x-api-key"));
        assert_eq!(
            request.json(),
            serde_json::json!({"identification": {"type": "NUMBER", "value": "77", "format": "DECIMAL"},
                "shouldExecuteAction": false})
        );
    }
    let server = Server::always(json(503, "")).await;
    let error = device(&server)
        .identify(&card("77"), DeviceAction::CheckIn)
        .await
        .unwrap_err();
    assert!(matches!(error, StudioError::Overloaded { .. }));
}

#[tokio::test]
async fn every_kind_of_credential_has_its_type_at_the_device_api() {
    for (credential, kind, value) in [
        (Credential::Code("PSZEYAZ7".into()), "QR_CODE", "PSZEYAZ7"),
        (Credential::CodeUuid("u-1".into()), "QR_CODE", r#"{"uuid":"u-1"}"#),
        (Credential::Pin("4712".into()), "PIN", "4712"),
        (Credential::WalletPass("p".into()), "WALLET_PASS", "p"),
    ] {
        let server = Server::always(json(200, "")).await;
        device(&server)
            .identify(&credential, DeviceAction::CheckIn)
            .await
            .unwrap();
        assert_eq!(
            server.request().json(),
            serde_json::json!({"identification": {"type": kind, "value": value}, "shouldExecuteAction": true})
        );
    }
}
