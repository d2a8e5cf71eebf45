//! Room for parsers that walk down by recursion.

use crate::site::Unparsable;
use std::thread;

/// How long a text may be; longer ones are bundles that a machine wrote.
const MAX_TEXT: usize = 1 << 20;

/// What a thread needs besides.
const LEAST: usize = 16 << 20;

/// What a byte may need: `a.a.a` is a level for each two. Memory that is not touched is not
/// taken, so that this is a bound, and no price.
const PER_BYTE: usize = if cfg!(debug_assertions) { 4 << 10 } else { 1 << 10 };

/// Does some work on a text with as much stack as it may need: a stack that overflows takes the
/// whole program with it.
///
/// # Errors
///
/// Returns why there cannot be so much.
pub(crate) fn with_stack<T: Send>(
    text: &str,
    work: impl FnOnce() -> Result<T, Unparsable> + Send,
) -> Result<T, Unparsable> {
    if text.len() > MAX_TEXT {
        let message = format!("The text is longer than {MAX_TEXT} bytes, as bundles are");
        return Err(Unparsable { at: 0, message });
    }
    let size = LEAST + text.len() * PER_BYTE;
    thread::scope(|scope| {
        let thread = thread::Builder::new().stack_size(size).spawn_scoped(scope, work);
        let thread = thread.map_err(|it| {
            let message = format!("There is no thread with {size} bytes of stack: {it}");
            Unparsable { at: 0, message }
        })?;
        thread.join().unwrap_or_else(|it| std::panic::resume_unwind(it))
    })
}
