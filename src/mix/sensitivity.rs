//! What was measured of each group in each type, which candidates are worth measuring, and where more chunks would matter.

use super::{Costs, Group, Matrix};
use crate::gguf::GgmlType;

/// A group in a type.
#[derive(Debug, Clone, PartialEq)]
pub struct Candidate {
    /// The type.
    pub ty: GgmlType,
    /// Bytes of the group's matrices in it.
    pub bytes: u64,
    /// Sum of squared errors of the weights; 0 where they are the reference's.
    pub error: f64,
    /// Divergence of each chunk from the reference, in the order of the text, nats.
    pub kld: Vec<f64>,
}

impl Candidate {
    /// Mean divergence; 0 of what is the reference's, infinite while nothing is known.
    pub fn loss(&self) -> f64 {
        match self.kld.len() {
            _ if self.error == 0.0 => 0.0,
            0 => f64::INFINITY,
            n => self.kld.iter().sum::<f64>() / n as f64,
        }
    }
}

/// Candidates of each group.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Sensitivities(pub Vec<Vec<Candidate>>);

/// Errors may differ by so much and the order of divergences be another.
const ERROR_MARGIN: f64 = 1.15;
/// Standard errors by which two types must differ for their order to count as known.
const N_ERRORS: f64 = 2.0;
/// A mistake in one group that costs less than this share of the whole divergence is none.
const NEGLIGIBLE: f64 = 0.002;

impl Sensitivities {
    /// Leaves out what another type of the group beats: no larger and its weights clearly nearer. For the weights of one matrix,
    /// divergence follows the squared error.
    pub fn without_beaten(mut self) -> Sensitivities {
        for group in &mut self.0 {
            let all = group.clone();
            group.retain(|own| {
                let beats = |other: &Candidate| {
                    let is_cheaper = other.bytes < own.bytes && other.error <= own.error;
                    other.ty != own.ty
                        && (is_cheaper || (other.bytes <= own.bytes && other.error * ERROR_MARGIN < own.error))
                };
                !all.iter().any(beats)
            });
        }
        self
    }

    /// What each costs; `ns_per_byte` of a type is its speed on this machine, absent where it is not known.
    pub fn costs(
        &self,
        matrices: &[Matrix],
        groups: &[Group],
        ns_per_byte: impl Fn(GgmlType) -> Option<f64>,
    ) -> Vec<Vec<Costs>> {
        let usual = self.usual();
        let of_group = |(group, candidates): (&Group, &Vec<Candidate>)| {
            let read = |ty: GgmlType| -> f64 {
                let members = group.members.iter().map(|&i| &matrices[i]);
                members.map(|m| m.bytes(ty) as f64 * m.read_share).sum()
            };
            let of = |c: &Candidate| Costs {
                loss: expected(c, candidates, usual),
                bytes: c.bytes as f64,
                ns: read(c.ty) * ns_per_byte(c.ty).unwrap_or(0.0),
            };
            candidates.iter().map(of).collect()
        };
        groups.iter().zip(&self.0).map(of_group).collect()
    }

    /// Divergence for an error of 1, as most groups have it: for groups of which nothing was measured. Infinite where none was.
    fn usual(&self) -> f64 {
        let measured = self.0.iter().flatten().filter(|c| c.error > 0.0 && !c.kld.is_empty());
        let mut ratios: Vec<f64> = measured.map(|c| c.loss() / c.error).collect();
        ratios.sort_by(f64::total_cmp);
        ratios.get(ratios.len() / 2).copied().unwrap_or(f64::INFINITY)
    }

    /// Groups and types whose order against the chosen one is not known well enough: (group, candidate), the chosen ones among them.
    /// `price`: what a byte is worth, nats.
    pub fn unsettled(&self, chosen: &[usize], price: f64) -> Vec<(usize, usize)> {
        let mut found = Vec::new();
        let usual = self.usual();
        let pick = |(candidates, &c): (&Vec<Candidate>, &usize)| Some(expected(candidates.get(c)?, candidates, usual));
        let total: f64 = self.0.iter().zip(chosen).filter_map(pick).sum();
        for (g, candidates) in self.0.iter().enumerate() {
            let Some(own) = chosen.get(g).and_then(|&c| candidates.get(c)) else {
                continue;
            };
            let is_near = |other: &Candidate| {
                let pairs: Vec<f64> = other.kld.iter().zip(&own.kld).map(|(a, b)| a - b).collect();
                let extra = price * (other.bytes as f64 - own.bytes as f64);
                other.ty != own.ty && is_open(&pairs, extra, NEGLIGIBLE * total)
            };
            let near: Vec<usize> = (0..candidates.len()).filter(|&c| is_near(&candidates[c])).collect();
            if !near.is_empty() {
                found.extend(near.into_iter().chain([chosen[g]]).map(|c| (g, c)));
            }
        }
        // What is exact needs no measuring.
        found.retain(|&(g, c)| self.0[g][c].error > 0.0);
        found
    }

    /// What a byte is worth at the choice: the multiplier at which the choice is the best of each group, as nearly as one is.
    pub fn price(&self, chosen: &[usize]) -> f64 {
        let mut upper = f64::INFINITY;
        let mut lower: f64 = 0.0;
        for (g, candidates) in self.0.iter().enumerate() {
            let Some(own) = chosen.get(g).and_then(|&c| candidates.get(c)) else {
                continue;
            };
            for other in candidates {
                let d_bytes = other.bytes as f64 - own.bytes as f64;
                let slope = (own.loss() - other.loss()) / d_bytes;
                if d_bytes > 0.0 && slope > lower {
                    lower = slope;
                } else if d_bytes < 0.0 && slope > 0.0 && slope < upper {
                    upper = slope;
                }
            }
        }
        match upper.is_finite() {
            true => f64::midpoint(lower.min(upper), upper.max(lower)),
            false => lower,
        }
    }
}

/// The mean divergence of a candidate; where it was not measured, by its error from the measured ones of its group: those of the same
/// matrix follow their squared errors; where none was, by what most groups have.
fn expected(own: &Candidate, group: &[Candidate], usual: f64) -> f64 {
    if own.loss().is_finite() {
        return own.loss();
    }
    let measured = group.iter().filter(|c| c.error > 0.0 && !c.kld.is_empty());
    let distance = |c: &Candidate| (c.error / own.error).ln().abs();
    let nearest = measured.min_by(|a, b| distance(a).total_cmp(&distance(b)));
    nearest.map_or(usual * own.error, |c| c.loss() * own.error / c.error)
}

/// Whether the mean of differences and what the bytes are worth may be 0, and taking one for the other may cost more than what counts.
fn is_open(pairs: &[f64], extra: f64, negligible: f64) -> bool {
    let n = pairs.len() as f64;
    if pairs.len() < 2 {
        return true;
    }
    let mean = pairs.iter().sum::<f64>() / n;
    let variance = pairs.iter().map(|d| (d - mean).powi(2)).sum::<f64>() / (n - 1.0);
    let (gap, error) = ((mean + extra).abs(), N_ERRORS * (variance / n).sqrt());
    gap < error && gap + error > negligible
}

#[cfg(test)]
mod tests {
    use super::*;

    fn candidate(ty: GgmlType, bytes: u64, error: f64, kld: &[f64]) -> Candidate {
        Candidate {
            ty,
            bytes,
            error,
            kld: kld.to_vec(),
        }
    }

    #[test]
    fn beaten_types_are_not_measured() {
        let group = vec![
            candidate(GgmlType::Q4_0, 45, 9.0, &[]),
            candidate(GgmlType::Q4K, 45, 5.0, &[]),
            candidate(GgmlType::Iq4Nl, 45, 5.2, &[]),
            candidate(GgmlType::Q4_1, 50, 0.0, &[]),
            candidate(GgmlType::Q8_0, 85, 0.1, &[]),
            candidate(GgmlType::F16, 160, 0.0, &[]),
        ];
        let left = Sensitivities(vec![group]).without_beaten();
        let types: Vec<GgmlType> = left.0[0].iter().map(|c| c.ty).collect();
        assert_eq!(types, [GgmlType::Q4K, GgmlType::Iq4Nl, GgmlType::Q4_1]);
    }

    #[test]
    fn what_was_not_measured_is_expected_by_its_error() {
        let group = vec![
            candidate(GgmlType::Q4K, 45, 4.0, &[0.04]),
            candidate(GgmlType::Q5K, 55, 1.0, &[]),
        ];
        assert!((expected(&group[1], &group, 1.0) - 0.01).abs() < 1e-12);
        assert_eq!(expected(&group[1], &group[1..], 0.5), 0.5);
        let all = Sensitivities(vec![group]);
        assert!((all.usual() - 0.01).abs() < 1e-12);
    }

    #[test]
    fn more_chunks_go_where_the_choice_hangs_on_them() {
        let settled = vec![
            candidate(GgmlType::Q4K, 45, 1.0, &[0.10, 0.11, 0.10]),
            candidate(GgmlType::Q6K, 65, 0.1, &[0.001, 0.001, 0.001]),
        ];
        let open = vec![
            candidate(GgmlType::Q4K, 45, 1.0, &[0.010, 0.030, 0.011]),
            candidate(GgmlType::Q5K, 55, 0.5, &[0.002, 0.004, 0.002]),
        ];
        let all = Sensitivities(vec![settled, open]);
        let price = 0.001;
        assert_eq!(all.unsettled(&[1, 1], price), [(1, 0), (1, 1)]);
        let price = all.price(&[1, 0]);
        assert!(price > 0.0 && price.is_finite());
    }
}
