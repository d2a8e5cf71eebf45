//! What goes in and what comes out.

use crate::Diagnostic;
use internal_events_catalog::Definitions;
use std::collections::{BTreeMap, BTreeSet};

/// One file: its path relative to the root, with forward slashes, and its bytes.
#[derive(Clone, Debug)]
pub struct Source {
    /// Path relative to the root, for example `ee/config/events/create_epic.yml`.
    pub path: String,
    /// The content; bytes that are not UTF-8 become a diagnostic.
    pub bytes: Vec<u8>,
}

/// Everything an installation says about its events and metrics.
#[derive(Clone, Debug, Default)]
pub struct Sources {
    /// `config/events/**.yml` of both trees, `removed/` included.
    pub events: Vec<Source>,
    /// `config/metrics/*/*.yml` of both trees, `aggregates/` included.
    pub metrics: Vec<Source>,
    /// `hll_redis_key_overrides.yml`, where present.
    pub unique_overrides: Option<Source>,
    /// `total_counter_redis_key_overrides.yml`, where present.
    pub total_overrides: Option<Source>,
    /// `hll_redis_legacy_events.yml`, where present.
    pub legacy_events: Option<Source>,
    /// `config/metrics/schema/product_groups.json` or the configured list, where present.
    pub product_groups: Option<Source>,
    /// `config/feature_categories.yml` or the configured list, where present.
    pub feature_categories: Option<Source>,
}

/// Everything that could be read, and everything that is wrong.
#[derive(Clone, Debug, Default)]
pub struct Analysis {
    /// Input of a catalog: loaded events (not `removed/`), metrics one per time frame, tables.
    pub definitions: Definitions,
    /// All findings, sorted by path, then position, then code.
    pub diagnostics: Vec<Diagnostic>,
    /// How many event files were read, `removed/` included.
    pub n_events: usize,
    /// How many metric files were read.
    pub n_metrics: usize,
    /// What a generator can learn from the files.
    pub facts: Facts,
}

/// What existing definitions tell a generator.
#[derive(Clone, Debug, Default)]
pub struct Facts {
    /// `product_group`s in use, with how many definitions use each.
    pub product_groups: BTreeMap<String, usize>,
    /// `product_categories` in use, by product group.
    pub categories_by_group: BTreeMap<String, BTreeSet<String>>,
    /// The highest milestone of any definition, for example `17.3`.
    pub newest_milestone: Option<String>,
    /// Actions of all events, legacy and removed ones included, with the path of their file.
    pub actions: BTreeMap<String, String>,
    /// Key paths of all metrics, after expansion, with the path of their file.
    pub key_paths: BTreeMap<String, String>,
}
