//! The system's allocator with last words.
//!
//! Where memory cannot be had (`ulimit -v`, a full machine), Rust's own allocator aborts with a backtrace, and stable Rust offers no
//! hook. This one says what happened and what to do in one sentence on stderr, and ends the process with [`EXIT_CODE`]. It is a crate of
//! its own because an allocator is `unsafe`, which kvant denies everywhere but around llama.cpp.

use std::alloc::{GlobalAlloc, Layout, System};
use std::io::{self, Write};
use std::sync::atomic::{AtomicBool, Ordering};

/// "Does not fit this machine".
pub const EXIT_CODE: i32 = 4;

/// To be named as `#[global_allocator]`.
pub struct LastWords;

// SAFETY: every call goes to the system's allocator as it came; what is added happens when that has failed, and does not return.
unsafe impl GlobalAlloc for LastWords {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        // SAFETY: the caller keeps the contract of `alloc`.
        checked(unsafe { System.alloc(layout) }, layout.size())
    }

    unsafe fn alloc_zeroed(&self, layout: Layout) -> *mut u8 {
        // SAFETY: the caller keeps the contract of `alloc_zeroed`.
        checked(unsafe { System.alloc_zeroed(layout) }, layout.size())
    }

    unsafe fn realloc(&self, old: *mut u8, layout: Layout, n_bytes: usize) -> *mut u8 {
        // SAFETY: the caller keeps the contract of `realloc`.
        checked(unsafe { System.realloc(old, layout, n_bytes) }, n_bytes)
    }

    unsafe fn dealloc(&self, memory: *mut u8, layout: Layout) {
        // SAFETY: the caller keeps the contract of `dealloc`.
        unsafe { System.dealloc(memory, layout) }
    }
}

fn checked(memory: *mut u8, n_bytes: usize) -> *mut u8 {
    if memory.is_null() {
        give_up(n_bytes);
    }
    memory
}

/// Threads can run out of memory at the same moment: the first one speaks and ends the process.
static IS_SAID: AtomicBool = AtomicBool::new(false);

/// Nothing here allocates: the line is put together on the stack.
#[cold]
fn give_up(n_bytes: usize) -> ! {
    while IS_SAID.swap(true, Ordering::Relaxed) {
        std::thread::sleep(std::time::Duration::from_secs(1));
    }
    let mut buffer = [0; 256];
    let mut rest = buffer.as_mut_slice();
    let _ = writeln!(
        rest,
        "error: out of memory: kvant asked for {n_bytes} bytes and got none; close other programs or raise the limit (ulimit -v), then run it again (compare goes on with --resume)"
    );
    let n_left = rest.len();
    let n_written = buffer.len() - n_left;
    let _ = io::stderr().write_all(&buffer[..n_written]);
    // SAFETY: `_exit` takes any number. Handlers of `exit` could want memory.
    unsafe { libc::_exit(EXIT_CODE) }
}
