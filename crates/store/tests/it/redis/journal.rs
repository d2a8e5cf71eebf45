//! Journals to be counted, and what they come to.

use std::collections::BTreeMap;
use std::sync::Arc;

use internal_events_store::{Counter, EventId, StoredChange, StoredEntry, StoredUpdate};

/// Monday 2026-11-16, in the week 2026-47.
const MONDAY: i64 = 1_794_787_200_000;

/// A sequence of numbers that looks random and is always the same.
pub(crate) struct Random(pub(crate) u64);

impl Random {
    pub(crate) fn below(&mut self, end: u64) -> u64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        (self.0 >> 11) % end
    }
}

/// Makes an entry of its updates.
pub(crate) fn entry(sequence: u64, updates: Vec<StoredUpdate>) -> StoredEntry {
    StoredEntry {
        sequence,
        id: EventId([1; 16]),
        accepted_at: MONDAY + i64::try_from(sequence).unwrap() * 1_000,
        catalog: 1,
        event: b"{}".to_vec(),
        updates,
    }
}

pub(crate) fn update(key: &str, change: StoredChange) -> StoredUpdate {
    StoredUpdate { key: Arc::from(key), change }
}

/// Makes entries as events of a few names would be routed, all-time and weekly keys, overridden
/// ones without a hash tag among them.
pub(crate) fn random(seed: u64, len: u64) -> Vec<StoredEntry> {
    let mut random = Random(seed.wrapping_mul(0x9e37_79b9_7f4a_7c15));
    (1..=len).map(|sequence| entry(sequence, event(&mut random))).collect()
}

fn event(random: &mut Random) -> Vec<StoredUpdate> {
    let name = ["edit", "push", "search"][usize::try_from(random.below(3)).unwrap()];
    let week = 45 + random.below(3);
    let user = random.below(2_000).to_string().into_bytes();
    let total = match name {
        "search" => "ALL_SEARCHES_COUNT".to_owned(),
        name => format!("{{event_counters}}_{name}"),
    };
    let mut updates = vec![
        update(&total, StoredChange::Add(1)),
        update(&format!("{{event_counters}}_{name}-2026-{week}"), StoredChange::Add(1)),
        update(&format!("{{hll_counters}}_{name}-user-2026-{week}"), StoredChange::Observe(user)),
    ];
    if random.below(3) == 0 {
        #[expect(clippy::cast_precision_loss, reason = "small numbers")]
        let amount = random.below(1_000) as f64 / 8.0 - 20.0;
        for suffix in ["", "-2026-47"] {
            let key = format!("{{event_sums}}_{name}-operator:sum(value){suffix}");
            updates.push(update(&key, StoredChange::Sum(amount)));
        }
    }
    if random.below(3) == 0 {
        let label = format!("label {}", random.below(20)).into_bytes();
        for suffix in ["", "-2026-47"] {
            let key = format!("{{hll_counters}}_{name}-operator:total-label{suffix}");
            updates.push(update(&key, StoredChange::Count(label.clone())));
        }
    }
    updates
}

/// What the entries come to when each is counted once.
pub(crate) fn counted(entries: &[StoredEntry]) -> BTreeMap<String, Counter> {
    let mut counters: BTreeMap<String, Counter> = BTreeMap::new();
    for update in entries.iter().flat_map(|it| &it.updates) {
        let kind = update.change.as_change().kind();
        let counter =
            counters.entry(update.key.to_string()).or_insert_with(|| Counter::empty(kind));
        match (counter, &update.change) {
            (Counter::Total(total), StoredChange::Add(amount)) => *total += amount,
            (Counter::Unique(sketch), StoredChange::Observe(element)) => {
                sketch.insert(element);
            }
            (Counter::Sum(sum), StoredChange::Sum(amount)) => *sum += amount,
            (Counter::PerValue(totals), StoredChange::Count(value)) => {
                *totals.entry(value.clone()).or_default() += 1;
            }
            (counter, change) => panic!("{change:?} to {counter:?}"),
        }
    }
    counters
}
