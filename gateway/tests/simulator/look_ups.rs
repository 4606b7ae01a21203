//! Customers, their benefits and access codes.

use reqwest::Method;
use serde_json::json;
use turnstile_gateway::clock;
use turnstile_gateway::simulator::{ACCESS_BENEFIT, CardNumberFormat, FIRST_ID, Story, members};

use super::{Studio, decimal, member, ok, refused};

#[tokio::test]
async fn without_the_right_key_everything_is_refused_and_nothing_is_done() {
    let studio = Studio::open().await;
    let check_in = || {
        studio
            .without_key(Method::POST, "/v1/customers/1001/checkin")
            .json(&json!({ "checkInDateTime": "2026-01-01T10:00:00+01:00" }))
    };
    refused(check_in(), 401).await;
    refused(check_in().header("x-api-key", "wrong"), 401).await;
    assert!(studio.simulator.check_ins().is_empty());
}

#[tokio::test]
async fn a_head_request_on_any_path_checks_the_key_and_does_nothing_else() {
    let studio = Studio::open().await;
    for path in ["/", "/v1/customers", "/v1/customers/1001/checkin", "/nowhere"] {
        let with_key = studio.request(Method::HEAD, path).send().await.unwrap();
        assert_eq!(with_key.status(), 200, "{path}");
        let without = studio.without_key(Method::HEAD, path).send().await.unwrap();
        assert_eq!(without.status(), 401, "{path}");
    }
    assert_eq!(studio.simulator.requests("keyCheck"), 8);
    assert_eq!(studio.simulator.requests("getCustomers"), 0);
}

#[tokio::test]
async fn a_customer_is_found_by_each_credential_and_by_the_card_in_each_format() {
    let studio = Studio::open().await;
    let someone = members(1, 1000).nth(777).unwrap();
    for (name, value) in [
        ("cardNumber", decimal(&someone)),
        (
            "cardNumberFormat=HEX_MSB&cardNumber",
            CardNumberFormat::HexMsb.write(&someone.uid),
        ),
        (
            "cardNumberFormat=HEX_LSB&cardNumber",
            CardNumberFormat::HexLsb.write(&someone.uid),
        ),
        ("barcode", someone.barcode.clone()),
        ("pin", someone.pin.clone()),
        ("qrCodeUuid", someone.uuid.clone()),
        ("customerNumber", someone.customer_number.clone()),
        ("debtorId", someone.debtor_id.clone()),
    ] {
        let found = studio.answer(&format!("/v1/customers/by?{name}={value}")).await;
        assert_eq!(found["id"], someone.id, "{name}");
    }
    let path = format!("/v1/customers/{}?cardNumberFormat=HEX_LSB", someone.id);
    let found = studio.answer(&path).await;
    let card = CardNumberFormat::HexLsb.write(&someone.uid);
    assert_eq!(found["cardNumbers"], json!([card]));
    assert_eq!(found["accessMediums"][0]["value"], card);
}

#[tokio::test]
async fn a_look_up_names_exactly_one_customer_in_exactly_one_way() {
    let studio = Studio::open().await;
    refused(studio.get("/v1/customers/by"), 400).await;
    refused(studio.get("/v1/customers/by?barcode=S&pin=1"), 400).await;
    refused(studio.get("/v1/customers/by?cardNumber=xyz"), 400).await;
    refused(
        studio.get("/v1/customers/by?cardNumber=12&cardNumberFormat=OCTAL"),
        400,
    )
    .await;
    refused(studio.get("/v1/customers/by?cardNumber=4711"), 404).await;
    refused(studio.get("/v1/customers/999"), 404).await;
    refused(studio.get("/v1/customers/abc"), 400).await;
    refused(studio.get("/v1/nowhere"), 404).await;
    refused(studio.request(Method::DELETE, "/v1/customers"), 405).await;
}

#[tokio::test]
async fn the_slices_of_the_roster_hold_every_member_once() {
    let studio = Studio::open().await;
    let mut ids = Vec::new();
    let mut path = "/v1/customers?sliceSize=300".to_owned();
    loop {
        let slice = studio.answer(&path).await;
        let members = slice["result"].as_array().unwrap();
        ids.extend(members.iter().map(|member| member["id"].as_i64().unwrap()));
        if slice["hasNext"] == false {
            break;
        }
        path = format!(
            "/v1/customers?sliceSize=300&offset={}",
            slice["offset"].as_str().unwrap()
        );
    }
    let is_member = |story| !matches!(story, Story::Prospect | Story::FormerMember);
    let expected = members(1, 1000).filter(|member| is_member(member.story));
    assert_eq!(ids, expected.map(|member| member.id).collect::<Vec<_>>());
    let prospects = studio.answer("/v1/customers?customerStatus=PROSPECT").await;
    assert_eq!(prospects["result"].as_array().unwrap().len(), 25);
    assert_eq!(prospects["hasNext"], false);
}

#[tokio::test]
async fn a_slice_has_from_50_to_500_customers_and_a_hundred_when_nothing_is_said() {
    let studio = Studio::open().await;
    let slice = studio.answer("/v1/customers").await;
    assert_eq!(slice["result"].as_array().unwrap().len(), 100);
    for size in [0, 49, 501] {
        refused(studio.get(&format!("/v1/customers?sliceSize={size}")), 400).await;
    }
    refused(studio.get("/v1/customers?offset=later"), 400).await;
}

#[tokio::test]
async fn each_story_shows_in_the_record() {
    let studio = Studio::open().await;
    let today = clock::wall().to_string();
    let record = async |story| {
        studio
            .answer(&format!("/v1/customers/{}", member(story).id))
            .await
    };

    let active = record(Story::Active).await;
    assert_eq!(active["status"], "MEMBER");
    assert_eq!(active["accessRefusal"], false);
    assert_eq!(active["accessRestrictions"], json!([]));
    assert_eq!(active["idlePeriods"], json!([]));

    let restriction = &record(Story::RestrictedNow).await["accessRestrictions"][0];
    assert!(restriction["startDate"].as_str().unwrap() < today.as_str());
    assert!(restriction["endDate"].as_str().unwrap() > today.as_str());
    let last_year = &record(Story::RestrictedLastYear).await["accessRestrictions"][0];
    assert!(last_year["endDate"].as_str().unwrap() < today.as_str());
    let paused = &record(Story::Paused).await["idlePeriods"][0];
    assert!(paused["startDate"].as_str().unwrap() < today.as_str());
    assert!(paused["endDate"].as_str().unwrap() > today.as_str());

    assert_eq!(record(Story::FormerMember).await["status"], "FORMER_MEMBER");
    assert_eq!(record(Story::Prospect).await["status"], "PROSPECT");
    assert_eq!(record(Story::AccessRefused).await["accessRefusal"], true);
}

#[tokio::test]
async fn half_of_the_restrictions_that_hold_now_hold_until_they_are_lifted() {
    let studio = Studio::open().await;
    let mut without_dates = 0;
    for member in members(1, 160).filter(|member| member.story == Story::RestrictedNow) {
        let record = studio.answer(&format!("/v1/customers/{}", member.id)).await;
        let restriction = record["accessRestrictions"][0].as_object().unwrap();
        let dates = ["startDate", "endDate"].map(|name| restriction.contains_key(name));
        assert_eq!(dates[0], dates[1], "both dates or neither");
        without_dates += usize::from(!dates[0]);
    }
    assert_eq!(without_dates, 2);
}

#[tokio::test]
async fn a_record_is_full_of_personal_details_that_the_gateway_must_not_keep() {
    let studio = Studio::open().await;
    let someone = member(Story::Active);
    let record = studio
        .answer(&format!("/v1/customers/{}", someone.id))
        .await
        .to_string();
    for detail in someone.personal_details() {
        assert!(record.contains(&detail), "{detail}");
    }
}

#[tokio::test]
async fn benefits_are_answered_by_card_and_by_customer_all_or_those_asked_for() {
    let studio = Studio::open().await;
    let valid = async |story| {
        let card = decimal(&member(story));
        let path = format!("/v1/customers/benefits?key={ACCESS_BENEFIT}&cardNumber={card}");
        let answer = studio.answer(&path).await;
        assert_eq!(answer.as_array().unwrap().len(), 1);
        assert_eq!(answer[0]["key"], ACCESS_BENEFIT);
        answer[0]["valid"] == true
    };
    assert!(valid(Story::Active).await);
    assert!(!valid(Story::BenefitMissing).await);
    assert!(!valid(Story::Prospect).await);
    let path = format!("/v1/customers/{FIRST_ID}/benefits");
    let asked = studio
        .answer(&format!("{path}?key={ACCESS_BENEFIT}&key=MOON"))
        .await;
    let expected = json!([{ "key": ACCESS_BENEFIT, "valid": true }, { "key": "MOON", "valid": false }]);
    assert_eq!(asked, expected);
    assert_eq!(studio.answer(&path).await.as_array().unwrap().len(), 3);
    refused(studio.get("/v1/customers/benefits?key=MOON"), 400).await;
    refused(studio.get("/v1/customers/benefits?cardNumber=4711"), 404).await;
}

#[tokio::test]
async fn an_access_code_is_good_or_has_expired_as_the_story_says() {
    let studio = Studio::open().await;
    for (story, good) in [(Story::Active, true), (Story::ExpiredAccessCode, false)] {
        let member = member(story);
        let code = studio
            .answer(&format!("/v1/customers/{}/access-code", member.id))
            .await;
        assert_eq!(code["format"], "QR_CODE");
        assert_eq!(code["content"], member.access_code);
        let expires: jiff::Timestamp = code["expiresAt"].as_str().unwrap().parse().unwrap();
        assert_eq!(expires > clock::wall(), good, "{story}");
    }
}

#[tokio::test]
async fn a_restriction_at_the_front_desk_shows_at_the_next_look_up_until_it_is_lifted() {
    let studio = Studio::open().await;
    let restrictions = async || studio.answer("/v1/customers/1001").await["accessRestrictions"].clone();
    let path = "/_simulator/members/1001/restriction";
    let put = |body| studio.without_key(Method::PUT, path).json(&body);
    ok(put(json!({ "reason": "Left the tap running" }))).await;
    assert_eq!(
        restrictions().await,
        json!([{ "reason": "Left the tap running" }])
    );
    refused(put(json!({ "reason": "x", "startDate": "2026-01-01" })), 400).await;
    ok(studio.without_key(Method::DELETE, path)).await;
    assert_eq!(restrictions().await, json!([]));
    assert!(studio.simulator.set_restriction(1001, Some("again")));
    assert_eq!(restrictions().await, json!([{ "reason": "again" }]));
    assert!(!studio.simulator.set_restriction(1, None));
}

#[tokio::test]
async fn sample_members_are_shown_by_story_with_their_credentials() {
    let studio = Studio::open().await;
    let shown = ok(studio.without_key(Method::GET, "/_simulator/members?story=paused&limit=3")).await;
    assert_eq!(shown.as_array().unwrap().len(), 3);
    assert_eq!(shown[0]["id"], member(Story::Paused).id);
    assert_eq!(shown[0]["card"]["decimal"], decimal(&member(Story::Paused)));
    let refusal = refused(studio.get("/_simulator/members?story=happy"), 400).await;
    assert!(refusal.contains("restricted-now"), "{refusal}");
}
