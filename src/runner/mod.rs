//! Drives a plan: fresh worker processes per launch, interleaved rounds, deadlines, stop rule, records to the journal; then
//! the scoring of texts. [`Trials`] scores many files of one model against one of them.
//!
//! In: a plan, the files of its variants, what an earlier session left. Out: records, appended as they come. A worker
//! that dies, hangs or talks nonsense costs the cell it was asked for, never the run. While a sample is timed this
//! process sleeps in a blocking receive: no redraw, hashing or fsync.
//! Invariant: never imports `engine`; knows workers only through `protocol`.

mod child;
mod config;
mod drive;
mod file;
mod memory;
mod progress;
mod quality;
mod trial;
mod watch;
mod workers;

pub use child::{Interrupt, WorkerCommand};
pub use config::{Interim, MemoryTurn, RunConfig};
pub use drive::{run, RunError};
pub use file::ModelFile;
pub use progress::Observer;
pub use trial::{Scores, Trial, TrialConfig, TrialError, Trials};
