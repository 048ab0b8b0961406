//! What no intact file of a model gives: the signs that one is broken.

use crate::data::{QualityPlan, VariantInfo};

/// (bits per weight, mean KL divergence in nats) that a file of at least so many bits stays below. Some twenty times what llama.cpp's own
/// tables (tools/perplexity/README.md) give for 8 and 7 billion parameters, and ten times what models of 0.1 billion show: small models lose more.
const KLD_MAX: [(f64, f64); 5] = [(8.0, 0.1), (6.0, 0.3), (5.0, 0.7), (4.0, 1.5), (3.0, 4.0)];

/// Divergence from the baseline that each arm of the plan can have, nats. What a quantized cache costs depends on the model, and coarser
/// weights than 3 bits can lose everything: no limit for these.
pub(crate) fn kld_max(plan: &QualityPlan, variants: &[VariantInfo]) -> Vec<f64> {
    let bpw = |id: &str| variants.iter().find(|v| v.id == id).map_or(0.0, |v| v.bpw);
    let Some(baseline) = plan.arms.first() else {
        return Vec::new();
    };
    let of_bits = |bits: f64| {
        KLD_MAX
            .iter()
            .find(|(least, _)| bits >= *least)
            .map_or(f64::INFINITY, |(_, most)| *most)
    };
    let each = plan
        .arms
        .iter()
        .map(|arm| match arm.config.kv() == baseline.config.kv() {
            true => of_bits(bpw(&arm.variant).min(bpw(&baseline.variant))),
            false => f64::INFINITY,
        });
    each.collect()
}

/// Why a score cannot be that of an intact file of this model: mean negative log-likelihood and mean divergence over the tokens so far, nats.
pub(crate) fn why_broken(nll: f64, n_vocab: u32, kld: f64, kld_max: f64) -> Option<String> {
    if nll > f64::from(n_vocab).ln() {
        let ppl = nll.exp();
        return Some(format!(
            "it predicts text worse than guessing does: perplexity {ppl:.0}, and the vocabulary has {n_vocab} tokens"
        ));
    }
    (kld > kld_max).then(|| {
        format!("its KL divergence from the baseline is {kld:.2} nats, and a file of so many bits per weight stays below {kld_max}: it is damaged, or not of this model")
    })
}

#[cfg(test)]
mod tests {
    use super::why_broken;

    #[test]
    fn guessing_and_impossible_divergences_are_told() {
        assert_eq!(why_broken(3.0, 32000, 0.05, 0.1), None);
        let guessing = why_broken(10.5, 32000, 0.05, 0.1).expect("e^10.5 is more than 32000");
        assert!(
            guessing.contains("perplexity 36316") && guessing.contains("32000"),
            "{guessing}"
        );
        let far = why_broken(3.0, 32000, 0.79, 0.1).expect("0.79 is beyond 0.1");
        assert!(far.contains("0.79 nats") && far.contains("below 0.1"), "{far}");
        assert_eq!(why_broken(3.0, 32000, 5.0, f64::INFINITY), None);
    }
}
