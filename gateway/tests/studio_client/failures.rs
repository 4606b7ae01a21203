//! Every way to fail is told apart, keeps its secrets and sends the key nowhere else.

use std::time::Duration;

use turnstile_gateway::domain::{CardNumber, Credential, CustomerId};
use turnstile_gateway::studio::{ApiKey, StudioClient, StudioError, StudioSettings};

use crate::server::{KEY, Reply, Server, json, with_headers};

pub(crate) const CARD: &str = "1173673668653440";
const CUSTOMER: CustomerId = CustomerId(4_711);

pub(crate) fn card() -> Credential {
    Credential::Card(CardNumber::from_decimal(CARD).unwrap())
}

pub(crate) fn error_body() -> String {
    format!(
        r#"{{"errorMessage":"Nothing fits {CARD}","errorCode":"E_42","traceId":"trace-7","args":[],"new":1}}"#
    )
}

pub(crate) async fn look_up(server: &Server) -> StudioError {
    server.client().member_by(&card()).await.unwrap_err()
}

async fn check_in(server: &Server) -> Result<(), StudioError> {
    let at = "2023-12-03T10:15:30+01:00[Europe/Berlin]".parse().unwrap();
    server.client().check_in(CUSTOMER, &at).await
}

pub(crate) fn no_secret_in(error: &StudioError) {
    for text in [error.to_string(), format!("{error:?}")] {
        assert!(!text.contains(CARD) && !text.contains(KEY), "{text}");
    }
}

#[tokio::test]
async fn each_documented_status_is_its_own_error() {
    type Expected = fn(&StudioError) -> bool;
    let table: [(u16, Expected, bool); 12] = [
        (
            400,
            |e| matches!(e, StudioError::Refused { status: 400, .. }),
            false,
        ),
        (401, |e| matches!(e, StudioError::Unauthorised { .. }), false),
        (403, |e| matches!(e, StudioError::Forbidden { .. }), false),
        (
            404,
            |e| matches!(e, StudioError::Refused { status: 404, .. }),
            false,
        ),
        (
            409,
            |e| matches!(e, StudioError::Refused { status: 409, .. }),
            false,
        ),
        (
            418,
            |e| matches!(e, StudioError::Refused { status: 418, .. }),
            false,
        ),
        (
            408,
            |e| matches!(e, StudioError::ServerError { status: 408, .. }),
            true,
        ),
        (429, |e| matches!(e, StudioError::RateLimited { .. }), false),
        (
            500,
            |e| matches!(e, StudioError::ServerError { status: 500, .. }),
            true,
        ),
        (
            502,
            |e| matches!(e, StudioError::ServerError { status: 502, .. }),
            true,
        ),
        (503, |e| matches!(e, StudioError::Overloaded { .. }), false),
        (
            504,
            |e| matches!(e, StudioError::ServerError { status: 504, .. }),
            true,
        ),
    ];
    for (status, expected, ambiguous) in table {
        let server = Server::always(json(status, &error_body())).await;
        let error = check_in(&server).await.unwrap_err();
        assert!(expected(&error), "{status}: {error:?}");
        assert_eq!(error.is_ambiguous(), ambiguous, "{status}");
        let text = error.to_string();
        assert!(
            text.contains("report a check-in")
                && text.contains("Nothing fits ***")
                && text.contains("trace-7"),
            "{text}"
        );
        no_secret_in(&error);
    }
}

#[tokio::test]
async fn a_refused_key_is_named_by_where_it_came_from_and_a_missing_scope_by_its_name() {
    let server = Server::always(json(401, "")).await;
    assert!(
        look_up(&server)
            .await
            .to_string()
            .contains("the key from the test")
    );
    let server = Server::always(json(403, "")).await;
    assert!(look_up(&server).await.to_string().contains("CUSTOMER_READ"));
}

#[tokio::test]
async fn a_wait_is_read_from_seconds_or_a_date_and_is_bounded() {
    for (header, expected) in [
        ("retry-after: 17\r\n", Some(Duration::from_secs(17))),
        ("retry-after: 99999999\r\n", Some(Duration::from_secs(3600))),
        (
            "retry-after: Wed, 21 Oct 2015 07:28:00 GMT\r\n",
            Some(Duration::ZERO),
        ),
        (
            "retry-after: Wed, 21 Oct 2415 07:28:00 GMT\r\n",
            Some(Duration::from_secs(3600)),
        ),
        ("retry-after: soon\r\n", None),
        ("", None),
    ] {
        for status in [429, 503] {
            let server = Server::always(with_headers(status, header, "{}")).await;
            let (StudioError::RateLimited { retry_after, .. } | StudioError::Overloaded { retry_after, .. }) =
                look_up(&server).await
            else {
                panic!("{status} is another error");
            };
            assert_eq!(retry_after, expected, "{header}");
        }
    }
}

#[tokio::test]
async fn an_error_page_that_is_not_the_studios_is_an_error_without_words() {
    for body in [
        "",
        "<html>bad gateway</html>",
        "null",
        "[1]",
        r#"{"errorMessage":7}"#,
    ] {
        let server = Server::always(json(502, body)).await;
        let StudioError::ServerError { detail, .. } = look_up(&server).await else {
            panic!("another error");
        };
        assert_eq!(detail.message, None, "{body}");
    }
}

#[tokio::test]
async fn a_redirect_is_an_error_and_the_key_goes_nowhere_else() {
    let elsewhere = Server::always(json(200, "{}")).await;
    for status in [301, 302, 303, 307, 308] {
        let location = format!("location: {}secret?cardNumber={CARD}\r\n", elsewhere.url);
        let server = Server::always(with_headers(status, &location, "")).await;
        for error in [look_up(&server).await, check_in(&server).await.unwrap_err()] {
            let StudioError::Redirected { target, .. } = &error else {
                panic!("{error:?}");
            };
            assert_eq!(target.as_deref(), Some("127.0.0.1"));
            assert!(!error.is_ambiguous());
            no_secret_in(&error);
        }
    }
    assert!(elsewhere.requests().is_empty());
}

#[tokio::test]
async fn a_refused_connection_was_not_sent() {
    let server = Server::always(Reply::Reset).await;
    let settings = server.settings();
    drop(server);
    tokio::time::sleep(Duration::from_millis(50)).await;
    let error = StudioClient::new(settings)
        .unwrap()
        .member_by(&card())
        .await
        .unwrap_err();
    assert!(matches!(error, StudioError::NotSent { .. }), "{error:?}");
    assert!(error.to_string().contains("127.0.0.1:"), "{error}");
    no_secret_in(&error);
}

#[tokio::test]
async fn a_name_that_does_not_resolve_was_not_sent() {
    let url = "http://no-such-studio.invalid".parse().unwrap();
    let client = StudioClient::new(StudioSettings::new(url, ApiKey::new(KEY, "the test"))).unwrap();
    let error = client.member_by(&card()).await.unwrap_err();
    assert!(matches!(error, StudioError::NotSent { .. }), "{error:?}");
    assert!(error.to_string().contains("no-such-studio.invalid"), "{error}");
    no_secret_in(&error);
}

#[tokio::test]
async fn a_listener_that_never_speaks_is_unanswered_once_the_request_went_out() {
    let server = Server::always(Reply::Hang(Vec::new())).await;
    let mut settings = server.settings();
    settings.timeout = Duration::from_millis(300);
    let at = "2023-12-03T10:15:30+01:00[Europe/Berlin]".parse().unwrap();
    let error = StudioClient::new(settings)
        .unwrap()
        .check_in(CUSTOMER, &at)
        .await
        .unwrap_err();
    assert!(matches!(error, StudioError::Unanswered { .. }), "{error:?}");
    assert!(error.is_ambiguous());
    no_secret_in(&error);
}

#[tokio::test]
async fn a_reset_or_a_close_after_sending_is_unanswered_and_sent_once_only() {
    for reply in [
        Reply::Reset,
        Reply::Close(Vec::new()),
        Reply::Close(b"HTTP/1.1 2".to_vec()),
    ] {
        let server = Server::always(reply).await;
        let error = check_in(&server).await.unwrap_err();
        assert!(matches!(error, StudioError::Unanswered { .. }), "{error:?}");
        assert!(error.is_ambiguous());
        assert_eq!(server.requests().len(), 1);
    }
}

#[tokio::test]
async fn a_check_in_counts_as_delivered_from_its_status_on_whatever_the_body_does() {
    let head = "HTTP/1.1 201 Created\r\ncontent-length: 100\r\n\r\n";
    for reply in [
        json(200, ""),
        json(204, ""),
        json(200, "<html>"),
        Reply::Close(head.into()),
        Reply::Close(format!("{head}{{").into_bytes()),
    ] {
        let server = Server::always(reply).await;
        assert_eq!(check_in(&server).await, Ok(()));
    }
}

#[test]
fn settings_that_cannot_work_are_told_apart() {
    let works = || {
        StudioSettings::new(
            "https://studio.example".parse().unwrap(),
            ApiKey::new(KEY, "the test"),
        )
    };
    let with = |change: fn(&mut StudioSettings)| {
        let mut settings = works();
        change(&mut settings);
        StudioClient::new(settings)
    };
    assert!(with(|_| ()).is_ok());
    for (change, name) in [
        (
            (|s| s.base_url = "ftp://studio.example".parse().unwrap()) as fn(&mut StudioSettings),
            "base_url",
        ),
        (
            |s| s.base_url = "https://me:secret@studio.example".parse().unwrap(),
            "base_url",
        ),
        (|s| s.api_key = ApiKey::new("two\nlines", "the test"), "api_key"),
        (|s| s.language = Some("d\ne".into()), "language"),
        (
            |s| s.extra_roots = Some("-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----".into()),
            "extra_roots",
        ),
    ] {
        let error = with(change).unwrap_err();
        let StudioError::Setup { setting, .. } = &error else {
            panic!("{error:?}");
        };
        assert_eq!(*setting, name);
        assert!(!error.to_string().contains("secret"), "{error}");
    }
}

#[test]
fn no_debug_form_shows_the_key() {
    let settings = StudioSettings::new(
        "https://studio.example".parse().unwrap(),
        ApiKey::new(KEY, "the test"),
    );
    assert!(!format!("{settings:?}").contains(KEY));
    assert!(!format!("{:?}", StudioClient::new(settings).unwrap()).contains(KEY));
}
