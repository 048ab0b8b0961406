//! Rounding as textbooks teach it: one scale (and one zero point) for a whole tensor or for each row.

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Scheme {
    /// Bits per weight, scales not counted.
    pub(crate) bits: u32,
    /// Whether zero sits in the middle of the codes.
    pub(crate) is_symmetric: bool,
    pub(crate) granularity: Granularity,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Granularity {
    Tensor,
    Row,
}

/// The least and the greatest of some numbers; those that are not finite do not count.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Range {
    least: f32,
    greatest: f32,
}

impl Default for Range {
    fn default() -> Self {
        Range {
            least: f32::INFINITY,
            greatest: f32::NEG_INFINITY,
        }
    }
}

impl Range {
    pub(crate) fn add(&mut self, row: &[f32]) {
        for x in row.iter().filter(|x| x.is_finite()) {
            self.least = self.least.min(*x);
            self.greatest = self.greatest.max(*x);
        }
    }
}

impl Scheme {
    /// 8 and 4 bits, symmetric and asymmetric, per tensor and per row.
    pub(crate) const ALL: [Scheme; 8] = {
        const fn of(bits: u32, is_symmetric: bool, granularity: Granularity) -> Scheme {
            Scheme {
                bits,
                is_symmetric,
                granularity,
            }
        }
        [
            of(8, true, Granularity::Tensor),
            of(8, false, Granularity::Tensor),
            of(8, true, Granularity::Row),
            of(8, false, Granularity::Row),
            of(4, true, Granularity::Tensor),
            of(4, false, Granularity::Tensor),
            of(4, true, Granularity::Row),
            of(4, false, Granularity::Row),
        ]
    };

    /// Short name: `8 sym tensor`, `4 asym row`.
    pub(crate) fn name(self) -> String {
        let symmetry = if self.is_symmetric { "sym" } else { "asym" };
        let granularity = match self.granularity {
            Granularity::Tensor => "tensor",
            Granularity::Row => "row",
        };
        format!("{} {symmetry} {granularity}", self.bits)
    }

    /// `row` rounded to codes of numbers in `range`, and back. Symmetric: codes -(2^(b-1)-1) to 2^(b-1)-1, scale from
    /// the largest magnitude. Asymmetric: codes 0 to 2^b-1 with a whole zero point, the range widened to hold 0, so
    /// that 0 stays 0 (Jacob et al. 2018, section 2.1).
    pub(crate) fn round(self, row: &[f32], range: Range, out: &mut [f32]) {
        let (scale, zero, first, last) = if self.is_symmetric {
            let last = ((1u32 << (self.bits - 1)) - 1) as f32;
            let scale = range.least.abs().max(range.greatest.abs()) / last;
            (scale, 0.0, -last, last)
        } else {
            let last = ((1u32 << self.bits) - 1) as f32;
            let (least, greatest) = (range.least.min(0.0), range.greatest.max(0.0));
            let scale = (greatest - least) / last;
            (scale, (-least / scale).round(), 0.0, last)
        };
        for (out, x) in out.iter_mut().zip(row) {
            *out = match scale.is_finite() && scale > 0.0 {
                true => ((x / scale).round() + zero).clamp(first, last) * scale - zero * scale,
                false => 0.0,
            };
        }
    }
}
