//! The connections over which notifications come: so many at a time, and none that dawdles. Whoever reaches the port may
//! open them, and each takes a descriptor that readers and relays may need.

use std::time::Duration;

use axum::Router;
use hyper::server::conn::http1;
use hyper_util::rt::{TokioIo, TokioTimer};
use hyper_util::service::TowerToHyperService;
use tokio::net::TcpListener;
use tokio::task::JoinSet;
use tokio::time::{sleep, timeout};

use super::PATIENCE;

/// Connections at the same time; who comes after that waits.
const MOST: usize = 32;

/// The longest life of one. The proxy of the studio's notifications opens another.
const LONGEST: Duration = Duration::from_secs(60);

/// Pause when no connection can be taken, because this machine has no descriptor left.
const PAUSE: Duration = Duration::from_secs(1);

/// Serves `router` until it is dropped.
pub(super) async fn serve(listener: TcpListener, router: Router) {
    let mut connections = JoinSet::new();
    loop {
        while connections.try_join_next().is_some() {}
        if connections.len() >= MOST {
            connections.join_next().await;
        }
        let Ok((stream, _)) = listener.accept().await else {
            sleep(PAUSE).await;
            continue;
        };
        let connection = http1::Builder::new()
            .timer(TokioTimer::new())
            .header_read_timeout(PATIENCE)
            .serve_connection(TokioIo::new(stream), TowerToHyperService::new(router.clone()));
        // What becomes of it, whoever has opened it knows.
        connections.spawn(async { timeout(LONGEST, connection).await.map(drop) });
    }
}
