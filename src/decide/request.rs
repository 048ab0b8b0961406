//! The time of a request as a sum over measured works.

use crate::data::{RequestShape, Work, Workload};

/// How far a measured length may be from the one that is asked for and still stand in for it, as a factor.
const NEAR: f64 = 1.25;

/// The works whose times make up that of a request.
#[derive(Debug, Clone, PartialEq)]
pub struct Terms {
    /// Works, and how often the time of one execution counts.
    pub works: Vec<(Work, f64)>,
    /// Whether the prompt lies between two measured lengths, not on one.
    pub is_between: bool,
}

/// The request nearest to `request` of which `specs` hold the works, and these: what a plan decides by.
///
/// `None` when decode is not among them.
pub fn nearest(specs: &[Work], request: RequestShape) -> Option<(RequestShape, Vec<Work>)> {
    let all = |workload| specs.iter().copied().filter(move |s| s.workload() == workload);
    let prefill = all(Workload::Prefill).filter(|_| !request.is_decode_alone());
    let Some(prefill) =
        prefill.min_by(|a, b| apart(a.n_prompt(), request.n_prompt).total_cmp(&apart(b.n_prompt(), request.n_prompt)))
    else {
        let deepest = all(Workload::Decode).max_by_key(Work::n_depth)?;
        return Some((RequestShape { n_prompt: 0, n_gen: 1 }, vec![deepest]));
    };
    let own = RequestShape {
        n_prompt: prefill.n_prompt(),
        ..request
    };
    let decode = all(Workload::Decode)
        .min_by(|a, b| apart(a.n_depth(), own.n_depth()).total_cmp(&apart(b.n_depth(), own.n_depth())))?;
    Some((own, vec![prefill, decode]))
}

/// The time of `request` from measured works: a prompt between two measured lengths takes a time per token between theirs, which
/// grows evenly with the length; a token of the answer takes the time at the nearest depth, or between the nearest two.
///
/// `None` where a length is farther than a quarter outside what was measured.
pub fn terms(specs: &[Work], request: RequestShape) -> Option<Terms> {
    let all = |workload| -> Vec<Work> { specs.iter().copied().filter(|s| s.workload() == workload).collect() };
    if request.is_decode_alone() {
        let deepest = all(Workload::Decode).into_iter().max_by_key(Work::n_depth)?;
        return Some(Terms {
            works: vec![(deepest, 1.0 / f64::from(deepest.n_gen().max(1)))],
            is_between: false,
        });
    }
    let n_prompt = f64::from(request.n_prompt);
    let prompt = between(&all(Workload::Prefill), request.n_prompt, Work::n_prompt)?;
    let answer = between(&all(Workload::Decode), request.n_depth(), Work::n_depth)?;
    let is_between = prompt.len() > 1;
    let prompt = prompt
        .into_iter()
        .map(|(spec, share)| (spec, share * n_prompt / f64::from(spec.n_prompt().max(1))));
    let n_gen = f64::from(request.n_gen);
    let answer = answer
        .into_iter()
        .map(|(spec, share)| (spec, share * n_gen / f64::from(spec.n_gen().max(1))));
    Some(Terms {
        works: prompt.chain(answer).collect(),
        is_between,
    })
}

/// The time of a request from the works that a plan decides by, whatever their lengths: a prompt once, a step as often as there are
/// tokens in the answer.
pub fn terms_of_plan(works: &[Work], request: RequestShape) -> Terms {
    let times = |spec: &Work| match spec.workload() {
        Workload::Prefill => 1.0,
        _ => f64::from(request.n_gen) / f64::from(spec.n_gen().max(1)),
    };
    Terms {
        works: works.iter().map(|spec| (*spec, times(spec))).collect(),
        is_between: false,
    }
}

/// The works around `wanted` with their shares, which add up to 1: a single one where it is near enough.
fn between(specs: &[Work], wanted: u32, length: fn(&Work) -> u32) -> Option<Vec<(Work, f64)>> {
    if let Some(exact) = specs.iter().find(|s| length(s) == wanted) {
        return Some(vec![(*exact, 1.0)]);
    }
    let below = specs.iter().filter(|s| length(s) < wanted).max_by_key(|s| length(s));
    let above = specs.iter().filter(|s| length(s) > wanted).min_by_key(|s| length(s));
    match (below, above) {
        (Some(below), Some(above)) => {
            let (lo, hi) = (f64::from(length(below)), f64::from(length(above)));
            let share = (f64::from(wanted) - lo) / (hi - lo);
            Some(vec![(*below, 1.0 - share), (*above, share)])
        }
        (one, other) => {
            let near = one.or(other)?;
            (apart(length(near), wanted) <= NEAR.ln()).then(|| vec![(*near, 1.0)])
        }
    }
}

/// How far two lengths are apart, as the logarithm of their ratio.
fn apart(a: u32, b: u32) -> f64 {
    (f64::from(a.max(1)) / f64::from(b.max(1))).ln().abs()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::data::Purpose;

    fn usual() -> Vec<Work> {
        let prefill = [128, 512, 2048].map(Work::prefill);
        let decode = [128, 512, 2048].map(|n| Work::decode(32, n));
        [prefill, decode].concat()
    }

    /// A machine whose prompt takes `2 n + 0.001 n^2`, and a token at depth d `10 + 0.01 d`.
    fn time(terms: &Terms) -> f64 {
        let one = |s: &Work| match s.workload() {
            Workload::Prefill => 2.0 * f64::from(s.n_prompt()) + 0.001 * f64::from(s.n_prompt()).powi(2),
            _ => f64::from(s.n_gen()) * (10.0 + 0.01 * f64::from(s.n_depth())),
        };
        terms.works.iter().map(|(spec, times)| one(spec) * times).sum()
    }

    #[test]
    fn a_request_is_a_prompt_and_its_answer() {
        let of = |purpose: Purpose| terms(&usual(), purpose.request()).expect("within what was measured");
        let chat = of(Purpose::Chat);
        assert!((time(&chat) - (1024.0 + 262.144 + 256.0 * 15.12)).abs() < 1e-6 && !chat.is_between);
        // Between 512 and 2048 the time of this machine is met exactly.
        let code = of(Purpose::Code);
        assert!((time(&code) - (2048.0 + 1048.576 + 512.0 * 20.24)).abs() < 1e-6 && code.is_between);
        // In the middle of its long answer: 640 tokens.
        assert!((time(&of(Purpose::Write)) - (256.0 + 16.384 + 1024.0 * 16.4)).abs() < 1e-6);
        assert!((time(&of(Purpose::Decode)) - 30.48).abs() < 1e-9);
        let far = RequestShape {
            n_prompt: 8192,
            n_gen: 1,
        };
        assert_eq!(terms(&usual(), far), None);
        assert_eq!(terms(&[], Purpose::Chat.request()), None);
    }

    #[test]
    fn a_plan_decides_by_the_nearest_request_that_it_measures() {
        let (request, works) = nearest(&usual(), Purpose::Chat.request()).expect("decode is measured");
        assert_eq!(request, Purpose::Chat.request());
        let names: Vec<String> = works.iter().map(ToString::to_string).collect();
        assert_eq!(names, ["pp512", "tg32 @ d512"]);
        let short: Vec<Work> = usual()
            .into_iter()
            .filter(|s| s.n_prompt().max(s.n_depth()) == 128)
            .collect();
        let (request, _) = nearest(&short, Purpose::Chat.request()).expect("decode is measured");
        assert_eq!((request.n_prompt, request.n_gen), (128, 256));
        let decode: Vec<Work> = usual()
            .into_iter()
            .filter(|s| s.workload() == Workload::Decode)
            .collect();
        let (request, works) = nearest(&decode, Purpose::Chat.request()).expect("decode is measured");
        assert!(request.is_decode_alone() && works[0].n_depth() == 2048);
        assert_eq!(nearest(&[], Purpose::Chat.request()), None);
    }
}
