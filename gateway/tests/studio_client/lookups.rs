//! What the gateway asks and what it makes of the answers.

use std::collections::BTreeMap;

use futures_util::{StreamExt, TryStreamExt};
use jiff::civil::date;
use turnstile_gateway::clock;
use turnstile_gateway::domain::{
    AccessRestriction, CardNumber, Credential, CustomerId, DateRange, MemberStatus,
};
use turnstile_gateway::studio::{CardNumberFormat, StudioClient, StudioError};

use crate::server::{KEY, Server, json};

pub(crate) const CUSTOMER: CustomerId = CustomerId(4_711);

/// A customer as the studio answers, with everything that the gateway must not keep.
pub(crate) const ANNA: &str = r#"{
    "id": 4711, "customerNumber": "1-10003", "firstName": "Anna", "lastName": "Beispiel",
    "dateOfBirth": "1990-05-17", "email": "anna@studio.example", "gender": "FEMALE", "street": "Hauptweg",
    "houseNumber": "3", "zipCode": "12345", "city": "Musterstadt", "country": "DE", "status": "MEMBER",
    "cardNumbers": ["1173673668653440", "not a number", "1173673668653440"],
    "accessMediums": [
        {"id": 1, "type": "CARD_NUMBER", "value": "042b73321a3180"}, {"id": 2, "type": "PIN", "value": "4712"},
        {"id": 3, "type": "BARCODE", "value": "PSZEYAZ7"}, {"id": 4, "type": "WALLET_PASS", "value": "pass-1"},
        {"id": 5, "type": "FACE", "value": "x"}, {"id": 6, "type": "PIN", "value": null}, {}],
    "idlePeriods": [{"id": 9, "startDate": "2024-02-01", "endDate": "2024-02-29", "reason": "ill", "contract": null}],
    "bankAccount": {"iban": "DE00"}, "accessRefusal": false,
    "accessRestrictions": [{"reason": "unpaid", "startDate": "2024-01-01", "endDate": "2024-01-31"}, {"reason": "rude"},
        {"reason": "half", "startDate": "2024-01-01"}],
    "uuid": "7be3932c-825b-4401-abff-29e9f9410bc7", "studioId": 12, "preferredLanguage": {"languageCode": "de"},
    "addedInALaterVersion": {"x": [1]}
}"#;

pub(crate) fn card(decimal: &str) -> Credential {
    Credential::Card(CardNumber::from_decimal(decimal).unwrap())
}

fn customer(id: i64, more: &str) -> String {
    format!(r#"{{"id":{id},"status":"MEMBER","accessRefusal":false{more}}}"#)
}

#[tokio::test]
async fn a_member_record_keeps_what_a_decision_needs() {
    let server = Server::always(json(200, ANNA)).await;
    let before = clock::wall();
    let record = server.client().member(CUSTOMER).await.unwrap().unwrap();
    assert!(before <= record.as_of && record.as_of <= clock::wall());
    assert_eq!(record.customer, CUSTOMER);
    assert_eq!(record.status, MemberStatus::Member);
    assert!(!record.access_refused);
    let days = |first, last| DateRange { first, last };
    assert_eq!(record.idle_periods, [days(date(2024, 2, 1), date(2024, 2, 29))]);
    let block = |reason: &str, period| AccessRestriction {
        reason: reason.into(),
        period,
    };
    assert_eq!(
        record.restrictions,
        [
            block("unpaid", Some(days(date(2024, 1, 1), date(2024, 1, 31)))),
            block("rude", None),
            block("half", Some(days(date(2024, 1, 1), jiff::civil::Date::MAX))),
        ]
    );
    assert_eq!(
        record.credentials,
        [
            card("1173673668653440"),
            Credential::Pin("4712".into()),
            Credential::Code("PSZEYAZ7".into()),
            Credential::WalletPass("pass-1".into()),
            Credential::CodeUuid("7be3932c-825b-4401-abff-29e9f9410bc7".into()),
        ]
    );
    assert_eq!(record.language.as_deref(), Some("de"));
    assert!(record.benefits.is_empty() && record.access_code.is_none());
}

#[tokio::test]
async fn cards_among_the_media_count_where_there_is_no_list_of_card_numbers() {
    let media = r#","accessMediums":[{"id":1,"type":"CARD_NUMBER","value":"77"}]"#;
    for (list, cards) in [("", vec![card("77")]), (r#","cardNumbers":[]"#, vec![])] {
        let server = Server::always(json(200, &customer(1, &format!("{media}{list}")))).await;
        let record = server.client().member(CUSTOMER).await.unwrap().unwrap();
        assert_eq!(record.credentials, cards);
    }
}

#[tokio::test]
async fn optional_fields_may_be_absent_or_null() {
    let nulls = r#","accessRestrictions":null,"idlePeriods":null,"cardNumbers":null,"accessMediums":null,
        "preferredLanguage":null,"firstName":null,"studioId":null"#;
    for more in ["", nulls] {
        let server = Server::always(json(200, &customer(1, more))).await;
        let record = server.client().member(CUSTOMER).await.unwrap().unwrap();
        assert!(record.credentials.is_empty() && record.restrictions.is_empty());
        assert!(server.client().profile(CUSTOMER).await.unwrap().is_some());
    }
}

#[tokio::test]
async fn a_status_that_nobody_knows_keeps_out() {
    for (status, expected) in [
        ("MEMBER", MemberStatus::Member),
        ("PROSPECT", MemberStatus::Prospect),
        ("FORMER_MEMBER", MemberStatus::FormerMember),
        ("HONORARY", MemberStatus::FormerMember),
        ("", MemberStatus::FormerMember),
    ] {
        let body = format!(r#"{{"id":1,"status":"{status}","accessRefusal":true}}"#);
        let server = Server::always(json(200, &body)).await;
        let record = server.client().member(CUSTOMER).await.unwrap().unwrap();
        assert_eq!(record.status, expected);
        assert!(record.access_refused);
    }
}

#[tokio::test]
async fn each_credential_is_looked_up_by_its_own_parameter() {
    for (credential, query) in [
        (
            card("1173673668653440"),
            "cardNumber=1173673668653440&cardNumberFormat=DECIMAL",
        ),
        (Credential::Code("A B&c=1".into()), "barcode=A+B%26c%3D1"),
        (Credential::CodeUuid("f8017d3d".into()), "qrCodeUuid=f8017d3d"),
        (Credential::Pin("0471".into()), "pin=0471"),
    ] {
        let server = Server::always(json(200, ANNA)).await;
        server.client().member_by(&credential).await.unwrap().unwrap();
        let request = server.request();
        assert_eq!(request.line(), format!("GET /v1/customers/by?{query}"));
        assert!(request.head.contains(&format!("x-api-key: {KEY}")));
    }
}

#[tokio::test]
async fn a_card_is_written_in_the_format_of_the_settings() {
    for (format, text) in [
        (
            CardNumberFormat::HexMsb,
            "cardNumber=042b73321a3180&cardNumberFormat=HEX_MSB",
        ),
        (
            CardNumberFormat::HexLsb,
            "cardNumber=80311a32732b04&cardNumberFormat=HEX_LSB",
        ),
    ] {
        let server = Server::always(json(200, "[]")).await;
        let mut settings = server.settings();
        settings.card_number_format = format;
        let number = CardNumber::from_hex_msb("042b73321a3180").unwrap();
        let client = StudioClient::new(settings).unwrap();
        client.benefits_by_card(&number, &[]).await.unwrap();
        assert_eq!(
            server.request().line(),
            format!("GET /v1/customers/benefits?{text}")
        );
    }
}

#[tokio::test]
async fn a_wallet_pass_has_no_look_up_and_nothing_is_sent() {
    let server = Server::always(json(200, ANNA)).await;
    let error = server
        .client()
        .member_by(&Credential::WalletPass("pass-1".into()))
        .await
        .unwrap_err();
    assert!(matches!(error, StudioError::KindNotTaken { .. }));
    assert!(server.requests().is_empty());
}

#[tokio::test]
async fn nobody_is_an_answer_only_in_the_studios_own_words() {
    let server = Server::always(json(404, r#"{"errorMessage":"Unknown customer"}"#)).await;
    let client = server.client();
    assert_eq!(client.member_by(&card("77")).await, Ok(None));
    assert_eq!(client.member(CUSTOMER).await, Ok(None));
    assert_eq!(client.access_code(CUSTOMER).await, Ok(None));
    let server = Server::always(json(404, "<html>no such page</html>")).await;
    let error = server.client().member_by(&card("77")).await.unwrap_err();
    assert!(matches!(error, StudioError::Refused { status: 404, .. }));
}

#[tokio::test]
async fn a_benefit_that_the_studio_leaves_out_is_not_held() {
    let body = r#"[{"key":"gym","valid":true},{"key":"sauna","valid":false}]"#;
    let server = Server::always(json(200, body)).await;
    let keys = ["gym", "sauna", "pool"].map(String::from);
    let expected =
        BTreeMap::from([("gym", true), ("pool", false), ("sauna", false)].map(|(k, v)| (k.into(), v)));
    assert_eq!(server.client().benefits(CUSTOMER, &keys).await.unwrap(), expected);
    assert_eq!(
        server.request().line(),
        "GET /v1/customers/4711/benefits?key=gym&key=sauna&key=pool"
    );
}

#[tokio::test]
async fn an_access_code_has_its_content_and_may_expire() {
    let moment = Some("2024-01-01T09:00:00Z".parse().unwrap());
    for (expires_at, expected) in [
        (r#""2024-01-01T10:00:00+01:00""#, moment),
        (r#""2024-01-01T09:00:00.000Z""#, moment),
        (r#""2024-01-01T10:00:00+01:00[Europe/Berlin]""#, moment),
        ("null", None),
    ] {
        let body =
            format!(r#"{{"format":"QR_CODE","content":"0049267681211943991","expiresAt":{expires_at}}}"#);
        let server = Server::always(json(200, &body)).await;
        let code = server.client().access_code(CUSTOMER).await.unwrap().unwrap();
        assert_eq!(code.content, "0049267681211943991");
        assert_eq!(code.expires_at, expected, "{expires_at}");
    }
}

#[tokio::test]
async fn the_roster_comes_slice_by_slice_with_the_offset_sent_back_unchanged() {
    let server = Server::start(|request| {
        let (ids, offset, more) = match request.line() {
            "GET /v1/customers?cardNumberFormat=DECIMAL&sliceSize=500" => ([1, 2], "a+/=", true),
            "GET /v1/customers?cardNumberFormat=DECIMAL&sliceSize=500&offset=a%2B%2F%3D" => {
                ([3, 4], "z", false)
            }
            other => panic!("{other}"),
        };
        let result = ids.map(|id| customer(id, "")).join(",");
        json(
            200,
            &format!(r#"{{"result":[{result}],"offset":"{offset}","hasNext":{more}}}"#),
        )
    })
    .await;
    let client = server.client();
    let slices: Vec<_> = client.members(500).try_collect().await.unwrap();
    let ids: Vec<_> = slices
        .iter()
        .flat_map(|slice| &slice.items)
        .map(|record| record.customer.0)
        .collect();
    assert_eq!(ids, [1, 2, 3, 4]);
    assert_eq!(server.requests().len(), 2);
}

#[tokio::test]
async fn one_odd_record_does_not_hide_the_rest_of_the_roster() {
    let odd = r#"{"id":2,"status":"MEMBER"}"#;
    let body = format!(
        r#"{{"result":[{},{odd},{}],"offset":"","hasNext":false}}"#,
        customer(1, ""),
        customer(3, "")
    );
    let server = Server::always(json(200, &body)).await;
    let slice = server.client().members_slice(None, 100).await.unwrap();
    assert_eq!((slice.items.len(), slice.unreadable, slice.next), (2, 1, None));
}

#[tokio::test]
async fn a_slice_that_names_itself_as_the_next_one_ends_the_roster_with_an_error() {
    let server = Server::always(json(200, r#"{"result":[],"offset":"same","hasNext":true}"#)).await;
    let client = server.client();
    let slices: Vec<_> = client.members(50).collect().await;
    assert!(matches!(
        slices.as_slice(),
        [Ok(_), Err(StudioError::Unreadable { .. })]
    ));
}

#[tokio::test]
async fn the_history_is_read_to_its_end_and_an_odd_visit_is_an_error() {
    let server = Server::start(|request| {
        let more = !request.line().contains("offset=");
        let id = if more { 1 } else { 2 };
        json(
            200,
            &format!(
                r#"{{"result":[{{"checkinId":{id},"checkInDateTime":"2024-01-05T07:15:30+01:00","studioId":5}}],
                "offset":"50","hasNext":{more}}}"#
            ),
        )
    })
    .await;
    let (from, to) = (date(2024, 1, 5), date(2024, 1, 6));
    let visits = server
        .client()
        .check_in_history(CUSTOMER, from, to)
        .await
        .unwrap();
    assert_eq!(visits.iter().map(|visit| visit.id).collect::<Vec<_>>(), [1, 2]);
    assert_eq!(
        visits[0].checked_in,
        Some("2024-01-05T06:15:30Z".parse().unwrap())
    );
    assert_eq!(visits[0].checked_out, None);
    assert_eq!(
        server.requests()[0].line(),
        "GET /v1/customers/4711/activities/checkins?fromDate=2024-01-05&toDate=2024-01-06&sliceSize=50"
    );

    let odd = r#"{"result":[{"checkInDateTime":"2024-01-05T07:15:30+01:00"}],"offset":"0","hasNext":false}"#;
    let server = Server::always(json(200, odd)).await;
    let error = server
        .client()
        .check_in_history(CUSTOMER, from, to)
        .await
        .unwrap_err();
    assert!(matches!(error, StudioError::Unreadable { .. }));
}

#[tokio::test]
async fn a_history_without_end_is_given_up() {
    let count = std::sync::atomic::AtomicUsize::new(0);
    let server = Server::start(move |_| {
        let next = count.fetch_add(1, std::sync::atomic::Ordering::Relaxed);
        json(
            200,
            &format!(r#"{{"result":[],"offset":"{next}","hasNext":true}}"#),
        )
    })
    .await;
    let day = date(2024, 1, 5);
    let error = server
        .client()
        .check_in_history(CUSTOMER, day, day)
        .await
        .unwrap_err();
    assert!(matches!(error, StudioError::Unreadable { .. }));
}

#[tokio::test]
async fn a_key_check_is_a_head_request() {
    let server = Server::always(json(200, "")).await;
    assert_eq!(server.client().check_key().await, Ok(()));
    assert_eq!(server.request().line(), "HEAD /v1/customers");
    let server = Server::always(json(401, "")).await;
    assert!(matches!(
        server.client().check_key().await,
        Err(StudioError::Unauthorised { .. })
    ));
}
