//! What `decide` is told of each arm, and what it answers: for the request that was asked for, and for each usual one.

use super::cells::{process_sd, Rounds};
use super::{CellReport, DecisionReport, Figure, MemoryReport, More, PurposeChoice, QualityReport, ReportModel};
use crate::data::{Arm, Goal, Purpose, Record, RequestShape, StoppedBy, Work, Workload};
use crate::decide::{
    decide, is_far_behind, is_look, nearest, terms, terms_of_plan, Candidate, Contestant, Decision, Exactness, Known,
    Looks, Terms,
};
use crate::stats::{self, Interval, LogMean};
use std::collections::{BTreeMap, BTreeSet};

/// What was measured, as far as it bears on requests.
struct Measured<'a> {
    model: &'a ReportModel,
    rounds: &'a Rounds<'a>,
    arms: &'a [Arm],
}

impl Measured<'_> {
    fn cell(&self, arm: usize, spec: &Work) -> Option<&CellReport> {
        self.model.cell(&self.arms[arm].id, spec).filter(|c| c.is_ok())
    }

    /// Time of the request with an arm, from the centres of its works.
    fn time_ns(&self, arm: usize, terms: &Terms) -> Option<f64> {
        let each = terms.works.iter().map(|(spec, times)| {
            let n_tokens = f64::from(spec.shape().n_counted);
            Some(times * n_tokens * 1e9 / self.cell(arm, spec)?.centre_tps()?)
        });
        each.sum()
    }

    /// ln of the speed of arm `a` over that of arm `b`, one value for each launch in which both have all works of the request, from the
    /// rounds in which both have the work; `is_calm`: and in which nothing was seen to disturb either.
    fn by_launch(&self, a: usize, b: usize, terms: &Terms, is_calm: bool) -> Option<Vec<f64>> {
        let mut times: BTreeMap<u32, Vec<(f64, f64)>> = BTreeMap::new();
        for (spec, weight) in &terms.works {
            let (of_a, of_b) = (self.cell(a, spec)?, self.cell(b, spec)?);
            let mut pairs = of_a.pairs(of_b);
            let are_calm = |round| [of_a, of_b].iter().all(|cell| self.rounds.is_calm(cell.index, round));
            pairs.retain(|&round, _| !is_calm || are_calm(round));
            let logs = |of: fn(&(f64, f64)) -> f64| pairs.iter().map(move |(&round, both)| (round, of(both).ln()));
            let of_b = of_a.by_launch(logs(|both| both.1));
            for (launch, of_a) in of_a.by_launch(logs(|both| both.0)) {
                let n_tokens = f64::from(spec.shape().n_counted);
                let time = |logs: &[f64]| Some(weight * n_tokens * stats::median(logs)?.exp());
                let both = time(&of_a).zip(of_b.get(&launch).and_then(|logs| time(logs)));
                times.entry(launch).or_default().extend(both);
            }
        }
        let whole = times.into_values().filter(|works| works.len() == terms.works.len());
        let ratio = |works: Vec<(f64, f64)>| {
            let (a, b) = works
                .iter()
                .fold((0.0, 0.0), |sum, time| (sum.0 + time.0, sum.1 + time.1));
            (b / a).ln()
        };
        Some(whole.map(ratio).collect())
    }

    fn speeds(&self, a: usize, b: usize, terms: &Terms) -> Option<LogMean> {
        LogMean::of(&self.by_launch(a, b, terms, false)?, self.process_sd(b, terms))
    }

    /// What processes differ by in the time of the request: each work by its share.
    fn process_sd(&self, arm: usize, terms: &Terms) -> f64 {
        let total = self.time_ns(arm, terms).unwrap_or(f64::NAN);
        let share = |spec: &Work, times: f64| {
            let n_tokens = f64::from(spec.shape().n_counted);
            let rate = self.cell(arm, spec).and_then(CellReport::centre_tps);
            rate.map_or(1.0, |rate| times * n_tokens * 1e9 / rate / total)
        };
        let parts = terms
            .works
            .iter()
            .map(|(spec, times)| (share(spec, *times) * process_sd(spec.workload())).powi(2));
        let sd = parts.sum::<f64>().sqrt();
        if sd.is_finite() {
            sd
        } else {
            process_sd(Workload::Prefill)
        }
    }
}

/// Decides; `None` when no decode cell was planned.
pub(super) fn decision(
    model: &ReportModel,
    rounds: &Rounds,
    records: &[Record],
    looks: Looks,
) -> Option<DecisionReport> {
    let goal = model.header.goal.unwrap_or_default();
    let (request, works) = works(model, &goal)?;
    let own = terms_of_plan(&works, request);
    let decode = *works.last()?;
    let prefill = works.iter().find(|s| s.workload() == Workload::Prefill).copied();
    let longest = prefill.or_else(|| model.specs(Workload::Prefill).into_iter().next_back());
    let arms: Vec<Arm> = model.arms().cloned().collect();
    let measured = Measured {
        model,
        rounds,
        arms: &arms,
    };
    let dropped: Vec<usize> = records.iter().filter_map(Record::dropped).map(|d| d.arm).collect();
    let plan_index = |arm: &Arm| model.header.plan.arms.iter().position(|a| a.id == arm.id);
    let qualities: Vec<(Exactness, bool)> = arms.iter().map(|arm| exactness(model, arm)).collect();
    let candidates: Vec<Candidate> = arms
        .iter()
        .enumerate()
        .zip(&qualities)
        .map(|((i, arm), (quality, _))| {
            let memory = memory(model, arm);
            Candidate {
                request_ns: measured.time_ns(i, &own),
                prompt_ns: prefill
                    .and_then(|spec| Some(f64::from(spec.n_prompt()) * 1e9 / measured.cell(i, &spec)?.centre_tps()?)),
                decode_tps: measured.cell(i, &decode).and_then(per_user),
                prefill_tps: longest.and_then(|spec| measured.cell(i, &spec)?.tps),
                ttft_ns: longest.and_then(|spec| measured.cell(i, &spec)?.ttft_ns),
                ram_bytes: memory.as_ref().map(|m| ram_bytes(m, goal.users())),
                vram_bytes: memory.as_ref().and_then(|m| m.reading.device_bytes),
                n_ctx_max: memory.and_then(|m| m.n_ctx_max).map(|n| n / u64::from(goal.users())),
                quality: *quality,
                is_dropped: plan_index(arm).is_some_and(|index| dropped.contains(&index)),
            }
        })
        .collect();
    let has_quality = model.header.plan.quality.is_some();
    let speeds = |a: usize, b: usize| measured.speeds(a, b, &own);
    let decision = decide(&goal, &candidates, &speeds, has_quality, looks);
    let chosen = decision.choice().map(|c| c.arm);
    let by_purpose = Purpose::ALL.iter().filter_map(|&purpose| {
        let other = terms(&all_works(model), purpose.request())?;
        let speeds = |a: usize, b: usize| measured.speeds(a, b, &other);
        // An arm that left because of another request was measured while it was there: its launches count.
        let candidates: Vec<Candidate> = (0..arms.len())
            .map(|i| Candidate {
                request_ns: measured.time_ns(i, &other),
                is_dropped: candidates[i].is_dropped && purpose.request() == request,
                ..candidates[i].clone()
            })
            .collect();
        let found = decide(&goal, &candidates, &speeds, has_quality, Looks::End);
        let choice = found.choice();
        Some(PurposeChoice {
            purpose,
            arm: choice.map(|c| c.arm),
            regret: choice.and_then(|c| c.regret),
            request_ns: choice.and_then(|c| candidates[c.arm].request_ns),
            is_between: other.is_between,
        })
    });
    let by_purpose = if goal.users() == 1 {
        by_purpose.collect()
    } else {
        Vec::new()
    };
    let of_choice = chosen.and_then(|i| measured.cell(i, &decode));
    let launches: BTreeSet<u32> = of_choice.iter().flat_map(|c| &c.sample_launches).copied().collect();
    let more = more(model, &goal, &decision);
    Some(DecisionReport {
        goal,
        request,
        decode,
        prefill,
        is_composed: qualities.into_iter().map(|(_, is_composed)| is_composed).collect(),
        n_launches: launches.len() as u32,
        n_rounds: of_choice.map_or(0, |c| c.samples_ns.len() as u32),
        more,
        by_purpose,
        arms,
        candidates,
        decision,
    })
}

/// What the plan decides by; in journals before format 5 the nearest to what was asked. For several users the decode of as many
/// sequences, each with its own prompt.
fn works(model: &ReportModel, goal: &Goal) -> Option<(RequestShape, Vec<Work>)> {
    if goal.users() > 1 {
        let mut batched = model.specs(Workload::Batched).into_iter();
        let spec = batched.rfind(|s| s.n_seq() == goal.users() && !s.is_pp_shared())?;
        return Some((Purpose::Decode.request(), vec![spec]));
    }
    let planned = &model.header.plan.decision;
    let all = all_works(model);
    nearest(if planned.is_empty() { &all } else { planned }, goal.request())
}

fn all_works(model: &ReportModel) -> Vec<Work> {
    let of = |workload| model.specs(workload).into_iter();
    of(Workload::Prefill).chain(of(Workload::Decode)).collect()
}

/// What follows for a run that goes on.
pub(super) fn interim(
    report: &DecisionReport,
    model: &ReportModel,
    rounds: &Rounds,
    n_launches: u32,
) -> (Vec<String>, bool) {
    let contestants = report.decision.contestants.iter();
    let ids = |keep: &dyn Fn(usize) -> bool| -> Vec<String> {
        let own = (0..report.arms.len()).filter(|&i| keep(i));
        own.map(|i| report.arms[i].id.clone()).collect()
    };
    let is_unchosen = |i: usize| report.decision.choice().is_none_or(|c| c.arm != i);
    if is_look(n_launches) {
        let out: Vec<bool> = contestants.map(|contestant| contestant.is_out).collect();
        return (
            ids(&|i| out[i] && is_unchosen(i)),
            report.decision.is_settled(&report.goal),
        );
    }
    // Between looks only what misses a limit, and what is far behind, leaves. Weights that miss the limit of quality stay with the
    // baseline's KV type until the first look: who wants them all the same must see what they bring.
    let is_shown = |i: usize| !model.header.plan.pace.keeps_all && model.has_base_kv(&report.arms[i]);
    let misses =
        |contestant: &Contestant| contestant.is_out && contestant.checks.iter().any(|c| !c.standing.may_be_chosen());
    let missed: Vec<bool> = contestants
        .map(|contestant| misses(contestant) && !is_shown(contestant.candidate))
        .collect();
    let far = |i: usize| {
        let Some(choice) = report.decision.choice() else {
            return false;
        };
        let own = terms_of_plan(&works_of(report), report.request);
        let measured = Measured {
            model,
            rounds,
            arms: &report.arms,
        };
        measured
            .by_launch(i, choice.arm, &own, true)
            .is_some_and(|all| is_far_behind(&all))
    };
    (ids(&|i| (missed[i] || far(i)) && is_unchosen(i)), false)
}

fn works_of(report: &DecisionReport) -> Vec<Work> {
    report.prefill.into_iter().chain([report.decode]).collect()
}

/// As many launches again, at the pace of this run: the part of the bound that is not known shrinks with the root of their number.
fn more(model: &ReportModel, goal: &Goal, decision: &Decision) -> Option<More> {
    let choice = decision.choice()?;
    let regret = choice.regret.filter(|r| *r > goal.regret())?;
    let totals = &model.totals;
    let ns = totals.wall_ns.saturating_sub(totals.quality_ns);
    // How far the best of the others is by the estimates.
    let ahead = decision
        .contestants
        .iter()
        .filter_map(|contestant| Some(contestant.vs_choice?.estimate))
        .fold(f64::NEG_INFINITY, f64::max);
    let (bound, ahead) = (regret.ln_1p(), ahead.ln().min(0.0));
    let after = ahead + (bound - ahead) / std::f64::consts::SQRT_2;
    (ns > 0 && totals.n_launches > 0).then(|| More {
        ns,
        regret: after.max(0.0).exp_m1(),
    })
}

/// Tokens per second of each sequence.
fn per_user(cell: &CellReport) -> Option<Interval> {
    let n_tokens = f64::from(cell.spec.n_gen());
    cell.interval(cell.by_round().map(|(round, ns)| (round, n_tokens * 1e9 / ns)))
}

/// The arm's own reading; where only the same file with another KV type was read, what the two caches differ by is exact.
fn memory(model: &ReportModel, arm: &Arm) -> Option<MemoryReport> {
    if let Some(own) = model.memory_of(&arm.id) {
        return Some(own.clone());
    }
    // Only the cache may differ.
    let hardware = |a: &Arm| {
        let of = &a.config;
        (of.build.clone(), of.device.clone(), of.n_gpu_layers, of.n_ctx)
    };
    let is_alike = |m: &&MemoryReport| m.arm.variant == arm.variant && hardware(&m.arm) == hardware(arm);
    let other = model.memory.iter().find(is_alike)?;
    let kv_bytes = kv_bytes(model, arm)?;
    let (more, less) = (
        kv_bytes.saturating_sub(other.kv_bytes),
        other.kv_bytes.saturating_sub(kv_bytes),
    );
    let mut derived = other.clone();
    derived.arm = arm.clone();
    derived.reading.rss_bytes_max = other.reading.rss_bytes_max.saturating_add(more).saturating_sub(less);
    derived.kv_bytes = kv_bytes;
    derived.n_ctx_max = super::memory::n_ctx_max(&model.header, arm, kv_bytes, derived.reading.rss_bytes_max);
    Some(derived)
}

/// Bytes of the cache of an arm, as its context told.
fn kv_bytes(model: &ReportModel, arm: &Arm) -> Option<u64> {
    model
        .kv_bytes
        .iter()
        .find(|(id, _)| *id == arm.id)
        .map(|(_, bytes)| *bytes)
}

/// Its peak, and a cache for every further user.
fn ram_bytes(memory: &MemoryReport, n_users: u32) -> u64 {
    let more = memory.kv_bytes.saturating_mul(u64::from(n_users - 1));
    memory.reading.rss_bytes_max.saturating_add(more)
}

/// The score of the arm's weights and KV type in the shortest window: where they run changes rounding only. Where weights and KV types
/// were scored apart, what both may cost together.
fn exactness(model: &ReportModel, arm: &Arm) -> (Exactness, bool) {
    let Some(baseline) = model.baseline() else {
        return (Exactness::Unscored, false);
    };
    let (kv, kv_baseline) = (arm.config.kv(), baseline.config.kv());
    if arm.is_baseline || arm.scores_as(baseline) {
        return (Exactness::Baseline, false);
    }
    let Some(&n_ctx) = model.quality.windows().first() else {
        return (Exactness::Unscored, false);
    };
    let scored = |variant: &str, kv: &str| {
        let mut rows = model.quality.rows.iter().filter(|r| r.n_ctx == n_ctx && r.is_ok());
        let is_here = |a: &Arm| a.variant == variant && a.config.kv() == kv && a.config.build == arm.config.build;
        rows.find(|r| !r.arm.is_control && is_here(&r.arm))
    };
    if let Some(known) = scored(&arm.variant, &kv).and_then(known) {
        return (known, false);
    }
    let weights = scored(&arm.variant, &kv_baseline).and_then(known);
    let cache = scored(&baseline.variant, &kv).and_then(known);
    let both = weights.zip(cache).and_then(|(weights, cache)| together(weights, cache));
    (both.unwrap_or(Exactness::Unscored), both.is_some())
}

/// With intervals from as few chunks as give one; with fewer the figures over all tokens.
fn known(row: &QualityReport) -> Option<Exactness> {
    let known = |figure: Figure| figure.interval.map_or(Known::Point(figure.value), Known::Interval);
    Some(Exactness::Scored {
        ln_ratio: known(row.ln_ratio?),
        kld: known(row.kld_mean?),
    })
}

/// What two changes may cost together: logarithms of perplexity ratios add up; a divergence is at most what it is when its square
/// root, which behaves like a distance, adds up.
fn together(a: Exactness, b: Exactness) -> Option<Exactness> {
    let (
        Exactness::Scored {
            ln_ratio: ln_a,
            kld: kld_a,
        },
        Exactness::Scored {
            ln_ratio: ln_b,
            kld: kld_b,
        },
    ) = (a, b)
    else {
        return None;
    };
    let root = |a: f64, b: f64| (a.max(0.0).sqrt() + b.max(0.0).sqrt()).powi(2);
    let join = |a: Known, b: Known, lo: fn(f64, f64) -> f64, hi: &dyn Fn(f64, f64) -> f64| match (a, b) {
        (Known::Interval(a), Known::Interval(b)) => Known::Interval(Interval {
            estimate: a.estimate + b.estimate,
            lo: lo(a.lo, b.lo),
            hi: hi(a.hi, b.hi),
            ..a
        }),
        _ => Known::Point(a.estimate() + b.estimate()),
    };
    Some(Exactness::Scored {
        ln_ratio: join(ln_a, ln_b, |a, b| a + b, &|a, b| a + b),
        kld: join(kld_a, kld_b, f64::max, &root),
    })
}

/// Which of the looks the end of a run is.
pub(super) const fn looks_of(stopped_by: Option<StoppedBy>) -> Looks {
    match stopped_by {
        Some(StoppedBy::Decided) => Looks::Interim,
        _ => Looks::End,
    }
}
