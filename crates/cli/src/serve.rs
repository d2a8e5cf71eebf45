//! `internal-events serve`: accepts events over HTTP.

mod files;
mod shown;
mod threads;

use self::shown::Pages;
use crate::advice::NoThread;
use crate::context::{Context, RedisArgs, SnowplowArgs};
use crate::output;
use anyhow::{Context as _, Error, bail, ensure};
use internal_events::Tracker;
use internal_events_collector::{
    Collector, CountRule, Forwarding, Limits, Listing, Reload, Tls, Token,
};
use internal_events_installation::{
    Change, Installation, RateLimit, Settings, Watch, metric_definitions,
};
use std::future::Future;
use std::io;
use std::net::{SocketAddr, ToSocketAddrs as _};
use std::process::ExitCode;
use std::sync::mpsc;
use std::time::{Duration, Instant};
use tokio::net::TcpListener;
use tokio::signal::unix::{SignalKind, signal};

/// How long the journal may take to be written once the last request is answered.
const LAST_WAIT: Duration = Duration::from_secs(10);

/// How often definitions are looked at; a change counts after two looks at the most.
const LOOK: Duration = Duration::from_secs(1);

/// Where to listen unless told otherwise.
pub(crate) const LISTEN: &str = "127.0.0.1:8080";

/// How much longer than a look the rest after it is, so that thousands of files take no more than
/// a hundredth of a processor; and the longest rest.
const RESTS: u32 = 100;
const LONGEST_REST: Duration = Duration::from_secs(5);

#[derive(Debug, clap::Args)]
pub(crate) struct ServeArgs {
    /// Where to listen; port 0 takes a free one. An address that other machines can reach needs
    /// `[collector] app_ids`.
    #[arg(long, value_name = "ADDRESS", default_value = LISTEN)]
    listen: String,

    /// Keep what Snowplow trackers send in memory too, the newest of it, and show it at `/micro/`
    /// to whoever may see single events. It is for tests and development.
    #[arg(long)]
    micro: bool,

    /// Serve a page at `/demo` to try out every way in which pages send events, and what each
    /// moves, to whoever may use REST. It is for development.
    #[arg(long)]
    dev: bool,

    #[command(flatten)]
    redis: RedisArgs,

    #[command(flatten)]
    snowplow: SnowplowArgs,
}

pub(crate) fn run(args: ServeArgs, cx: &Context) -> anyhow::Result<ExitCode> {
    let installation = cx.installation_for_tracking(&args.redis, &args.snowplow)?;
    let settings = installation.settings();
    // Before the data directory is touched: whoever listens for strangers should mean it.
    let listeners = resolve(&args.listen)?;
    let tokens = tokens(settings)?;
    for address in &listeners {
        Collector::check_address(*address, settings.collector_app_ids.is_some())?;
    }
    let address = listeners[0];
    let tls = settings.collector_tls.as_ref();
    let tls = tls.map(|it| Tls::load(cx.root().join(&it.certificate), cx.root().join(&it.key)));
    let tls = tls.transpose().context("cannot serve over TLS")?;
    let data = cx.data(&installation);
    let pages = args.micro.then(Pages::default);
    let mut config = installation.tracker_config(&data)?;
    if let Some(pages) = pages.as_ref().filter(|_| settings.enabled) {
        config = pages.shown_by(config, installation.snowplow(&data)?);
    }
    let tracker = Tracker::open(config)
        .with_context(|| format!("cannot use the data directory {}", data.display()))?;
    if !installation.settings().enabled {
        tracing::warn!("tracking is switched off: every event will be refused");
    }
    for it in tracker.forget_destinations().context("cannot look after the destinations")? {
        tracing::warn!(
            destination = it.destination,
            pending = it.pending,
            "this destination is not configured any more; what it had still to take is dropped"
        );
    }
    let runtime =
        threads::runtime().map_err(|source| NoThread { what: "the server's threads", source })?;
    let limits = limits(installation.settings().collector_rate_limit);
    let limits = Limits { connections: files::connections(limits.connections), ..limits };
    let collector = collector(tracker.clone(), installation.settings(), limits)?.tokens(tokens);
    let scheme = if tls.is_some() { "https" } else { "http" };
    let collector = match tls {
        Some(tls) => collector.tls(tls),
        None => collector,
    };
    let collector = if args.micro { collector.with_micro() } else { collector };
    let collector = if args.dev { collector.with_demo() } else { collector };
    if let (Some(pages), Some(micro)) = (pages, collector.micro()) {
        pages.open(micro);
    }
    let collector = collector.listing(listing(&installation));
    let watcher = Watcher::start(installation, collector.reload())?;
    runtime.block_on(serve(collector, address, scheme))?;
    drop(watcher);
    if !tracker.shut_down(LAST_WAIT) {
        bail!("the journal was not written in time");
    }
    tracing::info!("shut down");
    Ok(ExitCode::SUCCESS)
}

pub(crate) fn collector(
    tracker: Tracker,
    settings: &Settings,
    limits: Limits,
) -> anyhow::Result<Collector> {
    let mut collector = Collector::new(tracker, limits)
        .paths(&settings.collector_paths)?
        .trusted_proxies(&settings.collector_trusted_proxies)?
        .count_snowplow(count_rules(settings));
    if settings.snowplow.is_on() && settings.snowplow.forward {
        let app_id_suffix = settings.snowplow.app_id_suffix();
        collector = collector.forwarding(Forwarding { app_id_suffix });
    }
    if let Some(origins) = &settings.collector_origins {
        collector = collector.origins(origins)?;
    }
    if let Some(app_ids) = &settings.collector_app_ids {
        collector = collector.app_ids(app_ids);
    }
    Ok(collector)
}

fn count_rules(settings: &Settings) -> Vec<CountRule> {
    let rules = settings.count_snowplow.iter().cloned();
    let rules = rules.map(|it| CountRule {
        app_id: it.app_id,
        tracker: it.tracker,
        source: it.source,
        count: it.count,
    });
    rules.collect()
}

pub(crate) fn limits(configured: RateLimit) -> Limits {
    let mut limits = Limits { rate_on_loopback: configured.loopback, ..Limits::default() };
    if let Some(it) = configured.events_per_second {
        limits.rate.events_per_second = it.get();
    }
    if let Some(it) = configured.burst {
        limits.rate.burst = it.get();
    }
    limits
}

pub(crate) fn tokens(settings: &Settings) -> anyhow::Result<Vec<Token>> {
    let tokens = settings.collector_tokens.iter();
    let tokens = tokens.map(|it| Token::new(&it.name, &it.sha256, &it.scopes));
    tokens.collect::<Result<_, _>>().context("a token in `[[collector.tokens]]` is wrong")
}

fn listing(installation: &Installation) -> Listing {
    let metrics = installation.sources().metrics.clone();
    Listing::new(move |include_paths| metric_definitions(&metrics, include_paths))
}

/// Looks for changed definitions until it is dropped.
struct Watcher {
    /// Dropping it ends the thread.
    _stop: mpsc::Sender<()>,
}

impl Watcher {
    fn start(installation: Installation, reload: Reload) -> anyhow::Result<Self> {
        let (stop, stopped) = mpsc::channel();
        let look = move || {
            let mut watch = Watch::new(installation, |name: &str| std::env::var(name).ok());
            let mut rest = LOOK;
            while stopped.recv_timeout(rest) == Err(mpsc::RecvTimeoutError::Timeout) {
                let started = Instant::now();
                let change = watch.look();
                rest = (started.elapsed() * RESTS).clamp(LOOK, LONGEST_REST);
                match change {
                    Some(Change::Replaced(catalog)) => {
                        reload.replace(catalog, listing(watch.current()));
                    }
                    Some(Change::Kept(reason)) => reload.keep(format!("{:#}", Error::from(reason))),
                    None => {}
                }
            }
        };
        let thread = std::thread::Builder::new().name("definitions".to_owned());
        let what = "the thread that looks for new definitions";
        thread.spawn(look).map_err(|source| NoThread { what, source })?;
        Ok(Self { _stop: stop })
    }
}

/// Finds the addresses that may be listened on; there is one at least.
pub(crate) fn resolve(listen: &str) -> anyhow::Result<Vec<SocketAddr>> {
    let addresses = listen.to_socket_addrs();
    let addresses = addresses.with_context(|| {
        format!("`{listen}` is no address to listen on; write one as 127.0.0.1:8080 or [::1]:8080")
    })?;
    let addresses: Vec<SocketAddr> = addresses.collect();
    ensure!(!addresses.is_empty(), "`{listen}` has no address");
    Ok(addresses)
}

async fn serve(collector: Collector, address: SocketAddr, scheme: &str) -> anyhow::Result<()> {
    // Before anybody is told that the server is ready: whoever reads that may end it at once.
    let stop = stop().context("cannot listen for signals")?;
    let listener = TcpListener::bind(address).await;
    let listener = listener.with_context(|| format!("cannot listen on {address}"))?;
    let address = listener.local_addr().context("cannot tell where the server listens")?;
    let server = format!("{scheme}://{address}");
    output::print(&format!("listening on {server}\n"))?;
    let element = Collector::script_element(&server);
    tracing::info!(%element, "pages load the browser package with this");
    if collector.micro().is_some() {
        tracing::info!(page = format!("{server}/micro/ui"), "events are shown");
    }
    if collector.has_demo() {
        tracing::info!(page = format!("{server}/demo"), "ways to send events can be tried out");
    }
    Ok(collector.run(listener, stop).await?)
}

/// Becomes ready when the program is asked to end.
fn stop() -> io::Result<impl Future<Output = ()>> {
    let mut terminate = signal(SignalKind::terminate())?;
    let mut interrupt = signal(SignalKind::interrupt())?;
    Ok(async move {
        tokio::select! {
            _ = terminate.recv() => {}
            _ = interrupt.recv() => {}
        }
    })
}
