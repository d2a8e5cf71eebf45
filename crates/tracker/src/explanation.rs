//! Explanations as JSON: the same shape wherever they are shown.

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
            json!({ "filter": property, "expected": value(expected), "found": value(found) }),
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

fn value(scalar: &Scalar) -> Value {
    match scalar {
        Scalar::Null => Value::Null,
        Scalar::Bool(it) => json!(it),
        Scalar::Int(it) => json!(it),
        Scalar::Float(it) => json!(it),
        Scalar::Str(it) => json!(it),
    }
}
