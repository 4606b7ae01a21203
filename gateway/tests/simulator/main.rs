//! The simulated studio over real HTTP: it must behave as the vendor's description says, and fail as it is told.
#![expect(clippy::unwrap_used, clippy::indexing_slicing, reason = "this is a test")]

mod changes;
mod devices;
mod failures;
mod look_ups;
mod visits;

use reqwest::{Client, Method, RequestBuilder};
use serde_json::{Value, json};
use turnstile_gateway::simulator::{
    CardNumberFormat, SimulatedMember, Simulator, SimulatorSettings, Story, members,
};

/// A simulator and a client that has its key.
struct Studio {
    simulator: Simulator,
    client: Client,
}

impl Studio {
    async fn open() -> Self {
        Self::with(SimulatorSettings::default()).await
    }

    async fn with(settings: SimulatorSettings) -> Self {
        // Another test of this process may have installed it.
        let _ = rustls::crypto::ring::default_provider().install_default();
        let simulator = Simulator::start(settings).await.unwrap();
        let client = Client::builder().no_proxy().build().unwrap();
        Self { simulator, client }
    }

    fn request(&self, method: Method, path: &str) -> RequestBuilder {
        self.without_key(method, path).header("x-api-key", "simulator")
    }

    fn without_key(&self, method: Method, path: &str) -> RequestBuilder {
        self.client
            .request(method, format!("{}{path}", self.simulator.url()))
    }

    fn get(&self, path: &str) -> RequestBuilder {
        self.request(Method::GET, path)
    }

    async fn answer(&self, path: &str) -> Value {
        ok(self.get(path)).await
    }

    fn check_in(&self, id: i64, at: &str) -> RequestBuilder {
        self.request(Method::POST, &format!("/v1/customers/{id}/checkin"))
            .json(&json!({ "checkInDateTime": at }))
    }
}

/// The JSON of a successful answer; `null` where it has no body.
async fn ok(request: RequestBuilder) -> Value {
    let response = request.send().await.unwrap();
    let status = response.status();
    let text = response.text().await.unwrap();
    assert_eq!(status, 200, "{text}");
    if text.is_empty() {
        Value::Null
    } else {
        serde_json::from_str(&text).unwrap()
    }
}

/// Sends a request that must be refused with this status and an error body, and answers its message.
async fn refused(request: RequestBuilder, status: u16) -> String {
    let response = request.send().await.unwrap();
    assert_eq!(response.status(), status);
    let body: Value = response.json().await.unwrap();
    assert!(
        body["errorCode"].is_string() && body["traceId"].is_string(),
        "{body}"
    );
    body["errorMessage"].as_str().unwrap().to_owned()
}

/// The first member with this story.
fn member(story: Story) -> SimulatedMember {
    let SimulatorSettings {
        seed, members: count, ..
    } = SimulatorSettings::default();
    members(seed, count).find(|member| member.story == story).unwrap()
}

fn decimal(member: &SimulatedMember) -> String {
    CardNumberFormat::Decimal.write(&member.uid)
}
