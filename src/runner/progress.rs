//! What the runner tells while it works; only between samples.

/// Receives progress. The command line draws it; tests stay silent.
pub trait Observer {
    /// Work of predicted cost `done_ns` out of `total_ns` is behind; `label` names what comes next.
    fn progress(&mut self, done_ns: u64, total_ns: u64, label: &str);
    /// Something the user should see at once, e.g. a cell that failed.
    fn notice(&mut self, text: &str);
}
