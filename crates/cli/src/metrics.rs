//! `internal-events metrics`: values, and what they were read from.

use crate::context::{Context, RedisArgs};
use crate::output::Format;
use crate::output::{self, Style};
use crate::visible::visible;
use anyhow::{Context as _, bail};
use internal_events::store::CounterReader;
use internal_events::{
    Catalog, DataSource, MetricReport, MetricValue, Window, evaluate, report_json,
};
use internal_events_catalog::MetricStatus;
use jiff::civil::Date;
use jiff::{Timestamp, tz::TimeZone};
use serde_json::Value;
use std::process::ExitCode;

#[derive(Debug, clap::Args)]
pub(crate) struct MetricsArgs {
    /// Key paths of the metrics to show, or prefixes ending in `*` [default: all].
    #[arg(value_name = "KEY_PATH")]
    key_paths: Vec<String>,

    /// Read the running week as well: what is tracked today shows at once.
    #[arg(long)]
    include_current_week: bool,

    /// The day to look from, in UTC [default: today].
    #[arg(long, value_name = "DATE")]
    at: Option<Date>,

    /// How to print them.
    #[arg(long, value_enum, default_value = "human")]
    format: Format,

    /// Show the keys each value was read from.
    #[arg(long)]
    keys: bool,

    #[command(flatten)]
    redis: RedisArgs,
}

pub(crate) fn run(args: &MetricsArgs, cx: &Context) -> anyhow::Result<ExitCode> {
    let installation = cx.installation_with(&args.redis)?;
    let catalog = installation.catalog();
    let key_paths = matching([&catalog], &args.key_paths)?;
    let key_paths: Vec<&str> = key_paths.iter().map(String::as_str).collect();
    let window = Window {
        today: args.at.unwrap_or_else(today),
        include_current_week: args.include_current_week,
    };
    let data = cx.data(&installation);
    let mut reader = cx.counters(&installation)?;
    let is_unused = reader.is_none();
    let report = evaluate(
        &catalog,
        reader.as_mut().map(|it| it.as_mut() as &mut dyn CounterReader),
        &key_paths,
        window,
    )
    .with_context(|| format!("cannot read the counters in {}", cx.counters_at(&installation)))?;
    match args.format {
        Format::Json => output::print_json(&report_json(&report))?,
        Format::Human => {
            let style = Style::stdout();
            output::print(&human(&report, args, style))?;
            if is_unused {
                let note = format!("nothing was tracked into {} yet", data.display());
                output::print(&format!("{}\n", style.dim(&note)))?;
            }
        }
    }
    Ok(ExitCode::SUCCESS)
}

pub(crate) fn today() -> Date {
    Timestamp::now().to_zoned(TimeZone::UTC).date()
}

/// Resolves prefixes among the metrics of all catalogs, and refuses what names no metric.
pub(crate) fn matching<'a>(
    catalogs: impl IntoIterator<Item = &'a Catalog>,
    wanted: &[String],
) -> anyhow::Result<Vec<String>> {
    let catalogs: Vec<&Catalog> = catalogs.into_iter().collect();
    let mut selected = Vec::new();
    for it in wanted {
        let metrics = catalogs.iter().flat_map(|it| it.metrics());
        let all = metrics.map(|metric| &metric.definition.key_path);
        let found: Vec<String> = match it.strip_suffix('*') {
            Some(prefix) => all.filter(|path| path.starts_with(prefix)).cloned().collect(),
            None => all.filter(|path| *path == it).take(1).cloned().collect(),
        };
        if found.is_empty() {
            let name = it.trim_end_matches('*');
            let similar = catalogs.iter().find_map(|it| it.similar_metric(name));
            let hint = similar.map(|it| format!("; did you mean `{it}`?")).unwrap_or_default();
            bail!("no metric has the key path `{it}`{hint}");
        }
        selected.extend(found);
    }
    selected.dedup();
    Ok(selected)
}

fn human(report: &MetricReport, args: &MetricsArgs, style: Style) -> String {
    let mut text = String::new();
    let width = report.metrics.iter().map(|it| it.key_path.len()).max().unwrap_or_default();
    for metric in &report.metrics {
        let frame =
            metric.time_frame.map(internal_events_catalog::TimeFrame::as_str).unwrap_or_default();
        let path = style.bold(&format!("{:<width$}", metric.key_path));
        let older = metric.data_source.filter(|it| *it != DataSource::InternalEvents);
        let older = older.map(|it| style.dim(&format!("  {}", it.as_str()))).unwrap_or_default();
        let status = match metric.status {
            Some(MetricStatus::Broken) => style.dim("  (the metric is broken)"),
            Some(MetricStatus::Removed) => style.dim("  (the metric is removed and not reported)"),
            Some(MetricStatus::Active) | None => String::new(),
        };
        text.push_str(&format!("{path}  {frame:<4}  {}{older}{status}\n", value(metric, style)));
        if args.keys {
            for key in &metric.keys {
                text.push_str(&format!("    {}\n", style.dim(key)));
            }
        }
    }
    if report.metrics.is_empty() {
        text.push_str("no metrics are defined\n");
    }
    let has_weeks = report.metrics.iter().any(|it| !it.weeks.is_empty());
    if has_weeks && !args.include_current_week && args.at.is_none() {
        let note = "7d and 28d read complete ISO weeks only; \
                    --include-current-week shows what was tracked since Monday";
        text.push_str(&format!("\n{}\n", style.dim(note)));
    }
    text
}

fn value(metric: &MetricValue, style: Style) -> String {
    let value = match &metric.value {
        Ok(Value::Object(per_unique)) => {
            let pairs = per_unique.iter();
            let pairs = pairs.map(|(unique, counts)| format!("{} {counts}", visible(unique)));
            pairs.collect::<Vec<_>>().join(", ")
        }
        Ok(value) => value.to_string(),
        Err(reason) => return style.dim(&format!("- ({reason})")),
    };
    let error = metric.error.map(|it| format!(" ±{:.2} %", it * 100.0)).unwrap_or_default();
    let weeks = match metric.weeks.as_slice() {
        [] => String::new(),
        [only] => format!("  week {only}"),
        [first, .., last] => format!("  weeks {first} to {last}"),
    };
    format!("{value}{}{}", style.dim(&error), style.dim(&weeks))
}
