//! Definitions made up for measuring: as many as wanted, each of 23 lines or so.

use anyhow::{Context as _, Result};
use std::fs;
use std::path::Path;

/// What the metrics of each event count: unique, time frame, and whether they filter by label.
pub(crate) type Shape = (&'static str, &'static str, bool);

/// Two totals, two sketches: four counters an event.
pub(crate) const COUNTED: &[Shape] =
    &[("user.id", "7d", false), ("project.id", "7d", true), ("", "28d", false)];

/// Three sketches over four weeks.
pub(crate) const MONTHLY: &[Shape] =
    &[("user.id", "28d", false), ("project.id", "28d", false), ("namespace.id", "28d", false)];

/// Every metric with a filter, which makes its file 23 lines long.
pub(crate) const FILTERED: &[Shape] = &[
    ("user.id", "7d", true),
    ("user.id", "28d", true),
    ("project.id", "28d", true),
    ("project.id", "7d", true),
];

/// The label that passes the filters.
pub(crate) const LABEL: &str = "gift";

/// The name of an event.
pub(crate) fn action(idx: usize) -> String {
    format!("do_made_up_thing_{idx}")
}

/// Writes `n_events` events and, for each, a metric of every shape.
pub(crate) fn write(root: &Path, n_events: usize, shapes: &[Shape]) -> Result<()> {
    let events = root.join("config/events");
    fs::create_dir_all(&events).with_context(|| format!("cannot make {}", events.display()))?;
    for idx in 0..n_events {
        let path = events.join(format!("{}.yml", action(idx)));
        put(&path, &event(idx))?;
        for shape in shapes {
            let folder = root.join(format!("config/metrics/counts_{}", shape.1));
            fs::create_dir_all(&folder)
                .with_context(|| format!("cannot make {}", folder.display()))?;
            put(&folder.join(format!("{}.yml", stem(idx, *shape))), &metric(idx, *shape))?;
        }
    }
    Ok(())
}

fn put(path: &Path, text: &str) -> Result<()> {
    fs::write(path, text).with_context(|| format!("cannot write {}", path.display()))
}

fn stem(idx: usize, (unique, time_frame, is_filtered): Shape) -> String {
    let counted = match unique.split_once('.') {
        Some((name, _)) => format!("count_distinct_{name}_id_from"),
        None => "count_total".to_owned(),
    };
    let filter = if is_filtered { "_with_a_label" } else { "" };
    let suffix = if time_frame == "7d" { "weekly" } else { "monthly" };
    format!("{counted}_{}{filter}_{suffix}", action(idx))
}

fn event(idx: usize) -> String {
    format!(
        "---\n\
         description: A user does the thing number {idx} on a page that exists for measuring only\n\
         internal_events: true\n\
         action: {}\n\
         identifiers:\n\
         - project\n\
         - namespace\n\
         - user\n\
         additional_properties:\n\
         \x20 label:\n\
         \x20   description: What kind of thing it was\n\
         \x20 property:\n\
         \x20   description: Where on the page it was\n\
         \x20 value:\n\
         \x20   description: How many seconds it took\n\
         product_group: group_{}\n\
         milestone: '17.{}'\n\
         introduced_by_url: https://gitlab.com/gitlab-org/gitlab/-/merge_requests/{}\n\
         tiers:\n\
         - free\n\
         - premium\n\
         - ultimate\n",
        action(idx),
        idx % 20,
        idx % 12,
        100_000 + idx,
    )
}

fn metric(idx: usize, shape: Shape) -> String {
    let (unique, time_frame, is_filtered) = shape;
    let mut text = format!(
        "---\n\
         key_path: {}.{}\n\
         description: Count of what happened when a user did the thing number {idx} on a page\n\
         product_group: group_{}\n\
         product_categories:\n\
         - category_{}\n\
         performance_indicator_type: []\n\
         value_type: number\n\
         status: active\n\
         milestone: '17.{}'\n\
         introduced_by_url: https://gitlab.com/gitlab-org/gitlab/-/merge_requests/{}\n\
         time_frame: {time_frame}\n\
         data_source: internal_events\n\
         data_category: optional\n\
         tiers:\n\
         - free\n\
         - premium\n\
         - ultimate\n\
         events:\n\
         - name: {}\n",
        if unique.is_empty() { "counts" } else { "redis_hll_counters" },
        stem(idx, shape),
        idx % 20,
        idx % 30,
        idx % 12,
        100_000 + idx,
        action(idx),
    );
    if !unique.is_empty() {
        text.push_str(&format!("  unique: {unique}\n"));
    }
    if is_filtered {
        text.push_str(&format!("  filter:\n    label: {LABEL}\n"));
    }
    text
}
