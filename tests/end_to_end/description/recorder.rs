//! A proxy between those who ask and the studio that keeps what passes through it.

use std::sync::{Arc, Mutex};

use axum::Router;
use axum::body::{Body, to_bytes};
use axum::extract::{Request, State};
use axum::http::header::{CONTENT_TYPE, HOST};
use axum::http::{HeaderMap, Response};

/// More than any test sends.
const LONGEST: usize = 16 << 20;

/// One request and its answer.
#[derive(Clone, Debug)]
pub(super) struct Exchange {
    pub(super) method: String,
    pub(super) path: String,
    pub(super) query: Vec<(String, String)>,
    /// The media type of the request without its parameters.
    pub(super) content_type: String,
    pub(super) body: Vec<u8>,
    pub(super) status: u16,
    pub(super) answer: Vec<u8>,
}

/// A recording proxy. It ends with this value.
pub(super) struct Recorder {
    address: String,
    log: Arc<Mutex<Vec<Exchange>>>,
    _runtime: tokio::runtime::Runtime,
}

struct Passage {
    studio: String,
    client: reqwest::Client,
    log: Arc<Mutex<Vec<Exchange>>>,
}

impl Recorder {
    /// In front of the studio at this address.
    pub(super) fn start(studio: &str) -> Self {
        let runtime = tokio::runtime::Builder::new_multi_thread()
            .worker_threads(1)
            .enable_all()
            .build()
            .unwrap();
        let log = Arc::new(Mutex::new(Vec::new()));
        let passage = Passage {
            studio: studio.to_owned(),
            client: reqwest::Client::builder().no_proxy().build().unwrap(),
            log: Arc::clone(&log),
        };
        let router = Router::new().fallback(pass).with_state(Arc::new(passage));
        let listener = runtime
            .block_on(tokio::net::TcpListener::bind("127.0.0.1:0"))
            .unwrap();
        let address = listener.local_addr().unwrap().to_string();
        runtime.spawn(async { axum::serve(listener, router).await });
        Self {
            address,
            log,
            _runtime: runtime,
        }
    }

    /// Host and port.
    pub(super) fn address(&self) -> &str {
        &self.address
    }

    /// Everything so far.
    pub(super) fn exchanges(&self) -> Vec<Exchange> {
        self.log.lock().unwrap().clone()
    }
}

async fn pass(State(passage): State<Arc<Passage>>, request: Request) -> Response<Body> {
    let (mut head, body) = request.into_parts();
    let body = to_bytes(body, LONGEST).await.unwrap().to_vec();
    head.headers.remove(HOST);
    let content_type = media_type(&head.headers);
    let url: reqwest::Url = format!("http://{}{}", passage.studio, head.uri).parse().unwrap();
    let answer = passage
        .client
        .request(head.method.clone(), url.clone())
        .headers(head.headers)
        .body(body.clone())
        .send()
        .await
        .unwrap();
    let status = answer.status();
    let answer_type = media_type(answer.headers());
    let bytes = answer.bytes().await.unwrap().to_vec();
    passage.log.lock().unwrap().push(Exchange {
        method: head.method.to_string(),
        path: url.path().to_owned(),
        query: url.query_pairs().into_owned().collect(),
        content_type,
        body,
        status: status.as_u16(),
        answer: bytes.clone(),
    });
    Response::builder()
        .status(status)
        .header(CONTENT_TYPE, answer_type)
        .body(Body::from(bytes))
        .unwrap()
}

fn media_type(headers: &HeaderMap) -> String {
    let whole = headers.get(CONTENT_TYPE).and_then(|value| value.to_str().ok());
    let media_type = whole.and_then(|whole| whole.split(';').next());
    media_type.unwrap_or("application/json").trim().to_owned()
}
