//! What machines read.

use super::outcome::{Placed, Whole};
use internal_events_migrate::{Change, Outcome};
use serde_json::{Map, Value, json};

/// Where the pages on migration are.
const PAGE: &str = "https://github.com/internal-events/internal-events/blob/main/docs/migrate.md";

/// The stable shape of `migrate --format json`.
pub(super) fn json(whole: &Whole, is_written: bool) -> Value {
    let sources =
        whole.changed_sources().map(|(it, _)| json!({ "path": it.shown, "action": "change" }));
    let definitions =
        whole.changes.iter().map(|it| json!({ "path": it.path, "action": action(it) }));
    let skipped = whole.skipped.iter();
    let skipped = skipped.map(|it| json!({ "path": it.placed.path, "reason": it.why }));
    json!({
        "version": 1,
        "files": whole.n_files,
        "written": is_written,
        "sites": whole.sites.iter().map(site).collect::<Vec<_>>(),
        "changes": sources.chain(definitions).collect::<Vec<_>>(),
        "skipped": skipped.collect::<Vec<_>>(),
        "notes": whole.notes,
    })
}

fn action(change: &Change) -> &'static str {
    match (&change.before, &change.after) {
        (None, _) => "create",
        (_, None) => "remove",
        _ => "change",
    }
}

fn site(placed: &Placed) -> Value {
    let mut object = Map::new();
    let mut put = |name: &str, value: Value| object.insert(name.to_owned(), value);
    put("path", json!(placed.path));
    put("line", json!(placed.line));
    put("column", json!(placed.column));
    put("kind", json!(placed.site.kind.name()));
    let event = placed.site.event.as_ref();
    match &placed.site.outcome {
        Outcome::Rewritten { notes } => {
            put("outcome", json!("rewritten"));
            put("notes", json!(notes));
        }
        Outcome::Refused(refusal) => {
            put("outcome", json!("refused"));
            put("reason", json!(refusal.reason.code()));
            put("what", json!(refusal.what));
            put("advice", json!(refusal.advice));
        }
        Outcome::Already => drop(put("outcome", json!("already"))),
    }
    if let Some(event) = event {
        put("event", json!(event));
    }
    Value::Object(object)
}

/// SARIF 2.1.0, as code scanning services read it: every place of legacy tracking.
pub(super) fn sarif(whole: &Whole) -> Value {
    let legacy = whole.sites.iter().filter(|it| it.site.outcome != Outcome::Already);
    let results: Vec<Value> = legacy.map(result).collect();
    let mut codes: Vec<&str> = results.iter().filter_map(|it| it["ruleId"].as_str()).collect();
    codes.sort_unstable();
    codes.dedup();
    let rules: Vec<Value> = codes.iter().map(|it| json!({ "id": it, "helpUri": PAGE })).collect();
    json!({
        "$schema": "https://json.schemastore.org/sarif-2.1.0.json",
        "version": "2.1.0",
        "runs": [{
            "tool": { "driver": {
                "name": "internal-events",
                "version": env!("CARGO_PKG_VERSION"),
                "rules": rules,
            }},
            "results": results,
        }],
    })
}

fn result(placed: &Placed) -> Value {
    let kind = placed.site.kind;
    let (rule, level, message) = match &placed.site.outcome {
        Outcome::Refused(it) => {
            (it.reason.code(), "warning", format!("{kind}: {}. {}", it.what, it.advice))
        }
        _ => {
            let message = format!("{kind}: `internal-events migrate --write` rewrites it");
            ("legacy-tracking", "note", message)
        }
    };
    json!({
        "ruleId": rule,
        "level": level,
        "message": { "text": message },
        "locations": [{ "physicalLocation": {
            "artifactLocation": { "uri": placed.path },
            "region": { "startLine": placed.line, "startColumn": placed.column },
        }}],
    })
}
