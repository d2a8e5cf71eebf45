//! Looks at a running server, over HTTP.

use super::{Source, Watched};
use crate::https;
use crate::monitor::limits::Limits;
use crate::monitor::snapshot::{DeliveryNow, Entry, MetricNow, Snapshot};
use anyhow::{Context as _, anyhow, bail, ensure};
use internal_events_catalog::Catalog;
use jiff::Timestamp;
use serde_json::Value;
use std::path::PathBuf;
use ureq::Agent;
use ureq::http::Uri;

const METRICS: &str = "/api/v4/usage_data/metrics";
const EVENTS: &str = "/api/v4/usage_data/events";

/// Which server to ask, and as whom.
#[derive(Debug, clap::Args)]
pub(in crate::monitor) struct RemoteArgs {
    /// Look at a running server, such as `http://127.0.0.1:8080`, and not into the data directory.
    #[arg(long, value_name = "URL")]
    pub(in crate::monitor) server: Option<String>,

    /// A file with a token for the server, of the scopes `read_metrics` and `debug`.
    #[arg(long, value_name = "FILE", requires = "server")]
    token_file: Option<PathBuf>,
}

/// A running server.
pub(in crate::monitor) struct Remote {
    agent: Agent,
    base: String,
    /// Never shown: this has no `Debug`.
    token: Option<String>,
    watched: Watched,
    limits: Limits,
    recent: usize,
    after: Option<u64>,
}

/// What a server answered, if it was no success.
struct Refusal {
    status: u16,
    detail: String,
}

impl Remote {
    /// Asks a server what the arguments name there.
    pub(in crate::monitor) fn open(
        args: &RemoteArgs,
        server: &str,
        wanted: &[String],
        recent: usize,
    ) -> anyhow::Result<Self> {
        let limits = Limits::DEFAULT;
        let config = Agent::config_builder()
            .tls_config(https::trusting(None)?)
            .http_status_as_error(false)
            // A token is for the server that was named, and for no other.
            .max_redirects(0)
            .timeout_global(Some(limits.patience))
            .build();
        let mut remote = Self {
            agent: config.new_agent(),
            base: base(server)?,
            token: token(args)?,
            watched: Watched::default(),
            limits,
            recent: recent.min(limits.events_at_once),
            after: None,
        };
        remote.resolve(wanted)?;
        Ok(remote)
    }

    /// Learns which events the metrics count, from definitions that are here.
    pub(in crate::monitor) fn learn(&mut self, catalog: &Catalog) {
        self.watched.learn(catalog);
    }

    /// Finds out which arguments are events, and which begin key paths.
    fn resolve(&mut self, wanted: &[String]) -> anyhow::Result<()> {
        for name in wanted {
            let Err(event) = self.ask(METRICS, &[("event", name)])? else {
                self.watched.events.push(name.clone());
                continue;
            };
            event.unless(404, &self.base)?;
            let beginning = name.trim_end_matches('*');
            if self.beginning_with(&[beginning.to_owned()])?.is_empty() {
                // The server knows what may be meant.
                let metric = self.ask(METRICS, &[("key_path", beginning)])?.err();
                let metric = metric.map(|it| it.detail).unwrap_or_default();
                let (base, event) = (&self.base, event.detail);
                bail!("{base} has nothing to watch under `{name}`: {event} {metric}");
            }
            self.watched.key_paths.push(beginning.to_owned());
        }
        Ok(())
    }

    fn metrics(&self) -> anyhow::Result<Vec<MetricNow>> {
        let Watched { events, key_paths, .. } = &self.watched;
        if self.watched.is_everything() {
            return self.values(&[]);
        }
        let mut metrics = if events.is_empty() { Vec::new() } else { self.values(events)? };
        if !key_paths.is_empty() {
            metrics.extend(self.beginning_with(key_paths)?);
        }
        metrics.sort_by(|a, b| a.key_path.cmp(&b.key_path));
        metrics.dedup_by(|a, b| a.key_path == b.key_path);
        Ok(metrics)
    }

    /// The metrics whose key paths begin so; a server has no such question.
    fn beginning_with(&self, key_paths: &[String]) -> anyhow::Result<Vec<MetricNow>> {
        let mut metrics = self.values(&[])?;
        metrics.retain(|metric| key_paths.iter().any(|it| metric.key_path.starts_with(it)));
        Ok(metrics)
    }

    /// The metrics that count some events, or all metrics.
    fn values(&self, events: &[String]) -> anyhow::Result<Vec<MetricNow>> {
        let mut query = vec![("include_current_week", "true")];
        query.extend(events.iter().map(|it| ("event", it.as_str())));
        match self.ask(METRICS, &query)? {
            Ok(report) => Ok(MetricNow::all(&report)),
            Err(refusal) => Err(refusal.into_error(&self.base)),
        }
    }

    /// The events after those that were seen, as many as one answer has.
    fn events(&self) -> anyhow::Result<Result<(u64, Vec<Entry>), Refusal>> {
        let limit = match self.after {
            Some(_) => self.limits.events_at_once,
            None => self.recent.max(1),
        };
        let mut query = vec![("limit", limit.to_string())];
        query.extend(self.after.map(|it| ("after", it.to_string())));
        if let ([event], []) = (&self.watched.events[..], &self.watched.key_paths[..]) {
            query.push(("event", event.clone()));
        }
        let query: Vec<(&str, &str)> = query.iter().map(|(k, v)| (*k, v.as_str())).collect();
        let mut answer = match self.ask(EVENTS, &query)? {
            Ok(answer) => answer,
            Err(refusal) => return Ok(Err(refusal)),
        };
        let last = answer["last"].as_u64().context("the server's answer has no `last`")?;
        let Value::Array(events) = answer["events"].take() else {
            bail!("the server's answer has no `events`");
        };
        let mut events: Vec<Entry> = events.into_iter().map(Entry::read).collect();
        if self.after.is_none() {
            // One was asked for only to learn where the journal ends.
            events.drain(..events.len().saturating_sub(self.recent));
        }
        Ok(Ok((last, events)))
    }

    /// Asks for a page: its JSON, or why it is refused.
    fn ask(&self, path: &str, query: &[(&str, &str)]) -> anyhow::Result<Result<Value, Refusal>> {
        let failed = || format!("{} cannot be asked", self.base);
        // A connection that was kept open may have ended meanwhile, so a second one is tried.
        let answer = self.call(path, query).or_else(|_| self.call(path, query));
        let mut answer = answer.with_context(failed)?;
        let status = answer.status().as_u16();
        let body = answer.body_mut().with_config().limit(self.limits.answer_bytes).read_to_vec();
        let body: Option<Value> = serde_json::from_slice(&body.with_context(failed)?).ok();
        if status == 200 {
            let no_json =
                || anyhow!("{} does not answer in JSON; is it another server?", self.base);
            return Ok(Ok(body.ok_or_else(no_json)?));
        }
        let detail = body.as_ref().and_then(|it| it["detail"].as_str());
        let detail = detail.unwrap_or("it does not say why").to_owned();
        Ok(Err(Refusal { status, detail }))
    }

    fn call(
        &self,
        path: &str,
        query: &[(&str, &str)],
    ) -> Result<ureq::http::Response<ureq::Body>, ureq::Error> {
        let mut request = self.agent.get(format!("{}{path}", self.base));
        for (name, value) in query {
            request = request.query(*name, *value);
        }
        if let Some(token) = &self.token {
            request = request.header("PRIVATE-TOKEN", token);
        }
        request.call()
    }
}

impl Source for Remote {
    fn place(&self) -> String {
        self.base.clone()
    }

    fn look(&mut self) -> anyhow::Result<Snapshot> {
        let mut notes = Vec::new();
        let (last, events) = match self.events()? {
            Ok((last, events)) => (Some(last), events),
            Err(refusal) if refusal.status == 403 => {
                notes.push(format!("Events are not shown: {}", refusal.detail));
                (None, Vec::new())
            }
            Err(refusal) => return Err(refusal.into_error(&self.base)),
        };
        // Nothing is marked as seen before all is read, so that a look that fails loses nothing.
        let metrics = self.metrics()?;
        let health = match self.ask("/healthz", &[])? {
            Ok(health) => health["events"].clone(),
            Err(refusal) => return Err(refusal.into_error(&self.base)),
        };
        if health.is_null() {
            notes.push("Delivery is not shown: this needs the scope `read_metrics`.".to_owned());
        }
        self.after = last.or(self.after);
        let events = self.watched.of(events, &metrics);
        Ok(Snapshot {
            now: Timestamp::now().as_millisecond(),
            deliveries: DeliveryNow::all(&health["destinations"]),
            kept_aside: health["quarantined"].as_u64().unwrap_or_default(),
            metrics,
            events,
            notes,
            definitions: None,
        })
    }
}

impl Refusal {
    /// Fails unless it is what one has reckoned with.
    fn unless(&self, status: u16, base: &str) -> anyhow::Result<()> {
        ensure!(self.status == status, "{}", self.text(base));
        Ok(())
    }

    fn into_error(self, base: &str) -> anyhow::Error {
        anyhow!(self.text(base))
    }

    fn text(&self, base: &str) -> String {
        let Self { status, detail } = self;
        let advice = match status {
            401 => "; give --token-file, or set INTERNAL_EVENTS_TOKEN",
            403 => "; `internal-events token` makes one that may",
            _ => "",
        };
        format!("{base} answers {status}: {detail}{advice}")
    }
}

/// The address of a server without a slash at its end.
fn base(server: &str) -> anyhow::Result<String> {
    let uri: Option<Uri> = server.parse().ok();
    let scheme = uri.as_ref().and_then(Uri::scheme_str);
    let is_plain = uri.as_ref().is_some_and(|it| it.query().is_none() && !server.contains('@'));
    ensure!(
        matches!(scheme, Some("http" | "https")) && is_plain,
        "--server is `{server}`; it should be what `internal-events serve` prints after \
         `listening on`, such as http://127.0.0.1:8080"
    );
    Ok(server.trim_end_matches('/').to_owned())
}

/// The token of the file or of the environment.
fn token(args: &RemoteArgs) -> anyhow::Result<Option<String>> {
    let text = match &args.token_file {
        Some(path) => std::fs::read_to_string(path)
            .with_context(|| format!("cannot read the token in {}", path.display()))?,
        None => std::env::var("INTERNAL_EVENTS_TOKEN").unwrap_or_default(),
    };
    let text = text.trim();
    ensure!(
        text.bytes().all(|it| it.is_ascii_graphic()),
        "the token is not one line of letters and digits as `internal-events token` prints it"
    );
    Ok((!text.is_empty()).then(|| text.to_owned()))
}
