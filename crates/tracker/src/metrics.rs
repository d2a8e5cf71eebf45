//! From counters to values of metrics.

use internal_events_catalog::{
    Catalog, DataSource, Metric, MetricKind, MetricStatus, Reading, TimeFrame, Window,
};
use internal_events_store::{CounterError, CounterReader, Counters, Error, Kind};
use jiff::civil::Date;
use serde_json::{Map, Value, json};
use std::collections::BTreeMap;

/// The relative standard error of an estimated count: 1.04 / sqrt(2^14), rounded as Redis does.
pub(crate) const STANDARD_ERROR: f64 = 0.0081;

/// The values of metrics on one day.
#[derive(Clone, Debug, PartialEq)]
pub struct MetricReport {
    /// The day they are read on, in UTC.
    pub at: Date,
    /// One value per metric, sorted by key path.
    pub metrics: Vec<MetricValue>,
}

/// The value of one metric.
#[derive(Clone, Debug, PartialEq)]
pub struct MetricValue {
    /// Its name.
    pub key_path: String,
    /// Its period; none for a key path that no metric has.
    pub time_frame: Option<TimeFrame>,
    /// Whether it is reported.
    pub status: Option<MetricStatus>,
    /// Where its value comes from.
    pub data_source: Option<DataSource>,
    /// How it is computed; none where it cannot be.
    pub kind: Option<MetricKind>,
    /// A number, or an object for totals per value; or why there is none.
    pub value: Result<Value, String>,
    /// The relative standard error, where the value is an estimate.
    pub error: Option<f64>,
    /// The keys it is read from, in order.
    pub keys: Vec<String>,
    /// The ISO weeks it is read for, the earliest first.
    pub weeks: Vec<String>,
}

/// Evaluates metrics; all of them if no key path is given.
///
/// Without a reader, as where nothing has ever been tracked, every counter is zero.
///
/// # Errors
///
/// When the counters cannot be read. A metric that cannot be evaluated says why in its own value.
pub fn evaluate(
    catalog: &Catalog,
    reader: Option<&mut dyn CounterReader>,
    key_paths: &[&str],
    window: Window,
) -> Result<MetricReport, Error> {
    let asked = Asked::of(catalog, key_paths, window);
    let counters = read(reader, asked.keys())?;
    Ok(asked.answer(&counters))
}

/// Reads counters at one time; all are zero without a reader.
pub(crate) fn read<'a>(
    reader: Option<&mut dyn CounterReader>,
    keys: impl Iterator<Item = (&'a str, Kind)>,
) -> Result<Counters, Error> {
    let Some(reader) = reader else { return Ok(Counters::default()) };
    // A key that two metrics take for different kinds is read as one of them.
    let keys: BTreeMap<&str, Kind> = keys.collect();
    reader.read_counters(&keys.into_iter().collect::<Vec<_>>())
}

/// What was asked for: values that are already known to be absent, and readings.
pub(crate) struct Asked<'a> {
    at: Date,
    absent: Vec<MetricValue>,
    readings: Vec<(&'a Metric, Reading)>,
}

impl<'a> Asked<'a> {
    pub(crate) fn of(catalog: &'a Catalog, key_paths: &[&str], window: Window) -> Self {
        let (absent, readings) = plan(catalog, key_paths, window);
        Self { at: window.today, absent, readings }
    }

    /// The keys that have to be read, and as what.
    pub(crate) fn keys(&self) -> impl Iterator<Item = (&str, Kind)> {
        let of = |(_, reading): &'_ (&Metric, Reading)| kind_of(reading.kind);
        self.readings.iter().flat_map(move |it| {
            let kind = of(it);
            it.1.keys().into_iter().map(move |key| (key, kind))
        })
    }

    pub(crate) fn answer(self, counters: &Counters) -> MetricReport {
        let mut metrics = self.absent;
        metrics.extend(self.readings.iter().map(|(metric, it)| value(metric, it, counters)));
        metrics.sort_by(|a, b| a.key_path.cmp(&b.key_path));
        MetricReport { at: self.at, metrics }
    }
}

/// What a metric takes its counters for.
fn kind_of(kind: MetricKind) -> Kind {
    match kind {
        MetricKind::Total => Kind::Total,
        MetricKind::Unique | MetricKind::Intersection => Kind::Unique,
        MetricKind::Sum => Kind::Sum,
        MetricKind::PerValue => Kind::PerValue,
    }
}

/// Splits what was asked for into values that are already known to be absent and readings.
fn plan<'a>(
    catalog: &'a Catalog,
    key_paths: &[&str],
    window: Window,
) -> (Vec<MetricValue>, Vec<(&'a Metric, Reading)>) {
    let mut absent = Vec::new();
    let mut asked: Vec<&Metric> = Vec::new();
    if key_paths.is_empty() {
        asked.extend(catalog.metrics());
    }
    for key_path in key_paths {
        match catalog.metric(key_path) {
            Some(metric) => asked.push(metric),
            None => absent.push(no_such_metric(key_path)),
        }
    }
    let mut plans = Vec::new();
    for metric in asked {
        match catalog.reading(metric, window) {
            Ok(reading) => plans.push((metric, reading)),
            Err(reason) => {
                let value = Err(reason.to_string());
                absent.push(MetricValue { value, ..without_value(metric) });
            }
        }
    }
    (absent, plans)
}

fn no_such_metric(key_path: &str) -> MetricValue {
    MetricValue {
        key_path: key_path.to_owned(),
        time_frame: None,
        status: None,
        data_source: None,
        kind: None,
        value: Err("no metric has this key path".to_owned()),
        error: None,
        keys: Vec::new(),
        weeks: Vec::new(),
    }
}

fn without_value(metric: &Metric) -> MetricValue {
    let definition = &metric.definition;
    MetricValue {
        time_frame: Some(definition.time_frame),
        status: Some(definition.status),
        data_source: Some(definition.data_source),
        ..no_such_metric(&definition.key_path)
    }
}

fn value(metric: &Metric, reading: &Reading, counters: &Counters) -> MetricValue {
    let computed = match reading.kind {
        MetricKind::Total => total(reading, counters),
        MetricKind::Unique => unique(reading, counters),
        MetricKind::Intersection => intersection(reading, counters),
        MetricKind::Sum => sum(reading, counters),
        MetricKind::PerValue => per_value(reading, counters),
    };
    MetricValue {
        kind: Some(reading.kind),
        value: computed.map_err(|it| it.to_string()),
        error: (reading.kind == MetricKind::Unique).then_some(STANDARD_ERROR),
        keys: reading.keys().into_iter().map(str::to_owned).collect(),
        weeks: reading.weeks.iter().map(ToString::to_string).collect(),
        ..without_value(metric)
    }
}

fn total(reading: &Reading, counters: &Counters) -> Result<Value, CounterError> {
    let mut sum = 0_u64;
    for key in reading.keys() {
        sum = sum.saturating_add(counters.total(key)?);
    }
    Ok(json!(sum))
}

fn unique(reading: &Reading, counters: &Counters) -> Result<Value, CounterError> {
    Ok(json!(counters.distinct(reading.keys())?))
}

/// How many elements all parts share: the sizes of the unions of each subset of the parts, added
/// where their number is odd and taken away where it is even.
///
/// The errors of all these estimates add up, so there is no single one to report; a result below
/// zero is such an error.
fn intersection(reading: &Reading, counters: &Counters) -> Result<Value, CounterError> {
    let mut size = 0_i64;
    for subset in 1..1_u32 << reading.parts.len() {
        let chosen = reading.parts.iter().enumerate().filter(|(n, _)| subset >> n & 1 == 1);
        let keys = chosen.flat_map(|(_, part)| part.keys.iter().map(String::as_str));
        let union = i64::try_from(counters.distinct(keys)?).unwrap_or(i64::MAX);
        let is_odd = subset.count_ones() % 2 == 1;
        size = size.saturating_add(if is_odd { union } else { -union });
    }
    Ok(json!(size.max(0)))
}

fn sum(reading: &Reading, counters: &Counters) -> Result<Value, CounterError> {
    let mut sum = 0.0;
    for key in reading.keys() {
        sum += counters.sum(key)?;
    }
    Ok(json!(sum))
}

/// `{unique: {value: count}}`; of two rules with one unique the last wins, as in GitLab.
fn per_value(reading: &Reading, counters: &Counters) -> Result<Value, CounterError> {
    let mut object = Map::new();
    for part in &reading.parts {
        let mut counts: BTreeMap<String, u64> = BTreeMap::new();
        for key in &part.keys {
            for (value, count) in counters.per_value(key)? {
                let value = String::from_utf8_lossy(value).into_owned();
                let sum = counts.entry(value).or_default();
                *sum = sum.saturating_add(*count);
            }
        }
        object.insert(part.unique.clone().unwrap_or_default(), json!(counts));
    }
    Ok(Value::Object(object))
}

/// The report as JSON, in the stable shape of `internal-events metrics --format json`.
pub fn report_json(report: &MetricReport) -> Value {
    let metrics: Vec<Value> = report.metrics.iter().map(metric_json).collect();
    json!({ "version": 1, "at": report.at.to_string(), "metrics": metrics })
}

pub(crate) fn metric_json(metric: &MetricValue) -> Value {
    let mut object = Map::new();
    let mut put = |name: &str, value: Value| object.insert(name.to_owned(), value);
    put("key_path", json!(metric.key_path));
    put("time_frame", json!(metric.time_frame.map(TimeFrame::as_str)));
    put("status", json!(metric.status.map(MetricStatus::as_str)));
    put("data_source", json!(metric.data_source.map(DataSource::as_str)));
    if let Some(kind) = metric.kind {
        put("kind", json!(kind.as_str()));
    }
    match &metric.value {
        Ok(value) => put("value", value.clone()),
        Err(reason) => {
            put("value", Value::Null);
            put("reason", json!(reason))
        }
    };
    if let Some(error) = metric.error {
        put("error", json!(error));
    }
    put("keys", json!(metric.keys));
    put("weeks", json!(metric.weeks));
    Value::Object(object)
}
