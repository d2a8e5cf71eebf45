//! Measures `analyze` on 4,000 generated metric files of 23 lines, beside the YAML parser alone.
#![expect(clippy::print_stdout, reason = "an example prints")]
#![expect(clippy::disallowed_methods, reason = "a measurement reads the clock")]

use internal_events_definitions::{Source, Sources, analyze};
use std::time::Instant;

const N_FILES: usize = 4_000;
const N_RUNS: usize = 15;

fn main() {
    let metrics: Vec<Source> = (0..N_FILES).map(metric).collect();
    let events: Vec<Source> = (0..N_FILES / 10).map(event).collect();
    let n_bytes: usize = metrics.iter().map(|it| it.bytes.len()).sum();
    let sources = Sources { events, metrics, ..Sources::default() };
    println!("{N_FILES} metric files, {n_bytes} bytes; milliseconds, best of {N_RUNS}");
    println!("{:8.1} events of the YAML parser, one thread", best(|| parse(&sources)));
    println!("{:8.1} analyze", best(|| analyze(&sources).definitions.metrics.len()));
}

/// The shortest of some runs, in milliseconds.
fn best(work: impl Fn() -> usize) -> f64 {
    let run = |_| {
        let start = Instant::now();
        assert!(work() >= N_FILES);
        start.elapsed().as_secs_f64() * 1e3
    };
    (0..N_RUNS).map(run).fold(f64::INFINITY, f64::min)
}

/// Counts the events of all files.
fn parse(sources: &Sources) -> usize {
    let texts = sources.events.iter().chain(&sources.metrics);
    let texts = texts.filter_map(|it| std::str::from_utf8(&it.bytes).ok());
    texts.map(|it| granit_parser::Parser::new_from_str(it).flatten().count()).sum()
}

fn event(idx: usize) -> Source {
    let text = format!(
        "---\ndescription: A user does the thing number {idx} on a page that we made up for this\n\
         internal_events: true\naction: do_thing_{idx}\nidentifiers:\n- project\n- namespace\n- user\n\
         additional_properties:\n  label:\n    description: What it was\nproduct_group: group_{}\n\
         milestone: '17.{}'\nintroduced_by_url: https://example.com/merge_requests/{idx}\n\
         tiers:\n- free\n- premium\n- ultimate\n",
        idx % 20,
        idx % 12,
    );
    Source { path: format!("config/events/do_thing_{idx}.yml"), bytes: text.into_bytes() }
}

fn metric(idx: usize) -> Source {
    let event = idx % (N_FILES / 10);
    let text = format!(
        "---\nkey_path: redis_hll_counters.group_{}.count_distinct_user_id_from_thing_{idx}_weekly\n\
         description: Weekly count of unique users who did the thing number {idx} with a label\n\
         product_group: group_{}\nproduct_categories:\n- category_{}\nperformance_indicator_type: []\n\
         value_type: number\nstatus: active\nmilestone: '17.{}'\n\
         introduced_by_url: https://example.com/group/project/-/merge_requests/{idx}\n\
         time_frame: 7d\ndata_source: internal_events\ndata_category: optional\ntiers:\n\
         - free\n- premium\n- ultimate\nevents:\n- name: do_thing_{event}\n  unique: user.id\n  filter:\n\
         \x20   label: label_{idx}\n",
        idx % 50,
        idx % 20,
        idx % 30,
        idx % 12,
    );
    Source { path: format!("config/metrics/counts_7d/thing_{idx}.yml"), bytes: text.into_bytes() }
}
