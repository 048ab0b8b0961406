//! Operating characteristics of a gate: how often it fails equal builds, and how often it finds one that is 5 % slower, on machines with
//! the effects that hurt. `just choices` prints the table of docs/calibration.md.

use kvant::decide::{is_gate_look, pairs, slower, GateStanding, Looks};
use kvant::rng::SplitMix64;
use kvant::stats::LogMean;
use std::collections::BTreeMap;

const N_RUNS: u64 = 1000;
const N_WORKS: usize = 2;
const MARGIN: f64 = 0.03;
/// What about one minute and about five minutes allow.
const N_LAUNCHES: [u32; 2] = [20, 100];

/// Standard deviations in log space.
#[derive(Clone, Copy)]
struct Machine {
    name: &'static str,
    /// What a process has for as long as it lives.
    process: f64,
    /// By how much the process that was started later is faster.
    later: f64,
    /// Share of samples that take up to 40 % longer.
    spikes: f64,
}

/// Of a sample.
const NOISE: f64 = 0.03;

fn machines() -> Vec<Machine> {
    let of = |name, process, later, spikes| Machine {
        name,
        process,
        later,
        spikes,
    };
    vec![
        of("processes 2 %", 0.02, 0.0, 0.0),
        of("processes 10 %", 0.1, 0.0, 0.0),
        of("processes 2 %, the later one 10 % faster", 0.02, 0.1, 0.0),
        of("processes 2 %, spikes", 0.02, 0.0, 0.1),
    ]
}

fn normal(rng: &mut SplitMix64) -> f64 {
    // Box & Muller 1958.
    (-2.0 * (1.0 - rng.unit()).ln()).sqrt() * (std::f64::consts::TAU * rng.unit()).cos()
}

fn judged(seen: &[BTreeMap<u32, f64>], looks: Looks) -> Vec<GateStanding> {
    let mean = |work: &BTreeMap<u32, f64>| LogMean::of(&pairs(work), 0.05);
    let one = |work| mean(work).map_or(GateStanding::Open, |mean| slower(&mean, MARGIN, N_WORKS, looks).0);
    seen.iter().map(one).collect()
}

/// Whether the gate fails, and after how many launches it ended.
fn gate(machine: &Machine, handicap: f64, n_launches: u32, seed: u64) -> (bool, u32) {
    let mut rng = SplitMix64::new(seed);
    let mut seen = vec![BTreeMap::new(); N_WORKS];
    let mut is_first = false;
    for launch in 0..n_launches {
        is_first = if launch % 2 == 0 { rng.unit() < 0.5 } else { !is_first };
        for work in &mut seen {
            let mut speed = || {
                let spike = if rng.unit() < machine.spikes {
                    0.4 * rng.unit()
                } else {
                    0.0
                };
                machine.process * normal(&mut rng) + NOISE * normal(&mut rng) - spike
            };
            let order = if is_first { -machine.later } else { machine.later };
            work.insert(launch, speed() - speed() + order - handicap);
        }
        if is_gate_look(launch + 1) {
            let found = judged(&seen, Looks::Interim);
            let is_failed = found.contains(&GateStanding::Failed);
            if is_failed || !found.contains(&GateStanding::Open) {
                return (is_failed, launch + 1);
            }
        }
    }
    (judged(&seen, Looks::End).contains(&GateStanding::Failed), n_launches)
}

#[test]
fn equal_builds_rarely_fail_a_gate_and_a_slower_one_does() {
    println!("| machine | launches at most | equal: failed | median launches | 5 % slower: failed | median launches |");
    println!("| --- | ---: | ---: | ---: | ---: | ---: |");
    for (k, machine) in machines().iter().enumerate() {
        for n_launches in N_LAUNCHES {
            let run = |handicap: f64| -> (f64, u32) {
                let seeds = (0..N_RUNS).map(|i| 7919 * (k as u64 + 1) + i);
                let runs: Vec<(bool, u32)> = seeds.map(|seed| gate(machine, handicap, n_launches, seed)).collect();
                let mut launches: Vec<u32> = runs.iter().map(|run| run.1).collect();
                launches.sort_unstable();
                let n_failed = runs.iter().filter(|run| run.0).count();
                (n_failed as f64 / runs.len() as f64, launches[runs.len() / 2])
            };
            let (equal, slower) = (run(0.0), run(-(0.95f64.ln())));
            println!(
                "| {} | {n_launches} | {:.1} % | {} | {:.0} % | {} |",
                machine.name,
                100.0 * equal.0,
                equal.1,
                100.0 * slower.0,
                slower.1
            );
            assert!(equal.0 <= 0.05, "{}: {equal:?}", machine.name);
            let is_easy = machine.process < 0.05 && n_launches == 100;
            assert!(!is_easy || slower.0 >= 0.9, "{}: {slower:?}", machine.name);
        }
    }
}
