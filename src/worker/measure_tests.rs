use super::super::state_file::StateFiles;
use super::super::works::{likely_in, spread};
use super::*;
use crate::data::work::{Batched, NoReuse, PrefixReuse, Speculative, State};
use crate::data::{ArmConfig, Seen, SpeculativeSums, SplitMode};
use crate::engine::fake::FakeEngine;
use crate::engine::Layout;

/// Costs without noise: 1000 ns per prefilled token, 5000 ns per step, both grow by the factor 1 + depth / 1000.
const QUIET: &str =
    r#"{"noise":0,"token_noise":0,"costs":[{"prefill_ns":1000,"decode_ns":5000,"growth_per_1000":1.0}]}"#;

/// An engine with one context, and the tokens of a text.
fn set_up(script: &str) -> (FakeEngine, ContextId, Speed) {
    let file = tempfile::Builder::new().suffix("-F16.gguf").tempfile().expect("a file");
    std::fs::write(file.path(), b"GGUF").expect("written");
    let mut engine = FakeEngine::new(serde_json::from_str(script).expect("valid"));
    engine.load(file.path(), "cpu", 0, SplitMode::Layer).expect("loads");
    let config = ArmConfig {
        n_threads: 2,
        n_batch: 512,
        n_ctx: 1024,
        ..ArmConfig::default()
    };
    let (id, _) = engine.open(&config, &Layout::single(&config)).expect("opens");
    let tokens = engine.tokenize(&"a text ".repeat(1300)).expect("bytes");
    let files = StateFiles::new(&std::env::temp_dir(), "ab".repeat(32), "fake 1".to_owned());
    let mut speed = Speed::new(tokens, files, Some("draft-Q8_0.gguf".into()));
    speed.opened(id, config, &[]);
    (engine, id, speed)
}

fn no_reuse(n_gen: u32, n_depth: u32) -> Work {
    Work::NoReuse(NoReuse { n_gen, n_depth })
}

fn prefix_reuse(n_prompt: u32, n_shared: u32) -> Work {
    Work::PrefixReuse(PrefixReuse { n_prompt, n_shared })
}

fn batched(n_seq: u32, is_pp_shared: bool) -> Work {
    Work::Batched(Batched {
        n_gen: 8,
        n_depth: 300,
        n_seq,
        is_pp_shared,
    })
}

fn speculative(n_gen: u32, n_depth: u32) -> Work {
    Work::Speculative(Speculative { n_gen, n_depth })
}

fn sums_of(sample: &Sample) -> &SpeculativeSums {
    match &sample.seen {
        Seen::Speculative(sums) => sums,
        other => panic!("{other:?}"),
    }
}

/// Virtual cost of prefilling `n` tokens of an empty cache.
fn prefill_ns(n: u64) -> u64 {
    1000 * n + n * (n - 1) / 2
}

/// Virtual cost of one step at `depth`.
fn step_ns(depth: u64) -> u64 {
    5000 + 5 * depth
}

#[test]
fn a_device_is_warmed_up_and_timed_with_whole_prompts() {
    let (mut engine, id, mut speed) = set_up(QUIET);
    let work = Work::prefill(100);
    let on_cpu = speed.measure(&mut engine, id, &work, 0, 3).expect("runs");
    let config = speed.configs.get_mut(&id.0).expect("it was opened");
    config.device = "CUDA0".to_owned();
    let rough = speed.prepare(&mut engine, id, &work, true).expect("runs");
    assert_eq!(rough, Some(prefill_ns(100)), "not from its first tokens");
    let sample = speed.measure(&mut engine, id, &work, 0, 3).expect("runs");
    assert_eq!(sample.warmup_ns, on_cpu.warmup_ns + 2 * prefill_ns(100));
    assert_eq!((sample.ns(), sample.timed_ns), (on_cpu.ns(), on_cpu.timed_ns));
}

#[test]
fn prefill_counts_the_prompt_and_nothing_else() {
    let (mut engine, id, mut speed) = set_up(QUIET);
    let work = Work::prefill(100);
    assert_eq!(
        speed.prepare(&mut engine, id, &work, true).expect("runs"),
        Some(prefill_ns(64) * 100 / 64),
        "from its first tokens"
    );
    let sample = speed.measure(&mut engine, id, &work, 0, 3).expect("runs");
    assert_eq!(sample.timed_ns, 3 * prefill_ns(100));
    assert_eq!((sample.ns(), sample.n_repeat), (prefill_ns(100), 3));
    assert_eq!(sample.warmup_ns, prefill_ns(64));
    assert_eq!(
        sample.ttft_ns(),
        Some(prefill_ns(100) + 1000),
        "prefill and one sampled token"
    );
    assert!(sample.itl_ns.is_empty());
    assert_eq!(sample.conditions.cpu_ns, 2 * sample.timed_ns);
}

#[test]
fn decode_starts_at_its_depth_in_every_execution() {
    let (mut engine, id, mut speed) = set_up(QUIET);
    let (deep, shallow) = (Work::decode(8, 300), Work::decode(8, 0));
    let prompt = Work::prefill(512);
    let rough = [deep, shallow, prompt].map(|work| speed.prepare(&mut engine, id, &work, true).expect("runs"));
    assert_eq!(rough[0], Some((step_ns(300) + step_ns(301) + step_ns(302)) * 8 / 3));
    speed
        .measure(&mut engine, id, &prompt, 0, 1)
        .expect("leaves 512 tokens behind");
    let sample = speed.measure(&mut engine, id, &deep, 0, 2).expect("runs");
    let once: Vec<u64> = (300..308).map(step_ns).collect();
    assert_eq!(sample.itl_ns, [once.clone(), once.clone()].concat());
    assert_eq!(sample.timed_ns, sample.itl_ns.iter().sum::<u64>());
    assert_eq!(sample.ns(), once.iter().sum::<u64>());
    assert_eq!(sample.warmup_ns, step_ns(300) + step_ns(301) + step_ns(302));
    assert_eq!(sample.ttft_ns(), None);
    let sample = speed.measure(&mut engine, id, &shallow, 0, 1).expect("runs");
    assert_eq!(sample.itl_ns, (0..8).map(step_ns).collect::<Vec<u64>>());
}

#[test]
fn no_reuse_pays_the_whole_prefix_for_every_token() {
    let (mut engine, id, mut speed) = set_up(QUIET);
    let work = no_reuse(3, 100);
    assert_eq!(
        speed.prepare(&mut engine, id, &work, true).expect("runs"),
        Some(prefill_ns(64) * 101 / 64 * 3)
    );
    let sample = speed.measure(&mut engine, id, &work, 0, 2).expect("runs");
    let once = [prefill_ns(101), prefill_ns(102), prefill_ns(103)];
    assert_eq!(sample.itl_ns, [once, once].concat());
    assert_eq!(sample.ns(), once.iter().sum::<u64>());
}

#[test]
fn sequences_at_once_start_at_their_depth_in_every_execution() {
    let (mut engine, id, mut speed) = set_up(&QUIET.replacen('{', r#"{"further_seq":1.0,"#, 1));
    for is_pp_shared in [false, true] {
        let work = batched(4, is_pp_shared);
        let rough = speed.prepare(&mut engine, id, &work, true).expect("runs");
        assert_eq!(rough, Some((300..303).map(step_ns).sum::<u64>() * 4 * 8 / 3), "{work}");
        let sample = speed.measure(&mut engine, id, &work, 0, 2).expect("runs");
        let once: Vec<u64> = (300..308).map(|depth| step_ns(depth) * 4).collect();
        assert_eq!(sample.itl_ns, [once.clone(), once].concat(), "{work}");
    }
}

#[test]
fn what_follows_and_states_are_timed_roughly_as_a_whole() {
    let (mut engine, id, mut speed) = set_up(QUIET);
    let (follow_up, state) = (prefix_reuse(200, 150), Work::State(State { n_depth: 100 }));
    let (rest, copy) = (prefill_ns(200) - prefill_ns(150), 100 * 500);
    let rough = [follow_up, state].map(|work| speed.prepare(&mut engine, id, &work, true).expect("runs"));
    // With its first token; computed once and copied four times.
    assert_eq!(rough, [Some(rest + 1000), Some(prefill_ns(100) + 4 * copy)]);
    let sample = speed.measure(&mut engine, id, &follow_up, 0, 3).expect("runs");
    assert_eq!((sample.ns(), sample.warmup_ns), (rest + 1000, rest));
    let sample = speed.measure(&mut engine, id, &state, 0, 3).expect("runs");
    assert_eq!((sample.ns(), sample.timed_ns), (copy, 3 * prefill_ns(100)));
}

#[test]
fn a_draft_that_errs_changes_the_pace_and_not_the_text() {
    let costs = r#""costs":[{"file":"draft","prefill_ns":1000,"decode_ns":1000,"logit_noise":0.7},"#;
    let (mut engine, id, mut speed) = set_up(&QUIET.replacen(r#""costs":["#, costs, 1));
    let work = speculative(60, 100);
    speed.prepare(&mut engine, id, &work, true).expect("runs");
    let sample = speed.measure(&mut engine, id, &work, 0, 1).expect("runs");
    let sums = sums_of(&sample);
    let (drafted, accepted): (u64, u64) = (sums.n_drafted.iter().sum(), sums.n_accepted.iter().sum());
    assert!(0 < accepted && accepted < drafted, "{accepted} of {drafted}");
    assert_eq!(
        sums.n_passes + accepted,
        60,
        "a pass gives one token more than it accepts"
    );
    let alone: u64 = (100..160).map(|depth| step_ns(depth) + 1000).sum();
    assert_eq!(sums.plain_ns, alone);
    assert_eq!(sample.timed_ns, sums.plain_ns + sums.drafted_ns);
    assert!(sums.draft_ns < sums.drafted_ns);
    assert!(sums.n_accepted.is_sorted_by(|a, b| a >= b), "{:?}", sums.n_accepted);
    assert_eq!(
        (&sums.other_gaps[..], sums.rounding),
        (&[][..], None),
        "the target decides"
    );
    let mut of_round = |round| {
        let sample = speed.measure(&mut engine, id, &work, round, 1).expect("runs");
        sums_of(&sample).n_accepted.clone()
    };
    assert_ne!(of_round(1), sums.n_accepted, "another text");
    assert_eq!(of_round(0), sums.n_accepted, "the same text");
}

#[test]
fn what_rounding_changes_is_told_from_what_it_cannot() {
    let (mut engine, id, mut speed) = set_up(&QUIET.replacen('{', r#"{"pass_logit_noise":0.2,"#, 1));
    let work = speculative(60, 100);
    speed.prepare(&mut engine, id, &work, true).expect("runs");
    let sample = speed.measure(&mut engine, id, &work, 0, 1).expect("runs");
    let sums = sums_of(&sample);
    let rounding = sums.rounding.expect("texts differ");
    assert!((0.2..2.0).contains(&rounding), "{rounding}");
    assert!(!sums.other_gaps.is_empty());
    assert!(
        sums.other_gaps.iter().all(|gap| *gap <= rounding),
        "{:?}",
        sums.other_gaps
    );
    let row = vec![0.0, 5.0, 4.0, 2.9];
    assert_eq!(likely_in(&row), [(1, 5.0), (2, 4.0)]);
    let moved = [9.0, 5.25, 3.75, 9.0];
    assert_eq!(spread(&[(1, 5.0), (2, 4.0)], &moved), 0.5);
}

#[test]
fn stolen_time_shows_in_wall_and_not_in_cpu_time() {
    let (mut engine, id, mut speed) = set_up(QUIET);
    let work = Work::prefill(100);
    engine.effects.stall_ns.set(1_000_000);
    let sample = speed.measure(&mut engine, id, &work, 0, 1).expect("runs");
    assert_eq!(sample.timed_ns, prefill_ns(100) + 1_000_000);
    assert_eq!(sample.conditions.cpu_ns, 2 * prefill_ns(100));
}

#[test]
fn works_that_cannot_be_timed_are_refused() {
    let (mut engine, id, mut speed) = set_up(QUIET);
    for (work, n_repeat) in [
        (Work::decode(8, 300), 1),
        (batched(8, false), 1),
        (Work::decode(0, 0), 1),
        (Work::prefill(0), 1),
        (Work::prefill(4000), 1),
        (no_reuse(2, 1500), 1),
        (prefix_reuse(100, 100), 1),
        (Work::prefill(10), 0),
    ] {
        assert!(
            speed.measure(&mut engine, id, &work, 0, n_repeat).is_err(),
            "{work} x {n_repeat}"
        );
    }
}
