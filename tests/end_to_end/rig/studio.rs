//! The studio simulator as a process of its own, asked and steered over HTTP.

use std::io::{BufRead, BufReader};
use std::process::{Child, Command, Stdio};

use serde_json::{Value, json};

use super::PROGRAM;

/// A running simulator. It ends with this value.
pub(crate) struct Studio {
    process: Child,
    address: String,
    runtime: tokio::runtime::Runtime,
    client: reqwest::Client,
}

impl Studio {
    /// With `members` members, on a free port.
    pub(crate) fn start(members: u32) -> Self {
        Self::start_at("127.0.0.1:0", members)
    }

    pub(crate) fn start_at(listen: &str, members: u32) -> Self {
        let mut process = Command::new(PROGRAM)
            .args(["studio-simulator", "--listen", listen, "--seed", "1"])
            .args(["--members", &members.to_string()])
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        let mut lines = BufReader::new(process.stdout.take().unwrap()).lines();
        let address = lines
            .by_ref()
            .map_while(Result::ok)
            .find_map(|line| {
                let start = line.find("http://")?;
                let text = &line[start + "http://".len()..];
                Some(
                    text.chars()
                        .take_while(|c| !c.is_whitespace() && *c != '/')
                        .collect(),
                )
            })
            .expect("the simulator says where it listens");
        // Keeps the pipe from filling up.
        std::thread::spawn(move || lines.count());
        let _ = rustls::crypto::ring::default_provider().install_default();
        Self {
            process,
            address,
            runtime: tokio::runtime::Builder::new_current_thread()
                .enable_all()
                .build()
                .unwrap(),
            client: reqwest::Client::new(),
        }
    }

    /// Host and port.
    pub(crate) fn address(&self) -> &str {
        &self.address
    }

    /// The check-ins it has received, in order.
    pub(crate) fn check_ins(&self) -> Vec<Value> {
        match self.get("/_simulator/check-ins") {
            Value::Array(list) => list,
            other => panic!("expected a list of check-ins, got {other}"),
        }
    }

    /// Gives a member one more card.
    pub(crate) fn give_card(&self, customer: i64, decimal: &str) {
        let card = json!({ "type": "CARD_NUMBER", "value": decimal });
        self.put(&format!("/v1/customers/{customer}/access-medium"), &card);
    }

    pub(crate) fn get(&self, path: &str) -> Value {
        let request = self.client.get(format!("http://{}{path}", self.address));
        self.runtime
            .block_on(async { request.send().await.unwrap().json().await.unwrap() })
    }

    pub(crate) fn put(&self, path: &str, body: &Value) {
        let request = self
            .client
            .put(format!("http://{}{path}", self.address))
            .header("x-api-key", "simulator")
            .json(body);
        let status = self
            .runtime
            .block_on(async { request.send().await.unwrap().status() });
        assert!(status.is_success(), "PUT {path}: {status}");
    }

    pub(crate) fn delete(&self, path: &str) {
        let request = self.client.delete(format!("http://{}{path}", self.address));
        let status = self
            .runtime
            .block_on(async { request.send().await.unwrap().status() });
        assert!(status.is_success(), "DELETE {path}: {status}");
    }
}

impl Drop for Studio {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}
