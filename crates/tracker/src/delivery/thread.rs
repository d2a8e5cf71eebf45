//! The thread of one destination.

use super::pace::{BackOff, Kept};
use super::{Delivered, DeliveryError, Destination, Factory, Rejected, Report, Resume};
use crate::store::{self, Cursor, CursorPlace, DeadLetter, Step, StoredEntry};
use std::collections::BTreeMap;
use std::fmt;
use std::hash::{BuildHasher as _, RandomState};
use std::io;
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

/// How long a thread waits for work that nobody in this process tells it of.
const IDLE: Duration = Duration::from_secs(1);

/// How often a destination is asked where it stands while there is nothing to deliver.
const ASK_AGAIN: Duration = Duration::from_mins(1);

/// The threads of all destinations, as seen by others.
#[derive(Debug, Default)]
pub(crate) struct Threads {
    state: Mutex<State>,
    changed: Condvar,
    pub(crate) reports: BTreeMap<&'static str, Arc<Report>>,
    places: Mutex<Vec<Arc<Place>>>,
}

/// A thread's place in the journal, which can be closed under it while it talks to a destination.
#[derive(Default)]
struct Place(Mutex<Option<Box<dyn Cursor>>>);

impl Place {
    /// Does something at the place, unless it is closed.
    fn with<T>(&self, work: impl FnOnce(&mut dyn Cursor) -> Result<T, End>) -> Result<T, End> {
        let mut cursor = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        match cursor.as_mut() {
            Some(cursor) => work(cursor.as_mut()),
            None => Err(End::Closed),
        }
    }

    fn close(&self) {
        drop(self.0.lock().unwrap_or_else(PoisonError::into_inner).take());
    }
}

impl fmt::Debug for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Place").finish_non_exhaustive()
    }
}

#[derive(Debug, Default)]
struct State {
    /// How often entries were accepted in this process.
    news: u64,
    is_closed: bool,
    n_running: usize,
}

impl Threads {
    /// Makes room for what each destination says of itself.
    pub(crate) fn new(factories: &[Factory]) -> Self {
        let reports = factories.iter().map(|it| (it.name, Arc::default())).collect();
        Self { reports, ..Self::default() }
    }

    /// Says that entries were accepted.
    pub(crate) fn wake(&self) {
        if !self.reports.is_empty() {
            self.lock().news += 1;
            self.changed.notify_all();
        }
    }

    /// Ends all threads; false if one did not within a time.
    pub(crate) fn end(&self, within: Duration) -> bool {
        let mut state = self.lock();
        state.is_closed = true;
        self.changed.notify_all();
        let is_running = |it: &mut State| it.n_running > 0;
        let waited = self.changed.wait_timeout_while(state, within, is_running);
        waited.unwrap_or_else(PoisonError::into_inner).0.n_running == 0
    }

    /// Tells all threads to end and closes their handles to the data, without waiting for those
    /// that still talk to a destination: they find no place any more where to write how it went.
    pub(crate) fn let_go(&self) {
        self.lock().is_closed = true;
        self.changed.notify_all();
        for place in self.places.lock().unwrap_or_else(PoisonError::into_inner).iter() {
            place.close();
        }
    }

    /// Waits for entries after those `seen`, for the end, or for a time.
    fn wait(&self, seen: Option<u64>, time: Duration) {
        let goes_on = |it: &mut State| !it.is_closed && seen.is_none_or(|seen| seen == it.news);
        let waited = self.changed.wait_timeout_while(self.lock(), time, goes_on);
        drop(waited.unwrap_or_else(PoisonError::into_inner));
    }

    fn news(&self) -> u64 {
        self.lock().news
    }

    fn is_closed(&self) -> bool {
        self.lock().is_closed
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Starts the thread of a destination.
pub(crate) fn spawn(
    factory: &Factory,
    cursor: Box<dyn Cursor>,
    threads: &Arc<Threads>,
) -> io::Result<()> {
    let Factory { name, make } = factory.clone();
    let threads = Arc::clone(threads);
    let report = threads.reports.get(name).cloned().unwrap_or_default();
    threads.lock().n_running += 1;
    let place = Arc::new(Place(Mutex::new(Some(cursor))));
    threads.places.lock().unwrap_or_else(PoisonError::into_inner).push(Arc::clone(&place));
    let running = Running { threads, report };
    let thread = std::thread::Builder::new().name(format!("internal-events-{name}"));
    thread.spawn(move || {
        let destination = make();
        let kept = Kept::new(destination.replay_window());
        let (back_off, random) = (BackOff::default(), RandomState::new());
        let warnings = Vec::new();
        let mut thread =
            Thread { name, running, place, destination, kept, back_off, random, warnings };
        while !thread.running.threads.is_closed() {
            thread.round();
        }
    })?;
    Ok(())
}

/// Says that the thread has ended, in whatever way.
struct Running {
    threads: Arc<Threads>,
    report: Arc<Report>,
}

impl Drop for Running {
    fn drop(&mut self) {
        self.report.set_leading(false);
        if std::thread::panicking() {
            self.report
                .set_error(Some("its thread has ended by a bug; restart the program".into()));
        }
        self.threads.lock().n_running -= 1;
        self.threads.changed.notify_all();
    }
}

struct Thread {
    name: &'static str,
    running: Running,
    place: Arc<Place>,
    destination: Box<dyn Destination>,
    kept: Kept,
    back_off: BackOff,
    random: RandomState,
    /// What was wrong at the last look.
    warnings: Vec<String>,
}

/// Why a round ended.
enum End {
    Journal(store::Error),
    Delivery(DeliveryError),
    /// The handle to the data was closed; the thread is to end.
    Closed,
}

impl From<store::Error> for End {
    fn from(error: store::Error) -> Self {
        Self::Journal(error)
    }
}

impl From<DeliveryError> for End {
    fn from(error: DeliveryError) -> Self {
        Self::Delivery(error)
    }
}

impl Thread {
    /// Resumes and delivers until something goes wrong, another leads, or all is to end.
    fn round(&mut self) {
        let end = self.deliver_all();
        let wait = match end {
            Ok(()) | Err(End::Closed) => return,
            Err(End::Delivery(error)) => {
                let random = self.random();
                let wait = self.back_off.next(error.retry_after, random);
                self.complain(&error.to_string(), wait);
                wait
            }
            Err(End::Journal(error)) => {
                let random = self.random();
                let wait = self.back_off.next(None, random);
                self.complain(&DeliveryError::new(error).to_string(), wait);
                wait
            }
        };
        self.wait(wait);
    }

    fn complain(&self, error: &str, wait: Duration) {
        tracing::warn!(
            destination = self.name,
            error,
            next_try_in = format!("{:.1} s", wait.as_secs_f64()),
            "entries could not be delivered; they stay in the journal"
        );
        self.running.report.set_error(Some(error.to_owned()));
    }

    /// Waits after an error, and says once a second that it is there.
    fn wait(&mut self, time: Duration) {
        let until = Instant::now() + time;
        loop {
            let left = until.saturating_duration_since(Instant::now());
            if left.is_zero() || self.running.threads.is_closed() {
                return;
            }
            self.running.threads.wait(None, left.min(IDLE));
            // Who leads may have changed when the wait is over; that is looked at then.
            let _ = self.place.with(|it| Ok(it.leads()?));
        }
    }

    /// A number between 0 and 1 that is another one in every process and at every call.
    fn random(&self) -> f64 {
        let bits = self.random.hash_one(Instant::now()) >> 32;
        f64::from(u32::try_from(bits).unwrap_or_default()) / f64::from(u32::MAX)
    }

    fn deliver_all(&mut self) -> Result<(), End> {
        if !self.leads()? {
            self.running.threads.wait(None, IDLE);
            return Ok(());
        }
        let (mut place, mut after) = self.resume()?;
        self.look()?;
        let resumed = Instant::now();
        loop {
            let seen = self.running.threads.news();
            let entries = self.entries(after)?;
            if entries.is_empty() {
                self.succeeded();
                self.running.threads.wait(Some(seen), IDLE);
            } else {
                let delivered = self.destination.deliver(&entries)?;
                after = delivered.up_to;
                if !self.advance(&mut place, &delivered, &entries)? {
                    return Ok(());
                }
                self.succeeded();
            }
            // A destination that forgets something says so only when it is asked.
            let is_due = entries.is_empty() && resumed.elapsed() >= ASK_AGAIN;
            if is_due || self.running.threads.is_closed() || !self.leads()? {
                return Ok(());
            }
        }
    }

    /// Says once what is wrong with a destination that takes what it gets.
    fn look(&mut self) -> Result<(), DeliveryError> {
        let warnings = self.destination.look()?;
        for warning in warnings.iter().filter(|it| !self.warnings.contains(it)) {
            tracing::warn!(destination = self.name, "{warning}");
        }
        self.running.report.set_warnings(warnings.clone());
        self.warnings = warnings;
        Ok(())
    }

    fn entries(&self, after: u64) -> Result<Vec<StoredEntry>, End> {
        let page = self.destination.page();
        self.place.with(|it| Ok(it.entries(after, page)?))
    }

    fn leads(&mut self) -> Result<bool, End> {
        let leads = self.place.with(|it| Ok(it.leads()?))?;
        self.running.report.set_leading(leads);
        if !leads {
            self.kept.forget();
        }
        Ok(leads)
    }

    fn succeeded(&mut self) {
        self.back_off.reset();
        self.running.report.set_error(None);
    }

    /// Finds out where to go on: the place of the cursor, and the entry after which to go on.
    fn resume(&mut self) -> Result<(CursorPlace, u64), End> {
        let place = self.place.with(|it| Ok(it.place()?))?;
        let (place, resume) = match self.destination.resume(&place)? {
            Resume::RenameJournal => {
                let renamed = self.rename_journal(&place)?;
                let resume = self.destination.resume(&renamed)?;
                (renamed, resume)
            }
            resume @ Resume::After { .. } => (place, resume),
        };
        let Resume::After { entry, state, noted } = resume else {
            let error = "the destination knows a journal that nobody had before";
            return Err(DeliveryError::new(error).into());
        };
        let place = CursorPlace { state, ..place };
        if !self.keep(&place, &noted)? {
            return Err(DeliveryError::new("another process delivers here too").into());
        }
        Ok((place, entry))
    }

    fn rename_journal(&mut self, before: &CursorPlace) -> Result<CursorPlace, End> {
        let renamed = self.place.with(|it| Ok(it.rename_journal()?))?;
        self.kept.forget();
        tracing::error!(
            destination = self.name,
            before = before.journal_id,
            now = renamed.journal_id,
            "the data directory was restored from a backup; its journal has another name now, and \
             goes on after entry {}",
            renamed.last
        );
        Ok(renamed)
    }

    /// Keeps what was found out on resuming; false if the cursor is not where it was.
    fn keep(&mut self, place: &CursorPlace, noted: &BTreeMap<String, u64>) -> Result<bool, End> {
        if noted.is_empty() && self.place.with(|it| Ok(it.place()?))?.state == place.state {
            return Ok(true);
        }
        let noted: Vec<(&str, u64)> = noted.iter().map(|(it, n)| (it.as_str(), *n)).collect();
        let (to, state) = (place.cursor, place.state.as_str());
        // What was to stay in the journal stays.
        let (dropped, skipped, rejected) = (&[], &[], &[]);
        let step = Step { to, keeps_after: 0, state, dropped, skipped, rejected, noted: &noted };
        self.place.with(|it| Ok(it.advance(place.cursor, &step)?))
    }

    /// Moves the cursor past what took effect; false if it is not where it was.
    fn advance(
        &mut self,
        place: &mut CursorPlace,
        done: &Delivered,
        entries: &[StoredEntry],
    ) -> Result<bool, End> {
        // Entries that are delivered once more, because they were forgotten, have moved it before.
        let to = done.up_to.max(place.cursor);
        let keeps_after = self.kept.mark(to, Instant::now());
        let dropped: Vec<(&str, u64)> = done.dropped.iter().map(|(it, n)| (*it, *n)).collect();
        let noted: Vec<(&str, u64)> = done.noted.iter().map(|(it, n)| (it.as_str(), *n)).collect();
        let skipped: Vec<(&str, u64)> = done.skipped.iter().map(|(it, n)| (*it, *n)).collect();
        let step = Step {
            to,
            keeps_after,
            state: &done.state,
            dropped: &dropped,
            skipped: &skipped,
            rejected: &letters(&done.rejected, entries),
            noted: &noted,
        };
        let has_moved = self.place.with(|it| Ok(it.advance(place.cursor, &step)?))?;
        place.cursor = to;
        Ok(has_moved)
    }
}

/// Puts what was rejected beside the reasons.
fn letters<'a>(rejected: &'a [Rejected], entries: &'a [StoredEntry]) -> Vec<DeadLetter<'a>> {
    let letter = |it: &'a Rejected| {
        let entry = entries.iter().find(|entry| entry.sequence == it.sequence)?;
        Some(DeadLetter {
            sequence: entry.sequence,
            id: entry.id,
            accepted_at: entry.accepted_at,
            reason: &it.reason,
            event: &entry.event,
        })
    };
    rejected.iter().filter_map(letter).collect()
}
