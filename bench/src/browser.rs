//! What tracking costs the page it is done in: the package for browsers beside the official
//! tracker, in Chromium, by a script that can be run without us.

use crate::Size;
use crate::measure::{Aim, Report, Row};
use crate::peer;
use crate::process;
use anyhow::{Context as _, Result, bail, ensure};
use serde::Deserialize;
use std::path::Path;
use std::process::Command;

/// The script, and the packages it uses.
const E2E: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../packages/browser/e2e");

/// What was measured of both, round by round.
#[derive(Debug, Deserialize)]
struct Figure {
    name: String,
    unit: String,
    ours: Vec<f64>,
    official: Vec<f64>,
}

pub(crate) fn run(size: &Size) -> Result<Report> {
    let folder = peer::install(Path::new(E2E), "browser-e2e")?;
    let figures = tempfile::NamedTempFile::new()?;
    let mut node = Command::new("node");
    node.arg(Path::new(E2E).join("bench.mjs")).current_dir(folder);
    node.env("INTERNAL_EVENTS_BIN", process::program()?).env("JSON_FILE", figures.path());
    node.env("ROUNDS", size.pick(5, 1).to_string()).env("EVENTS", size.pick(1000, 100).to_string());
    let output = node.output().context("node cannot be run")?;
    let complaint = String::from_utf8_lossy(&output.stderr);
    ensure!(output.status.success(), "the pages cannot be measured: {}", complaint.trim());
    let figures: Vec<Figure> = serde_json::from_slice(&std::fs::read(figures.path())?)?;
    let rows = figures.iter().map(row).collect::<Result<_>>()?;
    let notes = vec!["the floor is @snowplow/browser-tracker in the same run".to_owned()];
    Ok(Report { rows, notes, ..Report::default() })
}

fn row(figure: &Figure) -> Result<Row> {
    let unit = match figure.unit.as_str() {
        "µs" => "µs",
        "ms" => "ms",
        "B" => "B",
        "events" => "events",
        other => bail!("no figure is in {other}"),
    };
    // Nothing beside nothing has no ratio.
    let has_ratio = figure.official.iter().all(|it| *it > 0.0);
    let (name, ours) = (figure.name.as_str(), figure.ours.as_slice());
    Ok(if has_ratio {
        Row::beside(name, unit, Aim::None, ours, &figure.official)
    } else {
        Row::alone(name, unit, Aim::None, ours)
    })
}
