//! Measures what an appended event costs: `cargo run --release -p internal-events-store --example append`.
//!
//! Groups of events with a payload of 300 bytes and four updates each (two totals, two sketches) go
//! through [`Sqlite`] as the tracker's writer thread sends them: append, then a checkpoint if it is
//! due. Processor time is the thread's own, from `/proc`, so waiting for the disk does not count.
//! The floor beside it writes the same bytes to a plain file and syncs it once a group.
#![expect(clippy::print_stdout, reason = "a measurement is there to be printed")]

use std::error::Error;
use std::fs::{File, read_to_string};
use std::io::Write as _;
use std::path::Path;
use std::time::{Duration, Instant};

use internal_events_store::{
    Change, Entry, EventId, Group, Key, Options, Sqlite, Store as _, Update,
};

const EVENT_BYTES: usize = 300;
const USERS: u64 = 20_000;
const KEYS: u32 = 400;

fn main() -> Result<(), Box<dyn Error>> {
    let dir = std::env::args().nth(1).unwrap_or_else(|| "target/append".to_owned());
    std::fs::create_dir_all(&dir)?;
    println!(
        "{:>9} {:>8} {:>12} {:>12} {:>12}",
        "group", "events", "cpu us/event", "floor", "events/s"
    );
    for (per_group, n_groups) in [(1, 5_000), (10, 5_000), (50, 4_000), (100, 3_000), (500, 800)] {
        let path = Path::new(&dir).join(format!("store-{per_group}"));
        let _ = std::fs::remove_dir_all(&path);
        let store = measure_store(&path, per_group, n_groups)?;
        let floor = measure_floor(&path.join("floor"), per_group, n_groups)?;
        let events = f64::from(per_group * n_groups);
        println!(
            "{per_group:>9} {events:>8} {:>12.2} {:>12.2} {:>12.0}",
            store.cpu.as_secs_f64() * 1e6 / events,
            floor.cpu.as_secs_f64() * 1e6 / events,
            events / store.wall.as_secs_f64(),
        );
        std::fs::remove_dir_all(&path)?;
    }
    Ok(())
}

struct Cost {
    cpu: Duration,
    wall: Duration,
}

fn measure(work: impl FnOnce() -> Result<(), Box<dyn Error>>) -> Result<Cost, Box<dyn Error>> {
    let (cpu, wall) = (thread_time()?, Instant::now());
    work()?;
    Ok(Cost { cpu: thread_time()?.saturating_sub(cpu), wall: wall.elapsed() })
}

/// Returns the processor time of this thread, user and system.
fn thread_time() -> Result<Duration, Box<dyn Error>> {
    let text = read_to_string("/proc/thread-self/schedstat")?;
    let nanos = text.split(' ').next().ok_or("schedstat is empty")?.parse()?;
    Ok(Duration::from_nanos(nanos))
}

fn measure_store(path: &Path, per_group: u32, n_groups: u32) -> Result<Cost, Box<dyn Error>> {
    let mut store = Sqlite::open(path, Options::default())?;
    let keys: Vec<Key> =
        (0..KEYS).map(|n| store.intern(&format!("{{hll_counters}}_event_{n}-2026-47"))).collect();
    let event = vec![b'x'; EVENT_BYTES];
    // The elements of all groups are made before, so that only the store is measured.
    let elements: Vec<String> = (0..USERS).map(|n| (n * 7919 % USERS).to_string()).collect();
    let mut n = 0_usize;
    measure(|| {
        for group in 0..n_groups {
            let updates: Vec<[Update<'_>; 4]> = (0..per_group)
                .map(|_| {
                    n += 1;
                    let key = |offset: usize| keys[(n * 4 + offset) % keys.len()];
                    let element = elements[n * 31 % elements.len()].as_bytes();
                    [
                        Update { key: key(0), change: Change::Add(1) },
                        Update { key: key(1), change: Change::Add(1) },
                        Update { key: key(2), change: Change::Observe(element) },
                        Update { key: key(3), change: Change::Observe(element) },
                    ]
                })
                .collect();
            // As if 100,000 events came in a second.
            let accepted_at = 1_795_000_000_000 + i64::from(group * per_group / 100);
            let entries: Vec<Entry<'_>> = updates
                .iter()
                .map(|updates| Entry {
                    id: EventId([7; 16]),
                    accepted_at,
                    catalog: 1,
                    event: &event,
                    updates,
                    content: None,
                })
                .collect();
            store.append(&Group { entries: &entries, ..Group::default() })?;
            if store.is_checkpoint_due() {
                store.checkpoint()?;
            }
        }
        store.checkpoint()?;
        Ok(())
    })
}

fn measure_floor(path: &Path, per_group: u32, n_groups: u32) -> Result<Cost, Box<dyn Error>> {
    // What a record takes: payload, id, four updates.
    let bytes = vec![b'x'; (EVENT_BYTES + 16 + 40) * per_group as usize];
    let mut file = File::create(path)?;
    measure(|| {
        for _ in 0..n_groups {
            file.write_all(&bytes)?;
            file.sync_data()?;
        }
        Ok(())
    })
}
