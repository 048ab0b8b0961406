//! Pure maths on slices: medians with intervals, paired ratios, bootstraps, verdicts.
//!
//! In: plain numbers. Out: estimates with intervals, or `None` where the statistic is undefined (never 0 or NaN).
//! Invariant: no I/O, no clock, no environment, no unseeded randomness; imports nothing of kvant.
