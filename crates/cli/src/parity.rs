//! `internal-events parity`: whether metrics are what they were before a migration.

use crate::context::{Context, RedisArgs};
use crate::metrics::{matching, today};
use crate::output::Format;
use crate::output::{self, Style};
use crate::visible::visible;
use anyhow::{Context as _, bail};
use internal_events::store::CounterReader;
use internal_events::{
    Catalog, DataSource, MetricParity, MetricValue, Parity, ParityReport, Window, parity,
    parity_json,
};
use internal_events_installation::Installation;
use jiff::civil::Date;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

#[derive(Debug, clap::Args)]
pub(crate) struct ParityArgs {
    /// Key paths of the metrics to compare, or prefixes ending in `*` [default: all].
    #[arg(value_name = "KEY_PATH")]
    key_paths: Vec<String>,

    /// The directory with the definitions and override tables from before the migration.
    #[arg(long, value_name = "DIR")]
    before: PathBuf,

    /// Read the running week as well: what is tracked today shows at once.
    #[arg(long)]
    include_current_week: bool,

    /// The day to look from, in UTC [default: today].
    #[arg(long, value_name = "DATE")]
    at: Option<Date>,

    /// How to print the comparison.
    #[arg(long, value_enum, default_value = "human")]
    format: Format,

    #[command(flatten)]
    redis: RedisArgs,
}

pub(crate) fn run(args: &ParityArgs, cx: &Context) -> anyhow::Result<ExitCode> {
    let before = catalog_before(&args.before)?;
    let installation = cx.installation_with(&args.redis)?;
    let after = installation.catalog();
    if after.metrics().is_empty() {
        bail!("no metrics are defined under {}", installation.root().display());
    }
    let key_paths = matching([&before, &after], &args.key_paths)?;
    let key_paths: Vec<&str> = key_paths.iter().map(String::as_str).collect();
    let window = Window {
        today: args.at.unwrap_or_else(today),
        include_current_week: args.include_current_week,
    };
    let mut reader = cx.counters(&installation)?;
    let report = parity(
        &before,
        &after,
        reader.as_mut().map(|it| it.as_mut() as &mut dyn CounterReader),
        &key_paths,
        window,
    )?;
    if report.metrics.iter().all(|it| it.verdict == Parity::NotCompared) {
        bail!(
            "there is nothing to compare: no metric of {} is counted here",
            args.before.display()
        );
    }
    match args.format {
        Format::Json => output::print_json(&parity_json(&report))?,
        Format::Human => output::print(&human(&report, Style::stdout()))?,
    }
    let differs = report.metrics.iter().any(|it| it.verdict == Parity::Different);
    Ok(ExitCode::from(u8::from(differs)))
}

/// The definitions from before, with the settings in their own directory: those in the environment
/// are about the installation as it is now.
fn catalog_before(root: &Path) -> anyhow::Result<Catalog> {
    let installation = Installation::open(root, |_| None)
        .with_context(|| format!("cannot read the earlier definitions at {}", root.display()))?;
    let catalog = installation.catalog();
    if catalog.metrics().is_empty() {
        bail!("no metrics are defined under {}, which --before names", root.display());
    }
    Ok(catalog)
}

fn human(report: &ParityReport, style: Style) -> String {
    let mut text = String::new();
    let compared = report.metrics.iter().filter(|it| it.verdict != Parity::NotCompared);
    let (mut changed, unchanged): (Vec<_>, Vec<_>) = compared.partition(|it| it.is_changed());
    changed.sort_by_key(|it| it.verdict);
    for metric in &changed {
        text.push_str(&line(metric, report.has_data, style));
    }
    let count = |verdict| changed.iter().filter(|it| it.verdict == verdict).count();
    let (equal, within) = (count(Parity::Equal), count(Parity::WithinTolerance));
    let (different, n_changed) = (count(Parity::Different), changed.len());
    let within = if within == 0 { String::new() } else { format!("{within} within tolerance, ") };
    text.push_str(&format!(
        "{n_changed} changed: {equal} equal, {within}{different} different; {} did not change\n",
        unchanged.len()
    ));
    if !report.has_data {
        let note = "there is no data: only what the metrics read was compared";
        text.push_str(&format!("{}\n", style.dim(note)));
    }
    text
}

fn line(metric: &MetricParity, has_data: bool, style: Style) -> String {
    let verdict = match metric.verdict {
        Parity::Different => style.bad("different"),
        Parity::WithinTolerance => style.good("within tolerance"),
        Parity::Equal | Parity::NotCompared => style.good("equal"),
    };
    let mut text = format!("{} {verdict}\n", style.bold(&metric.key_path));
    let side = |it: &Option<MetricValue>| match it {
        None => "nothing".to_owned(),
        Some(it) => {
            let source = it.data_source.map(DataSource::as_str).unwrap_or_default();
            match &it.value {
                Ok(value) if has_data => format!("{value} by {source}"),
                Ok(_) => source.to_owned(),
                Err(_) => format!("no value by {source}"),
            }
        }
    };
    let (before, after) = (side(&metric.before), side(&metric.after));
    text.push_str(&format!("    {}, now {}\n", visible(&before), visible(&after)));
    for difference in &metric.differences {
        let code = style.dim(difference.code());
        text.push_str(&format!("    {code}: {}\n", visible(&difference.to_string())));
    }
    text
}
