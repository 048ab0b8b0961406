//! Axes: from values to pixels, and where ticks stand.

/// A value axis over a range of pixels.
pub(super) struct Axis {
    is_log: bool,
    from: f64,
    to: f64,
    pixel_from: i32,
    pixel_to: i32,
}

impl Axis {
    /// From `from` to `to`, which lie at `pixel_from` and `pixel_to`. A logarithmic axis needs positive ends.
    pub(super) fn new(is_log: bool, (from, to): (f64, f64), (pixel_from, pixel_to): (i32, i32)) -> Axis {
        let scaled = |v: f64| if is_log { v.max(f64::MIN_POSITIVE).log2() } else { v };
        Axis {
            is_log,
            from: scaled(from),
            to: scaled(to),
            pixel_from,
            pixel_to,
        }
    }

    /// The pixel of a value, within the axis.
    pub(super) fn pixel(&self, value: f64) -> i32 {
        let scaled = if self.is_log {
            value.max(f64::MIN_POSITIVE).log2()
        } else {
            value
        };
        let share = if self.to > self.from {
            (scaled - self.from) / (self.to - self.from)
        } else {
            0.5
        };
        let length = f64::from(self.pixel_to - self.pixel_from);
        self.pixel_from + (share.clamp(0.0, 1.0) * length).round() as i32
    }
}

/// Both ends of an axis, and where its ticks stand.
pub(super) type Ticks = ((f64, f64), Vec<f64>);

/// Round values from 0 to at least `max`: 4 to 8, spaced by 1, 2 or 5 times a power of ten.
pub(super) fn linear_ticks(max: f64) -> Ticks {
    let max = if max.is_finite() && max > 0.0 { max } else { 1.0 };
    let magnitude = 10f64.powi((max / 5.0).log10().floor() as i32);
    let spacing = [1.0, 2.0, 5.0, 10.0]
        .map(|m| m * magnitude)
        .into_iter()
        .find(|spacing| max / spacing <= 7.0);
    let spacing = spacing.unwrap_or(max);
    let ticks: Vec<f64> = (0..=(max / spacing).ceil() as u32)
        .map(|i| f64::from(i) * spacing)
        .collect();
    ((0.0, ticks[ticks.len() - 1]), ticks)
}

/// Whole numbers around `lo..hi`, spaced by 1, 2 or 5 times a power of ten: at most 8 of them.
pub(super) fn span_ticks(lo: f64, hi: f64) -> Ticks {
    let (lo, hi) = if lo.is_finite() && hi.is_finite() && lo <= hi {
        (lo, hi)
    } else {
        (0.0, 1.0)
    };
    let spacings = (0..9).flat_map(|power| [1.0, 2.0, 5.0].map(|spacing| spacing * 10f64.powi(power)));
    let mut spacings = spacings.skip_while(|spacing| (hi / spacing).ceil() - (lo / spacing).floor() > 8.0);
    let spacing = spacings.next().unwrap_or(1e9);
    let (first, last) = (
        (lo / spacing).floor(),
        (hi / spacing).ceil().max((lo / spacing).floor() + 1.0),
    );
    let n = (last - first) as u32;
    let ticks = (0..=n).map(|i| (first + f64::from(i)) * spacing).collect();
    ((first * spacing, last * spacing), ticks)
}

/// Ends at 1, 2 or 5 times a power of ten around `lo..hi`, ticks at all of those, or at whole decades when that would
/// be too many.
pub(super) fn log_ticks(lo: f64, hi: f64) -> Ticks {
    let (lo, hi) = if lo > 0.0 && hi >= lo && hi.is_finite() {
        (lo, hi)
    } else {
        (1.0, 10.0)
    };
    let decades = (lo.log10().floor() as i32)..=(hi.log10().ceil() as i32);
    let all: Vec<f64> = decades
        .flat_map(|d| [1.0, 2.0, 5.0].map(|spacing| spacing * 10f64.powi(d)))
        .collect();
    let first = all.iter().rposition(|&v| v <= lo).unwrap_or(0);
    let last = all.iter().position(|&v| v >= hi).unwrap_or(all.len() - 1);
    let fine = &all[first..=last.max(first + 1).min(all.len() - 1)];
    let ends = (fine[0], fine[fine.len() - 1]);
    if fine.len() <= 7 {
        return (ends, fine.to_vec());
    }
    let is_decade = |v: f64| (v.log10() - v.log10().round()).abs() < 1e-9;
    (ends, fine.iter().copied().filter(|&v| is_decade(v)).collect())
}

/// A tick's label: whole numbers bare, fractions with as many digits as they need.
pub(super) fn tick_label(value: f64) -> String {
    if value >= 1.0 || value == 0.0 {
        return crate::units::count(value.round() as u64);
    }
    format!("{value:.4}").trim_end_matches('0').to_owned()
}

#[cfg(test)]
mod tests {
    use super::{linear_ticks, log_ticks, span_ticks, tick_label, Axis};

    #[test]
    fn ticks_are_round_and_cover() {
        assert_eq!(
            linear_ticks(169.0),
            ((0.0, 200.0), vec![0.0, 50.0, 100.0, 150.0, 200.0])
        );
        assert_eq!(linear_ticks(100.0).1, [0.0, 20.0, 40.0, 60.0, 80.0, 100.0]);
        assert_eq!(linear_ticks(f64::NAN).0 .0, 0.0);
        assert_eq!(
            log_ticks(170.0, 3900.0),
            ((100.0, 5000.0), vec![100.0, 200.0, 500.0, 1000.0, 2000.0, 5000.0])
        );
        assert_eq!(log_ticks(5.5, 3900.0), ((5.0, 5000.0), vec![10.0, 100.0, 1000.0]));
        assert_eq!(
            [0.0, 0.05, 20.0, 20000.0].map(tick_label),
            ["0", "0.05", "20", "20\u{a0}000"]
        );
    }

    #[test]
    fn a_span_needs_no_zero() {
        assert_eq!(
            span_ticks(93.2, 106.1),
            ((92.0, 108.0), (0..=8).map(|i| 92.0 + 2.0 * f64::from(i)).collect())
        );
        assert_eq!(span_ticks(100.0, 100.0), ((100.0, 101.0), vec![100.0, 101.0]));
        assert_eq!(span_ticks(f64::NAN, 1.0).0, (0.0, 1.0));
    }

    #[test]
    fn an_axis_of_one_value_has_it_in_the_middle() {
        assert_eq!(Axis::new(true, (512.0, 512.0), (0, 100)).pixel(512.0), 50);
        assert_eq!(Axis::new(false, (0.0, 10.0), (100, 0)).pixel(5.0), 50);
    }
}
