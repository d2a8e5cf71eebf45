//! What the calls from before internal events would move.

use super::{Explanation, Gate, Readers, RuleVerdict, Verdict};
use crate::{Call, Catalog, CounterId, Event, Omission, Routed, Week};

/// The calls that a name alone is enough for.
const LEGACY_CALLS: [Call; 2] = [Call::IncrementCounter, Call::IncrementUniqueUsers];

impl Catalog {
    /// Explains an event that counts under its legacy name.
    pub(super) fn explain_legacy(
        &self,
        event: &Event,
        routed: &Routed,
        readers: &Readers<'_>,
    ) -> Explanation {
        let mut gates = vec![Gate {
            name: "known",
            subject: event.name.clone(),
            passed: true,
            detail: format!("`{}` takes it by its legacy name", event.call.as_str()),
        }];
        gates.extend(routed.omissions.iter().filter_map(legacy_gate));
        let missing = routed.omissions.iter().find_map(|it| match it {
            Omission::MissingOperand { name } => Some(name.clone()),
            _ => None,
        });
        let verdict = match (routed.updates.first(), missing) {
            (Some(update), _) => {
                let mut operand = String::new();
                update.operand.write_element(event, &mut operand);
                Verdict::Moves { operand: (!operand.is_empty()).then_some(operand) }
            }
            (None, Some(name)) => Verdict::MissingOperand { name },
            (None, None) => return Explanation { gates, rules: Vec::new() },
        };
        let counter = self.legacy_counter(event);
        let rules = counter.map(|id| self.legacy_verdict(id, verdict, readers));
        Explanation { gates, rules: rules.into_iter().collect() }
    }

    /// The call that takes a legacy name, if there is one.
    pub(super) fn legacy_call(&self, name: &str) -> Option<Call> {
        let takes = |call| self.legacy_counter(&Event { call, ..Event::new(name) }).is_some();
        LEGACY_CALLS.into_iter().find(|it| takes(*it))
    }

    /// The counters that an event of this name moves by other calls only.
    pub(super) fn other_calls(&self, event: &Event, readers: &Readers<'_>) -> Vec<RuleVerdict> {
        let others = LEGACY_CALLS.into_iter().filter(|it| *it != event.call);
        let verdict = |call| {
            let id = self.legacy_counter(&Event { call, ..Event::new(&event.name) })?;
            Some(self.legacy_verdict(id, Verdict::OtherCall { call }, readers))
        };
        others.filter_map(verdict).collect()
    }

    fn legacy_verdict(
        &self,
        id: CounterId,
        verdict: Verdict,
        readers: &Readers<'_>,
    ) -> RuleVerdict {
        let key = self.key(id, Week::of(readers.today));
        let surfaces = readers.of(&key, self.counter(id).weekly);
        RuleVerdict { counter: id, key, verdict, surfaces }
    }
}

/// What is wrong with a legacy call, as a question that was answered with no.
pub(super) fn legacy_gate(omission: &Omission) -> Option<Gate> {
    let (Omission::UncountedLegacyEvent { name }
    | Omission::UnlistedLegacyEvent { name }
    | Omission::UnfinishedMigration { name }) = omission
    else {
        return None;
    };
    let (subject, detail) = (name.clone(), omission.to_string());
    Some(Gate { name: "legacy", subject, passed: false, detail })
}
