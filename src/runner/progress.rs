//! What the runner tells while it works; only between samples.

/// Receives progress. The command line draws it; tests stay silent.
pub trait Observer {
    /// Work of predicted cost `done_ns` out of `total_ns` is behind; `label` names what comes next.
    fn progress(&mut self, done_ns: u64, total_ns: u64, label: &str);
    /// Something the user should see at once, e.g. a cell that failed.
    fn notice(&mut self, text: &str);
}

/// Tells nobody.
#[derive(Debug, Default)]
pub struct Silent;

impl Observer for Silent {
    fn progress(&mut self, _: u64, _: u64, _: &str) {}
    fn notice(&mut self, _: &str) {}
}
