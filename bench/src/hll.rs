//! Inserts into sketches, beside a hash and one access to memory.

use crate::Size;
use crate::measure::{Aim, Random, Report, Row, interleave, nanos_each};
use crate::process;
use anyhow::Result;
use internal_events_hll::{Sketch, hash};
use std::hint::black_box;

/// Bytes of the registers of a dense sketch.
const DENSE_BYTES: usize = 12_288;

/// Decimal ids, one after the other.
struct Elements {
    bytes: Vec<u8>,
    ends: Vec<usize>,
}

impl Elements {
    /// `n` ids below two million, in no order.
    fn new(n: usize) -> Self {
        let mut random = Random::new(1);
        let (mut bytes, mut ends) = (Vec::new(), Vec::new());
        for _ in 0..n {
            bytes.extend_from_slice(random.below(2_000_000).to_string().as_bytes());
            ends.push(bytes.len());
        }
        Self { bytes, ends }
    }

    fn iter(&self) -> impl Iterator<Item = &[u8]> {
        let mut start = 0;
        self.ends.iter().map(move |end| {
            let element = &self.bytes[start..*end];
            start = *end;
            element
        })
    }
}

pub(crate) fn run(size: &Size) -> Result<Report> {
    let elements = Elements::new(size.pick(4_000_000, 100_000));
    let mut report = Report::default();
    report.rows.push(measure("insert, 1 sketch", 1, &elements, size)?);
    let n_sketches = size.pick(3_000, 100);
    let name = format!("insert, {n_sketches} dense sketches at random");
    report.rows.push(measure(&name, n_sketches, &elements, size)?);
    report.peaks.push(("this process, floors included".to_owned(), process::own_peak()?));
    Ok(report)
}

fn measure(name: &str, n_sketches: usize, elements: &Elements, size: &Size) -> Result<Row> {
    let mut random = Random::new(2);
    let places: Vec<u16> = elements
        .ends
        .iter()
        .map(|_| u16::try_from(random.below(n_sketches)))
        .collect::<Result<_, _>>()?;
    let mut sketches = vec![dense_sketch(&mut random); n_sketches];
    let tables = vec![vec![1_u8; DENSE_BYTES]; n_sketches];
    let n = elements.ends.len();
    let [ours, floor] = interleave(
        size.rounds,
        [
            &mut || {
                let took = process::on_this_thread(|| {
                    for (element, place) in elements.iter().zip(&places) {
                        black_box(sketches[usize::from(*place)].insert(element));
                    }
                })?;
                Ok(nanos_each(took, n))
            },
            &mut || {
                let took = process::on_this_thread(|| {
                    for (element, place) in elements.iter().zip(&places) {
                        black_box(tables[usize::from(*place)][line_of(hash(element))]);
                    }
                })?;
                Ok(nanos_each(took, n))
            },
        ],
    )?;
    Ok(Row::beside(name, "ns", Aim::Ratio(1.5), &ours, &floor))
}

/// A sketch that has seen about a hundred thousand elements.
fn dense_sketch(random: &mut Random) -> Sketch {
    let mut sketch = Sketch::new();
    for _ in 0..100_000 {
        sketch.insert(random.below(2_000_000).to_string().as_bytes());
    }
    sketch
}

/// Where in its table an element's register would be.
fn line_of(hash: u64) -> usize {
    (hash & 0x3fff) as usize * 3 / 4
}
