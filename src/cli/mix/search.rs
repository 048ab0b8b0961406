//! Sensitivities: each group of tensors in each type that may be chosen, everything else as in the reference; few chunks first, and more
//! where the choice hangs on them.

use super::super::exit::{Failure, BAD_INPUT, UNEXPECTED};
use super::super::progress::LiveLine;
use super::super::stop::Stop;
use super::cached::{stopped, Cache};
use super::forge::Forge;
use crate::gguf::GgmlType;
use crate::mix::{choose, Aim, Candidate, Costs, Group, Limits, Recipe, Scarce, Sensitivities, N_FIRST};
use crate::plan::Profile;
use crate::runner::{Scores, Trial, TrialConfig, TrialError, Trials};
use crate::units;
use std::time::{Duration, Instant};

/// Chunks that a candidate gets more, where the choice hangs on it.
const N_MORE: u32 = 4;
/// The sum may be off by so much before it counts as misleading.
const SUM_MARGIN: f64 = 0.15;

/// What is looked for.
pub struct Wanted {
    pub aim: Aim,
    /// Limits on the matrices alone.
    pub limits: Limits,
    /// Bits per weight that the choice will be near, to begin with.
    pub bpw: f64,
}

impl Wanted {
    fn scarce(&self) -> Scarce {
        match self.aim == Aim::Time || self.limits.ns.is_finite() && self.limits.bytes.is_infinite() {
            true => Scarce::Time,
            false => Scarce::Bytes,
        }
    }
}

/// A choice: of each group the index of its candidate.
#[derive(Debug, Clone)]
pub struct Chosen {
    pub picks: Vec<usize>,
    pub recipe: Recipe,
    /// Sums of what the groups cost alone.
    pub predicted: Costs,
    /// Mean divergence of the whole on the same chunks.
    pub whole: f64,
    /// Chunks that it was measured on.
    pub n_chunks: u32,
    /// Whether groups were measured again around an earlier choice.
    pub is_corrected: bool,
}

/// The search of one model.
pub struct Search<'a> {
    pub forge: Forge<'a>,
    pub groups: Vec<Group>,
    pub types: Vec<GgmlType>,
    pub cache: Cache,
    /// Where a speed is asked for or to be won.
    pub speeds: Option<&'a Profile>,
    pub budget: Duration,
    pub live: &'a LiveLine,
    pub stop: &'a Stop,
    trials: Option<Trials>,
    config: Option<TrialConfig>,
    n_chunks_max: u32,
    /// Files that are scored at the same time.
    n_lanes: usize,
    start: Instant,
    /// What a trial takes, last seen: its start, and a chunk.
    cost_ns: f64,
    /// What a chunk of a trial takes with its share of the load, last seen.
    chunk_ns: f64,
    /// Factors on the losses of groups, from a correction.
    factors: Vec<f64>,
    /// Candidates that had no chunk when the budget was spent.
    pub n_unmeasured: usize,
}

impl<'a> Search<'a> {
    #[expect(
        clippy::too_many_arguments,
        reason = "it is made in one place, and all of it is needed"
    )]
    pub fn new(
        forge: Forge<'a>,
        groups: Vec<Group>,
        types: Vec<GgmlType>,
        cache: Cache,
        speeds: Option<&'a Profile>,
        (config, n_chunks_max, n_lanes): (TrialConfig, u32, usize),
        budget: Duration,
        (live, stop): (&'a LiveLine, &'a Stop),
    ) -> Search<'a> {
        let factors = vec![1.0; groups.len()];
        Search {
            forge,
            groups,
            types,
            cache,
            speeds,
            budget,
            live,
            stop,
            trials: None,
            config: Some(config),
            n_chunks_max,
            n_lanes,
            start: Instant::now(),
            cost_ns: 0.0,
            chunk_ns: 0.0,
            factors,
            n_unmeasured: 0,
        }
    }

    /// Measures until the choice is settled or the budget is spent.
    pub fn run(&mut self, wanted: &Wanted) -> Result<Option<Chosen>, Failure> {
        let mut all = self.candidates()?;
        let first = all.first(wanted.bpw);
        self.round(&mut all, &first)?;
        let mut picks = self.choice(&all, wanted);
        while let Some(chosen) = &picks {
            let scarce = wanted.scarce();
            let mut open = all.unsettled(chosen, scarce, all.price(chosen, scarce));
            open.retain(|&(g, c)| (all.0[g][c].kld.len() as u32) < self.n_chunks_max);
            self.n_unmeasured = open.iter().filter(|&&(g, c)| all.0[g][c].kld.is_empty()).count();
            if open.is_empty() || self.is_spent() {
                break;
            }
            self.round(&mut all, &open)?;
            picks = self.choice(&all, wanted);
        }
        let Some(picks) = picks else { return Ok(None) };
        let first = self.whole(&all, picks)?;
        self.corrected(&all, first, wanted).map(Some)
    }

    /// A group in a type that the quantizer makes, and whose speed is known where one is asked for.
    fn candidate(&self, group: &Group, ty: GgmlType, error: f64) -> Option<Candidate> {
        let ns_per_byte = match self.speeds {
            Some(profile) => profile.ns_per_byte(ty.name())?,
            None => 0.0,
        };
        let matrices = &self.forge.matrices;
        (error >= 0.0).then(|| Candidate {
            ty,
            bytes: group.bytes(matrices, ty),
            ns: group.read_bytes(matrices, ty) * ns_per_byte,
            error,
            kld: self.cache.known(&group.name, ty.name()).to_vec(),
        })
    }

    /// The candidates of every group: types that fit, that the quantizer makes, and that no other beats.
    fn candidates(&mut self) -> Result<Sensitivities, Failure> {
        let mut all = Vec::new();
        let n = self.groups.len() * self.types.len();
        for (g, group) in self.groups.clone().iter().enumerate() {
            let first = self.forge.matrices[group.members[0]].clone();
            let mut own: Vec<Candidate> = self.candidate(group, first.source, 0.0).into_iter().collect();
            for (t, ty) in self.types.clone().into_iter().enumerate() {
                if !first.fits(ty) {
                    continue;
                }
                self.check_stop()?;
                let key = (group.name.clone(), ty.name().to_owned());
                let error = match self.cache.errors.get(&key) {
                    Some(error) => *error,
                    None => {
                        self.show(&format!("{} as {}", group.name, ty.name()), g * self.types.len() + t, n);
                        let error = self.forge.error(group, ty, &mut |_| {})?;
                        // Not a number cannot be kept as JSON.
                        let error = error.unwrap_or(-1.0);
                        self.keep(|cache| cache.error(&group.name, ty.name(), error))?;
                        error
                    }
                };
                own.extend(self.candidate(group, ty, error));
            }
            all.push(own);
        }
        Ok(Sensitivities(all).without_beaten())
    }

    fn keep(&mut self, keep: impl FnOnce(&mut Cache) -> std::io::Result<()>) -> Result<(), Failure> {
        keep(&mut self.cache).map_err(|e| {
            let why =
                format!("what was measured cannot be written to the store ({e}); free some space, or set KVANT_STORE");
            Failure::msg(UNEXPECTED, why)
        })
    }

    /// Some more chunks for each of these, as far as the budget goes.
    fn round(&mut self, all: &mut Sensitivities, open: &[(usize, usize)]) -> Result<(), Failure> {
        for (i, lot) in open.chunks(self.n_lanes).enumerate() {
            if i > 0 && self.is_spent() {
                break;
            }
            let (g, c) = lot[0];
            let what = format!("{} as {}", self.groups[g].name, all.0[g][c].ty.name());
            self.show(&what, i * self.n_lanes, open.len());
            let more = |&(g, c): &(usize, usize)| {
                let n = match all.0[g][c].kld.len() as u32 {
                    0 => N_FIRST as u32,
                    n => n + N_MORE,
                };
                ((g, c), n.min(self.n_chunks_max))
            };
            let lot: Vec<_> = lot.iter().map(more).collect();
            self.measure(all, &lot)?;
        }
        Ok(())
    }

    fn show(&self, what: &str, done: usize, n: usize) {
        let left = match self.cost_ns > 0.0 {
            true => format!(
                ", about {} left",
                units::duration((self.cost_ns * (n - done) as f64) as u64)
            ),
            false => String::new(),
        };
        self.live
            .share(&format!("{what} ({} of {n}{left})", done + 1), done as u64, n as u64);
    }

    /// Whether one more trial does not fit into the budget.
    fn is_spent(&self) -> bool {
        self.start.elapsed().as_nanos() as f64 + self.cost_ns > self.budget.as_nanos() as f64
    }

    fn check_stop(&self) -> Result<(), Failure> {
        match self.stop.is_raised() {
            true => Err(stopped()),
            false => Ok(()),
        }
    }

    /// Has candidates scored until they have so many chunks, as many as there are lanes at the same time.
    fn measure(&mut self, all: &mut Sensitivities, lot: &[((usize, usize), u32)]) -> Result<(), Failure> {
        self.check_stop()?;
        let since = Instant::now();
        let (mut trials, mut picks) = (Vec::new(), Vec::new());
        for &((g, c), n) in lot {
            let (ty, first) = (all.0[g][c].ty, all.0[g][c].kld.len() as u32);
            if first < n {
                let path = self.forge.trial(&self.groups[g], ty, trials.len())?;
                trials.push(Trial { path, chunks: first..n });
                picks.push((g, c));
            }
        }
        if trials.is_empty() {
            return Ok(());
        }
        let scores = self.score(&trials)?;
        self.cost_ns = since.elapsed().as_nanos() as f64 / trials.len() as f64;
        for ((g, c), scores) in picks.into_iter().zip(scores) {
            let (group, ty) = (self.groups[g].name.clone(), all.0[g][c].ty.name());
            self.keep(|cache| cache.more(&group, ty, scores.kld.clone(), scores.ns))?;
            all.0[g][c].kld.extend(scores.kld);
        }
        Ok(())
    }

    fn score(&mut self, trials: &[Trial]) -> Result<Vec<Scores>, Failure> {
        let scores = self.trials()?.score(trials).map_err(failed)?;
        let n_chunks: u32 = trials.iter().map(|t| t.chunks.len() as u32).sum();
        let ns: u64 = scores.iter().map(|s| s.ns).sum();
        self.chunk_ns = ns as f64 / f64::from(n_chunks.max(1)) / self.n_lanes as f64;
        Ok(scores)
    }

    /// One file, all of its chunks.
    fn score_one(&mut self, recipe: &Recipe, n_chunks: u32) -> Result<Vec<f64>, Failure> {
        let path = self.forge.mixture(recipe, 0)?;
        let trial = Trial {
            path,
            chunks: 0..n_chunks,
        };
        let scores = self.score(&[trial])?;
        Ok(scores.into_iter().next().map_or_else(Vec::new, |s| s.kld))
    }

    fn trials(&mut self) -> Result<&mut Trials, Failure> {
        if let (None, Some(config)) = (&self.trials, self.config.take()) {
            let stop = self.stop;
            let trials = Trials::begin(config, self.n_lanes, |handle| stop.wake(handle)).map_err(failed)?;
            self.n_chunks_max = self.n_chunks_max.min(trials.n_chunks());
            self.trials = Some(trials);
        }
        self.trials
            .as_mut()
            .ok_or_else(|| Failure::msg(UNEXPECTED, "the reference could not be loaded before"))
    }

    fn costs(&self, all: &Sensitivities) -> Vec<Vec<Costs>> {
        let mut costs = all.costs();
        for (group, factor) in costs.iter_mut().zip(&self.factors) {
            group.iter_mut().for_each(|c| c.loss *= factor);
        }
        costs
    }

    fn choice(&self, all: &Sensitivities, wanted: &Wanted) -> Option<Vec<usize>> {
        let costs = self.costs(all);
        // What nothing is known of is not chosen.
        let known: Vec<Vec<usize>> = costs
            .iter()
            .map(|group| (0..group.len()).filter(|&c| group[c].loss.is_finite()).collect())
            .collect();
        let only: Vec<Vec<Costs>> = costs
            .iter()
            .zip(&known)
            .map(|(group, known)| known.iter().map(|&c| group[c]).collect())
            .collect();
        let chosen = choose(&only, wanted.aim, wanted.limits)?;
        Some(chosen.into_iter().zip(&known).map(|(c, known)| known[c]).collect())
    }

    /// Bytes of the smallest choice; `None` where a group fits no type.
    pub fn smallest(&self) -> Option<u64> {
        let of_group = |group: &Group| {
            let of = |ty: &GgmlType| {
                let key = (group.name.clone(), ty.name().to_owned());
                Some(self.candidate(group, *ty, *self.cache.errors.get(&key)?)?.bytes)
            };
            self.types.iter().filter_map(of).min()
        };
        self.groups.iter().map(of_group).sum()
    }

    /// The whole of a choice, on as many chunks as every group of it has.
    fn whole(&mut self, all: &Sensitivities, picks: Vec<usize>) -> Result<Chosen, Failure> {
        self.check_stop()?;
        let pick = |(group, &c): (&Vec<Candidate>, &usize)| group[c].clone();
        let picked: Vec<Candidate> = all.0.iter().zip(&picks).map(pick).collect();
        let types: Vec<GgmlType> = picked.iter().map(|c| c.ty).collect();
        let recipe = Recipe::of(&self.forge.matrices, &self.groups, &types);
        let n_of = picked
            .iter()
            .filter(|c| c.error > 0.0 && !c.kld.is_empty())
            .map(|c| c.kld.len() as u32);
        let n_chunks = n_of.min().unwrap_or(1).max(1);
        self.live.share("the whole mix", 0, 1);
        let scores = self.score_one(&recipe, n_chunks)?;
        let costs = self.costs(all);
        let mut predicted: Costs = costs.iter().zip(&picks).map(|(g, &c)| g[c]).sum();
        // Held against the whole on the same chunks.
        let on_these = picked.iter().zip(&self.factors).zip(costs.iter().zip(&picks));
        predicted.loss = on_these
            .map(|((c, factor), (costs, &i))| match c.kld.get(..n_chunks as usize) {
                Some(kld) if c.error > 0.0 => factor * mean(kld),
                _ => costs[i].loss,
            })
            .sum();
        Ok(Chosen {
            picks,
            recipe,
            predicted,
            whole: mean(&scores),
            n_chunks,
            is_corrected: false,
        })
    }

    /// Where the sum misled: what each group adds to the mix, everything else as in the mix, and one more choice with that. The better
    /// one of both stays.
    fn corrected(&mut self, all: &Sensitivities, first: Chosen, wanted: &Wanted) -> Result<Chosen, Failure> {
        let off = first.whole / first.predicted.loss - 1.0;
        if !off.is_finite() || off.abs() <= SUM_MARGIN || self.is_spent() {
            return Ok(first);
        }
        let mut order: Vec<usize> = (0..self.groups.len()).collect();
        let alone = |g: usize| all.0[g][first.picks[g]].loss();
        order.sort_by(|&a, &b| alone(b).total_cmp(&alone(a)));
        let n = order.len();
        for (i, g) in order.into_iter().enumerate() {
            let own = &all.0[g][first.picks[g]];
            if own.error == 0.0 || self.is_spent() {
                continue;
            }
            self.check_stop()?;
            self.show(&format!("the mix without {}", self.groups[g].name), i, n);
            let mut recipe = first.recipe.clone();
            for &m in &self.groups[g].members {
                let matrix = &self.forge.matrices[m];
                recipe.0.insert(matrix.name.clone(), matrix.source);
            }
            let adds = first.whole - mean(&self.score_one(&recipe, first.n_chunks)?);
            let alone = own.kld.get(..first.n_chunks as usize).map_or(f64::NAN, mean);
            let factor = adds / alone;
            if factor.is_finite() {
                self.factors[g] = factor.clamp(0.25, 4.0);
            }
        }
        let Some(picks) = self.choice(all, wanted) else {
            return Ok(first);
        };
        if picks == first.picks {
            return Ok(first);
        }
        let again = self.whole(all, picks)?;
        let is_better = again.whole < first.whole || wanted.aim != Aim::Loss;
        Ok(match is_better {
            true => Chosen {
                is_corrected: true,
                ..again
            },
            false => first,
        })
    }

    /// Seconds of a chunk.
    pub fn chunk_seconds(&self) -> f64 {
        self.chunk_ns / 1e9
    }

    /// Sensitivities as they are now, for a report.
    pub fn known(&mut self) -> Result<Sensitivities, Failure> {
        self.candidates()
    }
}

fn mean(values: &[f64]) -> f64 {
    values.iter().sum::<f64>() / values.len().max(1) as f64
}

fn failed(e: TrialError) -> Failure {
    match e {
        TrialError::Interrupted => stopped(),
        e @ TrialError::TextTooShort { .. } => Failure::msg(BAD_INPUT, format!("--calibrate: {e}")),
        e @ TrialError::Failed(..) => Failure::msg(UNEXPECTED, format!("a trial could not be scored: {e}")),
    }
}
