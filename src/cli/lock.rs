//! One measurement at a time on a machine: two would slow each other down and blame the models.

use super::exit::{Failure, INTERRUPTED};
use super::progress::LiveLine;
use super::stop::Stop;
use std::fs::{File, OpenOptions, TryLockError};
use std::io;
use std::os::unix::fs::OpenOptionsExt;
use std::path::Path;
use std::time::Duration;

const NAME: &str = "kvant.lock";
const POLL: Duration = Duration::from_millis(200);

/// Waits until no other kvant measures, whoever runs it. The lock lasts as long as what is returned; where the system
/// has no such locks there is none.
pub fn wait_for_machine(live: &LiveLine, stop: &Stop) -> Result<Option<File>, Failure> {
    let Ok(file) = open(&std::env::temp_dir().join(NAME)) else {
        return Ok(None);
    };
    let mut has_told = false;
    loop {
        match file.try_lock() {
            Ok(()) => return Ok(Some(file)),
            Err(TryLockError::Error(_)) => return Ok(None),
            Err(TryLockError::WouldBlock) => {}
        }
        if stop.is_raised() {
            return Err(Failure::msg(
                INTERRUPTED,
                "stopped while waiting for another kvant; nothing was measured",
            ));
        }
        if !has_told {
            live.line("another kvant is measuring on this machine; waiting for it to end (Ctrl-C gives up)");
            has_told = true;
        }
        std::thread::sleep(POLL);
    }
}

/// The file may be another user's: then it must be opened without creating it, and for reading only.
fn open(path: &Path) -> io::Result<File> {
    let own = || {
        let mut options = OpenOptions::new();
        options.read(true).append(true).create(true).mode(0o644).open(path)
    };
    File::open(path).or_else(|_| own())
}
