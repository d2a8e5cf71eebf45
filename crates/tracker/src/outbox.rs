//! Delivers once more what a destination has rejected.

use crate::health::RECEIVED;
use crate::store::{Entry, Error, Group, Store, StoredDeadLetter};

/// Entries that are brought in by one transaction: writers wait for some milliseconds.
const BATCH: usize = 256;

/// Puts rejected entries back into the journal, each for the destination that rejected it and for
/// nobody else, under the id it had; returns how many were still in the outbox.
///
/// They move no counter, for they have moved theirs when they were accepted.
///
/// # Errors
///
/// When the data cannot be written. What was put back before is back; calling again goes on.
pub fn retry_dead_letters(
    store: &mut dyn Store,
    letters: &[StoredDeadLetter],
) -> Result<u64, Error> {
    let mut n = 0;
    for batch in letters.chunks(BATCH) {
        let mut batch: Vec<&StoredDeadLetter> = batch.iter().collect();
        while !batch.is_empty() {
            match append(store, &batch) {
                Ok(()) => {
                    n += batch.len() as u64;
                    break;
                }
                // Somebody else has decided about it meanwhile.
                Err(Error::NotInOutbox { number }) => batch.retain(|it| it.number != number),
                Err(error) => return Err(error),
            }
        }
    }
    Ok(n)
}

fn append(store: &mut dyn Store, letters: &[&StoredDeadLetter]) -> Result<(), Error> {
    let events: Vec<Vec<u8>> = letters.iter().map(|it| addressed(it)).collect();
    let entries: Vec<Entry<'_>> = letters
        .iter()
        .zip(&events)
        .map(|(letter, event)| Entry {
            id: letter.id,
            accepted_at: letter.accepted_at,
            catalog: 0,
            event,
            updates: &[],
            content: None,
        })
        .collect();
    let numbers: Vec<u64> = letters.iter().map(|it| it.number).collect();
    let ledger = [(RECEIVED, letters.len() as u64)];
    let group = Group { entries: &entries, retried: &numbers, ledger: &ledger, ..Group::default() };
    store.append(&group).map(drop)
}

/// The event with the name of the destination that it is for.
fn addressed(letter: &StoredDeadLetter) -> Vec<u8> {
    let to = format!(",\"to\":\"{}\"}}", letter.destination);
    if letter.event.ends_with(to.as_bytes()) {
        return letter.event.clone();
    }
    let mut event = letter.event.clone();
    if event.pop() != Some(b'}') {
        // It is none of ours; the destination will say so again.
        return letter.event.clone();
    }
    event.extend_from_slice(to.as_bytes());
    event
}
