//! Operating characteristics of the choice: how often the true cost of what was named exceeds the bound that was given, on machines with the
//! effects that hurt: processes that differ, spikes, disturbed samples, ties, ratios that drift.
//!
//! `just choices` prints the table of docs/calibration.md.

use kvant::data::Goal;
use kvant::decide::{decide, is_far_behind, is_look, Candidate, Decision, Exactness, Looks};
use kvant::rng::SplitMix64;
use kvant::stats::LogMean;

const N_RUNS: u64 = 2000;
/// Launches that the time allows: some triages end between two looks.
const N_LAUNCHES: [usize; 4] = [3, 5, 9, 20];

/// What a machine does to log-speeds.
#[derive(Clone, Copy)]
struct Machine {
    name: &'static str,
    /// True log-speeds of the arms.
    speeds: &'static [f64],
    /// Standard deviation of what a process has for as long as it lives.
    process: f64,
    /// Of a launch's own noise, after its rounds are joined.
    noise: f64,
    /// Share of launches in which an arm is hit by something that costs up to 40 %.
    spikes: f64,
    /// Share of values that are disturbed beyond recognition (a third of the speed).
    disturbed: f64,
    /// Share of values that a neighbour makes up to three times slower; of four in five it is seen.
    neighbour: f64,
    /// How far each arm's speed wanders over the whole run, to either side.
    drift: f64,
}

const QUIET: Machine = Machine {
    name: "well apart",
    speeds: &[0.0, 0.2, 0.1, -0.3],
    process: 0.02,
    noise: 0.03,
    spikes: 0.0,
    disturbed: 0.0,
    neighbour: 0.0,
    drift: 0.0,
};
const TIES: &[f64] = &[0.0, 0.0, 0.0, 0.0, 0.0, 0.0];
const NEAR: &[f64] = &[0.0, 0.02, 0.04, -0.02, -0.01, 0.03];
const TWO: &[f64] = &[0.0, 0.03];

fn machines() -> Vec<Machine> {
    let of = |name, speeds, process, change: fn(&mut Machine)| {
        let mut machine = Machine {
            name,
            speeds,
            process,
            ..QUIET
        };
        change(&mut machine);
        machine
    };
    vec![
        QUIET,
        of("well apart, processes 10 %", QUIET.speeds, 0.1, |_| {}),
        of("six ties", TIES, 0.02, |_| {}),
        of("six ties, processes 10 %", TIES, 0.1, |_| {}),
        of("near ties of 1 to 6 %", NEAR, 0.02, |_| {}),
        of("near ties, processes 10 %", NEAR, 0.1, |_| {}),
        of("two, 3 % apart", TWO, 0.02, |_| {}),
        of("two, processes 10 %", TWO, 0.1, |_| {}),
        of("near ties, noise 8 %", NEAR, 0.02, |m| m.noise = 0.08),
        of("near ties, spikes", NEAR, 0.02, |m| m.spikes = 0.1),
        of("near ties, spikes, processes 10 %", NEAR, 0.1, |m| m.spikes = 0.1),
        of("near ties, 1 % disturbed", NEAR, 0.02, |m| m.disturbed = 0.01),
        of("well apart, beside a neighbour", QUIET.speeds, 0.02, |m| {
            m.neighbour = 0.4
        }),
        of("near ties, beside a neighbour", NEAR, 0.02, |m| m.neighbour = 0.4),
        of("near ties, ratios drift by 3 %", NEAR, 0.02, |m| m.drift = 0.03),
        of("well apart, ratios drift by 5 %", QUIET.speeds, 0.02, |m| {
            m.drift = 0.05
        }),
    ]
}

/// One triage: launches of all contenders until the rule that ships ends it.
struct Run {
    /// Log-speeds by arm, one for each launch in which it was measured, and whether nothing was seen to disturb it.
    seen: Vec<Vec<Option<(f64, bool)>>>,
    dropped: Vec<bool>,
}

impl Run {
    fn new(n_arms: usize) -> Run {
        Run {
            seen: vec![Vec::new(); n_arms],
            dropped: vec![false; n_arms],
        }
    }

    fn by_launch(&self, a: usize, b: usize, is_calm: bool) -> Vec<f64> {
        let pairs = self.seen[a].iter().zip(&self.seen[b]);
        let both = pairs.filter_map(|(a, b)| (*a).zip(*b));
        let kept = both.filter(|(a, b)| !is_calm || (a.1 && b.1));
        kept.map(|(a, b)| a.0 - b.0).collect()
    }

    fn decided(&self, looks: Looks) -> Decision {
        let arm = |i: usize| Candidate {
            request_ns: Some(1e9),
            prompt_ns: None,
            decode_tps: None,
            prefill_tps: None,
            ttft_ns: None,
            ram_bytes: Some(100 + i as u64),
            vram_bytes: None,
            n_ctx_max: None,
            quality: Exactness::Baseline,
            is_dropped: self.dropped[i],
        };
        let arms: Vec<Candidate> = (0..self.seen.len()).map(arm).collect();
        let speeds = |a: usize, b: usize| LogMean::of(&self.by_launch(a, b, false), 0.05);
        decide(&Goal::default(), &arms, &speeds, false, looks)
    }

    /// Whether the run ends here.
    fn look(&mut self, n: usize) -> bool {
        let decision = self.decided(Looks::Interim);
        let choice = decision.choice().map(|c| c.arm);
        for i in 0..self.seen.len() {
            let is_far = || choice.is_some_and(|c| is_far_behind(&self.by_launch(i, c, true)));
            let is_out = if is_look(n as u32) {
                decision.contestants[i].is_out
            } else {
                is_far()
            };
            if is_out && choice != Some(i) {
                self.dropped[i] = true;
            }
        }
        is_look(n as u32) && decision.is_settled(&Goal::default())
    }
}

/// (bound, true cost, launches) of one run.
fn simulate(machine: &Machine, seed: u64) -> (f64, f64, usize) {
    let mut rng = SplitMix64::new(seed);
    let n_arms = machine.speeds.len();
    let n_max = N_LAUNCHES[(seed % 4) as usize];
    let phase: Vec<f64> = (0..n_arms).map(|_| rng.unit()).collect();
    // Half a slow wave over the whole run: what is true is its mean.
    let wander = |arm: usize, launch: usize| {
        let at = phase[arm] + 0.5 * launch as f64 / n_max as f64;
        machine.drift * (std::f64::consts::TAU * at).sin()
    };
    let truth = |arm: usize| machine.speeds[arm] + (0..n_max).map(|l| wander(arm, l)).sum::<f64>() / n_max as f64;
    let mut run = Run::new(n_arms);
    let mut looks = Looks::End;
    for launch in 0..n_max {
        for arm in 0..n_arms {
            let mut x = machine.speeds[arm] + wander(arm, launch);
            x += machine.process * rng.normal() + machine.noise * rng.normal();
            if rng.unit() < machine.spikes {
                x -= 0.4 * rng.unit();
            }
            if rng.unit() < machine.disturbed {
                x -= 3f64.ln();
            }
            let is_hit = rng.unit() < machine.neighbour;
            if is_hit {
                x -= 3f64.ln() * rng.unit();
            }
            let is_calm = !is_hit || rng.unit() < 0.2;
            run.seen[arm].push((!run.dropped[arm]).then_some((x, is_calm)));
        }
        if run.look(launch + 1) {
            looks = Looks::Interim;
            break;
        }
    }
    let decision = run.decided(looks);
    let choice = decision.choice().expect("an arm is always named");
    let best = (0..n_arms).map(truth).fold(f64::NEG_INFINITY, f64::max);
    let bound = choice.regret.expect("all were measured side by side");
    (bound, (best - truth(choice.arm)).exp_m1(), run.seen[choice.arm].len())
}

#[test]
fn the_true_cost_of_what_is_named_exceeds_its_bound_in_at_most_one_run_of_twenty() {
    println!(
        "| machine | bound exceeded | median bound | 95 % of bounds below | bound at most 3 % | median launches |"
    );
    println!("| --- | ---: | ---: | ---: | ---: | ---: |");
    for (k, machine) in machines().iter().enumerate() {
        let runs: Vec<(f64, f64, usize)> = (0..N_RUNS)
            .map(|i| simulate(machine, 7919 * (k as u64 + 1) + i))
            .collect();
        let n_missed = runs.iter().filter(|(bound, cost, _)| *cost > bound + 1e-12).count();
        let mut bounds: Vec<f64> = runs.iter().map(|r| r.0).collect();
        let mut launches: Vec<usize> = runs.iter().map(|r| r.2).collect();
        bounds.sort_by(f64::total_cmp);
        launches.sort_unstable();
        let n = runs.len();
        println!(
            "| {} | {:.1} % | {:.1} % | {:.1} % | {:.0} % | {} |",
            machine.name,
            100.0 * n_missed as f64 / n as f64,
            100.0 * bounds[n / 2],
            100.0 * bounds[n * 19 / 20],
            100.0 * bounds.iter().filter(|b| **b <= 0.03).count() as f64 / n as f64,
            launches[n / 2],
        );
        assert!(
            n_missed as f64 <= 0.05 * n as f64,
            "{}: {n_missed} of {n}",
            machine.name
        );
    }
}
