use super::*;
use crate::data::{Goal, Limit, Limited, QualityLoss};
use crate::stats::{LogMean, Method};
use proptest::prelude::*;

fn interval(lo: f64, estimate: f64, hi: f64) -> Interval {
    Interval {
        estimate,
        lo,
        hi,
        level: 0.95,
        method: Method::OrderStatistics,
    }
}

fn arm(tps: f64, ram_mib: u64, quality: Exactness) -> Candidate {
    Candidate {
        request_ns: Some(1e11 / tps),
        prompt_ns: Some(1e9),
        decode_tps: Some(interval(tps * 0.97, tps, tps * 1.03)),
        prefill_tps: Some(interval(465.0, 512.0, 569.0)),
        ttft_ns: Some(interval(0.9e9, 1e9, 1.1e9)),
        ram_bytes: Some(ram_mib << 20),
        vram_bytes: None,
        n_ctx_max: Some(8192),
        quality,
        is_dropped: false,
    }
}

fn scored(loss: f64, kld: f64) -> Exactness {
    Exactness::Scored {
        ln_ratio: Known::Interval(interval(loss - 0.002, loss, loss + 0.002)),
        kld: Known::Interval(interval(kld * 0.9, kld, kld * 1.1)),
    }
}

/// F16, Q8_0 and Q4_K_M as they usually are.
fn usual() -> Vec<Candidate> {
    vec![
        arm(10.0, 300, Exactness::Baseline),
        arm(17.0, 160, scored(0.0, 0.0005)),
        arm(25.0, 100, scored(0.03, 0.05)),
    ]
}

fn ram(mib: u64) -> Option<Limit> {
    Some(Limit {
        on: Limited::RamBytes,
        value: (mib << 20) as f64,
    })
}

fn device(mib: u64) -> Option<Limit> {
    ram(mib).map(|limit| Limit {
        on: Limited::DeviceBytes,
        ..limit
    })
}

/// Eight launches that spread by so much around the ratio of the requests.
fn speeds(arms: &[Candidate], sd: f64) -> impl Fn(usize, usize) -> Option<LogMean> + '_ {
    move |a, b| {
        let mean = (arms[b].request_ns? / arms[a].request_ns?).ln();
        let values = [-1.0, -0.5, -0.1, 0.0, 0.0, 0.1, 0.5, 1.0].map(|x| mean + sd * x);
        LogMean::of(&values, 0.0)
    }
}

fn decided(goal: Goal, arms: &[Candidate], sd: f64) -> Decision {
    decide(&goal, arms, &speeds(arms, sd), true, Looks::End)
}

fn choice(goal: Goal, arms: &[Candidate]) -> Choice {
    decided(goal, arms, 0.01).choice().expect("an arm is named").clone()
}

fn kld_of(most: f64) -> Goal {
    Goal {
        max_quality_loss: Some(QualityLoss::Kld(most)),
        ..Goal::default()
    }
}

#[test]
fn without_limits_the_fastest_that_cannot_be_told_from_the_baseline() {
    let decision = decided(Goal::default(), &usual(), 0.01);
    let choice = decision.choice().expect("an arm is named");
    assert_eq!(
        (choice.arm, choice.regret, choice.settled_by),
        (1, Some(0.0), SettledBy::Speed)
    );
    let standings: Vec<Standing> = decision.contestants.iter().map(|r| r.standing).collect();
    assert_eq!(standings, [Standing::Met, Standing::Met, Standing::Missed]);
    assert!(decision.is_settled(&Goal::default()) && decision.open().is_empty());
    // What a 4-bit file gains and costs, and the limit with which it is the answer.
    let front: Vec<bool> = decision.contestants.iter().map(|r| r.is_on_front).collect();
    assert_eq!(front, [false, true, true], "F16 is slower and larger");
    assert_eq!(
        decision.contestants[2].wins_if,
        Some(Limit {
            on: Limited::Kld,
            value: 0.056
        })
    );
    assert_eq!(choice_with(decision.contestants[2].wins_if, &usual()), 2);
}

fn choice_with(wins_if: Option<Limit>, arms: &[Candidate]) -> usize {
    choice(Goal::default().with(wins_if.expect("a limit")), arms).arm
}

#[test]
fn an_answer_is_given_however_noisy_and_the_bound_says_what_it_may_cost() {
    let arms = [arm(10.0, 300, Exactness::Baseline), arm(10.2, 160, scored(0.0, 0.0005))];
    let noisy = decided(Goal::default(), &arms, 0.15);
    let choice = noisy.choice().expect("an arm is named");
    assert_eq!((choice.arm, choice.settled_by), (1, SettledBy::Speed));
    assert!(choice.regret.is_some_and(|r| r > 0.03 && r < 0.2), "{choice:?}");
    assert!(!noisy.is_settled(&Goal::default()));
    let lax = Goal {
        regret: Some(0.2),
        ..Goal::default()
    };
    assert!(decided(lax, &arms, 0.15).is_settled(&lax));
}

#[test]
fn arms_that_are_as_good_are_told_apart_by_prompt_then_quality_then_memory() {
    let exact = || arm(17.0, 300, Exactness::Baseline);
    let near = |ram| arm(17.1, ram, scored(0.0, 0.0005));
    let settled = |arms: &[Candidate]| {
        let choice = choice(Goal::default(), arms);
        (choice.arm, choice.settled_by, choice.as_good)
    };
    assert_eq!(settled(&[exact(), near(160)]), (1, SettledBy::Memory, vec![0]));
    let slow_prompt = Candidate {
        prompt_ns: Some(1.2e9),
        ..near(160)
    };
    assert_eq!(settled(&[exact(), slow_prompt]), (0, SettledBy::Prompt, vec![1]));
    let lossy = |ram| arm(17.1, ram, scored(0.0, 0.03));
    let arms = [exact(), lossy(100)];
    let loose = choice(kld_of(0.05), &arms);
    assert_eq!((loose.arm, loose.settled_by), (0, SettledBy::Quality));
    // Where memory is limited it comes first.
    let goal = Goal {
        max_ram_bytes: Some(400 << 20),
        ..kld_of(0.05)
    };
    assert_eq!(choice(goal, &arms).arm, 1);
}

#[test]
fn a_limit_of_quality_lets_faster_ones_in_and_the_estimate_vetoes() {
    let limit = |most| Goal {
        max_quality_loss: Some(QualityLoss::Ppl(most)),
        ..Goal::default()
    };
    assert_eq!(choice(limit(0.04), &usual()).arm, 2);
    assert_eq!(choice(limit(0.02), &usual()).arm, 1);
    // exp(0.03) - 1 is 0.0305: the interval lies across the limit, and the estimate just misses it.
    let across = decided(limit(0.0304), &usual(), 0.01);
    assert_eq!(
        (across.contestants[2].standing, across.choice().map(|c| c.arm)),
        (Standing::Doubtful, Some(1))
    );
    assert!(
        across.contestants[2].is_out,
        "texts are scored before speed is measured"
    );
    // Just kept by the estimate: open, and not named while another surely keeps to the limits.
    let open = decided(limit(0.0306), &usual(), 0.01);
    assert_eq!(
        (open.contestants[2].standing, open.choice().map(|c| c.arm)),
        (Standing::Open, Some(1))
    );
    assert!(!open.is_settled(&limit(0.0306)), "the faster one may keep to it");
}

#[test]
fn what_was_to_be_scored_and_was_not_is_open_and_a_point_vetoes() {
    let point = |kld| Exactness::Scored {
        ln_ratio: Known::Point(0.0),
        kld: Known::Point(kld),
    };
    let with = |quality| vec![arm(10.0, 300, Exactness::Baseline), arm(25.0, 100, quality)];
    for (quality, standing) in [
        (point(0.058), Standing::Doubtful),
        (point(0.002), Standing::Open),
        (Exactness::Unscored, Standing::Open),
    ] {
        let decision = decided(Goal::default(), &with(quality), 0.01);
        assert_eq!(decision.contestants[1].standing, standing);
        assert_eq!(decision.choice().map(|c| c.arm), Some(0), "{quality:?}");
    }
    // Nothing was to be scored: speed alone decides.
    let arms = with(Exactness::Unscored);
    let decision = decide(&Goal::default(), &arms, &speeds(&arms, 0.01), false, Looks::End);
    assert_eq!(decision.choice().map(|c| c.arm), Some(1));
}

#[test]
fn limits_on_cost_alone_give_the_most_exact_that_meets_them() {
    let decode = |least| Goal {
        min_decode_tps: Some(least),
        ..Goal::default()
    };
    // F16 and Q8_0 are equally good: the faster of them.
    assert_eq!(choice(decode(5.0), &usual()).arm, 1);
    assert_eq!(choice(decode(20.0), &usual()).arm, 2);
    // 17 t/s [16.5, 17.5] against 16.8 is not "fast enough", and against 17.2 not "too slow": measuring goes on.
    let open = decided(decode(16.8), &usual(), 0.01);
    assert_eq!(
        (open.contestants[1].standing, open.choice().map(|c| c.arm)),
        (Standing::Open, Some(2))
    );
    let doubtful = decided(decode(17.2), &usual(), 0.01);
    assert_eq!(
        (doubtful.contestants[1].standing, doubtful.contestants[1].is_out),
        (Standing::Doubtful, false)
    );
    assert!(!doubtful.is_settled(&decode(17.2)));
    let ram = Goal {
        max_ram_bytes: Some(120 << 20),
        ..Goal::default()
    };
    assert_eq!(choice(ram, &usual()).arm, 2);
}

#[test]
fn the_arm_that_is_named_may_have_an_open_limit_only_where_no_other_is_sure() {
    let goal = Goal {
        min_decode_tps: Some(24.5),
        ..Goal::default()
    };
    let decision = decided(goal, &usual(), 0.01);
    assert_eq!(decision.choice().map(|c| c.arm), Some(2));
    assert_eq!(decision.open().len(), 1);
    assert!(!decision.is_settled(&goal));
}

#[test]
fn limits_that_none_meets_name_the_closest() {
    let none = |goal| match decided(goal, &usual(), 0.01).answer {
        Answer::None { closest } => closest,
        other => panic!("{other:?}"),
    };
    let fast = Goal {
        min_decode_tps: Some(1000.0),
        ..Goal::default()
    };
    assert_eq!(none(fast), Some(2));
    let ingests = |least| Goal {
        min_prefill_tps: Some(least),
        ..Goal::default()
    };
    assert!(none(ingests(600.0)).is_some());
    assert!(choice(ingests(460.0), &usual()).regret.is_some());
    let contradiction = Goal {
        min_decode_tps: Some(20.0),
        max_quality_loss: Some(QualityLoss::Ppl(0.01)),
        ..Goal::default()
    };
    assert_eq!(none(contradiction), Some(1));
    let context = Goal {
        n_ctx: Some(100_000),
        ..Goal::default()
    };
    assert!(none(context).is_some());
    assert!(
        decided(fast, &usual(), 0.01).is_settled(&fast),
        "more measuring changes nothing"
    );
    assert_eq!(
        decided(Goal::default(), &[], 0.01).answer,
        Answer::None { closest: None }
    );
}

#[test]
fn what_left_stays_out_and_is_no_reason_to_call_the_choice_the_only_one() {
    let mut arms = usual();
    arms[0].is_dropped = true;
    let decision = decided(Goal::default(), &arms, 0.01);
    let choice = decision.choice().expect("an arm is named");
    assert_eq!((choice.arm, choice.settled_by), (1, SettledBy::Speed));
    assert!(decision.contestants[0].is_out);
    arms[1].is_dropped = true;
    assert_eq!(decided(kld_of(0.06), &arms, 0.01).choice().map(|c| c.arm), Some(2));
}

#[test]
fn less_memory_makes_an_arm_the_choice_where_memory_is_limited() {
    let arms = [
        arm(17.0, 160, scored(0.0, 0.0005)),
        arm(10.0, 100, Exactness::Baseline),
        arm(9.0, 90, scored(0.0, 0.0005)),
    ];
    let wins: Vec<_> = decided(Goal::default(), &arms, 0.01)
        .contestants
        .iter()
        .map(|r| r.wins_if)
        .collect();
    assert_eq!(wins, [None, ram(100), ram(90)]);
    let decode = Goal {
        min_decode_tps: Some(15.0),
        ..Goal::default()
    };
    let on_device = |tps, vram_mib: u64| Candidate {
        vram_bytes: Some(vram_mib << 20),
        ..arm(tps, 100, Exactness::Baseline)
    };
    let arms = [
        on_device(90.0, 900),
        on_device(40.0, 500),
        on_device(20.0, 300),
        on_device(5.0, 0),
    ];
    let wins: Vec<_> = decided(decode, &arms, 0.01)
        .contestants
        .iter()
        .map(|r| r.wins_if)
        .collect();
    assert_eq!(wins, [None, device(500), device(300), None]);
}

proptest! {
    /// Whatever the figures: the arm that is named keeps, or may keep, to every limit, no estimate of it misses one, it did not leave the
    /// run, and the bound is at least what the estimates show another one to be ahead.
    #[test]
    fn what_is_named_is_never_vetoed(
        figures in proptest::collection::vec((1.0f64..100.0, 0.0f64..0.05, 0.1f64..3.0, any::<bool>(), 0u8..4), 1..6),
        least in 0.5f64..120.0,
        loss in 0.0f64..0.05,
        ram in 90u64..120,
        which in 0u8..8,
        sd in 0.0f64..0.2,
    ) {
        let arms: Vec<Candidate> = figures.iter().enumerate().map(|(i, &(tps, kld, width, is_dropped, kind))| {
            let quality = match kind {
                _ if i == 0 => Exactness::Baseline,
                0 => Exactness::Unscored,
                1 => Exactness::Scored { ln_ratio: Known::Point(kld), kld: Known::Point(kld) },
                _ => Exactness::Scored {
                    ln_ratio: Known::Interval(interval(kld - 0.01, kld, kld + 0.01)),
                    kld: Known::Interval(interval(kld / (1.0 + width), kld, kld * (1.0 + width))),
                },
            };
            Candidate { is_dropped, ..arm(tps, 95 + 5 * i as u64, quality) }
        }).collect();
        let goal = Goal {
            min_decode_tps: (which & 1 > 0).then_some(least),
            max_quality_loss: (which & 2 > 0).then_some(QualityLoss::Kld(loss)),
            max_ram_bytes: (which & 4 > 0).then_some(ram << 20),
            ..Goal::default()
        };
        let decision = decided(goal, &arms, sd);
        let may = |i: usize| !arms[i].is_dropped && decision.contestants[i].standing.may_be_chosen();
        match &decision.answer {
            Answer::Take(choice) => {
                prop_assert!(may(choice.arm));
                for check in &decision.contestants[choice.arm].checks {
                    prop_assert!(check.shortfall() <= 1e-12, "{:?}", check);
                }
                prop_assert!(choice.as_good.iter().all(|&i| may(i)));
                if decision.objective == Objective::Fastest && decision.contestants[choice.arm].standing == Standing::Met {
                    for contestant in decision.contestants.iter().filter(|r| r.standing == Standing::Met && may(r.candidate)) {
                        let ahead = arms[contestant.candidate].decode_tps.unwrap().estimate / arms[choice.arm].decode_tps.unwrap().estimate;
                        prop_assert!(choice.regret.unwrap() >= ahead - 1.0 - 1e-9);
                    }
                }
                for contestant in &decision.contestants {
                    if let Some(wins) = contestant.wins_if {
                        let changed = goal.with(wins);
                        // With other limits nothing would have left.
                        let all: Vec<Candidate> = arms.iter().map(|a| Candidate { is_dropped: false, ..a.clone() }).collect();
                        prop_assert_eq!(decided(changed, &all, sd).choice().map(|c| c.arm), Some(contestant.candidate));
                    }
                }
            }
            Answer::None { .. } => prop_assert!((0..arms.len()).all(|i| !may(i))),
        }
    }
}
