//! The generator held against GitLab's own definitions.

use super::{guide, inferred, list, planned, refusals};
use internal_events_definitions::generate::{Request, plan};
use internal_events_definitions::{Severity, Source, analyze};
use serde_json::Value;

/// Real files of the milestones whose layout we write, read as JSON, with their text.
fn recent(sources: &[Source], is_wanted: impl Fn(&Value) -> bool) -> Vec<(Value, String)> {
    let texts = sources.iter().map(|it| String::from_utf8(it.bytes.clone()).unwrap());
    texts
        .filter_map(|text| Some((serde_saphyr::from_str::<Value>(&text).ok()?, text)))
        .filter(|(it, _)| it["milestone"].as_str().is_some_and(|it| it.starts_with("19.")))
        .filter(|(it, _)| is_wanted(it))
        .collect()
}

fn strings(value: &Value) -> Vec<String> {
    value.as_array().into_iter().flatten().map(|it| it.as_str().unwrap().to_owned()).collect()
}

fn string(value: &Value) -> Option<String> {
    value.as_str().map(str::to_owned)
}

/// The request that makes a definition, as far as an event and a metric share keys.
fn request_of(definition: &Value) -> Request {
    Request {
        group: string(&definition["product_group"]),
        mr: string(&definition["introduced_by_url"]),
        milestone: string(&definition["milestone"]),
        categories: Some(strings(&definition["product_categories"])),
        tiers: Some(strings(&definition["tiers"])),
        ..Request::default()
    }
}

#[test]
fn real_events_come_out_byte_for_byte() {
    let Some(sources) = crate::corpus::sources() else { return };
    let is_usual = |it: &Value| it["internal_events"] == true && it["status"] != "removed";
    let events = recent(&sources.events, is_usual);
    let mut n_same = 0;
    for (event, text) in &events {
        let properties = event["additional_properties"].as_object().into_iter().flatten();
        let request = Request {
            event: string(&event["action"]),
            description: string(&event["description"]),
            identifiers: Some(strings(&event["identifiers"])),
            properties: properties
                .map(|(name, it)| (name.clone(), string(&it["description"]).unwrap()))
                .collect(),
            ..request_of(event)
        };
        let written = &planned(&request).files[0].text;
        // Two in three of GitLab's own have no status.
        let status = if event.get("status").is_some() { "" } else { "status: active\n" };
        n_same += usize::from(written.replacen(status, "", 1) == *text);
    }
    // The other one indents its lists, quotes its URL and folds a description.
    assert_eq!((n_same, events.len()), (3, 4));
}

#[test]
fn real_metrics_come_out_byte_for_byte_but_for_what_the_guide_names_differently() {
    let Some(sources) = crate::corpus::sources() else { return };
    let is_usual = |it: &Value| {
        let rules = it["events"].as_array();
        it["data_source"] == "internal_events"
            && rules.is_some_and(|it| it.len() == 1 && it[0].get("filter").is_none())
    };
    let metrics = recent(&sources.metrics, is_usual);
    assert!(!metrics.is_empty());
    for (metric, text) in &metrics {
        let unique = string(&metric["events"][0]["unique"]);
        let property = unique.iter().filter(|it| !it.contains('.'));
        let request = Request {
            event: string(&metric["events"][0]["name"]),
            properties: property.map(|it| (it.clone(), "What it holds".to_owned())).collect(),
            unique,
            time_frames: Some(list("7d")),
            metric_description: Some("DESCRIPTION".to_owned()),
            ..request_of(metric)
        };
        let written = planned(&request).files.remove(1).text;
        // Names, sentences and time frames are the guide's; everything else is as GitLab has it.
        let rest = |text: &str| {
            let of_guide = ["key_path: ", "description: ", "time_frame:", "- 7d", "- 28d", "- all"];
            let lines = text.lines().filter(|line| !of_guide.iter().any(|it| line.starts_with(it)));
            lines.map(str::to_owned).collect::<Vec<_>>()
        };
        assert_eq!(rest(&written), rest(text));
    }
}

#[test]
fn among_real_definitions_it_learns_and_refuses() {
    let Some(sources) = crate::corpus::sources() else { return };
    let known = analyze(&sources);
    let new = Request { group: Some("acquisition".to_owned()), ..guide() };
    let new = plan(&new, &known).unwrap();
    assert_eq!(inferred(&new, "milestone").unwrap().value, "19.3");
    let mut serious = new.diagnostics(&sources);
    serious.retain(|it| it.severity != Severity::Note);
    assert_eq!(serious, []);

    let asked = |event: &str| Request { event: Some(event.to_owned()), ..guide() };
    for (event, refusal) in [
        ("click_whats_new_for_you_menu_item", "is a legacy Snowplow event"),
        ("click_whats_new_transcend_register", "was removed"),
    ] {
        let refused = refusals(&asked(event), &known);
        assert!(refused.len() == 1 && refused[0].contains(refusal), "{refused:?}");
    }
    let further = plan(&asked("use_pat"), &known).unwrap();
    assert_eq!(further.kept, ["config/events/use_pat.yml"]);
    assert_eq!(further.files.len(), 2);
}

#[test]
fn a_metric_that_counts_the_same_is_named() {
    let Some(sources) = crate::corpus::sources() else { return };
    let known = analyze(&sources);
    let event = Some("visit_observability_setup_page".to_owned());
    let plan = plan(&Request { event, ..guide() }, &known).unwrap();
    let same = "redis_hll_counters.count_distinct_user_id_from_visit_observability_setup_page";
    let existing: Vec<&str> = plan.overlaps.iter().map(|it| it.existing.as_str()).collect();
    assert_eq!(existing, [format!("{same}_weekly"), format!("{same}_monthly")]);
}
