//! Metric definitions as one document.

use internal_events_installation::{Source, metric_definitions};
use serde_json::{Value, json};

fn source(path: &str, text: &str) -> Source {
    Source { path: path.to_owned(), bytes: text.as_bytes().to_vec() }
}

fn list(sources: &[Source], include_paths: bool) -> Value {
    let text = metric_definitions(sources, include_paths);
    serde_saphyr::from_str(&text).unwrap_or_else(|error| panic!("{error}: {text}"))
}

#[test]
fn definitions_are_listed_as_they_are_once_for_each_time_frame() {
    let sources = [
        source(
            "config/metrics/a/x.yml",
            "---\nkey_path: counts.x\ntime_frame: all\nmilestone: '1.0'\nstatus: removed\n",
        ),
        source(
            "ee/config/metrics/a/y.yml",
            "key_path: counts.y\ntime_frame: [28d, all]\nevents:\n- name: 'no'\n  unique: user.id\ndescription: |\n  a\n  b: c\n",
        ),
        source("config/metrics/aggregates/z.yml", "- name: z\n"),
        source("config/metrics/a/broken.yml", "key_path: ["),
    ];
    let events = json!([{ "name": "no", "unique": "user.id" }]);
    let y = |key_path: &str, time_frame: &str| {
        json!({
            "key_path": key_path, "time_frame": time_frame, "events": events,
            "description": "a\nb: c\n",
        })
    };
    let x = json!({
        "key_path": "counts.x", "time_frame": "all", "milestone": "1.0", "status": "removed",
    });
    let mut expected = json!([x, y("counts.y_monthly", "28d"), y("counts.y", "all")]);
    assert_eq!(list(&sources, false), expected);
    let paths =
        ["config/metrics/a/x.yml", "ee/config/metrics/a/y.yml", "ee/config/metrics/a/y.yml"];
    for (metric, path) in expected.as_array_mut().expect("a list").iter_mut().zip(paths) {
        metric["file_path"] = path.into();
    }
    assert_eq!(list(&sources, true), expected);
    assert_eq!(list(&[], true), json!([]));
}
