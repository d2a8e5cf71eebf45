//! Looks into a data directory.

use super::{Source, Watched};
use crate::context::{Context, counters_in};
use crate::metrics::today;
use crate::monitor::limits::Limits;
use crate::monitor::snapshot::{DeliveryNow, Entry, MetricNow, Snapshot};
use anyhow::{Context as _, bail};
use internal_events::store::{
    CounterReader, Page, Reader, RedisOptions, Sqlite, SqliteReader, Status,
};
use internal_events::{
    Catalog, DestinationHealth, Health, Window, entry_json, evaluate, health_json, report_json,
};
use internal_events_installation::{Change, Installation, Watch};
use jiff::Timestamp;
use std::collections::{BTreeMap, BTreeSet};
use std::path::PathBuf;
use std::sync::Arc;

/// Looks up environment variables.
type Env = fn(&str) -> Option<String>;

/// A data directory, with the counters in Redis if they are there.
pub(in crate::monitor) struct Local {
    data: PathBuf,
    redis: Option<RedisOptions>,
    /// Where counters are, for a person.
    counters_at: String,
    watch: Watch<Env>,
    catalog: Arc<Catalog>,
    /// Why changed definitions do not count.
    kept: Option<String>,
    wanted: Vec<String>,
    watched: Watched,
    key_paths: Vec<String>,
    limits: Limits,
    /// How many of the events before the first look it finds.
    recent: usize,
    after: Option<u64>,
    journal: Option<SqliteReader>,
    counters: Option<Box<dyn CounterReader>>,
}

impl Local {
    pub(in crate::monitor) fn open(
        cx: &Context,
        installation: Installation,
        wanted: &[String],
        recent: usize,
    ) -> anyhow::Result<Self> {
        let catalog = Arc::new(installation.catalog());
        let watched = resolve(&catalog, wanted)?;
        let env: Env = |name| std::env::var(name).ok();
        Ok(Self {
            data: cx.data(&installation),
            redis: installation.redis()?,
            counters_at: cx.counters_at(&installation),
            watch: Watch::new(installation, env),
            kept: None,
            wanted: wanted.to_owned(),
            key_paths: key_paths(&catalog, &watched),
            catalog,
            watched,
            limits: Limits::DEFAULT,
            recent,
            after: None,
            journal: None,
            counters: None,
        })
    }

    /// The definitions that count there.
    pub(in crate::monitor) fn catalog(&self) -> Arc<Catalog> {
        Arc::clone(&self.catalog)
    }

    /// Opens what is there by now: it may be that nothing was tracked yet.
    fn open_data(&mut self) -> anyhow::Result<()> {
        if self.journal.as_ref().is_some_and(|it| !it.is_current()) {
            // It was deleted or replaced: what is there now is another journal, from its beginning.
            (self.journal, self.counters, self.after) = (None, None, Some(0));
        }
        if self.journal.is_none() {
            self.journal = Sqlite::reader(&self.data).with_context(|| {
                format!("cannot read the data directory {}", self.data.display())
            })?;
            // Counters that were opened without a journal do not know what it has still to count.
            if self.journal.is_some() || self.counters.is_none() {
                self.counters = counters_in(&self.data, self.redis.clone())?;
            }
        }
        Ok(())
    }

    /// Looks whether definitions changed, and gives the new ones.
    fn changed_definitions(&mut self) -> Option<Arc<Catalog>> {
        let catalog = match self.watch.look()? {
            Change::Replaced(catalog) => Arc::new(catalog),
            Change::Kept(reason) => {
                self.kept = Some(format!("Definitions from before go on to count: {reason}"));
                return None;
            }
        };
        match resolve(&catalog, &self.wanted) {
            Ok(watched) => {
                self.key_paths = key_paths(&catalog, &watched);
                (self.watched, self.kept) = (watched, None);
                self.catalog = Arc::clone(&catalog);
                Some(catalog)
            }
            Err(error) => {
                self.kept = Some(format!("The definitions changed: {error:#}"));
                None
            }
        }
    }

    fn metrics(&mut self) -> anyhow::Result<Vec<MetricNow>> {
        // No key path would ask for all.
        if self.key_paths.is_empty() && !self.watched.is_everything() {
            return Ok(Vec::new());
        }
        let window = Window { today: today(), include_current_week: true };
        let key_paths: Vec<&str> = self.key_paths.iter().map(String::as_str).collect();
        let reader = self.counters.as_mut().map(|it| it.as_mut() as &mut dyn CounterReader);
        let report = evaluate(&self.catalog, reader, &key_paths, window)
            .with_context(|| format!("cannot read the counters in {}", self.counters_at))?;
        Ok(MetricNow::all(&report_json(&report)))
    }

    /// The events after those that were seen, as many as one look takes.
    fn events(&mut self, last: u64, metrics: &[MetricNow]) -> anyhow::Result<Vec<Entry>> {
        let is_first = self.after.is_none();
        let looked_at = if self.recent == 0 { 0 } else { self.limits.entries_at_once as u64 };
        let start = last.saturating_sub(looked_at);
        let mut after = self.after.unwrap_or(start);
        let (mut found, mut seen, mut bytes) = (Vec::new(), 0, 0);
        while after < last && seen < self.limits.entries_at_once {
            let at_once = self.limits.events_at_once;
            let page = Page { entries: at_once, bytes: self.limits.bytes_at_once };
            let Some(journal) = &mut self.journal else { break };
            let entries = journal.page(after, page).context("the journal cannot be read")?;
            let Some(newest) = entries.last() else { break };
            after = newest.sequence;
            seen += entries.len();
            let read = entries.iter().map(|it| Entry::read(entry_json(it))).collect();
            let watched = self.watched.of(read, metrics);
            bytes += watched.iter().map(|it| it.bytes).sum::<usize>();
            found.extend(watched);
            // What came before the start is forgotten but for the last of it, also on the way.
            if is_first {
                found.drain(..found.len().saturating_sub(self.recent));
            } else if bytes > self.limits.bytes_at_once {
                break;
            }
        }
        self.after = Some(after.max(self.after.unwrap_or(last)));
        Ok(found)
    }
}

impl Source for Local {
    fn place(&self) -> String {
        self.data.display().to_string()
    }

    fn look(&mut self) -> anyhow::Result<Snapshot> {
        let definitions = self.changed_definitions();
        self.open_data()?;
        let status = self.journal.as_mut().map(Reader::status).transpose();
        let status = status.context("the state of the journal cannot be read")?;
        // Values are read after the number of the last entry, so that a first look misses none.
        let metrics = self.metrics()?;
        let last = status.as_ref().map_or(0, |it| it.last_sequence);
        let events = self.events(last, &metrics)?;
        let kept_aside = status.as_ref().map_or(0, |it| it.quarantined);
        let deliveries = status.map(deliveries).unwrap_or_default();
        let now = Timestamp::now().as_millisecond();
        let notes = self.kept.iter().cloned().collect();
        Ok(Snapshot { now, metrics, events, deliveries, kept_aside, notes, definitions })
    }
}

fn deliveries(status: Status) -> Vec<DeliveryNow> {
    let health = |delivery| DestinationHealth { delivery, ..DestinationHealth::default() };
    let destinations = status.deliveries.into_iter();
    let destinations: BTreeMap<_, _> = destinations.map(|(name, it)| (name, health(it))).collect();
    DeliveryNow::all(&health_json(&Health::default(), &destinations)["destinations"])
}

/// Finds out which arguments are events, and which begin key paths.
fn resolve(catalog: &Catalog, wanted: &[String]) -> anyhow::Result<Watched> {
    let mut watched = Watched::default();
    for name in wanted {
        let is_counted = catalog.metrics_counting(name).next().is_some();
        if catalog.find_event(name).is_some() || is_counted {
            watched.events.push(name.clone());
            continue;
        }
        let beginning = name.trim_end_matches('*');
        let mut metrics = catalog.metrics().iter().map(|it| it.definition.key_path.as_str());
        if !metrics.any(|it| it.starts_with(beginning)) {
            let similar = catalog.similar_event(name).or_else(|| catalog.similar_metric(beginning));
            let hint = similar.map(|it| format!("; did you mean `{it}`?")).unwrap_or_default();
            bail!("`{name}` is neither an event nor the beginning of a key path{hint}");
        }
        watched.key_paths.push(beginning.to_owned());
    }
    watched.learn(catalog);
    Ok(watched)
}

/// The metrics to read; none where it is all of them.
fn key_paths(catalog: &Catalog, watched: &Watched) -> Vec<String> {
    let by_event = watched.events.iter().flat_map(|it| catalog.metrics_counting(it));
    let by_event = by_event.map(|it| it.definition.key_path.clone());
    let all = catalog.metrics().iter().map(|it| &it.definition.key_path);
    let named = all.filter(|it| watched.key_paths.iter().any(|start| it.starts_with(start)));
    let found: BTreeSet<String> = by_event.chain(named.cloned()).collect();
    found.into_iter().collect()
}
