use super::*;
use crate::data::{Goal, QualityLoss};
use crate::stats::{Method, Verdict};
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
        decode_tps: Some(interval(tps * 0.97, tps, tps * 1.03)),
        ttft_ns: Some(interval(0.9e9, 1e9, 1.1e9)),
        ram_bytes: Some(ram_mib << 20),
        vram_bytes: None,
        n_ctx_max: Some(8192),
        quality,
    }
}

fn scored(loss: f64, kld: f64) -> Exactness {
    Exactness::Known {
        ln_ratio: interval(loss - 0.002, loss, loss + 0.002),
        kld: interval(kld * 0.9, kld, kld * 1.1),
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

/// Ratios of the medians, known to 3 %; "same" within 2 %.
fn pairs(arms: &[Candidate]) -> impl Fn(usize, usize) -> Option<(Interval, Verdict)> + '_ {
    |a, b| {
        let ratio = arms[a].decode_tps?.estimate / arms[b].decode_tps?.estimate;
        let verdict = match ratio {
            r if r > 1.05 => Verdict::Faster,
            r if r < 1.0 / 1.05 => Verdict::Slower,
            r if (1.0 / 1.02..=1.02).contains(&r) => Verdict::Same,
            _ => Verdict::CantTell,
        };
        Some((interval(ratio / 1.03, ratio, ratio * 1.03), verdict))
    }
}

fn answer(goal: Goal, arms: &[Candidate]) -> Answer {
    decide(&goal, arms, &pairs(arms)).answer
}

#[test]
fn without_limits_the_fastest_that_cannot_be_told_from_the_baseline() {
    let arms = usual();
    let decision = decide(&Goal::default(), &arms, &pairs(&arms));
    assert_eq!(
        (decision.objective, &decision.answer),
        (Objective::Fastest, &Answer::Take(1))
    );
    let standings: Vec<Standing> = decision.rows.iter().map(|r| r.standing).collect();
    assert_eq!(standings, [Standing::Met, Standing::Met, Standing::Missed]);
    assert!(decision.rows[0].wins_if.is_none(), "slower and larger");
    match decision.rows[2].wins_if {
        Some(WinsIf::Kld(kld)) => assert!((kld - 0.055).abs() < 1e-12, "{kld}"),
        other => panic!("{other:?}"),
    }
}

#[test]
fn a_limit_of_quality_lets_faster_ones_in_and_an_interval_across_it_leaves_it_open() {
    let limit = |most| Goal {
        max_quality_loss: Some(QualityLoss::Ppl(most)),
        ..Goal::default()
    };
    assert_eq!(answer(limit(0.04), &usual()), Answer::Take(2));
    assert_eq!(answer(limit(0.02), &usual()), Answer::Take(1));
    let rivals = vec![2];
    assert_eq!(
        answer(limit(0.0305), &usual()),
        Answer::CantTell { lead: Some(1), rivals }
    );
    let kld = Goal {
        max_quality_loss: Some(QualityLoss::Kld(0.06)),
        ..Goal::default()
    };
    assert_eq!(answer(kld, &usual()), Answer::Take(2));
}

#[test]
fn limits_on_cost_alone_give_the_most_exact_that_meets_them() {
    let decode = |least| Goal {
        min_decode_tps: Some(least),
        ..Goal::default()
    };
    // F16 and Q8_0 are equally good: the faster of them.
    assert_eq!(answer(decode(5.0), &usual()), Answer::Take(1));
    assert_eq!(answer(decode(20.0), &usual()), Answer::Take(2));
    // FiTuna's mistake: 17 t/s [16.5, 17.5] against 17.2 is not "too slow".
    let open = decide(&decode(17.2), &usual(), &pairs(&usual()));
    assert_eq!(
        open.answer,
        Answer::CantTell {
            lead: Some(2),
            rivals: vec![1]
        }
    );
    assert_eq!(open.rows[1].standing, Standing::Open);
    let ram = Goal {
        max_ram_bytes: Some(120 << 20),
        ..Goal::default()
    };
    assert_eq!(answer(ram, &usual()), Answer::Take(2));
}

#[test]
fn limits_that_none_meets_name_the_closest() {
    let fast = Goal {
        min_decode_tps: Some(1000.0),
        ..Goal::default()
    };
    assert_eq!(answer(fast, &usual()), Answer::None { closest: Some(2) });
    let contradiction = Goal {
        min_decode_tps: Some(20.0),
        max_quality_loss: Some(QualityLoss::Ppl(0.01)),
        ..Goal::default()
    };
    assert_eq!(answer(contradiction, &usual()), Answer::None { closest: Some(1) });
    let context = Goal {
        n_ctx: Some(100_000),
        ..Goal::default()
    };
    assert!(matches!(answer(context, &usual()), Answer::None { closest: Some(_) }));
    assert_eq!(answer(Goal::default(), &[]), Answer::None { closest: None });
}

#[test]
fn equals_are_settled_by_memory_and_neighbours_cannot_be_told() {
    let equal = scored(0.0, 0.0005);
    let arms = [
        arm(10.0, 300, Exactness::Baseline),
        arm(17.0, 160, equal),
        arm(17.1, 150, equal),
    ];
    assert_eq!(answer(Goal::default(), &arms), Answer::Take(2));
    let arms = [
        arm(10.0, 300, Exactness::Baseline),
        arm(17.0, 160, equal),
        arm(17.6, 150, equal),
    ];
    let rivals = vec![1];
    assert_eq!(
        answer(Goal::default(), &arms),
        Answer::CantTell { lead: Some(2), rivals }
    );
}

#[test]
fn an_arm_of_unknown_quality_keeps_the_question_open_only_if_it_may_be_faster() {
    let unknown = |tps| {
        let mut arms = usual();
        arms.push(arm(tps, 90, Exactness::Unknown));
        answer(Goal::default(), &arms)
    };
    assert_eq!(unknown(12.0), Answer::Take(1));
    assert_eq!(
        unknown(30.0),
        Answer::CantTell {
            lead: Some(1),
            rivals: vec![3]
        }
    );
    // Nothing was scored at all: speed alone decides.
    let arms: Vec<Candidate> = [10.0, 20.0].map(|tps| arm(tps, 100, Exactness::Unknown)).to_vec();
    assert_eq!(answer(Goal::default(), &arms), Answer::Take(1));
}

#[test]
fn of_arms_with_fewer_layers_on_the_device_the_least_that_keeps_to_the_limits_is_named() {
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
    let goal = Goal {
        min_decode_tps: Some(15.0),
        ..Goal::default()
    };
    let decision = decide(&goal, &arms, &pairs(&arms));
    assert_eq!(decision.answer, Answer::Take(0));
    let wins: Vec<_> = decision.rows.iter().map(|r| r.wins_if).collect();
    assert_eq!(wins, [None, None, Some(WinsIf::Vram(300 << 20)), None]);
}

proptest! {
    /// Whatever the figures, the arm that is named meets every limit, and none that meets them is known to be faster.
    #[test]
    fn what_is_named_meets_the_limits_and_is_not_beaten(
        speeds in proptest::collection::vec(1.0f64..100.0, 1..6),
        least in 0.5f64..120.0,
        loss in 0.0f64..0.05,
    ) {
        let arms: Vec<Candidate> = speeds.iter().enumerate().map(|(i, &tps)| {
            let own = 0.01 * i as f64;
            let quality = if i == 0 { Exactness::Baseline } else { scored(own, own) };
            arm(tps, 100 + i as u64, quality)
        }).collect();
        let goal = Goal {
            min_decode_tps: Some(least),
            max_quality_loss: Some(QualityLoss::Ppl(loss)),
            ..Goal::default()
        };
        let decision = decide(&goal, &arms, &pairs(&arms));
        if let Answer::Take(one) = decision.answer {
            prop_assert_eq!(decision.rows[one].standing, Standing::Met);
            let pair = pairs(&arms);
            for row in decision.rows.iter().filter(|r| r.standing == Standing::Met && r.candidate != one) {
                prop_assert_ne!(pair(row.candidate, one).map(|p| p.1), Some(Verdict::Faster));
            }
        }
    }
}
