//! Times and sizes as people write them: `7d`, `1GiB`.

use serde::de::{Deserialize, Deserializer, Error, Visitor};
use std::fmt;
use std::str::FromStr;
use std::time::Duration;

/// A time: a whole number and `ms`, `s`, `m`, `h`, `d` or `w`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Time(pub(super) Duration);

/// A size: a whole number and nothing or `B`, `KiB`, `MiB`, `GiB`, `TiB`, `kB`, `MB`, `GB`, `TB`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Size(pub(super) u64);

/// How many there may be.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Count(pub(super) u64);

/// What should have been written.
const TIME: &str = "a time such as \"7d\", \"36h\", \"90m\" or \"30s\"";
const SIZE: &str = "a size such as \"256MiB\" or \"4GiB\", or a number of bytes";
const COUNT: &str = "a whole number such as 10000";

impl FromStr for Time {
    type Err = &'static str;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        const SECOND: u64 = 1_000;
        const UNITS: [(&str, u64); 6] = [
            ("ms", 1),
            ("s", SECOND),
            ("m", 60 * SECOND),
            ("h", 3_600 * SECOND),
            ("d", 86_400 * SECOND),
            ("w", 7 * 86_400 * SECOND),
        ];
        let milliseconds = scaled(text, &UNITS).ok_or(TIME)?;
        Ok(Self(Duration::from_millis(milliseconds)))
    }
}

impl FromStr for Size {
    type Err = &'static str;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        const UNITS: [(&str, u64); 10] = [
            ("", 1),
            ("B", 1),
            ("KiB", 1 << 10),
            ("MiB", 1 << 20),
            ("GiB", 1 << 30),
            ("TiB", 1 << 40),
            ("kB", 1_000),
            ("MB", 1_000_000),
            ("GB", 1_000_000_000),
            ("TB", 1_000_000_000_000),
        ];
        scaled(text, &UNITS).map(Self).ok_or(SIZE)
    }
}

impl FromStr for Count {
    type Err = &'static str;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        scaled(text, &[("", 1)]).map(Self).ok_or(COUNT)
    }
}

/// Reads a whole number with one of the units; nothing if it is anything else or too large.
fn scaled(text: &str, units: &[(&str, u64)]) -> Option<u64> {
    let text = text.trim();
    let unit_at = text.find(|it: char| !it.is_ascii_digit() && it != '_').unwrap_or(text.len());
    let (number, unit) = text.split_at(unit_at);
    let number: u64 = number.replace('_', "").parse().ok()?;
    let (_, scale) = units.iter().find(|(name, _)| *name == unit.trim_start())?;
    // What is kept beside it counts in signed numbers.
    number.checked_mul(*scale).filter(|it| i64::try_from(*it).is_ok())
}

/// Takes text, and a bare number where the type has a form without a unit.
struct Written(&'static str);

impl Visitor<'_> for Written {
    type Value = String;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.0)
    }

    fn visit_str<E: Error>(self, text: &str) -> Result<String, E> {
        Ok(text.to_owned())
    }

    fn visit_i64<E: Error>(self, number: i64) -> Result<String, E> {
        Ok(number.to_string())
    }
}

fn read<'de, D: Deserializer<'de>, T>(from: D, expected: &'static str) -> Result<T, D::Error>
where
    T: FromStr<Err = &'static str>,
{
    let text = from.deserialize_any(Written(expected))?;
    text.parse().map_err(|expected| Error::custom(format!("`{text}` is not {expected}")))
}

impl<'de> Deserialize<'de> for Time {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        read(from, TIME)
    }
}

impl<'de> Deserialize<'de> for Size {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        read(from, SIZE)
    }
}

impl<'de> Deserialize<'de> for Count {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        read(from, COUNT)
    }
}
