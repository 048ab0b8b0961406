//! The choice: one type for each group, so that a sum is least while other sums stay below their limits. Exact.
//!
//! A multiple-choice knapsack. Groups are taken in one after the other; of all partial choices only those stay that no other dominates and
//! that a bound does not rule out: with Lagrangian multipliers, which relax the limits, each partial choice has a least total
//! (Pisinger 1995, European Journal of Operational Research 83, 394-410, for one limit). What is left at the end holds an optimum.

/// What a group costs in one type.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Costs {
    /// Divergence, nats.
    pub loss: f64,
    /// Bytes in the file.
    pub bytes: f64,
    /// A token of decode, nanoseconds.
    pub ns: f64,
}

impl std::iter::Sum for Costs {
    fn sum<I: Iterator<Item = Costs>>(items: I) -> Costs {
        let nothing = Costs {
            loss: 0.0,
            bytes: 0.0,
            ns: 0.0,
        };
        items.fold(nothing, |sum, item| Costs {
            loss: sum.loss + item.loss,
            bytes: sum.bytes + item.bytes,
            ns: sum.ns + item.ns,
        })
    }
}

/// What is to be least.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Aim {
    /// Divergence.
    Loss,
    /// Bytes.
    Bytes,
    /// Time.
    Time,
}

/// What each sum may be at most; infinite where there is no limit.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Limits {
    /// Divergence, nats.
    pub loss: f64,
    /// Bytes.
    pub bytes: f64,
    /// Nanoseconds of a token.
    pub ns: f64,
}

impl Limits {
    /// None.
    pub const NONE: Limits = Limits {
        loss: f64::INFINITY,
        bytes: f64::INFINITY,
        ns: f64::INFINITY,
    };
}

/// Steps of the search for multipliers.
const N_STEPS: usize = 200;
/// What rounding may make of sums that are equal.
const ROUNDING: f64 = 1e-12;

/// Cost to be least, and the two that are limited.
type Triple = [f64; 3];

/// The place of the type of each group; `None` where the limits cannot be met. Every group has at least one type.
pub fn choose(groups: &[Vec<Costs>], aim: Aim, limits: Limits) -> Option<Vec<usize>> {
    let order = |c: &Costs| match aim {
        Aim::Loss => [c.loss, c.bytes, c.ns],
        Aim::Bytes => [c.bytes, c.loss, c.ns],
        Aim::Time => [c.ns, c.loss, c.bytes],
    };
    let limits = order(&Costs {
        loss: limits.loss,
        bytes: limits.bytes,
        ns: limits.ns,
    });
    let groups: Vec<Vec<Triple>> = groups.iter().map(|g| g.iter().map(order).collect()).collect();
    if groups.iter().any(Vec::is_empty) {
        return None;
    }
    Problem {
        groups: &groups,
        // Slack for the order of additions.
        most: [limits[1], limits[2]].map(|l| if l.is_finite() { l * (1.0 + ROUNDING) } else { l }),
    }
    .solve()
}

struct Problem<'a> {
    groups: &'a [Vec<Triple>],
    most: [f64; 2],
}

/// A partial choice: its sums, and where it came from.
#[derive(Clone, Copy)]
struct State {
    sums: Triple,
    parent: u32,
    choice: u32,
}

impl Problem<'_> {
    fn solve(&self) -> Option<Vec<usize>> {
        let (multipliers, incumbent) = self.relax();
        // Least that groups from `i` on add to a relaxed total.
        let least: Vec<f64> = self.groups.iter().map(|g| self.best_of(g, multipliers).1).collect();
        let mut rest = vec![0.0; least.len() + 1];
        for i in (0..least.len()).rev() {
            rest[i] = rest[i + 1] + least[i];
        }
        let tails: Vec<[f64; 2]> = self.tails();
        let slack = self.slack(multipliers);
        let mut layers: Vec<Vec<State>> = Vec::new();
        let mut now = vec![State {
            sums: [0.0; 3],
            parent: 0,
            choice: 0,
        }];
        for (i, group) in self.groups.iter().enumerate() {
            let mut next = Vec::with_capacity(now.len() * group.len());
            for (parent, state) in now.iter().enumerate() {
                for (choice, item) in group.iter().enumerate() {
                    let sums: Triple = std::array::from_fn(|k| state.sums[k] + item[k]);
                    let fits = (0..2).all(|k| sums[k + 1] + tails[i + 1][k] <= self.most[k]);
                    let bound = self.relaxed(sums, multipliers) + rest[i + 1] - slack;
                    if fits && bound <= incumbent + incumbent.abs() * ROUNDING {
                        next.push(State {
                            sums,
                            parent: parent as u32,
                            choice: choice as u32,
                        });
                    }
                }
            }
            layers.push(now);
            now = undominated(next);
        }
        let best = now.iter().min_by(|a, b| a.sums[0].total_cmp(&b.sums[0]))?;
        let mut chosen = vec![0; self.groups.len()];
        let mut state = *best;
        for (i, layer) in layers.iter().enumerate().rev() {
            chosen[i] = state.choice as usize;
            state = layer[state.parent as usize];
        }
        Some(chosen)
    }

    /// Least that is still to come of each limited sum, from group `i` on.
    fn tails(&self) -> Vec<[f64; 2]> {
        let mut tails = vec![[0.0; 2]; self.groups.len() + 1];
        for (i, group) in self.groups.iter().enumerate().rev() {
            for k in 0..2 {
                let least = group.iter().map(|item| item[k + 1]).fold(f64::INFINITY, f64::min);
                tails[i][k] = tails[i + 1][k] + least;
            }
        }
        tails
    }

    fn relaxed(&self, sums: Triple, multipliers: [f64; 2]) -> f64 {
        sums[0] + multipliers[0] * sums[1] + multipliers[1] * sums[2]
    }

    fn slack(&self, multipliers: [f64; 2]) -> f64 {
        // No limit has no multiplier: 0 times infinity is nothing here.
        let of = |k: usize| {
            if multipliers[k] > 0.0 {
                multipliers[k] * self.most[k]
            } else {
                0.0
            }
        };
        of(0) + of(1)
    }

    fn best_of(&self, group: &[Triple], multipliers: [f64; 2]) -> (usize, f64) {
        let values = group.iter().map(|item| self.relaxed(*item, multipliers)).enumerate();
        values.fold((0, f64::INFINITY), |best, v| if v.1 < best.1 { v } else { best })
    }

    /// Multipliers whose bound is high, and the least total of the choices met on the way that keep to the limits.
    fn relax(&self) -> ([f64; 2], f64) {
        let mut best = ([0.0; 2], f64::NEG_INFINITY);
        let mut incumbent = f64::INFINITY;
        let mut visit = |multipliers: [f64; 2]| {
            let chosen: Vec<usize> = self.groups.iter().map(|g| self.best_of(g, multipliers).0).collect();
            let sums = self.sums(&chosen);
            let bound = self.relaxed(sums, multipliers) - self.slack(multipliers);
            if bound > best.1 {
                best = (multipliers, bound);
            }
            if (0..2).all(|k| sums[k + 1] <= self.most[k]) {
                incumbent = incumbent.min(self.filled_up(chosen));
            }
            sums
        };
        visit([0.0; 2]);
        let mut at = [0.0; 2];
        // One after the other, twice: the second limit shifts where the first one binds.
        for _ in 0..2 {
            for k in 0..2 {
                if !self.most[k].is_finite() {
                    continue;
                }
                let (mut low, mut high) = (-60.0f64, 60.0f64);
                for _ in 0..N_STEPS / 2 {
                    let middle = f64::midpoint(low, high);
                    at[k] = middle.exp();
                    let sums = visit(at);
                    if sums[k + 1] > self.most[k] {
                        low = middle;
                    } else {
                        high = middle;
                    }
                }
                at[k] = high.exp();
                visit(at);
                if high < -59.0 {
                    at[k] = 0.0;
                }
            }
        }
        (best.0, incumbent)
    }

    /// The total after every swap of one group's type that helps and still fits.
    fn filled_up(&self, mut chosen: Vec<usize>) -> f64 {
        let mut sums = self.sums(&chosen);
        let mut improves = true;
        while improves {
            improves = false;
            for (group, own) in self.groups.iter().zip(&mut chosen) {
                for choice in 0..group.len() {
                    let after: Triple = std::array::from_fn(|k| sums[k] - group[*own][k] + group[choice][k]);
                    let fits = (0..2).all(|k| after[k + 1] <= self.most[k]);
                    if fits && after[0] < sums[0] - ROUNDING * sums[0].abs() {
                        (*own, sums, improves) = (choice, after, true);
                    }
                }
            }
        }
        // Summed anew, as the search does.
        self.sums(&chosen)[0]
    }

    fn sums(&self, chosen: &[usize]) -> Triple {
        let mut sums = [0.0; 3];
        for (group, &choice) in self.groups.iter().zip(chosen) {
            for k in 0..3 {
                sums[k] += group[choice][k];
            }
        }
        sums
    }
}

/// The states that no other is at least as good as in all three sums.
fn undominated(mut states: Vec<State>) -> Vec<State> {
    let by = |a: &State, b: &State| {
        let order = a.sums[1].total_cmp(&b.sums[1]);
        order
            .then(a.sums[2].total_cmp(&b.sums[2]))
            .then(a.sums[0].total_cmp(&b.sums[0]))
    };
    states.sort_by(by);
    // Of those before: second sum rising, first sum falling.
    let mut stairs: std::collections::BTreeMap<u64, f64> = std::collections::BTreeMap::new();
    let mut kept = Vec::new();
    for state in states {
        // Sums of what is not negative are ordered as their bits are.
        let key = state.sums[2].to_bits();
        let below = stairs.range(..=key).next_back().map(|(_, cost)| *cost);
        if below.is_some_and(|cost| cost <= state.sums[0]) {
            continue;
        }
        let above: Vec<u64> = stairs
            .range(key..)
            .take_while(|(_, cost)| **cost >= state.sums[0])
            .map(|(key, _)| *key)
            .collect();
        for key in above {
            stairs.remove(&key);
        }
        stairs.insert(key, state.sums[0]);
        kept.push(state);
    }
    kept
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::rng::SplitMix64;

    fn costs(loss: f64, bytes: f64, ns: f64) -> Costs {
        Costs { loss, bytes, ns }
    }

    /// Every choice there is.
    fn by_trying(groups: &[Vec<Costs>], aim: Aim, limits: Limits) -> Option<f64> {
        let mut best: Option<f64> = None;
        let n: usize = groups.iter().map(Vec::len).product();
        for mut code in 0..n {
            let mut sum = costs(0.0, 0.0, 0.0);
            for group in groups {
                let item = group[code % group.len()];
                code /= group.len();
                sum = costs(sum.loss + item.loss, sum.bytes + item.bytes, sum.ns + item.ns);
            }
            if sum.loss <= limits.loss && sum.bytes <= limits.bytes && sum.ns <= limits.ns {
                let value = value(sum, aim);
                best = Some(best.map_or(value, |b: f64| b.min(value)));
            }
        }
        best
    }

    fn value(sum: Costs, aim: Aim) -> f64 {
        match aim {
            Aim::Loss => sum.loss,
            Aim::Bytes => sum.bytes,
            Aim::Time => sum.ns,
        }
    }

    fn total(groups: &[Vec<Costs>], chosen: &[usize]) -> Costs {
        groups.iter().zip(chosen).map(|(g, &c)| g[c]).sum()
    }

    #[test]
    fn the_choice_is_the_best_of_all() {
        let mut rng = SplitMix64::new(7);
        for round in 0..200 {
            let groups: Vec<Vec<Costs>> = (0..6)
                .map(|_| {
                    let weight = 0.2 + rng.unit();
                    (0..4)
                        .map(|t| {
                            let bits = 2.0 + t as f64 + rng.unit();
                            costs(
                                (-bits).exp() * (0.5 + rng.unit()),
                                (bits * weight * 100.0).round(),
                                bits * rng.unit(),
                            )
                        })
                        .collect()
                })
                .collect();
            let limits = Limits {
                loss: if round % 3 == 1 { 0.3 } else { f64::INFINITY },
                bytes: if round % 3 == 1 {
                    f64::INFINITY
                } else {
                    1500.0 + 200.0 * rng.unit()
                },
                ns: if round % 2 == 0 { f64::INFINITY } else { 14.0 },
            };
            let aim = [Aim::Loss, Aim::Bytes, Aim::Time][round % 3];
            let found = choose(&groups, aim, limits).map(|chosen| {
                let sum = total(&groups, &chosen);
                assert!(sum.loss <= limits.loss && sum.bytes <= limits.bytes + 1e-6 && sum.ns <= limits.ns + 1e-9);
                value(sum, aim)
            });
            match (found, by_trying(&groups, aim, limits)) {
                (Some(a), Some(b)) => assert!((a - b).abs() <= 1e-9 * b.abs(), "round {round}: {a} instead of {b}"),
                (a, b) => assert_eq!(a.is_some(), b.is_some(), "round {round}"),
            }
        }
    }

    #[test]
    fn hundreds_of_groups_are_chosen_from_at_once() {
        let mut rng = SplitMix64::new(3);
        let groups: Vec<Vec<Costs>> = (0..400)
            .map(|_| {
                let (n, weight) = (1.0 + rng.below(40) as f64, rng.unit().powi(3));
                let types = [2.6, 3.4, 4.25, 4.5, 5.0, 5.5, 6.56, 8.5];
                let of = |bits: f64| {
                    costs(
                        weight * (-1.3 * bits).exp() * 2.0,
                        (bits * n * 4096.0).round(),
                        bits * n,
                    )
                };
                types.map(of).to_vec()
            })
            .collect();
        let bytes: f64 = groups.iter().map(|g| g[3].bytes).sum();
        let limits = Limits { bytes, ..Limits::NONE };
        let sum = total(&groups, &choose(&groups, Aim::Loss, limits).expect("there is one"));
        let plain = groups.iter().map(|g| g[3].loss).sum::<f64>();
        assert!(
            sum.bytes <= bytes && sum.loss < 0.8 * plain,
            "{} against {plain}",
            sum.loss
        );
    }

    #[test]
    fn without_a_choice_there_is_none() {
        let groups = vec![vec![costs(1.0, 10.0, 1.0)]];
        assert_eq!(
            choose(
                &groups,
                Aim::Loss,
                Limits {
                    bytes: 9.0,
                    ..Limits::NONE
                }
            ),
            None
        );
        assert_eq!(choose(&groups, Aim::Loss, Limits::NONE), Some(vec![0]));
        assert_eq!(choose(&[], Aim::Loss, Limits::NONE), Some(vec![]));
    }
}
