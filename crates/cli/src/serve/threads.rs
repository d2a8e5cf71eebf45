//! The threads that answer requests.

use std::io;
use std::sync::mpsc;
use std::thread::{Builder, available_parallelism};
use tokio::runtime;

/// What the runtime gives each of its threads.
const STACK: usize = 2 << 20;

/// Starts one thread for each processor.
pub(super) fn runtime() -> io::Result<runtime::Runtime> {
    let n = available_parallelism().map_or(1, usize::from);
    // One more, for what waits for the disk.
    ask_for(n + 1)?;
    runtime::Builder::new_multi_thread()
        .worker_threads(n)
        .thread_stack_size(STACK)
        .enable_all()
        .build()
}

/// Fails if the system does not give so many threads at a time, where the runtime would panic.
fn ask_for(n: usize) -> io::Result<()> {
    let mut threads = Vec::with_capacity(n);
    let mut started = Ok(());
    for _ in 0..n {
        let (end, wait) = mpsc::channel::<()>();
        match Builder::new().stack_size(STACK).spawn(move || wait.recv().is_err()) {
            Ok(thread) => threads.push((end, thread)),
            Err(error) => started = Err(error),
        }
    }
    for (end, thread) in threads {
        drop(end);
        // It only waits, and cannot panic.
        let _ = thread.join();
    }
    started
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_system_that_gives_no_thread_is_said() {
        ask_for(2).expect("there are threads");
        // No system has so much room for stacks.
        let error = Builder::new().stack_size(usize::MAX / 4).spawn(|| ()).map(drop);
        assert!(error.is_err(), "what is relied on: it is an error, and no panic");
    }
}
