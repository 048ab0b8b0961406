//! Pure maths on slices: medians, ratios between arms, their intervals, and what may be concluded from them.
//!
//! Goes in: plain numbers (times or rates of one cell, in round order). Comes out: an [`Interval`], a [`Verdict`],
//! a quantile; `None` where the statistic is undefined, which a reader sees as "n/a". The formulas and their
//! sources are in `docs/method.md`.
//!
//! Invariants: imports nothing of kvant but its seeded generator; no I/O, no clock, no environment, no unseeded randomness; never panics and
//! never returns NaN, whatever it is given. Undefined means "no claim": nothing here falls back to 0 or 1.
//!
//! Speeds multiply, so everything works on logarithms: the interval of times is the reciprocal of the interval of
//! rates, and swapping two arms gives the reciprocal ratio.

mod blocks;
mod interval;
mod launches;
mod quality;
mod quantile;
mod ratio;
#[cfg(test)]
mod simulation;
mod trend;
mod unpaired;
mod verdict;

pub use blocks::{block_mean_interval, divergence_interval, mean_ratio_interval};
pub use interval::{cell_interval, half_width, median, Interval, Method};
pub use launches::{grouped_interval, widened, LogMean, N_LAUNCHES_MIN};
pub use quality::{is_look, is_quality_precise, quality_verdict, QualityVerdict, NEAR_KLD};
#[cfg(test)]
use quantile::cluster_quantile_interval;
pub use quantile::{autocorrelation, cluster_quantile_intervals, quantiles, N_RESAMPLES};
pub use ratio::log_ratio_interval;
pub use trend::Trend;
pub use unpaired::unpaired_ratio_interval;
pub use verdict::{rounds_to_settle, settling_half_width, sure_bias, verdict, Verdict};
