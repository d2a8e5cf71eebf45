//! Takes connections, and lets go of them in order.

use crate::{Collector, door};
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::{TokioIo, TokioTimer};
use std::convert::Infallible;
use std::future::Future;
use std::io;
use std::net::{IpAddr, SocketAddr};
use std::pin::pin;
use std::sync::Arc;
use std::time::Duration;
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{Semaphore, watch};

/// How long to wait when the system has no connection to give, for example for want of files.
const PAUSE: Duration = Duration::from_millis(50);

/// Why nothing is served.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ServeError {
    /// The listener has no address.
    #[error("cannot tell where the listener listens")]
    Address(#[source] io::Error),
    /// The listener can be reached from other machines.
    #[error(
        "{address} can be reached from other machines, and whoever reaches the collector can \
         move counters; listen on 127.0.0.1 or [::1]"
    )]
    NotLoopback {
        /// Where it listens.
        address: SocketAddr,
    },
    /// A path is none that a Snowplow tracker sends to.
    #[error("`{path}` is no path for Snowplow trackers; write `/vendor/version`")]
    Path {
        /// What was given.
        path: String,
    },
    /// An origin is none.
    #[error("`{origin}` is no origin; write `https://host` or `https://host:port`")]
    Origin {
        /// What was given.
        origin: String,
    },
}

impl Collector {
    /// Refuses an address that other machines can reach.
    ///
    /// # Errors
    ///
    /// When it is not a loopback address.
    pub fn check_address(address: SocketAddr) -> Result<(), ServeError> {
        if !door::is_loopback(address.ip()) {
            return Err(ServeError::NotLoopback { address });
        }
        Ok(())
    }

    /// Serves until `shutdown` is ready; then takes no more connections, answers the requests
    /// that are open, and returns. The tracker stays open.
    ///
    /// # Errors
    ///
    /// When the listener is not on a loopback address.
    pub async fn run(
        self,
        listener: TcpListener,
        shutdown: impl Future<Output = ()>,
    ) -> Result<(), ServeError> {
        let address = listener.local_addr().map_err(ServeError::Address)?;
        Self::check_address(address)?;
        tracing::info!(
            %address,
            "only programs on this machine may track events and read metrics: requests through \
             a proxy, for another Host or from a web page are refused, but for what Snowplow \
             trackers send from pages of allowed origins"
        );
        let limits = self.limits;
        let collector = Arc::new(self);
        let connections = Arc::new(Semaphore::new(limits.connections));
        let (closing, closed) = watch::channel(false);
        let mut shutdown = pin!(shutdown);
        loop {
            let accepted = tokio::select! {
                biased;
                () = &mut shutdown => break,
                accepted = accept(&listener, &connections) => accepted,
            };
            let (stream, peer, permit) = accepted;
            let (collector, closed) = (Arc::clone(&collector), closed.clone());
            tokio::spawn(async move {
                serve(collector, stream, peer.ip(), closed).await;
                drop(permit);
            });
        }
        drop((listener, closed));
        // Every connection holds a receiver; when the last is gone, all are answered.
        let _ = closing.send(true);
        if tokio::time::timeout(limits.shutdown_time, closing.closed()).await.is_err() {
            tracing::warn!("some requests were not answered in time");
        }
        Ok(())
    }
}

/// Waits for a connection, and for the right to serve it.
async fn accept(
    listener: &TcpListener,
    connections: &Arc<Semaphore>,
) -> (TcpStream, SocketAddr, tokio::sync::OwnedSemaphorePermit) {
    let permit = Arc::clone(connections).acquire_owned().await;
    let permit = permit.expect("invariant: the semaphore of connections is never closed");
    loop {
        match listener.accept().await {
            Ok((stream, peer)) => return (stream, peer, permit),
            Err(error) => {
                tracing::warn!(error = &error as &dyn std::error::Error, "cannot take connections");
                tokio::time::sleep(PAUSE).await;
            }
        }
    }
}

async fn serve(
    collector: Arc<Collector>,
    stream: TcpStream,
    peer: IpAddr,
    mut closed: watch::Receiver<bool>,
) {
    // An answer is one small write; there is nothing to wait for. Without it we are only slower.
    let _ = stream.set_nodelay(true);
    let limits = collector.limits;
    let service = service_fn(|request| {
        let collector = Arc::clone(&collector);
        async move { Ok::<_, Infallible>(collector.answer(peer, request).await) }
    });
    let connection = http1::Builder::new()
        .timer(TokioTimer::new())
        .header_read_timeout(limits.head_time)
        .max_buf_size(limits.head_bytes)
        // Who has said all may close its half and still wants the answer.
        .half_close(true)
        .serve_connection(TokioIo::new(stream), service);
    let mut connection = pin!(connection);
    let result = tokio::select! {
        result = connection.as_mut() => result,
        _ = closed.changed() => {
            connection.as_mut().graceful_shutdown();
            connection.await
        }
    };
    if let Err(error) = result {
        // The caller went away, or sent what is no HTTP; hyper has answered what can be.
        tracing::debug!(error = &error as &dyn std::error::Error, "a connection ended early");
    }
}
