//! Takes connections, and lets go of them in order.

use crate::awaited::Awaited;
use crate::crowd::{Crowd, Place};
use crate::rate::Client;
use crate::seats::{Seat, Seats};
use crate::{Collector, door};
use hyper::Request;
use hyper::body::Incoming;
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::{TokioIo, TokioTimer};
use std::convert::Infallible;
use std::future::Future;
use std::io;
use std::net::{IpAddr, SocketAddr};
use std::pin::pin;
use std::sync::Arc;
use std::time::{Duration, Instant};
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::{TcpListener, TcpStream};

/// How long to wait when the system has no connection to give, for example for want of files.
const PAUSE: Duration = Duration::from_millis(50);

/// How often the log says so: somebody who opens connections all the time must not fill a disk.
const COMPLAINT: Duration = Duration::from_secs(10);

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
         move counters as a Snowplow tracker; listen on 127.0.0.1 or [::1], or say in \
         `[collector] app_ids` whose events are taken (`[\"*\"]` for anybody's)"
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
    /// A proxy is none.
    #[error("`{network}` is neither an address nor a network such as `10.0.0.0/8`")]
    Proxy {
        /// What was given.
        network: String,
    },
    /// An origin is none.
    #[error("`{origin}` is no origin; write `https://host` or `https://host:port`")]
    Origin {
        /// What was given.
        origin: String,
    },
}

impl Collector {
    /// Refuses an address that other machines can reach, unless it is said whose Snowplow events
    /// are taken. What one client may send is limited in any case.
    ///
    /// # Errors
    ///
    /// When it is refused.
    pub fn check_address(address: SocketAddr, has_app_ids: bool) -> Result<(), ServeError> {
        if !has_app_ids && !door::is_loopback(address.ip()) {
            return Err(ServeError::NotLoopback { address });
        }
        Ok(())
    }

    /// Serves until `shutdown` is ready; then takes no more connections, answers the requests
    /// that are open, and returns. The tracker stays open.
    ///
    /// # Errors
    ///
    /// When [`check_address`](Self::check_address) refuses the listener's.
    pub async fn run(
        self,
        listener: TcpListener,
        shutdown: impl Future<Output = ()>,
    ) -> Result<(), ServeError> {
        let address = listener.local_addr().map_err(ServeError::Address)?;
        Self::check_address(address, self.door.app_ids.is_some())?;
        self.say_who_may_ask(address);
        let limits = self.limits;
        let micro = self.micro.clone();
        let collector = Arc::new(self);
        let seats = Arc::new(Seats::new(limits.connections, limits.silence));
        let crowd = Crowd::default();
        let certificate = collector.tls.as_ref().map(|it| it.watch(&limits));
        let mut shutdown = pin!(shutdown);
        let mut complained = None;
        loop {
            let accepted = tokio::select! {
                biased;
                () = &mut shutdown => break,
                accepted = listener.accept() => accepted,
            };
            let (stream, peer) = match accepted {
                Ok(accepted) => accepted,
                Err(error) => {
                    collector.refusals.count("not_accepted");
                    complain(&error, &mut complained);
                    tokio::time::sleep(PAUSE).await;
                    continue;
                }
            };
            // Only who is there makes others leave.
            let seat = tokio::select! {
                biased;
                () = &mut shutdown => break,
                seat = seats.take() => seat,
            };
            let Some(place) = collector.place(&crowd, peer.ip()) else {
                collector.refusals.count("too_many_connections");
                continue;
            };
            let collector = Arc::clone(&collector);
            tokio::spawn(async move {
                serve(collector, stream, (peer.ip(), &seat)).await;
                drop((seat, place));
            });
        }
        drop(listener);
        if let Some(it) = certificate {
            it.abort();
        }
        if let Some(it) = micro {
            it.close();
        }
        if tokio::time::timeout(limits.shutdown_time, seats.close()).await.is_err() {
            tracing::warn!("some requests were not answered in time");
        }
        Ok(())
    }
}

impl Collector {
    /// Says who may ask, so that nobody needs to find out.
    fn say_who_may_ask(&self, address: SocketAddr) {
        let tokens = &self.door.tokens;
        if tokens.is_empty() {
            tracing::info!(
                %address,
                "no token is configured: only programs on this machine, and pages of allowed \
                 origins in its browsers, may track events and read metrics over REST; requests \
                 through a proxy or for another Host are refused"
            );
        } else {
            let names = tokens.names().join(", ");
            tracing::info!(%address, tokens = names, "REST needs one of the tokens");
        }
        match &self.door.app_ids {
            None => tracing::info!("Snowplow trackers may send from this machine"),
            Some(app_ids) => tracing::info!(
                app_ids = app_ids.join(", "),
                events_per_second = self.limits.rate.events_per_second,
                burst = self.limits.rate.burst,
                "Snowplow trackers may send from anywhere, as these applications and so many \
                 events each client"
            ),
        }
    }

    /// Finds a place for a connection; none if its client has as many as it may.
    fn place(&self, crowd: &Crowd, peer: IpAddr) -> Option<Place> {
        if door::is_loopback(peer) || self.door.proxies.trust(peer) {
            return Some(Place::default());
        }
        crowd.admit(Client::from(peer), self.limits.connections_per_client)
    }
}

/// Says now and then why nobody can connect, and what to do about it.
fn complain(error: &io::Error, complained: &mut Option<Instant>) {
    if complained.is_some_and(|it| it.elapsed() < COMPLAINT) {
        return;
    }
    *complained = Some(Instant::now());
    tracing::warn!(
        error = error as &dyn std::error::Error,
        "cannot take connections; for want of files, raise the limit that `ulimit -n` shows, and \
         start the server again"
    );
}

async fn serve(collector: Arc<Collector>, stream: TcpStream, (peer, seat): (IpAddr, &Seat)) {
    // An answer is one small write; there is nothing to wait for. Without it we are only slower.
    let _ = stream.set_nodelay(true);
    let Some(tls) = &collector.tls else {
        return talk(&collector, stream, (peer, seat)).await;
    };
    let shaken = tokio::select! {
        shaken = tls.accept(stream, &collector.limits) => shaken,
        () = seat.has_to_go(collector.limits.first_head_time) => None,
    };
    match shaken {
        Some(stream) => talk(&collector, stream, (peer, seat)).await,
        None if seat.is_closed() => {}
        None => collector.refusals.count("no_handshake"),
    }
}

/// Answers what comes over a connection, until it or the server ends.
async fn talk(
    collector: &Arc<Collector>,
    stream: impl AsyncRead + AsyncWrite + Unpin,
    (peer, seat): (IpAddr, &Seat),
) {
    let limits = collector.limits;
    let service = service_fn(|request: Request<Incoming>| {
        let collector = Arc::clone(collector);
        let request = request.map(|body| Awaited::new(body, seat));
        async move {
            let answer = collector.answer(peer, request).await;
            seat.is_answered();
            Ok::<_, Infallible>(answer)
        }
    });
    let connection = http1::Builder::new()
        .timer(TokioTimer::new())
        // A date before 1970 makes a panic of the header, and no event is taken by such a clock.
        .auto_date_header(collector.tracker.now_ms() >= 0)
        .header_read_timeout(limits.head_time)
        .max_buf_size(limits.head_bytes)
        // Who has said all may close its half and still wants the answer.
        .half_close(true)
        // Answers are short: the system takes one piece for less than it takes two.
        .writev(false)
        .serve_connection(TokioIo::new(stream), service);
    let mut connection = pin!(connection);
    let result = tokio::select! {
        // First, so that whoever has just asked is not sent away.
        biased;
        result = connection.as_mut() => result,
        () = seat.has_to_go(limits.first_head_time) => {
            if !seat.is_closed() && seat.is_sending() {
                return collector.refusals.count("slow_body");
            }
            if !seat.is_closed() && !seat.is_asking() {
                return collector.refusals.count("no_request");
            }
            connection.as_mut().graceful_shutdown();
            connection.await
        }
    };
    if let Err(error) = result {
        // The caller went away, or sent what is no HTTP; hyper has answered what can be.
        if error.is_parse_too_large() {
            collector.refusals.count("large_head");
        } else if error.is_parse() {
            collector.refusals.count("unreadable_head");
        }
        tracing::debug!(error = &error as &dyn std::error::Error, "a connection ended early");
    }
}
