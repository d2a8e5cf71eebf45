//! The native part of the Ruby gem `internal_events`.
//!
//! ```text
//!  Ruby: Gitlab::InternalEvents ─► InternalEvents::Tracker ─► Native::Tracker ─► the tracker crate
//!        what is said              opens, waits, forks         this crate        everything else
//! ```
//!
//! What is done here is only what Ruby cannot do, or not as fast: objects become ids, values of
//! Ruby values of Rust, waiting lets other threads of Ruby run, and a handle that a fork has
//! carried into another process is never used there. All of it is called by
//! `lib/internal_events`, and by nobody else.
#![expect(missing_docs, reason = "what Ruby calls first is made by a macro, without any")]

mod call;
mod convert;
mod gvl;
mod identifier;
mod installation;
mod notices;
mod past;
mod process;
mod tracker;

use installation::NativeInstallation;
use magnus::{Error, Module as _, Object as _, Ruby, TypedData as _, function, method};
use tracker::NativeTracker;

// The loader requires the file that cargo builds, so what Ruby calls first has the name of that.
#[magnus::init(name = "libinternal_events_ruby")]
fn init(ruby: &Ruby) -> Result<(), Error> {
    notices::listen();
    let native = ruby.define_module("InternalEvents")?.define_module("Native")?;
    native.define_singleton_method("notices", function!(notices::take, 0))?;
    native.define_singleton_method("identifier", function!(identifier::for_ruby, 1))?;
    call::define(ruby, native)?;

    let class = native.define_class("Installation", ruby.class_object())?;
    class.define_singleton_method("open", function!(NativeInstallation::open, 3))?;
    class.define_method("facts", method!(NativeInstallation::facts, 0))?;
    class.define_method("event", method!(NativeInstallation::event, 1))?;
    class.define_method("metric", method!(NativeInstallation::metric, 1))?;
    class.define_method("names", method!(NativeInstallation::names, 0))?;
    class.define_method("metrics_of", method!(NativeInstallation::metrics_of, 1))?;
    class.define_method("similar_event", method!(NativeInstallation::similar_event, 1))?;
    class.define_method("similar_metric", method!(NativeInstallation::similar_metric, 1))?;

    let class = native.define_class("Tracker", ruby.class_object())?;
    class.define_singleton_method("durable", function!(NativeTracker::durable, 1))?;
    class.define_singleton_method("in_memory", function!(NativeTracker::in_memory, 3))?;
    class.define_method("open", method!(NativeTracker::open, 0))?;
    class.define_method("open?", method!(NativeTracker::is_open, 0))?;
    class.define_method("track", method!(NativeTracker::track, -1))?;
    class.define_method("track_sorted", method!(NativeTracker::track_sorted, -1))?;
    class.define_method("track_unique", method!(NativeTracker::track_unique, 3))?;
    class.define_method("refuse", method!(NativeTracker::refuse_unopened, 0))?;
    class.define_method("hand_on", method!(NativeTracker::hand_on, -1))?;
    class.define_method("flush", method!(NativeTracker::flush, 1))?;
    class.define_method("delivered?", method!(NativeTracker::is_delivered, 0))?;
    class.define_method("shut_down", method!(NativeTracker::shut_down, 1))?;
    class.define_method("let_go", method!(NativeTracker::let_go, 1))?;
    class.define_method("reload", method!(NativeTracker::reload, 1))?;
    class.define_method("metrics", method!(NativeTracker::metrics, 3))?;
    class.define_method("distinct", method!(NativeTracker::distinct, 1))?;
    class.define_method("explain", method!(NativeTracker::explain, -1))?;
    class.define_method("health", method!(NativeTracker::health, 0))?;
    class.define_method("entries", method!(NativeTracker::entries, 1))?;
    class.define_method("quarantined", method!(NativeTracker::quarantined, 0))?;
    class.define_method("snowplow", method!(NativeTracker::snowplow, 1))?;
    class.define_method("now", method!(NativeTracker::now, 0))?;
    class.define_method("now=", method!(NativeTracker::set_now, 1))?;
    know_classes(ruby);
    Ok(())
}

/// Looks the classes up now, once.
///
/// Whoever needs one first would do so, under a lock of Rust's. Ruby may run a handler of a signal
/// or another thread meanwhile, which would wait for that lock with Ruby's own, and so for ever.
fn know_classes(ruby: &Ruby) {
    NativeInstallation::class(ruby);
    NativeTracker::class(ruby);
}
