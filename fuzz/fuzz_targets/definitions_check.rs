//! Whatever bytes stand in definition files and override tables, checking them ends and does not
//! panic; findings lie within the text, and fixes can be applied.

#![no_main]

use internal_events_definitions::{Source, Sources, analyze, apply_fixes};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|bytes: &[u8]| {
    let source = |path: &str| Source { path: path.to_owned(), bytes: bytes.to_vec() };
    let sources = Sources {
        events: vec![source("config/events/a.yml"), source("config/events/removed/b.yml")],
        metrics: vec![source("config/metrics/counts_7d/c.yml"), source("ee/config/metrics/d/d.yml")],
        unique_overrides: Some(source("hll_redis_key_overrides.yml")),
        total_overrides: Some(source("total_counter_redis_key_overrides.yml")),
        legacy_events: Some(source("hll_redis_legacy_events.yml")),
        product_groups: Some(source("product_groups.json")),
        feature_categories: Some(source("feature_categories.yml")),
    };
    let analysis = analyze(&sources);
    for it in &analysis.diagnostics {
        assert!(it.span.start <= it.span.end && it.span.end <= bytes.len() + 1, "{}", it.code);
    }
    let Ok(text) = std::str::from_utf8(bytes) else { return };
    let fixes: Vec<_> = analysis.diagnostics.iter().filter_map(|it| it.fix.as_ref()).collect();
    apply_fixes(text, &fixes);
});
