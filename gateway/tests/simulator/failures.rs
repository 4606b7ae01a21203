//! Faults: what goes wrong when it is asked to.

use std::time::Duration;

use futures_util::future::join_all;
use reqwest::Method;
use serde_json::{Value, json};
use tokio::time::timeout;
use turnstile_gateway::simulator::{self, Faults, SimulatorSettings};

use super::{Studio, ok, refused};

const MOMENT: &str = "2026-01-01T10:15:30+01:00";

/// Longer than anything here takes that is not held back.
const SOON: Duration = Duration::from_secs(5);

/// Long enough to see that something is held back.
const WHILE: Duration = Duration::from_millis(200);

/// As `curl -X PUT -d` does it: without saying that the body is JSON.
async fn break_it(studio: &Studio, faults: Value) {
    let put = studio.without_key(Method::PUT, "/_simulator/faults");
    ok(put.body(faults.to_string())).await;
}

async fn repair(studio: &Studio) {
    ok(studio.without_key(Method::DELETE, "/_simulator/faults")).await;
}

#[tokio::test]
async fn faults_are_set_shown_and_cleared() {
    let studio = Studio::open().await;
    let faults = json!({ "checkIn": { "error_rate": 1.0, "status": 502 } });
    break_it(&studio, faults.clone()).await;
    assert_eq!(studio.answer("/_simulator/faults").await, faults);
    refused(studio.check_in(1001, MOMENT), 502).await;
    studio.answer("/v1/customers/1001").await;
    repair(&studio).await;
    assert_eq!(studio.answer("/_simulator/faults").await, json!({}));
    ok(studio.check_in(1001, MOMENT)).await;
    assert_eq!(
        studio.simulator.check_ins().len(),
        1,
        "the refused one was not processed"
    );
}

#[tokio::test]
async fn a_fault_or_operation_that_does_not_exist_is_refused_with_those_that_do() {
    let studio = Studio::open().await;
    let put = |faults: Value| {
        studio
            .without_key(Method::PUT, "/_simulator/faults")
            .json(&faults)
    };
    assert!(
        refused(put(json!({ "checkin": {} })), 400)
            .await
            .contains("checkIn")
    );
    assert!(
        refused(put(json!({ "*": { "lag": 1 } })), 400)
            .await
            .contains("latency_ms")
    );
    refused(put(json!({ "*": { "error_rate": 20 } })), 400).await;
}

#[tokio::test]
async fn requests_that_wait_for_a_latency_go_on_when_it_is_cleared() {
    let studio = Studio::open().await;
    break_it(&studio, json!({ "*": { "latency_ms": 600_000 } })).await;
    let waiting = studio.get("/v1/customers/1001").send();
    tokio::pin!(waiting);
    assert!(timeout(WHILE, &mut waiting).await.is_err());
    repair(&studio).await;
    let response = timeout(SOON, waiting).await.unwrap().unwrap();
    assert_eq!(response.status(), 200);
}

#[tokio::test]
async fn a_latency_delays_the_answer_by_its_length() {
    let studio = Studio::open().await;
    studio.simulator.set_faults(Faults::slow(WHILE));
    let waiting = studio.answer("/v1/customers/1001");
    tokio::pin!(waiting);
    assert!(timeout(WHILE / 2, &mut waiting).await.is_err());
    timeout(SOON, waiting).await.unwrap();
}

#[tokio::test]
async fn a_studio_that_is_down_drops_every_connection_until_it_is_up_again() {
    let studio = Studio::open().await;
    studio.simulator.set_faults(Faults::down());
    assert!(studio.check_in(1001, MOMENT).send().await.is_err());
    assert!(studio.request(Method::HEAD, "/").send().await.is_err());
    studio.simulator.set_faults(Faults::default());
    ok(studio.check_in(1001, MOMENT)).await;
    assert_eq!(studio.simulator.check_ins().len(), 1);
}

#[tokio::test]
async fn a_connection_is_dropped_before_or_after_the_request_is_processed() {
    let studio = Studio::open().await;
    break_it(&studio, json!({ "checkIn": { "drop_before_rate": 1 } })).await;
    assert!(studio.check_in(1001, MOMENT).send().await.is_err());
    assert_eq!(studio.simulator.check_ins().len(), 0);
    break_it(&studio, json!({ "checkIn": { "drop_after_rate": 1 } })).await;
    assert!(studio.check_in(1001, MOMENT).send().await.is_err());
    assert_eq!(studio.simulator.check_ins().len(), 1);
}

#[tokio::test]
async fn a_request_is_processed_and_its_answer_held_back() {
    let studio = Studio::open().await;
    break_it(&studio, json!({ "checkIn": { "timeout_after_rate": 1 } })).await;
    let waiting = studio.check_in(1001, MOMENT).send();
    tokio::pin!(waiting);
    assert!(timeout(WHILE, &mut waiting).await.is_err());
    assert_eq!(studio.simulator.check_ins().len(), 1);
    repair(&studio).await;
    timeout(SOON, waiting).await.unwrap().unwrap();
}

#[tokio::test]
async fn an_answer_stops_in_the_middle_of_its_body() {
    let studio = Studio::open().await;
    break_it(&studio, json!({ "getCustomerById": { "hang_body": true } })).await;
    let response = studio.get("/v1/customers/1001").send().await.unwrap();
    assert_eq!(response.status(), 200);
    let body = response.text();
    tokio::pin!(body);
    assert!(timeout(WHILE, &mut body).await.is_err());
    repair(&studio).await;
    let body = timeout(SOON, body).await.unwrap().unwrap();
    assert!(serde_json::from_str::<Value>(&body).is_ok());
}

#[tokio::test]
async fn an_answer_is_malformed_json() {
    let studio = Studio::open().await;
    break_it(&studio, json!({ "getCustomerById": { "malformed_json": true } })).await;
    let response = studio.get("/v1/customers/1001").send().await.unwrap();
    assert_eq!(response.headers()["content-type"], "application/json");
    let body = response.text().await.unwrap();
    assert!(body.starts_with('{') && serde_json::from_str::<Value>(&body).is_err());
}

#[tokio::test]
async fn past_the_rate_limit_requests_are_told_to_wait() {
    let studio = Studio::open().await;
    break_it(&studio, json!({ "checkIn": { "rate_limit_per_minute": 2 } })).await;
    ok(studio.check_in(1001, MOMENT)).await;
    ok(studio.check_in(1001, MOMENT)).await;
    let response = studio.check_in(1001, MOMENT).send().await.unwrap();
    assert_eq!(response.status(), 429);
    let wait: u64 = response.headers()["retry-after"]
        .to_str()
        .unwrap()
        .parse()
        .unwrap();
    assert!((1..=60).contains(&wait), "{wait}");
    assert_eq!(studio.simulator.check_ins().len(), 2);
    studio.answer("/v1/customers/1001").await;
}

#[tokio::test]
async fn requests_are_counted_by_operation() {
    let studio = Studio::open().await;
    join_all((0..3).map(|_| studio.answer("/v1/customers/1001"))).await;
    studio.answer("/v1/customers/1001/access-code").await;
    let counts = studio.answer("/_simulator/requests").await;
    assert_eq!(
        counts,
        json!({ "getCustomerById": 3, "getCustomerAccessCode": 1 })
    );
    ok(studio.without_key(Method::DELETE, "/_simulator/requests")).await;
    assert_eq!(studio.answer("/_simulator/requests").await, json!({}));
}

#[tokio::test]
async fn a_simulator_stops_at_once_even_when_requests_hang() {
    let studio = Studio::open().await;
    break_it(&studio, json!({ "*": { "latency_ms": 600_000 } })).await;
    let waiting = tokio::spawn(studio.get("/v1/customers/1001").send());
    tokio::time::sleep(WHILE).await;
    let url = studio.simulator.url();
    timeout(SOON, studio.simulator.stop()).await.unwrap();
    assert_eq!(waiting.await.unwrap().unwrap().status(), 200);
    assert!(studio.client.get(url).send().await.is_err());
}

#[tokio::test]
async fn a_hundred_thousand_members_are_there_at_once() {
    let settings = SimulatorSettings {
        members: 100_000,
        ..SimulatorSettings::default()
    };
    let studio = timeout(Duration::from_secs(1), Studio::with(settings))
        .await
        .unwrap();
    let slice = studio.answer("/v1/customers?sliceSize=500&offset=99000").await;
    assert_eq!(slice["result"].as_array().unwrap().len(), 500);
    assert_eq!(slice["hasNext"], true);
}

#[tokio::test]
async fn a_simulator_runs_until_it_is_told_to_end_and_says_when_its_port_is_taken() {
    let studio = Studio::open().await;
    let taken = SimulatorSettings {
        listen: studio.simulator.addr(),
        ..SimulatorSettings::default()
    };
    assert!(simulator::run(taken, async {}).await.is_err());
    simulator::run(SimulatorSettings::default(), async {})
        .await
        .unwrap();
}
