//! Whether metrics have the values they would have by an earlier set of definitions.

use crate::metrics::{Asked, MetricValue, STANDARD_ERROR, metric_json, read};
use internal_events_catalog::{Catalog, Difference, MetricKind, Window};
use internal_events_store::{CounterReader, Error};
use jiff::civil::Date;
use serde_json::{Map, Value, json};
use std::collections::{BTreeMap, BTreeSet};

/// Two estimates of one size are taken for equal if they differ by less than this part of the
/// larger: three standard errors, which one pair in several hundred exceeds by chance.
const TOLERANCE: f64 = 3.0 * STANDARD_ERROR;

/// The values of metrics by two sets of definitions on one day.
#[derive(Clone, Debug, PartialEq)]
pub struct ParityReport {
    /// The day they are read on, in UTC.
    pub at: Date,
    /// Whether there was anything to read; else only keys were compared.
    pub has_data: bool,
    /// All metrics of either set, sorted by key path.
    pub metrics: Vec<MetricParity>,
}

/// One metric by two sets of definitions.
#[derive(Clone, Debug, PartialEq)]
pub struct MetricParity {
    /// Its name.
    pub key_path: String,
    /// Whether the two agree.
    pub verdict: Parity,
    /// By the earlier definitions; none if they do not have it.
    pub before: Option<MetricValue>,
    /// By the later definitions; none if they do not have it.
    pub after: Option<MetricValue>,
    /// Why the later definition reads something else; nothing if history goes on.
    pub differences: Vec<Difference>,
}

/// Whether a metric is what it was.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Parity {
    /// It reads something else, and its value is another or none.
    Different,
    /// It reads sets by other names, and both estimates may be of the same size.
    WithinTolerance,
    /// It reads the same counters, or others by name with the same value.
    Equal,
    /// There is nothing to compare: it was not defined before, or neither definition is counted
    /// here.
    NotCompared,
}

impl Parity {
    /// The word for it in machine-readable output.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Different => "different",
            Self::WithinTolerance => "within_tolerance",
            Self::Equal => "equal",
            Self::NotCompared => "not_compared",
        }
    }
}

impl MetricParity {
    /// Whether the definitions differ in what they read, or only in how they say it.
    pub fn is_changed(&self) -> bool {
        let source = |it: &Option<MetricValue>| it.as_ref().map(|it| it.data_source);
        source(&self.before) != source(&self.after) || !self.differences.is_empty()
    }
}

/// Compares metrics by two sets of definitions; all of them if no key path is given.
///
/// All counters are read at one time. Without a reader, only what is read is compared.
///
/// # Errors
///
/// When the counters cannot be read.
pub fn parity(
    before: &Catalog,
    after: &Catalog,
    reader: Option<&mut dyn CounterReader>,
    key_paths: &[&str],
    window: Window,
) -> Result<ParityReport, Error> {
    let has_data = reader.is_some();
    let all = [before, after].into_iter().flat_map(Catalog::metrics);
    let mut wanted: BTreeSet<&str> = all.map(|it| it.definition.key_path.as_str()).collect();
    wanted.retain(|it| key_paths.is_empty() || key_paths.contains(it));
    let of = |catalog: &'_ Catalog| -> Vec<&str> {
        wanted.iter().copied().filter(|it| catalog.metric(it).is_some()).collect()
    };
    let (of_before, of_after) = (of(before), of(after));
    // No key path at all would mean every metric.
    let asked = |catalog, key_paths: &[&str]| {
        (!key_paths.is_empty()).then(|| Asked::of(catalog, key_paths, window))
    };
    let (old, new) = (asked(before, &of_before), asked(after, &of_after));
    let counters = read(reader, [&old, &new].into_iter().flatten().flat_map(Asked::keys))?;
    let by_key_path = |asked: Option<Asked<'_>>| -> BTreeMap<String, MetricValue> {
        let values = asked.map(|it| it.answer(&counters).metrics).unwrap_or_default();
        values.into_iter().map(|it| (it.key_path.clone(), it)).collect()
    };
    let (mut old, mut new) = (by_key_path(old), by_key_path(new));
    let metrics = wanted.iter().map(|key_path| {
        let (before_value, after_value) = (old.remove(*key_path), new.remove(*key_path));
        let differences = after.differences_from(before, key_path);
        MetricParity {
            key_path: (*key_path).to_owned(),
            verdict: verdict(before_value.as_ref(), after_value.as_ref(), &differences),
            before: before_value,
            after: after_value,
            differences,
        }
    });
    Ok(ParityReport { at: window.today, has_data, metrics: metrics.collect() })
}

/// Says whether a metric is what it was.
///
/// Where another thing is counted, equal values are chance, and two zeros say nothing. Only the
/// same thing under two names, as an application counts it that moves both, is told by its values.
fn verdict(
    before: Option<&MetricValue>,
    after: Option<&MetricValue>,
    differences: &[Difference],
) -> Parity {
    let Some(before) = before else { return Parity::NotCompared };
    let value = |it: &MetricValue| it.value.clone().ok();
    let (old, new) = (value(before), after.and_then(value));
    if differences.is_empty() {
        let is_counted = old.is_some() || new.is_some();
        return if is_counted { Parity::Equal } else { Parity::NotCompared };
    }
    let (Some(old), Some(new)) = (old, new) else { return Parity::Different };
    if !differences.iter().all(Difference::is_only_the_name) || is_nothing(&old) {
        return Parity::Different;
    }
    if old == new {
        return Parity::Equal;
    }
    let is_estimate = before.kind == Some(MetricKind::Unique);
    let numbers = old.as_f64().zip(new.as_f64()).filter(|_| is_estimate);
    match numbers {
        Some((old, new)) if (old - new).abs() <= TOLERANCE * old.max(new) => {
            Parity::WithinTolerance
        }
        _ => Parity::Different,
    }
}

fn is_nothing(value: &Value) -> bool {
    value.as_f64() == Some(0.0) || value.as_object().is_some_and(Map::is_empty)
}

/// The report as JSON, in the stable shape of `internal-events parity --format json`.
pub fn parity_json(report: &ParityReport) -> Value {
    let metrics: Vec<Value> = report.metrics.iter().map(line_json).collect();
    let count = |verdict| report.metrics.iter().filter(|it| it.verdict == verdict).count();
    json!({
        "version": 1,
        "at": report.at.to_string(),
        "has_data": report.has_data,
        "summary": {
            "equal": count(Parity::Equal),
            "within_tolerance": count(Parity::WithinTolerance),
            "different": count(Parity::Different),
            "not_compared": count(Parity::NotCompared),
        },
        "metrics": metrics,
    })
}

fn line_json(metric: &MetricParity) -> Value {
    let differences: Vec<Value> = metric.differences.iter().map(difference_json).collect();
    json!({
        "key_path": metric.key_path,
        "verdict": metric.verdict.as_str(),
        "history_continues": metric.differences.is_empty() && metric.before.is_some(),
        "before": metric.before.as_ref().map(metric_json),
        "after": metric.after.as_ref().map(metric_json),
        "differences": differences,
    })
}

fn difference_json(difference: &Difference) -> Value {
    let entry = difference
        .remedy()
        .map(|it| json!({ "file": it.table.file_name(), "name": it.name, "legacy": it.legacy }));
    json!({ "code": difference.code(), "detail": difference.to_string(), "add": entry })
}
