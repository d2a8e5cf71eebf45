//! Room for parsers and walks that go down by recursion, and bounds for what they are given.

use crate::site::Unparsable;
use std::cell::Cell;
use std::thread::{self, Scope, ScopedJoinHandle};

/// How long a text may be; longer ones are bundles that a machine wrote.
const MAX_TEXT: usize = 1 << 20;

/// How deep brackets may be nested: people's code has at most some dozens, and parsers try more
/// than one way at each.
const MAX_BRACKETS: usize = 200;

/// What a thread needs besides.
const LEAST: usize = 16 << 20;

/// What a byte may need: `!!x` is a level for each. Memory that is not touched is not taken, so
/// that this is a bound, and no price.
const PER_BYTE: usize = if cfg!(debug_assertions) { 16 << 10 } else { 2 << 10 };

/// How long the texts are for which a thread that reads many has room: most are shorter.
const USUAL_TEXT: usize = 32 << 10;

thread_local! {
    /// For a text of how many bytes the stack of this thread is enough.
    static ROOM: Cell<usize> = const { Cell::new(0) };
}

/// Starts a thread that has room for texts of a usual length, so that not each needs a thread.
///
/// # Errors
///
/// Returns why there is no such thread; texts are read by any other as well, only more slowly.
pub fn spawn_with_room<'scope, T: Send + 'scope>(
    scope: &'scope Scope<'scope, '_>,
    work: impl FnOnce() -> T + Send + 'scope,
) -> std::io::Result<ScopedJoinHandle<'scope, T>> {
    spawn(scope, USUAL_TEXT, work)
}

fn spawn<'scope, T: Send + 'scope>(
    scope: &'scope Scope<'scope, '_>,
    text: usize,
    work: impl FnOnce() -> T + Send + 'scope,
) -> std::io::Result<ScopedJoinHandle<'scope, T>> {
    // What is rewritten is read once more, and may be longer.
    let room = text + text / 2 + 1024;
    let roomy = move || {
        ROOM.set(room);
        work()
    };
    thread::Builder::new().stack_size(LEAST + room * PER_BYTE).spawn_scoped(scope, roomy)
}

/// Does some work on a text with as much stack as it may need: a stack that overflows takes the
/// whole program with it.
///
/// # Errors
///
/// Returns why there cannot be so much.
///
/// # Panics
///
/// Panics as the work does.
pub(crate) fn with_stack<T: Send>(
    text: &str,
    work: impl FnOnce() -> Result<T, Unparsable> + Send,
) -> Result<T, Unparsable> {
    if text.len() > MAX_TEXT {
        let message = format!("it is longer than {MAX_TEXT} bytes, as bundles are");
        return Err(Unparsable::too_deep(0, message));
    }
    if text.len() <= ROOM.get() {
        return work();
    }
    thread::scope(|scope| {
        let thread = spawn(scope, text.len(), work).map_err(|it| {
            let message = format!("there is no thread with enough stack for it ({it})");
            Unparsable::too_deep(0, message)
        })?;
        thread.join().unwrap_or_else(|it| std::panic::resume_unwind(it))
    })
}

/// Refuses code whose brackets are nested too deeply.
///
/// # Errors
///
/// Returns where that begins.
pub(crate) fn bounded(code: &str) -> Result<(), Unparsable> {
    let mut depth = 0_usize;
    for (at, byte) in code.bytes().enumerate() {
        match byte {
            b'(' | b'[' | b'{' => depth += 1,
            b')' | b']' | b'}' => depth = depth.saturating_sub(1),
            _ => {}
        }
        if depth > MAX_BRACKETS {
            let message = format!("more than {MAX_BRACKETS} brackets are open");
            return Err(Unparsable::too_deep(at, message));
        }
    }
    Ok(())
}
