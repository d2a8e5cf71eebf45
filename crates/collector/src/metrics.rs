//! Answers questions about counts.

use crate::Collector;
use crate::collector::{Answer, json};
use crate::problem::Problem;
use hyper::StatusCode;
use internal_events::{Window, report_json};
use jiff::civil::Date;
use jiff::{Timestamp, tz::TimeZone};

/// Answers with the JSON of `internal-events metrics --format json`.
pub(crate) async fn report(collector: &Collector, query: &str) -> Result<Answer, Problem> {
    let today = today(collector.tracker.now_ms());
    let Question { key_paths, window } = Question::parse(query, today)?;
    let catalog = collector.tracker.catalog();
    for key_path in &key_paths {
        if catalog.metric(key_path).is_none() {
            let similar = catalog.similar_metric(key_path);
            let hint = similar.map(|it| format!(" Did you mean `{it}`?")).unwrap_or_default();
            let detail = format!("No metric has the key path `{key_path}`.{hint}");
            return Err(Problem::NoSuchMetric(detail));
        }
    }
    let tracker = collector.tracker.clone();
    // Reading the counters is disk work; it must not hold up those who track.
    let report = tokio::task::spawn_blocking(move || {
        let key_paths: Vec<&str> = key_paths.iter().map(String::as_str).collect();
        tracker.metrics(&key_paths, window).map(|it| report_json(&it).to_string())
    });
    match report.await {
        Ok(Ok(report)) => Ok(json(StatusCode::OK, report)),
        Ok(Err(error)) => Err(Problem::Unreadable(error)),
        Err(_) => Err(Problem::Interrupted),
    }
}

/// What is asked for.
#[derive(Debug, PartialEq)]
struct Question {
    key_paths: Vec<String>,
    window: Window,
}

impl Question {
    fn parse(query: &str, today: Date) -> Result<Self, Problem> {
        let window = Window { today, include_current_week: false };
        let mut question = Self { key_paths: Vec::new(), window };
        for (name, value) in form_urlencoded::parse(query.as_bytes()) {
            match name.as_ref() {
                "key_path" | "key_path[]" => question.key_paths.push(value.into_owned()),
                "include_current_week" => {
                    question.window.include_current_week = boolean(&value)?;
                }
                "at" => question.window.today = date(&value)?,
                _ => {
                    let expected = "`key_path`, `include_current_week` and `at`";
                    let detail = format!("There is no parameter `{name}`, only {expected}.");
                    return Err(Problem::InvalidParameter(detail));
                }
            }
        }
        Ok(question)
    }
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

fn today(now_ms: i64) -> Date {
    let now = Timestamp::from_millisecond(now_ms).unwrap_or(Timestamp::UNIX_EPOCH);
    now.to_zoned(TimeZone::UTC).date()
}
