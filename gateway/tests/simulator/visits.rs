//! Check-ins, check-outs, their history, and how full the studio is.

use reqwest::Method;
use serde_json::json;
use turnstile_gateway::clock;
use turnstile_gateway::simulator::SimulatorSettings;

use super::{Studio, ok, refused};

#[tokio::test]
async fn check_ins_are_listed_in_order_of_arrival_with_the_time_that_was_sent() {
    let studio = Studio::open().await;
    ok(studio.check_in(1002, "2026-01-02T10:15:30+01:00")).await;
    ok(studio.check_in(1001, "2026-01-01T10:15:30+01:00")).await;
    let listed = ok(studio.without_key(Method::GET, "/_simulator/check-ins")).await;
    assert_eq!(listed[0]["customerId"], 1002);
    assert_eq!(listed[1]["customerId"], 1001);
    assert_eq!(listed[1]["checkInDateTime"], "2026-01-01T10:15:30+01:00");
    assert_eq!(listed[1]["via"], "open-api");
    assert!(listed[1]["receivedAt"].is_string());
}

#[tokio::test]
async fn a_check_in_without_a_moment_or_a_customer_is_refused() {
    let studio = Studio::open().await;
    refused(studio.check_in(1001, "10:15 this morning"), 400).await;
    refused(studio.check_in(1001, "2026-01-01T10:15:30"), 400).await;
    refused(studio.check_in(1, "2026-01-01T10:15:30+01:00"), 404).await;
    let nothing = studio
        .request(Method::POST, "/v1/customers/1001/checkin")
        .json(&json!({}));
    refused(nothing, 400).await;
    assert!(studio.simulator.check_ins().is_empty());
}

#[tokio::test]
async fn the_history_shows_a_customers_visits_of_a_span_of_days_in_slices() {
    let studio = Studio::open().await;
    for day in [3, 1, 2, 4, 5] {
        ok(studio.check_in(1001, &format!("2026-03-0{day}T12:00:00Z"))).await;
    }
    ok(studio.check_in(1002, "2026-03-02T12:00:00Z")).await;
    let history = "/v1/customers/1001/activities/checkins";
    let span = format!("{history}?fromDate=2026-03-02&toDate=2026-03-04&sliceSize=2");
    let first = studio.answer(&span).await;
    assert_eq!(first["result"].as_array().unwrap().len(), 2);
    assert_eq!(first["result"][0]["checkInDateTime"], "2026-03-02T12:00:00Z");
    assert_eq!(first["hasNext"], true);
    let rest = studio
        .answer(&format!("{span}&offset={}", first["offset"].as_str().unwrap()))
        .await;
    assert_eq!(rest["result"].as_array().unwrap().len(), 1);
    assert_eq!(rest["result"][0]["checkInDateTime"], "2026-03-04T12:00:00Z");
    assert_eq!(rest["hasNext"], false);

    refused(
        studio.get(&format!("{history}?fromDate=2025-01-01&toDate=2026-01-02")),
        400,
    )
    .await;
    refused(
        studio.get(&format!("{history}?fromDate=2026-01-02&toDate=2026-01-01")),
        400,
    )
    .await;
    refused(studio.get(&format!("{history}?sliceSize=51")), 400).await;
    studio
        .answer(&format!("{history}?fromDate=2025-01-01&toDate=2026-01-01"))
        .await;
}

#[tokio::test]
async fn the_studio_fills_with_check_ins_and_empties_with_check_outs() {
    let settings = SimulatorSettings {
        capacity: Some(80),
        ..SimulatorSettings::default()
    };
    let studio = Studio::with(settings).await;
    let now = clock::wall().to_string();
    let check_out = || {
        studio
            .request(Method::POST, "/v1/customers/1001/checkout")
            .json(&json!({ "checkOutDateTime": now }))
    };
    refused(check_out(), 400).await;
    ok(studio.check_in(1001, &now)).await;
    ok(studio.check_in(1002, &now)).await;
    let utilization = studio.answer("/v1/studios/utilization").await;
    assert_eq!(utilization, json!({ "count": 2, "capacity": 80 }));
    ok(check_out()).await;
    assert_eq!(studio.answer("/v1/studios/utilization").await["count"], 1);
    assert_eq!(
        studio.answer("/_simulator/check-ins").await[0]["checkOutDateTime"],
        now
    );
    let information = studio.answer("/v1/studios/information").await;
    assert_eq!(information["accessCodeConfiguration"]["enabled"], true);
}
