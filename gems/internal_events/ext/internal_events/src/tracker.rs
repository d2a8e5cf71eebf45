//! A tracker of one Ruby process: opened when it is wanted, let go before a fork.
//!
//! All methods are called by threads that hold Ruby's lock, so nothing here waits for a lock of its
//! own. What takes long is done on a clone of the tracker while Ruby's lock is not held; the Ruby
//! side sees to it that no fork comes in between.

use crate::call::{self, Call};
use crate::convert;
use crate::gvl::without_gvl;
use crate::installation::{NativeInstallation, Read, error, error_of};
use crate::notices;
use crate::past::sum;
use crate::process;
use internal_events::{
    Clock, Config, FlushError, Health, Strictness, Submission, Tracker, health_json,
};
use magnus::value::{ReprValue as _, Value};
use magnus::{Error, IntoValue as _, Ruby};
use std::cell::{Cell, RefCell};
use std::mem;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicI64, Ordering};
use std::time::{Duration, Instant};

mod questions;

/// How long somebody who has just begun may take to find out whether it is the one who delivers.
const SETTLES_WITHIN: Duration = Duration::from_millis(100);

/// A tracker, and in which process it is open.
#[magnus::wrap(class = "InternalEvents::Native::Tracker", free_immediately)]
pub(crate) struct NativeTracker {
    read: RefCell<Arc<Read>>,
    home: Home,
    state: RefCell<State>,
    /// The process that all the rest is about.
    pid: Cell<u32>,
    past: RefCell<Health>,
    /// Whether handles to the data are open in this process that nothing can close any more.
    left_open: Arc<AtomicBool>,
}

enum Home {
    /// The data directory of the installation; the configuration is made once.
    Data(RefCell<Option<Box<Config>>>),
    /// Memory, and a clock that is set.
    Memory { clock: Arc<SetClock>, strictness: Strictness },
}

enum State {
    /// Opened when it is wanted.
    Closed,
    Open {
        tracker: Tracker,
        since: Instant,
    },
    /// Shut down for good.
    Ended,
    /// A fork has carried open handles into this process.
    Carried,
}

/// Time that stands still until it is set.
#[derive(Debug)]
struct SetClock(AtomicI64);

impl Clock for SetClock {
    fn now_ms(&self) -> i64 {
        self.0.load(Ordering::SeqCst)
    }
}

impl Drop for NativeTracker {
    fn drop(&mut self) {
        // In another process the threads of this tracker do not exist, and its handles must be
        // neither used nor closed.
        if self.pid.get() != process::id() {
            mem::forget(self.state.replace(State::Ended));
        }
    }
}

impl NativeTracker {
    /// Makes a tracker on the data directory of an installation; `strict` decides what the
    /// settings leave open.
    pub(crate) fn durable(installation: &NativeInstallation) -> Self {
        Self::new(installation, Home::Data(RefCell::default()))
    }

    /// Makes a tracker in memory whose clock stands at a time, in milliseconds since 1970.
    pub(crate) fn in_memory(installation: &NativeInstallation, now: i64, is_strict: bool) -> Self {
        let strictness = if is_strict { Strictness::Strict } else { Strictness::Lenient };
        let clock = Arc::new(SetClock(AtomicI64::new(now)));
        Self::new(installation, Home::Memory { clock, strictness })
    }

    fn new(installation: &NativeInstallation, home: Home) -> Self {
        Self {
            read: RefCell::new(Arc::clone(&installation.0)),
            home,
            state: RefCell::new(State::Closed),
            pid: Cell::new(process::id()),
            past: RefCell::default(),
            left_open: Arc::default(),
        }
    }

    /// Forgets what belongs to the process this one was forked from.
    fn settle(&self) {
        let pid = process::id();
        if self.pid.get() == pid {
            return;
        }
        self.pid.set(pid);
        *self.past.borrow_mut() = Health::default();
        let is_in_memory = matches!(self.home, Home::Memory { .. });
        let next = match &*self.state.borrow() {
            State::Ended => State::Ended,
            State::Open { .. } if is_in_memory => State::Closed,
            State::Open { .. } | State::Carried => State::Carried,
            State::Closed if self.left_open.load(Ordering::SeqCst) => State::Carried,
            State::Closed => State::Closed,
        };
        mem::forget(self.state.replace(next));
    }

    /// The tracker, if it is open in this process.
    fn current(&self) -> Option<Tracker> {
        self.settle();
        match &*self.state.borrow() {
            State::Open { tracker, .. } => Some(tracker.clone()),
            _ => None,
        }
    }

    /// Whether it is open, or for good not to be opened.
    pub(crate) fn is_open(&self) -> bool {
        self.settle();
        !matches!(*self.state.borrow(), State::Closed)
    }

    /// Opens it, unless it is open.
    pub(crate) fn open(ruby: &Ruby, this: &Self) -> Result<(), Error> {
        if this.is_open() {
            return Ok(());
        }
        let read = Arc::clone(&*this.read.borrow());
        let made = match &this.home {
            Home::Data(config) => config.borrow().as_deref().cloned(),
            Home::Memory { clock, strictness } => {
                Some(Config::new(Arc::clone(&read.catalog)).strictness(*strictness).clock(Arc::<
                    SetClock,
                >::clone(
                    clock
                )))
            }
        };
        let opened = without_gvl(ruby, || {
            let config = match made {
                Some(config) => config,
                None => {
                    let data = read.installation.data();
                    let config = read.installation.tracker_config(data);
                    config.map_err(|it| Box::new(it) as Box<dyn std::error::Error + Send>)?
                }
            };
            let tracker = Tracker::open(config.clone())
                .map_err(|it| Box::new(it) as Box<dyn std::error::Error + Send>)?;
            Ok((config, tracker))
        })?;
        let (config, tracker) =
            opened.map_err(|it: Box<dyn std::error::Error + Send>| error(ruby, &*it))?;
        if let Home::Data(place) = &this.home {
            place.replace(Some(Box::new(config)));
        }
        // A handler of a signal that came first has opened it, and what it tracked is counted there.
        if !this.is_open() {
            this.state.replace(State::Open { tracker, since: Instant::now() });
        }
        Ok(())
    }

    /// Tracks an event of a tracker and the arguments of its `track_event`. Nil if all is well;
    /// else what is to be done: `:notices`, to ask what the core has to say; `:unsorted`, to put the
    /// call in order and track that; `:closed`, to open it first. Or `false` if the event was refused
    /// and counted, `:carried` if that is so because of a fork, or why strict mode refuses it.
    pub(crate) fn track(ruby: &Ruby, this: &Self, arguments: &[Value]) -> Result<Value, Error> {
        let ordinary = Call::of(ruby, arguments)?.filter(|it| it.is_ordinary(ruby));
        let Some(call) = ordinary else { return Ok(Self::unsorted(ruby)) };
        let name = call.name()?;
        if this.has_extra_trackers(&name) {
            return Ok(Self::unsorted(ruby));
        }
        this.take(ruby, &call, name)
    }

    /// The same for a call that is in order.
    pub(crate) fn track_sorted(
        ruby: &Ruby,
        this: &Self,
        arguments: &[Value],
    ) -> Result<Value, Error> {
        let call = call::sorted(ruby, arguments)?;
        this.take(ruby, &call, call.name()?)
    }

    fn unsorted(ruby: &Ruby) -> Value {
        ruby.to_symbol("unsorted").as_value()
    }

    /// Whether code of the application is told of an event, of which Ruby knows more.
    fn has_extra_trackers(&self, name: &str) -> bool {
        let catalog = &self.read.borrow().catalog;
        catalog.find_event(name).is_some_and(|it| !catalog.event(it).extra_trackers.is_empty())
    }

    fn take(&self, ruby: &Ruby, call: &Call, name: String) -> Result<Value, Error> {
        // Nobody is asked for an id twice because of that. What a fork has carried here shows later.
        if matches!(*self.state.borrow(), State::Closed) {
            return Ok(Self::closed(ruby));
        }
        let event = call.event(ruby, name, self.tells_circumstances())?;
        Ok(self.submit(ruby, event))
    }

    fn closed(ruby: &Ruby) -> Value {
        ruby.to_symbol("closed").as_value()
    }

    /// Whether the circumstances of a call are of use to anybody.
    fn tells_circumstances(&self) -> bool {
        let is_sent = || self.read.borrow().installation.settings().snowplow.is_on();
        matches!(self.home, Home::Memory { .. }) || is_sent()
    }

    /// Shows a value to the set of a legacy event, with the answers of `track`.
    pub(crate) fn track_unique(
        ruby: &Ruby,
        this: &Self,
        name: String,
        property: Option<String>,
        value: Value,
    ) -> Value {
        match convert::id(value) {
            Some(value) => {
                let event = internal_events::legacy_unique(&name, property.as_deref(), value);
                this.submit(ruby, event)
            }
            None => ruby.qfalse().as_value(),
        }
    }

    fn submit(&self, ruby: &Ruby, event: internal_events::Event) -> Value {
        // The application may have forked in between.
        self.settle();
        let submission = match &*self.state.borrow() {
            State::Open { tracker, .. } => tracker.send(event),
            _ => return self.not_open(ruby),
        };
        match submission {
            Ok(Submission::Refused { reason }) => reason.into_value_with(ruby),
            Ok(_) if notices::are_there() => ruby.to_symbol("notices").as_value(),
            Ok(_) => ruby.qnil().as_value(),
            // It is counted in the ledger.
            Err(_) => ruby.qfalse().as_value(),
        }
    }

    /// What is answered, and counted, where no tracker is open.
    fn not_open(&self, ruby: &Ruby) -> Value {
        match &*self.state.borrow() {
            State::Carried => {
                self.refuse(ruby, "carried_by_fork");
                ruby.to_symbol("carried").as_value()
            }
            State::Ended => self.refuse(ruby, "shut_down"),
            State::Closed | State::Open { .. } => Self::closed(ruby),
        }
    }

    /// Counts an event that is lost because the tracker cannot be opened.
    pub(crate) fn refuse_unopened(ruby: &Ruby, this: &Self) -> Value {
        this.refuse(ruby, "not_open")
    }

    fn refuse(&self, ruby: &Ruby, cause: &'static str) -> Value {
        let mut past = self.past.borrow_mut();
        past.received += 1;
        *past.refused.entry(cause).or_default() += 1;
        ruby.qfalse().as_value()
    }

    /// Waits until what was tracked is durable, for so many milliseconds; false if it is not yet.
    pub(crate) fn flush(ruby: &Ruby, this: &Self, ms: u64) -> Result<bool, Error> {
        let Some(tracker) = this.current() else { return Ok(!this.is_still_written()) };
        match without_gvl(ruby, || tracker.flush(Duration::from_millis(ms)))? {
            Ok(()) | Err(FlushError::ShutDown) => Ok(true),
            Err(FlushError::Timeout { .. }) => Ok(false),
            Err(it) => Err(error(ruby, &it)),
        }
    }

    /// Whether it was closed before a fork, and what was queued is not written yet.
    fn is_still_written(&self) -> bool {
        matches!(*self.state.borrow(), State::Closed) && self.left_open.load(Ordering::SeqCst)
    }

    /// Whether destinations have taken all that this process should see to.
    ///
    /// What another process delivers, or a destination does not take now, is delivered later.
    pub(crate) fn is_delivered(ruby: &Ruby, this: &Self) -> Result<bool, Error> {
        this.settle();
        let (tracker, since) = match &*this.state.borrow() {
            State::Open { tracker, since } => (tracker.clone(), *since),
            _ => return Ok(true),
        };
        let destinations = without_gvl(ruby, || tracker.destinations())?;
        let destinations = destinations.map_err(|it| error(ruby, &it))?;
        let may_lead = |leads: bool| leads || since.elapsed() < SETTLES_WITHIN;
        let is_awaited = |(name, it): (&String, &internal_events::DestinationHealth)| {
            name != internal_events::store::COUNTERS
                && it.delivery.pending > 0
                && it.last_error.is_none()
                && may_lead(it.is_leading)
        };
        Ok(!destinations.iter().any(is_awaited))
    }

    /// Ends it for good, within so many milliseconds; false if that was too short.
    pub(crate) fn shut_down(ruby: &Ruby, this: &Self, ms: u64) -> Result<bool, Error> {
        let Some(tracker) = this.current() else {
            this.state.replace(State::Ended);
            return Ok(true);
        };
        let is_over = without_gvl(ruby, || tracker.shut_down(Duration::from_millis(ms)))?;
        if is_over {
            this.past.replace(this.sum(&tracker));
            // The last clone goes with the thread that drops it: nothing is left to wait for.
            this.state.replace(State::Ended);
        }
        Ok(is_over)
    }

    /// Closes every handle to the data because this process is about to fork; it is opened again
    /// when it is wanted. False if the journal was not written within so many milliseconds.
    pub(crate) fn let_go(ruby: &Ruby, this: &Self, ms: u64) -> Result<bool, Error> {
        this.settle();
        if matches!(this.home, Home::Memory { .. }) {
            return Ok(true);
        }
        let is_open = matches!(*this.state.borrow(), State::Open { .. });
        if !is_open {
            return Ok(!this.left_open.load(Ordering::SeqCst));
        }
        // Threads of Ruby that track meanwhile find it closed, and wait for the fork to be over.
        let State::Open { tracker, since } = this.state.replace(State::Closed) else {
            return Ok(true);
        };
        this.left_open.store(true, Ordering::SeqCst);
        let within = Duration::from_millis(ms);
        let has_let_go = match without_gvl(ruby, || tracker.let_go(within)) {
            Ok(it) => it,
            Err(interrupt) => {
                // It has not begun.
                this.left_open.store(false, Ordering::SeqCst);
                this.state.replace(State::Open { tracker, since });
                return Err(interrupt);
            }
        };
        this.past.replace(this.sum(&tracker));
        if has_let_go {
            this.left_open.store(false, Ordering::SeqCst);
        } else {
            this.let_go_later(tracker);
        }
        Ok(has_let_go)
    }

    /// Lets the writer finish in its own time, in this process.
    fn let_go_later(&self, tracker: Tracker) {
        let left_open = Arc::clone(&self.left_open);
        let finish = move || {
            while !tracker.let_go(Duration::from_secs(1)) {}
            left_open.store(false, Ordering::SeqCst);
        };
        // Without a thread the handles stay open, and no forked process will use the data.
        drop(std::thread::Builder::new().name("internal-events-end".to_owned()).spawn(finish));
    }

    /// Goes on with an installation that was read again.
    pub(crate) fn reload(&self, installation: &NativeInstallation) {
        self.settle();
        self.read.replace(Arc::clone(&installation.0));
        if let Home::Data(config) = &self.home {
            // Settings are for the next time it is opened, definitions for now.
            config.replace(None);
        }
        if let State::Open { tracker, .. } = &*self.state.borrow() {
            tracker.replace_catalog(Arc::clone(&installation.0.catalog));
        }
    }

    /// The definitions that events are routed by.
    fn catalog(&self) -> Arc<internal_events::Catalog> {
        Arc::clone(&self.read.borrow().catalog)
    }

    fn sum(&self, tracker: &Tracker) -> Health {
        sum(&self.past.borrow(), &tracker.health())
    }

    /// What became of the events of this process, and how the destinations are doing, as JSON.
    pub(crate) fn health(ruby: &Ruby, this: &Self) -> Result<String, Error> {
        let Some(tracker) = this.current() else {
            return Ok(
                health_json(&this.past.borrow(), &std::collections::BTreeMap::new()).to_string()
            );
        };
        let destinations = without_gvl(ruby, || tracker.destinations())?;
        let destinations = destinations.map_err(|it| error(ruby, &it))?;
        Ok(health_json(&this.sum(&tracker), &destinations).to_string())
    }

    /// The tracker, or an error that says that it is not open.
    fn opened(&self, ruby: &Ruby) -> Result<Tracker, Error> {
        self.current().ok_or_else(|| {
            let why = match &*self.state.borrow() {
                State::Carried => {
                    "this process was forked while handles to its data were open, so it must not \
                     use them; fork by Process.fork, or call InternalEvents.before_fork first"
                }
                _ => "the tracker is closed",
            };
            error_of(ruby, why.to_owned())
        })
    }
}
