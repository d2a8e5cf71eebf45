//! Rounds, what they spread over, and the table they are printed in.

use anyhow::Result;
use serde_json::{Value, json};
use std::time::Duration;

/// One way to do the work; gives its cost in the row's unit.
pub(crate) type Side<'a> = &'a mut dyn FnMut() -> Result<f64>;

/// What several rounds gave.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Spread {
    median: f64,
    min: f64,
    max: f64,
}

impl Spread {
    pub(crate) fn of(mut values: Vec<f64>) -> Self {
        assert!(!values.is_empty(), "a spread needs a value");
        values.sort_by(f64::total_cmp);
        let middle = values.len() / 2;
        let median = if values.len() % 2 == 1 {
            values[middle]
        } else {
            f64::midpoint(values[middle - 1], values[middle])
        };
        Self { median, min: values[0], max: values[values.len() - 1] }
    }

    fn show(self) -> String {
        format!("{} [{}–{}]", digits(self.median), digits(self.min), digits(self.max))
    }

    fn json(self) -> Value {
        json!({ "median": self.median, "min": self.min, "max": self.max })
    }
}

/// Three digits that mean something, whatever the size.
fn digits(value: f64) -> String {
    let decimals = match value.abs() {
        it if it >= 100.0 => 0,
        it if it >= 10.0 => 1,
        _ => 2,
    };
    format!("{value:.decimals$}")
}

/// What the figure should not exceed.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Aim {
    /// So many times the floor.
    Ratio(f64),
    /// So much, in the row's unit.
    Value(f64),
    /// Shown for the reader; nothing was promised.
    None,
}

/// One figure beside its floor.
#[derive(Clone, Debug)]
pub(crate) struct Row {
    pub(crate) name: String,
    pub(crate) unit: &'static str,
    pub(crate) ours: Spread,
    pub(crate) floor: Option<(Spread, Spread)>,
    pub(crate) aim: Aim,
}

impl Row {
    /// A figure and its floor from rounds taken side by side: the ratio is taken in each round,
    /// so that what slows the whole machine for a while slows both.
    pub(crate) fn beside(
        name: impl Into<String>,
        unit: &'static str,
        aim: Aim,
        ours: &[f64],
        floor: &[f64],
    ) -> Self {
        let ratios = ours.iter().zip(floor).map(|(ours, floor)| ours / floor).collect();
        Self {
            name: name.into(),
            unit,
            ours: Spread::of(ours.to_vec()),
            floor: Some((Spread::of(floor.to_vec()), Spread::of(ratios))),
            aim,
        }
    }

    /// A figure without a floor.
    pub(crate) fn alone(
        name: impl Into<String>,
        unit: &'static str,
        aim: Aim,
        ours: &[f64],
    ) -> Self {
        Self { name: name.into(), unit, ours: Spread::of(ours.to_vec()), floor: None, aim }
    }

    fn is_met(&self) -> Option<bool> {
        match (self.aim, self.floor) {
            (Aim::Ratio(most), Some((_, ratio))) => Some(ratio.median <= most),
            (Aim::Value(most), _) => Some(self.ours.median <= most),
            (Aim::Ratio(_), None) | (Aim::None, _) => None,
        }
    }

    fn cells(&self) -> [String; 5] {
        let aim = match self.aim {
            Aim::Ratio(most) => format!("≤ {most} ×"),
            Aim::Value(most) => format!("≤ {most} {}", self.unit),
            Aim::None => "–".to_owned(),
        };
        let verdict = match self.is_met() {
            Some(true) => ", met",
            Some(false) => ", missed",
            None => "",
        };
        let floor = self.floor.map(|(floor, _)| floor.show());
        let ratio = self.floor.map(|(_, ratio)| ratio.show());
        [
            format!("{}, {}", self.name, self.unit),
            self.ours.show(),
            floor.unwrap_or_else(|| "–".to_owned()),
            ratio.unwrap_or_else(|| "–".to_owned()),
            format!("{aim}{verdict}"),
        ]
    }

    fn json(&self) -> Value {
        json!({
            "name": self.name,
            "unit": self.unit,
            "ours": self.ours.json(),
            "floor": self.floor.map(|(floor, _)| floor.json()),
            "ratio": self.floor.map(|(_, ratio)| ratio.json()),
            "met": self.is_met(),
        })
    }
}

/// Everything one benchmark found.
#[derive(Clone, Debug, Default)]
pub(crate) struct Report {
    pub(crate) rows: Vec<Row>,
    /// Peak memory in MiB, and of what.
    pub(crate) peaks: Vec<(String, f64)>,
    /// What a reader must know to read the rows.
    pub(crate) notes: Vec<String>,
}

impl Report {
    /// The report as a Markdown table, so that it can be copied into the documentation.
    pub(crate) fn table(&self) -> String {
        let head = ["work", "ours", "floor", "ratio", "aim"].map(str::to_owned);
        let mut lines = vec![head];
        lines.extend(self.rows.iter().map(Row::cells));
        let width = |column: usize| {
            lines.iter().map(|it| it[column].chars().count()).max().unwrap_or_default()
        };
        let widths: [usize; 5] = std::array::from_fn(width);
        let mut text = String::new();
        for (idx, line) in lines.iter().enumerate() {
            text.push_str(&padded(line, &widths));
            if idx == 0 {
                text.push_str(&padded(&widths.map(|it| "-".repeat(it)), &widths));
            }
        }
        let peaks = self.peaks.iter().map(|(what, mib)| format!("{what} {} MiB", digits(*mib)));
        let peaks: Vec<String> = peaks.collect();
        if !peaks.is_empty() {
            text.push_str(&format!("\nPeak memory: {}.\n", peaks.join("; ")));
        }
        for note in &self.notes {
            text.push_str(&format!("Note: {note}\n"));
        }
        text
    }

    pub(crate) fn json(&self) -> Value {
        let peak = |(what, mib): &(String, f64)| json!({ "of": what, "mib": mib });
        json!({
            "rows": self.rows.iter().map(Row::json).collect::<Vec<_>>(),
            "peaks": self.peaks.iter().map(peak).collect::<Vec<_>>(),
            "notes": self.notes,
        })
    }
}

fn padded(cells: &[String; 5], widths: &[usize; 5]) -> String {
    let cells = cells.iter().zip(widths).map(|(it, width)| format!("{it:<width$}"));
    format!("| {} |\n", cells.collect::<Vec<_>>().join(" | "))
}

/// Lets all sides work in turn, round after round, every other round in reverse order; the
/// first round warms up and is forgotten. Gives the costs per side.
pub(crate) fn interleave<const N: usize>(
    rounds: usize,
    sides: [Side<'_>; N],
) -> Result<[Vec<f64>; N]> {
    let mut costs: [Vec<f64>; N] = std::array::from_fn(|_| Vec::new());
    for round in 0..=rounds {
        for turn in 0..N {
            let side = if round % 2 == 0 { turn } else { N - 1 - turn };
            let cost = sides[side]()?;
            if round > 0 {
                costs[side].push(cost);
            }
        }
    }
    Ok(costs)
}

/// How many nanoseconds each of `n` pieces took.
#[expect(clippy::cast_precision_loss, reason = "counts are far below 2^52")]
pub(crate) fn nanos_each(took: Duration, n: usize) -> f64 {
    took.as_secs_f64() * 1e9 / n as f64
}

pub(crate) fn millis(took: Duration) -> f64 {
    took.as_secs_f64() * 1e3
}

/// Numbers that are the same in every run (xorshift, 64 bit).
#[derive(Clone, Debug)]
pub(crate) struct Random(u64);

impl Random {
    pub(crate) fn new(seed: u64) -> Self {
        Self(seed.wrapping_mul(0x9e37_79b9_7f4a_7c15) | 1)
    }

    pub(crate) fn next(&mut self) -> u64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        self.0
    }

    /// A number below `n`.
    pub(crate) fn below(&mut self, n: usize) -> usize {
        ((self.next() >> 11) % n as u64) as usize
    }
}
