//! A handicap for tests of gates, which llama.cpp itself has not.

use std::sync::LazyLock;
use std::time::{Duration, Instant};

/// Share of its time by which a worker on llama.cpp is to be slower, e.g. 0.05.
const HANDICAP_ENV: &str = "KVANT_HANDICAP";

/// Computes nothing for its share of what `took` so long: a sleep would put llama.cpp's other threads to sleep as well, and waking them
/// takes longer than a small model's token.
pub(super) fn wait_for_share_of(took: Duration) {
    static SHARE: LazyLock<f64> = LazyLock::new(|| {
        let share = std::env::var(HANDICAP_ENV).ok().and_then(|text| text.parse().ok());
        share.filter(|share| (0.0..=10.0).contains(share)).unwrap_or(0.0)
    });
    let until = Instant::now() + took.mul_f64(*SHARE);
    while Instant::now() < until {
        std::hint::spin_loop();
    }
}
