//! Checking 4,000 definitions, beside reading, parsing and schema-validating the same files.

use crate::Size;
use crate::generated::{self, FILTERED};
use crate::measure::{Aim, Report, Row, interleave, millis};
use crate::process::{self, Cost, Pinned};
use anyhow::{Context as _, Result, bail, ensure};
use granit_parser::{Event, Parser, ScalarStyle};
use internal_events_definitions::{Kind, schema};
use serde_json::{Map, Number, Value};
use std::cell::RefCell;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

pub(crate) fn run(size: &Size) -> Result<Report> {
    let root = tempfile::tempdir()?;
    let n_events = size.pick(1_000, 50);
    generated::write(root.path(), n_events, FILTERED)?;
    let (ours, theirs) = (process::program()?, process::ourselves()?);
    let check = || {
        let mut command = Command::new(&ours);
        command.args(["check", "--format", "json", "--root"]).arg(root.path());
        command
    };
    let floor = || {
        let mut command = Command::new(&theirs);
        command.args(["floor", "check"]).arg(root.path());
        command
    };
    let costs: RefCell<[Vec<f64>; 3]> = RefCell::default();
    let timed = |side: usize, command: &mut Command| -> Result<Cost> {
        let cost = process::run(command)?;
        costs.borrow_mut()[side].push(millis(cost.cpu));
        Ok(cost)
    };
    let one = [*process::processors()?.first().context("no processor to run on")?];
    let walls = interleave(
        size.rounds,
        [
            &mut || {
                let _pinned = Pinned::to(&one)?;
                Ok(millis(timed(0, &mut check())?.wall))
            },
            &mut || {
                let _pinned = Pinned::to(&one)?;
                Ok(millis(timed(1, &mut floor())?.wall))
            },
            &mut || Ok(millis(timed(2, &mut check())?.wall)),
        ],
    )?;
    // The first round of each side only warmed the page cache.
    let cpu = costs.take().map(|it| it[1..].to_vec());
    let mut report = Report::default();
    let n = n_events * FILTERED.len();
    let aim = Aim::Ratio(1.2);
    let name = |how: &str| format!("check {n} metrics and {n_events} events, {how}");
    report.rows.push(Row::beside(name("one core"), "ms", aim, &walls[0], &walls[1]));
    report.rows.push(Row::beside(name("all cores"), "ms", aim, &walls[2], &walls[1]));
    report.rows.push(Row::beside(name("CPU time"), "ms", aim, &cpu[0], &cpu[1]));
    report.peaks.push(("check".to_owned(), process::run_for_peak(&mut check())?));
    report.peaks.push(("floor".to_owned(), process::run_for_peak(&mut floor())?));
    Ok(report)
}

/// Reads, parses and validates; what a checker cannot do without.
pub(crate) fn floor(root: &Path) -> Result<()> {
    let validator = |kind| jsonschema::validator_for(&schema(kind)).context("our own schema");
    let (event, metric) = (validator(Kind::Event)?, validator(Kind::Metric)?);
    let mut n = 0;
    for path in files(&root.join("config/events"))? {
        ensure!(event.is_valid(&read(&path)?), "{} is not valid", path.display());
        n += 1;
    }
    for folder in ["counts_7d", "counts_28d"] {
        for path in files(&root.join("config/metrics").join(folder))? {
            ensure!(metric.is_valid(&read(&path)?), "{} is not valid", path.display());
            n += 1;
        }
    }
    ensure!(n > 0, "there was nothing to check");
    Ok(())
}

fn files(folder: &Path) -> Result<Vec<PathBuf>> {
    let listed = fs::read_dir(folder).with_context(|| format!("no {}", folder.display()))?;
    let mut files = listed.map(|it| Ok(it?.path())).collect::<Result<Vec<_>>>()?;
    files.sort();
    Ok(files)
}

fn read(path: &Path) -> Result<Value> {
    let text = fs::read_to_string(path).with_context(|| format!("no {}", path.display()))?;
    parse(&text).with_context(|| format!("cannot parse {}", path.display()))
}

/// A collection that is still open.
enum Open {
    List(Vec<Value>),
    Map(Map<String, Value>, Option<String>),
}

/// Turns the parser's events into a value, and nothing more: no spans, no aliases.
fn parse(text: &str) -> Result<Value> {
    let mut open: Vec<Open> = Vec::new();
    let options = granit_parser::options! { emit_comments: false };
    for event in Parser::new_from_str_with_options(text, options) {
        let (event, _) = event?;
        let value = match event {
            Event::Scalar(text, style, ..) => {
                // A key is text whatever it looks like.
                if let Some(Open::Map(_, key @ None)) = open.last_mut() {
                    *key = Some(text.into_owned());
                    continue;
                }
                scalar(&text, style)
            }
            Event::SequenceStart(..) => {
                open.push(Open::List(Vec::new()));
                continue;
            }
            Event::MappingStart(..) => {
                open.push(Open::Map(Map::new(), None));
                continue;
            }
            Event::SequenceEnd | Event::MappingEnd => match open.pop() {
                Some(Open::List(items)) => Value::Array(items),
                Some(Open::Map(map, _)) => Value::Object(map),
                None => bail!("an end without a start"),
            },
            _ => continue,
        };
        match open.last_mut() {
            None => return Ok(value),
            Some(Open::List(items)) => items.push(value),
            Some(Open::Map(map, key)) => {
                map.insert(key.take().context("a value without a key")?, value);
            }
        }
    }
    bail!("an empty document")
}

fn scalar(text: &str, style: ScalarStyle) -> Value {
    if style != ScalarStyle::Plain {
        return Value::String(text.to_owned());
    }
    match text {
        "" | "~" | "null" => Value::Null,
        "true" => Value::Bool(true),
        "false" => Value::Bool(false),
        _ => match text.parse::<i64>() {
            Ok(number) => Value::Number(Number::from(number)),
            Err(_) => Value::String(text.to_owned()),
        },
    }
}
