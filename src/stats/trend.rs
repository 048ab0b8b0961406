//! Whether one thing moves with another.

use statrs::distribution::{ContinuousCDF, StudentsT};

#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Trend {
    /// Change of y for one unit of x.
    pub slope: f64,
    pub intercept: f64,
    /// Chance of a slope as far from 0 where y does not depend on x (t-test, two sides).
    pub p: f64,
}

impl Trend {
    /// Through these (x, y). `None` for fewer than three, values that are not finite, or where x or y does not vary.
    pub fn of(points: &[(f64, f64)]) -> Option<Trend> {
        let n = points.len() as f64;
        if points.len() < 3 || !points.iter().all(|(x, y)| x.is_finite() && y.is_finite()) {
            return None;
        }
        let mean = |of: fn(&(f64, f64)) -> f64| points.iter().map(of).sum::<f64>() / n;
        let (mean_x, mean_y) = (mean(|p| p.0), mean(|p| p.1));
        let sum = |of: &dyn Fn(f64, f64) -> f64| points.iter().map(|(x, y)| of(x - mean_x, y - mean_y)).sum::<f64>();
        let (xx, xy, yy) = (sum(&|x, _| x * x), sum(&|x, y| x * y), sum(&|_, y| y * y));
        if xx <= 0.0 || yy <= 0.0 {
            return None;
        }
        let slope = xy / xx;
        let error = ((yy - slope * xy).max(0.0) / (n - 2.0) / xx).sqrt();
        let student = StudentsT::new(0.0, 1.0, n - 2.0).ok()?;
        Some(Trend {
            slope,
            intercept: mean_y - slope * mean_x,
            p: match error > 0.0 {
                true => 2.0 * student.cdf(-(slope / error).abs()),
                false => 0.0,
            },
        })
    }

    /// y at `x`.
    pub fn at(&self, x: f64) -> f64 {
        self.intercept + self.slope * x
    }
}

#[cfg(test)]
mod tests {
    use super::Trend;

    #[test]
    fn a_line_by_hand() {
        // Means 2.5 and 3; xx 5, xy 3, yy 2: slope 0.6, residual 0.2 over 2 degrees of freedom, error sqrt(0.02), t 4.2426.
        let found = Trend::of(&[(1.0, 2.0), (2.0, 3.0), (3.0, 3.0), (4.0, 4.0)]).expect("a line");
        assert!((found.slope - 0.6).abs() < 1e-12 && (found.at(0.0) - 1.5).abs() < 1e-12);
        assert!((found.p - 0.051_317).abs() < 1e-5, "{}", found.p);
        assert_eq!(Trend::of(&[(1.0, 1.0), (2.0, 2.0)]), None);
        assert_eq!(Trend::of(&[(1.0, 1.0); 4]), None);
        assert_eq!(Trend::of(&[(1.0, 1.0), (2.0, f64::NAN), (3.0, 1.0)]), None);
    }
}
