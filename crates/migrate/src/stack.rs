//! Room for parsers and walks that go down by recursion, and bounds for what they are given.

use crate::site::Unparsable;
use std::cell::Cell;
use std::thread;

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

thread_local! {
    /// For a text of how many bytes the stack of this thread is enough.
    static ROOM: Cell<usize> = const { Cell::new(0) };
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
    // What is rewritten is read once more, and may be longer.
    let room = text.len() + text.len() / 2 + 1024;
    let size = LEAST + room * PER_BYTE;
    let roomy = move || {
        ROOM.set(room);
        work()
    };
    thread::scope(|scope| {
        let thread = thread::Builder::new().stack_size(size).spawn_scoped(scope, roomy);
        let thread = thread.map_err(|it| {
            let message = format!("there is no thread with {size} bytes of stack ({it})");
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
