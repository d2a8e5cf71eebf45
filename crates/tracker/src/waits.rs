//! Waiting for the writer and for destinations, and the end of a tracker.

use crate::Tracker;
use crate::errors::{DeliverError, FlushError};
use crate::queue::Batch;
use crate::shared::lock;
use internal_events_store::Reader;
use std::sync::atomic::Ordering;
use std::sync::mpsc;
use std::time::{Duration, Instant};

/// How long a process that forks waits for what destinations are sending.
const GRACE: Duration = Duration::from_millis(300);

/// How often it is looked whether destinations have taken what they should.
const DELIVERED_AFTER: Duration = Duration::from_millis(5);

impl Tracker {
    /// Waits until everything sent before is durable.
    ///
    /// # Errors
    ///
    /// When that takes longer than `within`, or the journal cannot be written.
    pub fn flush(&self, within: Duration) -> Result<(), FlushError> {
        self.wait(Batch::default(), within)
    }

    /// Waits as [`flush`](Self::flush) does, and then looks whether an event that came now would be
    /// taken: whether there is room on the disk, and the data directory is where it was.
    ///
    /// # Errors
    ///
    /// When flushing fails, or with what the journal could not be written for.
    pub fn check_ready(&self, within: Duration) -> Result<(), FlushError> {
        self.wait(Batch { looks: true, ..Batch::default() }, within)
    }

    fn wait(&self, batch: Batch, within: Duration) -> Result<(), FlushError> {
        let shared = self.shared();
        if !shared.enabled {
            return Ok(());
        }
        let (sender, receiver) = mpsc::sync_channel(1);
        let done = move |result| {
            // The receiver may have given up; then nobody wants the answer.
            let _ = sender.try_send(result);
        };
        let batch = Batch { done: Some(Box::new(done)), ..batch };
        shared.queue.push(batch).map_err(|_| FlushError::ShutDown)?;
        match receiver.recv_timeout(within) {
            Ok(result) => Ok(result?),
            Err(mpsc::RecvTimeoutError::Timeout) => Err(FlushError::Timeout { within }),
            Err(mpsc::RecvTimeoutError::Disconnected) => Err(FlushError::ShutDown),
        }
    }

    /// Waits until everything sent before is durable, and every destination has taken it.
    ///
    /// # Errors
    ///
    /// When that takes longer than `within`: nothing is lost then, for what is in the journal is
    /// delivered by whoever opens it next.
    pub fn deliver(&self, within: Duration) -> Result<(), DeliverError> {
        let until = Instant::now() + within;
        self.flush(within)?;
        let status = |it: &mut dyn Reader| it.status();
        let last = match self.shared().read_status(status) {
            None => return Ok(()),
            Some(status) => status.map_err(DeliverError::Read)?.last_sequence,
        };
        loop {
            let Some(status) = self.shared().read_status(status) else { return Ok(()) };
            let status = status.map_err(DeliverError::Read)?;
            let names = self.shared().threads.reports.keys();
            let cursor = |name: &str| status.cursors.get(name).copied().unwrap_or_default();
            let Some(behind) = names.copied().find(|it| cursor(it) < last) else { return Ok(()) };
            if Instant::now() >= until {
                let pending = last - cursor(behind);
                let destination = behind.to_owned();
                return Err(DeliverError::Timeout { destination, pending, within });
            }
            std::thread::sleep(DELIVERED_AFTER);
        }
    }

    /// Takes no more events, writes what waits, and ends; false if it takes longer than `within`.
    ///
    /// What destinations have not taken by then stays in the journal.
    pub fn shut_down(&self, within: Duration) -> bool {
        let shared = self.shared();
        let until = Instant::now() + within;
        shared.queue.close();
        let is_written = !shared.enabled || shared.queue.wait_for_end(within);
        shared.threads.end(until.saturating_duration_since(Instant::now())) && is_written
    }

    /// Ends as [`shut_down`](Self::shut_down) does, but does not wait for long for destinations that
    /// are slow, and closes every handle to the data: for a process that is about to fork.
    ///
    /// Neither a handle of SQLite nor a lock on a file may be carried across a fork. Whoever opens
    /// the data next delivers what was not known to have arrived. False if the journal was not
    /// written within the time; then handles are still open.
    pub fn let_go(&self, within: Duration) -> bool {
        let shared = self.shared();
        shared.queue.close();
        if shared.enabled && !shared.queue.wait_for_end(within) {
            return false;
        }
        // Usually they are done at once, and nothing is sent twice.
        shared.threads.end(within.min(GRACE));
        shared.threads.let_go();
        drop(lock(&shared.reader).take());
        drop(lock(&shared.counters).take());
        drop(lock(&shared.status).take());
        shared.has_let_go.store(true, Ordering::Release);
        true
    }
}
