//! Lets other threads of Ruby run while this one waits.
#![expect(unsafe_code, reason = "Ruby's function for this takes a pointer to what it calls")]

use magnus::{Error, Ruby};
use std::any::Any;
use std::ffi::c_void;
use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};
use std::ptr;

/// Does something that may take long and touches nothing of Ruby's.
///
/// Ruby has one lock that only one of its threads holds at a time; it is not held meanwhile. What
/// is done is not interrupted: whoever waits for long does it in slices and asks Ruby in between.
///
/// # Errors
///
/// What Ruby wanted to raise in this thread before it began, such as an interrupt; then it did
/// not begin.
pub(crate) fn without_gvl<T>(ruby: &Ruby, work: impl FnOnce() -> T) -> Result<T, Error> {
    let mut call = Call { work: Some(work), result: None };
    loop {
        run(&mut call);
        match call.result.take() {
            Some(Ok(it)) => return Ok(it),
            Some(Err(panic)) => resume_unwind(panic),
            // Ruby has something to do in this thread first.
            None => ruby.thread_check_ints()?,
        }
    }
}

struct Call<F, T> {
    work: Option<F>,
    result: Option<Result<T, Box<dyn Any + Send>>>,
}

fn run<T, F: FnOnce() -> T>(call: &mut Call<F, T>) {
    let data = ptr::from_mut(call).cast();
    // SAFETY: `work_at` gets the pointer it expects, to a `Call` of the same types that lives
    // until this returns and that nobody else has. Unlike its namesake without a 2, the function
    // never raises, so it jumps over no frame of Rust's; it may return without calling.
    unsafe {
        rb_sys::rb_thread_call_without_gvl2(Some(work_at::<T, F>), data, None, ptr::null_mut());
    }
}

/// Does the work of a call, and lets no panic through to C.
unsafe extern "C" fn work_at<T, F: FnOnce() -> T>(data: *mut c_void) -> *mut c_void {
    // SAFETY: `run` passes a pointer to a `Call` of these types, which nobody else has meanwhile.
    let call = unsafe { &mut *data.cast::<Call<F, T>>() };
    if let Some(work) = call.work.take() {
        call.result = Some(catch_unwind(AssertUnwindSafe(work)));
    }
    ptr::null_mut()
}
