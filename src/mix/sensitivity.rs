//! What was measured of each group in each type, which candidates are worth measuring, and where more chunks would matter.

use super::Costs;
use crate::gguf::GgmlType;

/// Chunks that a candidate gets, to begin with.
pub const N_FIRST: usize = 2;

/// A group in a type.
#[derive(Debug, Clone, PartialEq)]
pub struct Candidate {
    /// The type.
    pub ty: GgmlType,
    /// Bytes of the group's matrices in it.
    pub bytes: u64,
    /// What reading them takes in a token of decode, nanoseconds; 0 where no speed was asked for.
    pub ns: f64,
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
            _ => mean(&self.kld),
        }
    }
}

/// What keeps the choice from the best types.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Scarce {
    /// A limit of size.
    Bytes,
    /// A limit of speed.
    Time,
}

impl Scarce {
    fn of(self, candidate: &Candidate) -> f64 {
        match self {
            Scarce::Bytes => candidate.bytes as f64,
            Scarce::Time => candidate.ns,
        }
    }
}

/// Candidates of each group.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Sensitivities(pub Vec<Vec<Candidate>>);

/// Errors may differ by so much and the order of divergences be another.
const ERROR_MARGIN: f64 = 1.15;
/// An expectation from errors may be so many times too high or too low.
const DOUBT: f64 = 2.0;
/// Standard errors by which two types must differ for their order to count as known, of many chunks.
const N_ERRORS: f64 = 2.0;
/// A mistake in one group that costs less than this share of the whole divergence is none.
const NEGLIGIBLE: f64 = 0.001;

impl Sensitivities {
    /// Leaves out what another type of the group beats: no larger, no slower and its weights clearly nearer. For the weights of one matrix,
    /// divergence follows the squared error, as long as the other factor is rounded alike: llama.cpp rounds activations in blocks as long
    /// as the type's, and those of 256 lose more than an error of the weights shows.
    pub fn without_beaten(mut self) -> Sensitivities {
        for group in &mut self.0 {
            let all = group.clone();
            group.retain(|own| {
                let beats = |other: &Candidate| {
                    let is_alike = other.error == 0.0 || other.ty.block().0 == own.ty.block().0;
                    let is_cheaper = other.bytes < own.bytes && other.error <= own.error;
                    other.ty != own.ty
                        && is_alike
                        && other.ns <= own.ns
                        && (is_cheaper || (other.bytes <= own.bytes && other.error * ERROR_MARGIN < own.error))
                };
                !all.iter().any(beats)
            });
        }
        self
    }

    /// What each costs.
    pub fn costs(&self) -> Vec<Vec<Costs>> {
        let of = |(c, loss): (&Candidate, f64)| Costs {
            loss,
            bytes: c.bytes as f64,
            ns: c.ns,
        };
        let groups = self.0.iter().zip(self.losses());
        groups
            .map(|(group, losses)| group.iter().zip(losses).map(of).collect())
            .collect()
    }

    /// Expected divergence over the whole text: measured ones by their chunks, which may be harder or easier than all; others by their
    /// errors from the nearest measured one of the group, or from what most groups have. Infinite where nothing at all was measured.
    fn losses(&self) -> Vec<Vec<f64>> {
        let hardness = self.hardness();
        let of_measured = |c: &Candidate| match c.kld.len() {
            0 => c.loss(),
            n => c.loss() / mean(&hardness[..n]),
        };
        let known: Vec<Vec<f64>> = self.0.iter().map(|g| g.iter().map(of_measured).collect()).collect();
        let measured = |(group, losses): (&Vec<Candidate>, &Vec<f64>)| -> Vec<(f64, f64)> {
            let pairs = group.iter().map(|c| c.error).zip(losses.iter().copied());
            pairs.filter(|(error, loss)| *error > 0.0 && loss.is_finite()).collect()
        };
        let all: Vec<Vec<(f64, f64)>> = self.0.iter().zip(&known).map(measured).collect();
        let mut ratios: Vec<f64> = all.iter().flatten().map(|(error, loss)| loss / error).collect();
        ratios.sort_by(f64::total_cmp);
        let usual = ratios.get(ratios.len() / 2).copied().unwrap_or(f64::INFINITY);
        let expected = |error: f64, measured: &[(f64, f64)]| {
            let distance = |(other, _): &(f64, f64)| (other / error).ln().abs();
            let nearest = measured.iter().min_by(|a, b| distance(a).total_cmp(&distance(b)));
            error * nearest.map_or(usual, |(other, loss)| loss / other)
        };
        let mut losses = known;
        for ((group, losses), measured) in self.0.iter().zip(&mut losses).zip(&all) {
            for (c, loss) in group.iter().zip(losses).filter(|(_, loss)| !loss.is_finite()) {
                *loss = expected(c.error, measured);
            }
        }
        losses
    }

    /// How much more than in the first chunks candidates diverge in each chunk, on average 1.
    fn hardness(&self) -> Vec<f64> {
        let first = |c: &Candidate| mean(&c.kld[..c.kld.len().min(N_FIRST)]);
        let measured: Vec<&Candidate> = self.0.iter().flatten().filter(|c| first(c) > 0.0).collect();
        let n = measured.iter().map(|c| c.kld.len()).max().unwrap_or(0);
        let of_chunk = |i: usize| {
            let reach = measured.iter().filter(|c| c.kld.len() > i);
            mean(&reach.map(|c| c.kld[i] / first(c)).collect::<Vec<_>>())
        };
        let all: Vec<f64> = (0..n).map(of_chunk).collect();
        all.iter().map(|h| h / mean(&all)).collect()
    }

    /// The candidates to begin with: of each group of which nothing was measured, the one nearest to so many bits per weight.
    pub fn first(&self, bpw: f64) -> Vec<(usize, usize)> {
        let of_group = |(g, group): (usize, &Vec<Candidate>)| {
            let is_known = group.iter().any(|c| c.error > 0.0 && !c.kld.is_empty());
            let distance = |&c: &usize| (group[c].ty.bpw() - bpw).abs();
            let inexact = (0..group.len()).filter(|&c| group[c].error > 0.0 && !is_known);
            Some((g, inexact.min_by(|a, b| distance(a).total_cmp(&distance(b)))?))
        };
        self.0.iter().enumerate().filter_map(of_group).collect()
    }

    /// Groups and types whose order against the chosen one is not known well enough: (group, candidate), the chosen ones among them,
    /// those first where a mistake may cost most. `price`: what one of what is `scarce` is worth, nats.
    pub fn unsettled(&self, chosen: &[usize], scarce: Scarce, price: f64) -> Vec<(usize, usize)> {
        let losses = self.losses();
        let total: f64 = losses.iter().zip(chosen).map(|(group, &c)| group[c]).sum();
        let mut found: Vec<(f64, (usize, usize))> = Vec::new();
        for (g, (group, &own)) in self.0.iter().zip(chosen).enumerate() {
            let gain = |c: usize| {
                let extra = price * (scarce.of(&group[c]) - scarce.of(&group[own]));
                possible_gain((&group[own], losses[g][own]), (&group[c], losses[g][c]), extra)
            };
            let others = (0..group.len()).filter(|&c| c != own).map(|c| (gain(c), (g, c)));
            let open: Vec<_> = others.filter(|(gain, _)| *gain > NEGLIGIBLE * total).collect();
            let most = open.iter().map(|(gain, _)| *gain).max_by(f64::total_cmp);
            // What is chosen is measured, however little is expected of it: formats round activations too, which no error of weights shows.
            let is_unknown = group[own].kld.is_empty();
            found.extend(most.or(is_unknown.then_some(0.0)).map(|most| (most, (g, own))));
            found.extend(open);
        }
        found.sort_by(|a, b| b.0.total_cmp(&a.0));
        // What is exact needs no measuring.
        let found = found.into_iter().map(|(_, place)| place);
        found.filter(|&(g, c)| self.0[g][c].error > 0.0).collect()
    }

    /// What a byte or nanosecond is worth at the choice, nats: the multiplier at which the choice is the best of each group, as nearly
    /// as one is.
    pub fn price(&self, chosen: &[usize], scarce: Scarce) -> f64 {
        let mut upper = f64::INFINITY;
        let mut lower: f64 = 0.0;
        for ((group, losses), &own) in self.0.iter().zip(self.losses()).zip(chosen) {
            for (other, loss) in group.iter().zip(&losses) {
                let more = scarce.of(other) - scarce.of(&group[own]);
                let slope = (losses[own] - loss) / more;
                if more > 0.0 && slope > lower {
                    lower = slope;
                } else if more < 0.0 && slope > 0.0 && slope < upper {
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

/// What another type may gain over the chosen one at best; 0 where their order is known. `extra`: what the other costs more, nats.
fn possible_gain((own, own_loss): (&Candidate, f64), (other, loss): (&Candidate, f64), extra: f64) -> f64 {
    let pairs: Vec<f64> = other.kld.iter().zip(&own.kld).map(|(a, b)| a - b).collect();
    let n = pairs.len() as f64;
    if pairs.len() < N_FIRST {
        let doubt = |c: &Candidate| if c.error > 0.0 && c.kld.is_empty() { DOUBT } else { 1.0 };
        return own_loss * doubt(own) - loss / doubt(other) - extra;
    }
    let variance = pairs.iter().map(|d| (d - mean(&pairs)).powi(2)).sum::<f64>() / (n - 1.0);
    // About Student's: few chunks say little of their spread.
    let error = N_ERRORS * (1.0 + 8.0 / (n * n)) * (variance / n).sqrt();
    let gap = mean(&pairs) + extra;
    if gap.abs() < error {
        error - gap
    } else {
        0.0
    }
}

fn mean(values: &[f64]) -> f64 {
    values.iter().sum::<f64>() / values.len().max(1) as f64
}

#[cfg(test)]
mod tests {
    use super::*;

    fn candidate(ty: GgmlType, bytes: u64, error: f64, kld: &[f64]) -> Candidate {
        Candidate {
            ty,
            bytes,
            ns: 0.0,
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
        let group = vec![
            candidate(GgmlType::Q5_1, 60, 1.1, &[]),
            candidate(GgmlType::Q5K, 55, 1.0, &[]),
        ];
        let left = Sensitivities(vec![group]).without_beaten();
        assert_eq!(left.0[0].len(), 2, "activations are rounded otherwise");
        let timed = |ty, error, ns| Candidate {
            ns,
            ..candidate(ty, 45, error, &[])
        };
        let group = vec![timed(GgmlType::Q4_0, 9.0, 2.0), timed(GgmlType::Iq4Nl, 5.0, 3.0)];
        let left = Sensitivities(vec![group]).without_beaten();
        assert_eq!(left.0[0].len(), 2, "the worse one is faster");
    }

    #[test]
    fn where_time_is_scarce_a_choice_hangs_on_time() {
        let timed = |ty, ns, kld: &[f64]| Candidate {
            ns,
            ..candidate(ty, 45, 1.0, kld)
        };
        let group = vec![
            timed(GgmlType::Q4_0, 2.0, &[0.05, 0.05]),
            timed(GgmlType::Q4K, 4.0, &[0.03, 0.03]),
        ];
        let all = Sensitivities(vec![group]);
        assert_eq!(all.price(&[0], Scarce::Bytes), 0.0);
        assert!((all.price(&[0], Scarce::Time) - 0.01).abs() < 1e-12);
        assert!((all.costs()[0][1].ns - 4.0).abs() < 1e-12);
    }

    #[test]
    fn what_was_not_measured_is_expected_by_its_error() {
        let of = |ty, kld: &[f64]| vec![candidate(ty, 45, 4.0, kld), candidate(GgmlType::Q5K, 55, 1.0, &[])];
        let all = Sensitivities(vec![of(GgmlType::Q4K, &[0.04]), of(GgmlType::Q4K, &[])]);
        let near = |a: f64, b: f64| (a - b).abs() < 1e-12;
        assert!(all
            .losses()
            .iter()
            .all(|group| near(group[0], 0.04) && near(group[1], 0.01)));
        assert_eq!(all.first(4.5), [(1, 0)]);
        assert_eq!(all.first(5.5), [(1, 1)]);
    }

    #[test]
    fn a_chunk_that_is_hard_for_all_favours_no_candidate() {
        let group = vec![
            candidate(GgmlType::Q4K, 45, 4.0, &[0.01, 0.03, 0.04, 0.04]),
            candidate(GgmlType::Q5K, 55, 1.0, &[0.01, 0.03]),
        ];
        let losses = Sensitivities(vec![group]).losses();
        assert!((losses[0][0] - losses[0][1]).abs() < 1e-12, "{losses:?}");
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
        let mut open = all.unsettled(&[1, 1], Scarce::Bytes, price);
        open.sort_unstable();
        assert_eq!(open, [(1, 0), (1, 1)]);
        let price = all.price(&[1, 0], Scarce::Bytes);
        assert!(price > 0.0 && price.is_finite());
    }

    #[test]
    fn what_is_chosen_is_measured_however_little_it_is_expected_to_lose() {
        let group = vec![
            candidate(GgmlType::Q4K, 45, 4000.0, &[0.04, 0.04]),
            candidate(GgmlType::Q8_0, 85, 0.02, &[]),
            candidate(GgmlType::F16, 160, 0.0, &[]),
        ];
        let all = Sensitivities(vec![group]);
        assert_eq!(all.unsettled(&[1], Scarce::Bytes, 0.0), [(0, 1)]);
        assert_eq!(all.unsettled(&[2], Scarce::Bytes, 0.0), []);
    }

    #[test]
    fn what_cannot_be_chosen_is_not_measured() {
        let group = vec![
            candidate(GgmlType::Q2K, 26, 64.0, &[]),
            candidate(GgmlType::Q4K, 45, 4.0, &[0.04, 0.04]),
            candidate(GgmlType::Q5K, 55, 1.0, &[]),
            candidate(GgmlType::Q8_0, 85, 0.02, &[]),
        ];
        let all = Sensitivities(vec![group]);
        // A byte is worth what it gains from 4 to 5 bits.
        let mut open = all.unsettled(&[1], Scarce::Bytes, 0.003);
        open.sort_unstable();
        assert_eq!(open, [(0, 1), (0, 2)]);
    }
}
