//! What the gateway tells the studio: each request as it goes out.

use jiff::civil::date;
use serde_json::json as value;
use turnstile_gateway::domain::{AccessRestriction, CardNumber, Credential, CustomerId, DateRange};
use turnstile_gateway::studio::{
    DeviceId, MediumId, MediumKind, StudioClient, StudioError, StudioId, Upload,
};

use crate::server::{Server, json};

const CUSTOMER: CustomerId = CustomerId(4_711);

#[tokio::test]
async fn a_check_in_carries_the_time_of_the_visit_with_its_offset() {
    let server = Server::always(json(200, "")).await;
    let at = "2023-12-03T10:15:30.9+01:00[Europe/Berlin]".parse().unwrap();
    server.client().check_in(CUSTOMER, &at).await.unwrap();
    let request = server.request();
    assert_eq!(request.line(), "POST /v1/customers/4711/checkin");
    assert_eq!(
        request.json(),
        value!({"checkInDateTime": "2023-12-03T10:15:30+01:00"})
    );
}

#[tokio::test]
async fn the_paths_of_check_in_and_check_out_are_settings_below_the_base_url() {
    let server = Server::always(json(200, "")).await;
    let mut settings = server.settings();
    settings.base_url = server.url.join("/tenant/").unwrap();
    settings.check_in_path = "/v2/visits/{customerId}".into();
    settings.check_out_path = "v2/visits/{customerId}/end".into();
    let client = StudioClient::new(settings).unwrap();
    let at = "2023-12-03T09:15:30Z[UTC]".parse().unwrap();
    client.check_in(CUSTOMER, &at).await.unwrap();
    client.check_out(CUSTOMER, &at).await.unwrap();
    let requests = server.requests();
    assert_eq!(requests[0].line(), "POST /tenant/v2/visits/4711");
    assert_eq!(requests[1].line(), "POST /tenant/v2/visits/4711/end");
    assert_eq!(
        requests[1].json(),
        value!({"checkOutDateTime": "2023-12-03T09:15:30+00:00"})
    );
}

#[tokio::test]
async fn a_benefit_key_is_escaped_in_the_path() {
    let server = Server::always(json(200, "")).await;
    server.client().use_benefit(CUSTOMER, "../a b?").await.unwrap();
    assert_eq!(
        server.request().line(),
        "POST /v1/customers/4711/benefits/..%2Fa%20b%3F/use"
    );
}

#[tokio::test]
async fn enrolling_replacing_and_withdrawing_a_card_are_three_requests() {
    let server = Server::always(json(200, r#"{"id":8,"type":"CARD_NUMBER","value":"77"}"#)).await;
    let client = server.client();
    let card = Credential::Card(CardNumber::from_hex_msb("4d").unwrap());
    let medium = client.add_medium(CUSTOMER, &card).await.unwrap();
    assert_eq!((medium.id, medium.kind), (Some(MediumId(8)), MediumKind::Card));
    assert_eq!(medium.credential, Some(card.clone()));
    client.replace_medium(CUSTOMER, MediumId(8), &card).await.unwrap();
    client.withdraw_medium(CUSTOMER, MediumId(8)).await.unwrap();
    client.add_medium_deprecated(CUSTOMER, &card).await.unwrap();
    let requests = server.requests();
    let lines: Vec<_> = requests.iter().map(crate::server::Request::line).collect();
    assert_eq!(
        lines,
        [
            "POST /v1/customers/4711/access-mediums",
            "PUT /v1/customers/4711/access-mediums/8",
            "DELETE /v1/customers/4711/access-mediums/8",
            "PUT /v1/customers/4711/access-medium",
        ]
    );
    assert_eq!(requests[0].json(), value!({"type": "CARD_NUMBER", "value": "77"}));
    assert_eq!(requests[1].json(), value!({"value": "77"}));
    let error = client
        .add_medium(CUSTOMER, &Credential::CodeUuid("u".into()))
        .await
        .unwrap_err();
    assert!(matches!(error, StudioError::KindNotTaken { .. }));
}

#[tokio::test]
async fn a_block_has_both_dates_or_none() {
    let server = Server::start(|request| json(200, std::str::from_utf8(&request.body).unwrap())).await;
    let client = server.client();
    let period = DateRange {
        first: date(2024, 1, 1),
        last: date(2024, 1, 31),
    };
    for (period, body) in [
        (None, value!({"reason": "rude"})),
        (
            Some(period),
            value!({"reason": "rude", "startDate": "2024-01-01", "endDate": "2024-01-31"}),
        ),
    ] {
        let block = AccessRestriction {
            reason: "rude".into(),
            period,
        };
        assert_eq!(client.set_restriction(CUSTOMER, &block).await.unwrap(), block);
        let request = server.requests().pop().unwrap();
        assert_eq!(request.line(), "PUT /v1/customers/4711/access-restrictions");
        assert_eq!(request.json(), body);
    }
    client.lift_restriction(CUSTOMER).await.unwrap();
    let request = server.requests().pop().unwrap();
    assert_eq!(request.line(), "DELETE /v1/customers/4711/access-restrictions");
}

#[tokio::test]
async fn files_go_out_as_multipart_forms() {
    let server = Server::always(json(200, r#"{"id":5,"imageUrl":"https://studio.example/5"}"#)).await;
    let client = server.client();
    let file = Upload {
        file_name: "form.pdf".into(),
        content: b"%PDF content".to_vec(),
    };
    assert!(!format!("{file:?}").contains("content"));
    client
        .upload_document(CUSTOMER, file.clone(), Some("consent"))
        .await
        .unwrap();
    client.update_image(CUSTOMER, file).await.unwrap();
    let requests = server.requests();
    assert_eq!(
        requests[0].line(),
        "POST /v1/customers/4711/documents?description=consent"
    );
    assert_eq!(requests[1].line(), "PUT /v1/customers/4711/images");
    for (request, name) in requests.iter().zip(["file", "image"]) {
        assert!(
            request
                .head
                .contains("content-type: multipart/form-data; boundary=")
        );
        let body = String::from_utf8_lossy(&request.body);
        assert!(
            body.contains(&format!("name=\"{name}\"; filename=\"form.pdf\"")),
            "{body}"
        );
        assert!(body.contains("\r\n\r\n%PDF content\r\n"), "{body}");
    }
}

#[tokio::test]
async fn a_customer_moves_to_another_studio_on_a_day() {
    let server = Server::always(json(200, "")).await;
    let moved = server
        .client()
        .switch_studio(CUSTOMER, StudioId(9), date(2024, 3, 1), None)
        .await;
    assert_eq!(moved, Ok(()));
    let request = server.request();
    assert_eq!(request.line(), "POST /v1/customers/4711/switch-studio");
    assert_eq!(
        request.json(),
        value!({"targetStudioId": 9, "switchDate": "2024-03-01"})
    );
}

#[tokio::test]
async fn a_device_gives_its_token_once_and_never_to_debug() {
    let server = Server::always(json(200, r#"{"id":3,"accessToken":"token-of-gate"}"#)).await;
    let token = server
        .client()
        .activate_device(DeviceId(3))
        .await
        .unwrap()
        .unwrap();
    assert_eq!(server.request().line(), "PUT /v1/devices/3/activate");
    assert_eq!(token.reveal(), "token-of-gate");
    assert!(!format!("{token:?}").contains("token-of-gate"));
}
