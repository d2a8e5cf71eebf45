//! Evaluating metrics over four weeks, beside reading the same bytes.

use crate::Size;
use crate::generated::{self, MONTHLY};
use crate::measure::{Aim, Random, Report, Row, interleave, millis};
use crate::process::{self, Cost};
use anyhow::{Context as _, Result, bail, ensure};
use internal_events::{Window, evaluate};
use internal_events_catalog::Catalog;
use internal_events_hll::Sketch;
use internal_events_installation::Installation;
use internal_events_store::{
    Counters, Error, KeptAside, Options, Page, Reader, Sqlite, Status, StoredDeadLetter,
    StoredEntry,
};
use jiff::civil::{Date, date};
use rusqlite::{Connection, params};
use std::fs;
use std::hint::black_box;
use std::path::Path;
use std::process::Command;

/// The day the metrics are read on.
const TODAY: Date = date(2026, 11, 25);

/// Sketches that are built element by element; all others are these and a few elements more.
const MOULDS: usize = 16;

/// Distinct elements of a week.
const ELEMENTS: usize = 100_000;

const WINDOW: Window = Window { today: TODAY, include_current_week: false };

pub(crate) fn run(size: &Size) -> Result<Report> {
    let root = tempfile::tempdir()?;
    generated::write(root.path(), size.pick(1_000, 30), MONTHLY)?;
    let catalog = Installation::open(root.path(), |_| None)?.catalog();
    let (data, nothing) = (root.path().join("data"), root.path().join("nothing"));
    let keys = keys(&catalog)?;
    fill(&data, &keys)?;
    let mut report = Report::default();
    from_memory(&mut report, &catalog, &data, &keys, size)?;
    report.peaks.push(("evaluation in memory, copies included".to_owned(), process::own_peak()?));
    from_file(&mut report, &catalog, root.path(), [&data, &nothing], size)?;
    Ok(report)
}

/// All keys the metrics read.
fn keys(catalog: &Catalog) -> Result<Vec<String>> {
    let mut keys = Vec::new();
    for metric in catalog.metrics() {
        let Ok(reading) = catalog.reading(metric, WINDOW) else {
            bail!("{} cannot be read", metric.definition.key_path)
        };
        keys.extend(reading.keys().into_iter().map(str::to_owned));
    }
    keys.sort();
    keys.dedup();
    Ok(keys)
}

/// Writes a dense sketch under each key, straight into the tables: tracking the events they
/// stand for would take an hour.
fn fill(data: &Path, keys: &[String]) -> Result<()> {
    drop(Sqlite::open(data, Options::default())?);
    let mut random = Random::new(5);
    let mut moulds = vec![Sketch::new(); MOULDS];
    for mould in &mut moulds {
        for _ in 0..ELEMENTS {
            mould.insert(&random.next().to_le_bytes());
        }
    }
    let mut database = Connection::open(data.join("internal-events.db"))?;
    let tx = database.transaction()?;
    for (idx, key) in keys.iter().enumerate() {
        let mut sketch = moulds[idx % MOULDS].clone();
        for _ in 0..100 {
            sketch.insert(&random.next().to_le_bytes());
        }
        ensure!(sketch.is_dense(), "the sketch should be dense");
        tx.prepare_cached("INSERT INTO keys (key, kind) VALUES (?1, 'unique')")?.execute([key])?;
        tx.prepare_cached("INSERT INTO uniques (key_id, hll) VALUES (?1, ?2)")?
            .execute(params![tx.last_insert_rowid(), sketch.to_bytes()])?;
    }
    tx.commit()?;
    let checkpoint = "PRAGMA wal_checkpoint(TRUNCATE)";
    database.query_row(checkpoint, [], |_| Ok(()))?;
    Ok(())
}

/// Counters that are there already; gives them away at the first question.
struct Held(Counters);

impl Reader for Held {
    fn counters(&mut self, _: &[&str]) -> Result<Counters, Error> {
        Ok(std::mem::take(&mut self.0))
    }

    fn keys(&mut self) -> Result<Vec<String>, Error> {
        Ok(Vec::new())
    }

    fn page(&mut self, _: u64, _: Page) -> Result<Vec<StoredEntry>, Error> {
        Ok(Vec::new())
    }

    fn quarantined_after(&mut self, _: u64, _: usize) -> Result<KeptAside, Error> {
        Ok(KeptAside::default())
    }

    fn dead_letters(&mut self, _: u64, _: usize) -> Result<Vec<StoredDeadLetter>, Error> {
        Ok(Vec::new())
    }

    fn secret(&mut self) -> Result<String, Error> {
        unreachable!("invariant: evaluation asks for counters only")
    }

    fn status(&mut self) -> Result<Status, Error> {
        unreachable!("invariant: evaluation asks for counters only")
    }
}

fn from_memory(
    report: &mut Report,
    catalog: &Catalog,
    data: &Path,
    keys: &[String],
    size: &Size,
) -> Result<()> {
    let asked: Vec<&str> = keys.iter().map(String::as_str).collect();
    let mut file = Sqlite::reader(data)?.context("the store was just written")?;
    let counters = file.counters(&asked)?;
    ensure!(counters.len() == keys.len(), "some counters are missing");
    let mut copy = Vec::new();
    for (key, _) in counters.iter() {
        let sketch = counters.sketch(key)?.context("every key has a sketch")?;
        copy.push(sketch.to_bytes());
    }
    let [ours, floor] = interleave(
        size.rounds,
        [
            &mut || {
                let mut held: Box<dyn Reader> = Box::new(Held(counters.clone()));
                let mut found = None;
                let took = process::on_this_thread(|| {
                    found = Some(evaluate(catalog, Some(held.as_mut()), &[], WINDOW));
                })?;
                let found = found.context("invariant: it was evaluated")??;
                ensure!(found.metrics.iter().all(|it| it.value.is_ok()), "a metric has no value");
                Ok(millis(took))
            },
            &mut || {
                Ok(millis(process::on_this_thread(|| {
                    black_box(copy.iter().map(|it| sum_of_words(it)).fold(0, u64::wrapping_add));
                })?))
            },
        ],
    )?;
    let name = format!("evaluate {} metrics over 4 weeks, in memory", catalog.metrics().len());
    report.rows.push(Row::beside(name, "ms", Aim::Value(80.0), &ours, &floor));
    Ok(())
}

fn sum_of_words(bytes: &[u8]) -> u64 {
    let words = bytes.as_chunks::<8>().0.iter();
    words.fold(0, |sum, it| sum.wrapping_add(u64::from_le_bytes(*it)))
}

/// The program from start to end: with the counters, and with no data at all, which is what
/// reading the definitions costs.
fn from_file(
    report: &mut Report,
    catalog: &Catalog,
    root: &Path,
    [data, nothing]: [&Path; 2],
    size: &Size,
) -> Result<()> {
    let (program, ourselves) = (process::program()?, process::ourselves()?);
    let metrics = |data: &Path| {
        let mut command = Command::new(&program);
        command.args(["metrics", "--format", "json", "--at", &TODAY.to_string(), "--root"]);
        command.arg(root).arg("--data").arg(data);
        command
    };
    let read = || {
        let mut command = Command::new(&ourselves);
        command.args(["floor", "metrics"]).arg(data.join("internal-events.db"));
        command
    };
    let wall = |it: Cost| millis(it.wall);
    let [ours, floor, empty] = interleave(
        size.rounds,
        [
            &mut || Ok(wall(process::run(&mut metrics(data))?)),
            &mut || Ok(wall(process::run(&mut read())?)),
            &mut || Ok(wall(process::run(&mut metrics(nothing))?)),
        ],
    )?;
    let n = catalog.metrics().len();
    let name = format!("metrics, {n} of them, from the file, start to end");
    report.rows.push(Row::beside(name, "ms", Aim::None, &ours, &floor));
    let name = format!("metrics, {n} of them, no data, start to end");
    report.rows.push(Row::alone(name, "ms", Aim::None, &empty));
    report.peaks.push(("metrics".to_owned(), process::run_for_peak(&mut metrics(data))?));
    Ok(())
}

/// Reads a file, a mebibyte at a time.
pub(crate) fn floor(file: &Path) -> Result<()> {
    use std::io::Read as _;
    let mut file =
        fs::File::open(file).with_context(|| format!("cannot open {}", file.display()))?;
    let mut buffer = vec![0; 1 << 20];
    let mut sum = 0;
    loop {
        let n = file.read(&mut buffer).context("cannot read")?;
        if n == 0 {
            break;
        }
        sum = sum_of_words(&buffer[..n]).wrapping_add(sum);
    }
    black_box(sum);
    Ok(())
}
