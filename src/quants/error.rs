//! The error of rounded numbers against a reference.

#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub(crate) struct ErrorSum {
    n: u64,
    squared_error: f64,
    squared_reference: f64,
    worst: f64,
    worst_at: Option<(u64, u64)>,
}

impl ErrorSum {
    /// Takes in row `row`; `n_block` numbers form a block.
    pub(crate) fn add(&mut self, row: u64, n_block: usize, reference: &[f32], found: &[f32]) {
        let n_block = n_block.max(1);
        let blocks = reference.chunks(n_block).zip(found.chunks(n_block));
        for (i, (reference, found)) in blocks.enumerate() {
            let mut error = 0.0;
            for (r, f) in reference.iter().zip(found) {
                let (r, f) = (f64::from(*r), f64::from(*f));
                error += (f - r) * (f - r);
                self.squared_reference += r * r;
            }
            self.squared_error += error;
            self.n += reference.len() as u64;
            let mean = error / reference.len() as f64;
            if mean > self.worst {
                self.worst = mean;
                self.worst_at = Some((row, i as u64));
            }
        }
    }

    pub(crate) fn merge(&mut self, other: &ErrorSum) {
        self.n += other.n;
        self.squared_error += other.squared_error;
        self.squared_reference += other.squared_reference;
        if other.worst > self.worst {
            (self.worst, self.worst_at) = (other.worst, other.worst_at);
        }
    }

    /// Root of the mean squared error; `None` for no numbers.
    pub(crate) fn rmse(&self) -> Option<f64> {
        (self.n > 0).then(|| (self.squared_error / self.n as f64).sqrt())
    }

    /// 10 log10 of the power of the reference over that of the error; `None` without an error, or without a signal.
    pub(crate) fn snr_db(&self) -> Option<f64> {
        let ratio = self.squared_reference / self.squared_error;
        (ratio.is_finite() && ratio > 0.0).then(|| 10.0 * ratio.log10())
    }

    pub(crate) fn is_exact(&self) -> bool {
        self.n > 0 && self.squared_error == 0.0
    }

    /// RMSE of the worst block, and its row and place in the row; `None` without an error.
    pub(crate) fn worst_block(&self) -> Option<(f64, u64, u64)> {
        self.worst_at.map(|(row, block)| (self.worst.sqrt(), row, block))
    }
}
