//! A difference of known size, for `scripts/calibrate`: every decode of the control takes longer by a share.

use super::EngineError;
use std::time::Instant;

/// Environment variable with the share, e.g. `0.05`. The run carries a warning.
pub(super) const SHARE_ENV: &str = "KVANT_HANDICAP";

/// How much longer this process takes.
#[derive(Debug, Clone, Copy)]
pub(super) struct Handicap(f64);

impl Handicap {
    /// That of the variable in the worker of a control, which has its name in its arguments; none elsewhere.
    pub(super) fn of_this_process() -> Result<Self, EngineError> {
        let is_control = std::env::args()
            .next_back()
            .is_some_and(|name| name.ends_with(" control"));
        let Some(share) = super::handicap().filter(|_| is_control) else {
            return Ok(Self(0.0));
        };
        let wrong = |e| EngineError::Refused(format!("{SHARE_ENV}={share}: {e}; use a share such as 0.05"));
        share.parse().map(Self).map_err(wrong)
    }

    /// Makes what happens until the guard is dropped last longer.
    pub(super) fn begin(self) -> Longer {
        Longer(Instant::now(), self)
    }
}

pub(super) struct Longer(Instant, Handicap);

impl Drop for Longer {
    fn drop(&mut self) {
        let Longer(start, Handicap(share)) = *self;
        if share > 0.0 {
            let end = start.elapsed().mul_f64(1.0 + share);
            while start.elapsed() < end {
                std::hint::spin_loop();
            }
        }
    }
}
