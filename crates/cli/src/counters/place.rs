//! Where counters are: a data directory, Redis, or a snapshot.

use anyhow::{Context as _, bail};
use internal_events::Snapshot;
use internal_events::store::{
    Counter, Kind, Options, Reader as _, RedisCopier, RedisOptions, RedisReader, Sqlite,
    SqliteReader, Taken,
};
use internal_events_installation::{Installation, Secret};
use std::collections::BTreeSet;
use std::fmt;
use std::fs;
use std::path::{Path, PathBuf};

/// Where counters are.
#[derive(Debug)]
pub(super) enum Place {
    Data(PathBuf),
    Redis(Box<RedisOptions>),
    Snapshot(PathBuf),
}

impl Place {
    pub(super) fn parse(text: &str, installation: &Installation) -> anyhow::Result<Self> {
        if text.contains("://") {
            return Ok(Self::Redis(Box::new(installation.redis_at(Secret::new(text))?)));
        }
        let path = PathBuf::from(text);
        if path.is_file() {
            return Ok(match path.parent() {
                // The database is named by whoever wants the directory it is in.
                Some(dir) if is_database(&path) => Self::Data(dir.to_owned()),
                _ => Self::Snapshot(path),
            });
        }
        Ok(Self::Data(path))
    }
}

impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Data(path) | Self::Snapshot(path) => write!(f, "{}", path.display()),
            Self::Redis(options) => write!(f, "Redis at {}", options.address()),
        }
    }
}

fn is_database(path: &Path) -> bool {
    path.extension().is_some_and(|it| it == "db")
}

/// A place that is read.
pub(super) struct Source {
    /// By what it is known.
    pub(super) id: String,
    /// What was counted or copied there.
    pub(super) includes: BTreeSet<String>,
    from: From,
}

enum From {
    Data(Box<SqliteReader>),
    Redis { copier: Box<RedisCopier>, reader: Box<RedisReader> },
    Snapshot(Vec<(String, Counter)>),
}

impl Source {
    /// Opens a place; a Redis that has no name gets one if it `may_write` there.
    pub(super) fn open(place: &Place, may_write: bool) -> anyhow::Result<Self> {
        match place {
            Place::Data(dir) => {
                let reader = Sqlite::reader(dir)
                    .with_context(|| format!("cannot read the data directory {}", dir.display()))?;
                let Some(mut reader) = reader else {
                    bail!(
                        "there are no counters in {}: nothing was ever tracked there",
                        dir.display()
                    );
                };
                let id = reader.status()?.journal_id;
                let includes = reader.taken_from()?.into_iter().collect();
                Ok(Self { id, includes, from: From::Data(Box::new(reader)) })
            }
            Place::Redis(options) => {
                let mut copier = RedisCopier::new(RedisOptions::clone(options));
                let made = internal_events::new_id().simple().to_string();
                let id = match copier.id()? {
                    Some(id) => id,
                    None if may_write => copier.name(&made)?,
                    None => made,
                };
                let (counted, taken) = copier.sources()?;
                let includes = counted.into_iter().chain(taken).collect();
                let reader = Box::new(copier.reader());
                let copier = Box::new(copier);
                Ok(Self { id, includes, from: From::Redis { copier, reader } })
            }
            Place::Snapshot(path) => {
                let text = fs::read_to_string(path)
                    .with_context(|| format!("cannot read the snapshot {}", path.display()))?;
                let snapshot = Snapshot::read(&text)
                    .with_context(|| format!("cannot use {}", path.display()))?;
                let (id, includes) = (snapshot.header.source, snapshot.header.includes);
                Ok(Self { id, includes, from: From::Snapshot(snapshot.counters) })
            }
        }
    }

    /// Names all counters; of those `known`, Redis has perhaps not all.
    pub(super) fn keys(&mut self, known: &[(String, Kind)]) -> anyhow::Result<Vec<(String, Kind)>> {
        Ok(match &mut self.from {
            // A data directory knows the kinds by itself.
            From::Data(reader) => {
                reader.keys()?.into_iter().map(|key| (key, Kind::Total)).collect()
            }
            From::Redis { copier, .. } => copier.keys(known)?,
            From::Snapshot(counters) => {
                counters.iter().map(|(key, counter)| (key.clone(), counter.kind())).collect()
            }
        })
    }

    /// Reads counters; what cannot be read is added to `unreadable`.
    pub(super) fn read(
        &mut self,
        keys: &[(String, Kind)],
        unreadable: &mut Vec<(String, String)>,
    ) -> anyhow::Result<Vec<(String, Counter)>> {
        let counters = match &mut self.from {
            From::Data(reader) => {
                let keys: Vec<&str> = keys.iter().map(|(key, _)| key.as_str()).collect();
                let counters = reader.counters(&keys)?;
                let damaged = |key: &str| (key.to_owned(), "it is damaged".to_owned());
                unreadable.extend(counters.damaged().map(damaged));
                counters
            }
            From::Redis { reader, .. } => {
                let keys: Vec<(&str, Kind)> =
                    keys.iter().map(|(key, kind)| (key.as_str(), *kind)).collect();
                let reading = reader.counters(&keys)?;
                unreadable.extend(reading.unreadable.into_iter().map(|it| (it.key, it.reason)));
                reading.counters
            }
            From::Snapshot(counters) => {
                let rest = counters.split_off(keys.len().min(counters.len()));
                return Ok(std::mem::replace(counters, rest));
            }
        };
        Ok(counters.iter().map(|(key, counter)| (key.to_owned(), counter.clone())).collect())
    }
}

/// A place that is written.
pub(super) struct Target {
    /// By what it is known; nothing if there is nothing yet.
    pub(super) id: Option<String>,
    /// Journals that are counted there, event by event.
    pub(super) counted_from: BTreeSet<String>,
    /// Places that counters were copied from.
    pub(super) taken_from: BTreeSet<String>,
    to: To,
}

enum To {
    Data(Box<Sqlite>),
    /// A directory without data, of which only is said what would be copied to it.
    Nothing,
    Redis(Box<RedisCopier>),
}

impl Target {
    pub(super) fn open(
        place: &Place,
        installation: &Installation,
        is_dry_run: bool,
    ) -> anyhow::Result<Self> {
        match place {
            Place::Data(dir) => {
                let opened = || format!("cannot use the data directory {}", dir.display());
                if is_dry_run && Sqlite::reader(dir).with_context(opened)?.is_none() {
                    let (counted_from, taken_from) = Default::default();
                    return Ok(Self { id: None, counted_from, taken_from, to: To::Nothing });
                }
                let limits = installation.settings().limits.clone();
                let options = Options { limits, ..Options::default() };
                let store = Sqlite::open(dir, options).with_context(opened)?;
                let mut reader = Sqlite::reader(dir)
                    .with_context(opened)?
                    .with_context(|| format!("{} has just gone", dir.display()))?;
                Ok(Self {
                    id: Some(reader.status()?.journal_id),
                    counted_from: BTreeSet::new(),
                    taken_from: reader.taken_from()?.into_iter().collect(),
                    to: To::Data(Box::new(store)),
                })
            }
            Place::Redis(options) => {
                let mut copier = RedisCopier::new(RedisOptions::clone(options));
                let id = copier.id()?;
                let (counted_from, taken_from) = copier.sources()?;
                Ok(Self { id, counted_from, taken_from, to: To::Redis(Box::new(copier)) })
            }
            Place::Snapshot(path) => bail!(
                "{} is a file: `internal-events counters export` writes snapshots, and counters \
                 are copied to a data directory or to Redis",
                path.display()
            ),
        }
    }

    pub(super) fn take_over(
        &mut self,
        source: &str,
        counters: &[(String, Counter)],
        is_dry_run: bool,
    ) -> anyhow::Result<Vec<Taken>> {
        Ok(match &mut self.to {
            To::Data(store) => store.take_over(source, counters, is_dry_run)?,
            To::Nothing => vec![Taken::Moved; counters.len()],
            To::Redis(copier) => copier.take_over(source, counters, is_dry_run)?,
        })
    }
}
