//! Explanations as JSON and in words: the same wherever they are shown.

use internal_events_catalog::{
    Event, Explanation, Gate, RuleVerdict, Scalar, Surface, Verdict, Week,
};
use jiff::civil::Date;
use serde_json::{Value, json};

/// The explanation as JSON: `version`, `event`, `at`, `week`, `known`, `gates` (what is asked
/// before any rule), and `rules`, each with the `key` of its counter, whether it `moves`, the
/// `reason` for programs, `why` in words, and the `metrics` that read it.
pub fn explanation_json(explanation: &Explanation, event: &Event, at: Date) -> Value {
    let gates: Vec<Value> = explanation.gates.iter().map(gate_json).collect();
    let rules: Vec<Value> = explanation.rules.iter().map(rule_json).collect();
    json!({
        "version": 1,
        "event": event.name,
        "at": at.to_string(),
        "week": Week::of(at).to_string(),
        "known": explanation.is_known(),
        "gates": gates,
        "rules": rules,
    })
}

fn gate_json(gate: &Gate) -> Value {
    json!({
        "gate": gate.name,
        "subject": gate.subject,
        "passed": gate.passed,
        "detail": gate.detail,
    })
}

fn rule_json(rule: &RuleVerdict) -> Value {
    let (moves, reason) = match &rule.verdict {
        Verdict::Moves { operand } => (true, json!({ "operand": operand })),
        Verdict::FilterMismatch { property, expected, found } => (
            false,
            json!({ "filter": property, "expected": scalar_json(expected), "found": scalar_json(found) }),
        ),
        Verdict::MissingOperand { name } => (false, json!({ "missing": name })),
        Verdict::OtherCall { call } => (false, json!({ "call": call.as_str() })),
    };
    let surfaces: Vec<Value> = rule.surfaces.iter().map(surface_json).collect();
    json!({
        "key": rule.key,
        "moves": moves,
        "reason": reason,
        "why": rule.verdict.to_string(),
        "metrics": surfaces,
    })
}

fn surface_json(surface: &Surface) -> Value {
    json!({
        "key_path": surface.key_path,
        "time_frame": surface.time_frame.as_str(),
        "status": surface.status.as_str(),
        "from": surface.from.to_string(),
        "until": surface.until.map(|it| it.to_string()),
    })
}

/// A value of a filter or property as JSON.
pub fn scalar_json(scalar: &Scalar) -> Value {
    match scalar {
        Scalar::Null => Value::Null,
        Scalar::Bool(it) => json!(it),
        Scalar::Int(it) => json!(it),
        Scalar::Float(it) => json!(it),
        Scalar::Str(it) => json!(it),
    }
}

/// The explanation in words, for the message of a test that fails.
pub fn explanation_text(explanation: &Explanation, event: &Event, at: Date) -> String {
    let mark = |good: bool| if good { "yes" } else { "no " };
    let mut text = format!("{} on {at} (week {})\n", event.name, Week::of(at));
    for Gate { name, subject, passed, detail } in &explanation.gates {
        text.push_str(&format!("{} {name} {subject}: {detail}\n", mark(*passed)));
    }
    for rule in &explanation.rules {
        text.push_str(&format!("{} {}: {}\n", mark(rule.moves()), rule.key, rule.verdict));
        for surface in &rule.surfaces {
            text.push_str(&format!("      {surface}\n"));
        }
    }
    text
}
