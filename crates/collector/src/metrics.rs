//! Answers questions about counts.

use crate::Collector;
use crate::answer::{Answer, json};
use crate::problem::Problem;
use hyper::StatusCode;
use internal_events::{Catalog, MetricReport, Window, report_json};
use jiff::civil::Date;
use jiff::{Timestamp, tz::TimeZone};
use std::collections::BTreeSet;

/// Answers with the JSON of `internal-events metrics --format json`.
pub(crate) async fn report(collector: &Collector, query: &str) -> Result<Answer, Problem> {
    let today = today(collector.tracker.now_ms());
    let question = Question::parse(query, today)?;
    let key_paths = question.key_paths(&collector.tracker.catalog())?;
    let (tracker, window) = (collector.tracker.clone(), question.window);
    // Reading the counters is disk work; it must not hold up those who track.
    let report = tokio::task::spawn_blocking(move || {
        let Some(key_paths) = key_paths else { return tracker.metrics(&[], window) };
        // Nothing is asked of no metric, where no key path would ask for all.
        if key_paths.is_empty() {
            return Ok(MetricReport { at: window.today, metrics: Vec::new() });
        }
        tracker.metrics(&key_paths.iter().map(String::as_str).collect::<Vec<_>>(), window)
    });
    match report.await {
        Ok(Ok(report)) => Ok(json(StatusCode::OK, report_json(&report).to_string())),
        Ok(Err(error)) => Err(Problem::Unreadable(error)),
        Err(_) => Err(Problem::Interrupted),
    }
}

/// What is asked for.
#[derive(Debug, PartialEq)]
struct Question {
    key_paths: Vec<String>,
    events: Vec<String>,
    window: Window,
}

impl Question {
    fn parse(query: &str, today: Date) -> Result<Self, Problem> {
        let window = Window { today, include_current_week: false };
        let mut question = Self { key_paths: Vec::new(), events: Vec::new(), window };
        for (name, value) in form_urlencoded::parse(query.as_bytes()) {
            match name.as_ref() {
                "key_path" | "key_path[]" => question.key_paths.push(value.into_owned()),
                "event" | "event[]" => question.events.push(value.into_owned()),
                "include_current_week" => {
                    question.window.include_current_week = boolean(&value)?;
                }
                "at" => question.window.today = date(&value)?,
                _ => {
                    let expected = "`key_path`, `event`, `include_current_week` and `at`";
                    let detail = format!("There is no parameter `{name}`, only {expected}.");
                    return Err(Problem::InvalidParameter(detail));
                }
            }
        }
        Ok(question)
    }

    /// The metrics that are asked for; `None` where that is all of them.
    fn key_paths(&self, catalog: &Catalog) -> Result<Option<BTreeSet<String>>, Problem> {
        if self.key_paths.is_empty() && self.events.is_empty() {
            return Ok(None);
        }
        let mut found = BTreeSet::new();
        for key_path in &self.key_paths {
            expect_metric(catalog, key_path)?;
            found.insert(key_path.clone());
        }
        for event in &self.events {
            found.extend(counting(catalog, event)?);
        }
        Ok(Some(found))
    }
}

/// Refuses what is no key path of a metric.
fn expect_metric(catalog: &Catalog, key_path: &str) -> Result<(), Problem> {
    if catalog.metric(key_path).is_some() {
        return Ok(());
    }
    let similar = catalog.similar_metric(key_path);
    let hint = similar.map(|it| format!(" Did you mean `{it}`?")).unwrap_or_default();
    Err(Problem::NoSuchMetric(format!("No metric has the key path `{key_path}`.{hint}")))
}

/// The metrics that count an event, which may be none if it is a known one.
fn counting(catalog: &Catalog, event: &str) -> Result<Vec<String>, Problem> {
    let found = catalog.metrics_counting(event).map(|it| it.definition.key_path.clone());
    let found: Vec<String> = found.collect();
    if found.is_empty() && catalog.find_event(event).is_none() {
        let similar = catalog.similar_event(event);
        let hint = similar.map(|it| format!(" Did you mean `{it}`?")).unwrap_or_default();
        let detail = format!("No event is called `{event}`, so no metric counts it.{hint}");
        return Err(Problem::NoSuchMetric(detail));
    }
    Ok(found)
}

fn boolean(value: &str) -> Result<bool, Problem> {
    value.parse().map_err(|_| {
        let detail = format!("include_current_week is `{value}`; it should be true or false.");
        Problem::InvalidParameter(detail)
    })
}

fn date(value: &str) -> Result<Date, Problem> {
    value.parse().map_err(|_| {
        let detail = format!("at is `{value}`; it should be a date such as 2026-11-18.");
        Problem::InvalidParameter(detail)
    })
}

/// The day of a moment, in UTC.
pub(crate) fn today(now_ms: i64) -> Date {
    let now = Timestamp::from_millisecond(now_ms).unwrap_or(Timestamp::UNIX_EPOCH);
    now.to_zoned(TimeZone::UTC).date()
}
