//! Answers that no studio should give, and every operation against every status.

use std::time::Duration;

use turnstile_gateway::studio::{Operation, StudioClient, StudioError};

use crate::calls::{MORE_OPERATIONS, OPERATIONS, call};
use crate::failures::{CARD, card, error_body, look_up, no_secret_in};
use crate::server::{Reply, Server, json, with_headers};

#[tokio::test]
async fn every_operation_fails_by_its_status_alone() {
    for status in [400, 401, 403, 404, 409, 429, 500, 503] {
        let server = Server::always(json(status, &error_body())).await;
        let client = server.client();
        for operation in OPERATIONS.into_iter().chain(MORE_OPERATIONS) {
            let finds = [
                Operation::CustomerById,
                Operation::CustomerBy,
                Operation::AccessCode,
                Operation::Measurement,
                Operation::Document,
            ];
            let found = call(&client, operation, 0).await;
            if status == 404 && finds.contains(&operation) {
                assert_eq!(found, Ok(()), "{operation:?} answers that there is none");
                continue;
            }
            let error = found.unwrap_err();
            let (of, as_expected) = match &error {
                StudioError::Refused {
                    operation, status: s, ..
                } => (operation, *s == status),
                StudioError::Unauthorised { operation, .. } => (operation, status == 401),
                StudioError::Forbidden { operation, .. } => (operation, status == 403),
                StudioError::RateLimited { operation, .. } => (operation, status == 429),
                StudioError::ServerError { operation, .. } => (operation, status == 500),
                StudioError::Overloaded { operation, .. } => (operation, status == 503),
                other => panic!("{other:?}"),
            };
            assert!(as_expected && *of == operation, "{status}: {error:?}");
        }
    }
}

#[tokio::test]
async fn no_operation_follows_a_redirect_or_takes_a_broken_answer() {
    let wants_no_body = [
        Operation::UseBenefit,
        Operation::DeleteMedium,
        Operation::DeleteRestriction,
        Operation::SwitchStudio,
    ];
    let broken = [
        r#"{"id":1"#,
        r#"[{"id":"#,
        "7",
        "null",
        r#"{"id":{},"imageUrl":{},"reason":{},"accessToken":{}}"#,
        "[[]]",
    ];
    for operation in OPERATIONS.into_iter().chain(MORE_OPERATIONS) {
        let server = Server::always(with_headers(302, "location: http://127.0.0.2/\r\n", "")).await;
        let error = call(&server.client(), operation, 0).await.unwrap_err();
        assert!(matches!(error, StudioError::Redirected { .. }), "{error:?}");
        for body in broken {
            let server = Server::always(json(200, body)).await;
            let answer = call(&server.client(), operation, 0).await;
            match answer {
                Ok(()) => assert!(wants_no_body.contains(&operation), "{operation:?} takes {body}"),
                Err(error) => assert!(matches!(error, StudioError::Unreadable { .. }), "{error:?}"),
            }
        }
    }
}

#[tokio::test]
async fn an_answer_that_does_not_fit_is_unreadable_and_does_not_show_its_content() {
    let wrong_type = format!(r#"{{"id":"{CARD}","status":"MEMBER","accessRefusal":false}}"#);
    for (body, problem) in [
        (r#"{"id":5,"status":"MEMBER","accessRef"#, "cut off"),
        ("", "cut off"),
        (wrong_type.as_str(), "unexpected value at id"),
        (r#"{"id":5,"status":"MEMBER"}"#, "missing field `accessRefusal`"),
        (
            r#"{"id":null,"status":"MEMBER","accessRefusal":false}"#,
            "unexpected value at id",
        ),
        (
            r#"{"id":5,"status":null,"accessRefusal":false}"#,
            "unexpected value at status",
        ),
        (
            r#"{"id":5,"status":"MEMBER","accessRefusal":false,"idlePeriods":[{"id":1,"startDate":"2024-02-30","endDate":"2024-03-01"}]}"#,
            "unexpected value at idlePeriods[0].startDate",
        ),
        ("[]", "unexpected value"),
        ("<html>log in</html>", "not JSON"),
        (
            r#"{"id":5,"status":"MEMBER","accessRefusal":false} x"#,
            "something follows",
        ),
    ] {
        let server = Server::always(json(200, body)).await;
        let error = look_up(&server).await;
        assert!(
            matches!(error, StudioError::Unreadable { .. }),
            "{body}: {error:?}"
        );
        assert!(error.to_string().contains(problem), "{body}: {error}");
        no_secret_in(&error);
    }
}

#[tokio::test]
async fn a_body_beyond_the_bound_is_given_up_announced_or_not() {
    let announced = with_headers(200, "", &"x".repeat(10 * 1024 * 1024));
    let mut endless = b"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n".to_vec();
    for _ in 0..160 {
        endless.extend_from_slice(b"10000\r\n");
        endless.extend_from_slice(&[b' '; 0x10000]);
        endless.extend_from_slice(b"\r\n");
    }
    for reply in [announced, Reply::Bytes(endless)] {
        let server = Server::always(reply).await;
        let error = look_up(&server).await;
        assert!(error.to_string().contains("longer than 8388608 bytes"), "{error}");
    }
}

#[tokio::test]
async fn a_body_that_never_ends_is_given_up_in_time() {
    let server = Server::always(Reply::Hang(
        b"HTTP/1.1 200 OK\r\ncontent-length: 100\r\n\r\n{".to_vec(),
    ))
    .await;
    let mut settings = server.settings();
    settings.timeout = Duration::from_millis(300);
    let client = StudioClient::new(settings).unwrap();
    let error = client.member_by(&card()).await.unwrap_err();
    assert!(error.to_string().contains("did not end in time"), "{error}");
}

#[tokio::test]
async fn an_error_status_counts_even_when_its_body_never_ends() {
    let server = Server::always(Reply::Hang(
        b"HTTP/1.1 503 Busy\r\ncontent-length: 100\r\n\r\n{".to_vec(),
    ))
    .await;
    let mut settings = server.settings();
    settings.timeout = Duration::from_millis(300);
    let client = StudioClient::new(settings).unwrap();
    let error = client.member_by(&card()).await.unwrap_err();
    assert!(matches!(error, StudioError::Overloaded { .. }), "{error:?}");
}

#[tokio::test]
async fn the_content_type_is_not_trusted_either_way() {
    let body = r#"{"id":5,"status":"MEMBER","accessRefusal":false}"#;
    let server = Server::always(with_headers(200, "content-type: image/png\r\n", body)).await;
    assert!(server.client().member_by(&card()).await.unwrap().is_some());
    let server = Server::always(json(200, "\u{1F37A}")).await;
    assert!(matches!(look_up(&server).await, StudioError::Unreadable { .. }));
}
