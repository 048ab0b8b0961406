//! What is scored: arms, windows, chunks, and which of them a journal leaves to do.

use super::arms::{arm_id, config_of, first_setups};
use super::kv_pair::KvPair;
use super::memory::{arm_memory_bytes, Layout};
use super::settings::{QualityMode, Settings};
use crate::data::{
    Arm, Chunk, FlashAttn, KvType, Level, ModelInfo, QualityLoss, QualityPlan, QualityStop, QualityWindow, Record,
    TextInfo, TextTokens, VariantInfo,
};
use crate::stats::NEAR_KLD;
use std::collections::BTreeSet;

/// Window that llama-perplexity has by default.
const N_CTX: u32 = 512;
/// Window where time is short: more chunks in the same time.
const N_CTX_SHORT: u32 = 128;
/// Chunks before anything is looked at, where tables of quality are wanted and where only the standing against a limit is.
const N_CHUNKS_MIN: u32 = 12;
const N_CHUNKS_MIN_QUICK: u32 = 8;
const N_CHUNKS_MIN_TRIAGE: u32 = 3;

/// Builds the plan of quality; `None` when it is off.
///
/// Arms: every variant with the first KV type; the baseline's weights with every KV type; the other variants with
/// every KV type too when all is asked for (`--quality full`, `--level full`, `--full-matrix`).
pub(super) fn quality_plan(s: &Settings, budget_ns: u64) -> Option<QualityPlan> {
    let q = &s.quality;
    let first = *s.kv.first()?;
    if q.mode == QualityMode::Off || s.variants.is_empty() {
        return None;
    }
    let is_all = q.mode == QualityMode::Full || s.level == Level::Full || (s.is_full_matrix && !s.is_triage);
    let windows = windows(s);
    let mut arms = Vec::new();
    for kv in std::iter::once(first).chain(other_kv(s, first, is_all)) {
        let n_variants = if kv == first || is_all { s.variants.len() } else { 1 };
        for setup in first_setups(s).into_iter().filter(|setup| setup.is_scored(s)) {
            for variant in s.variants.iter().take(n_variants) {
                arms.push(Arm {
                    id: arm_id(&setup.named(variant, s), kv, kv == first),
                    variant: variant.clone(),
                    is_control: false,
                    is_baseline: arms.is_empty(),
                    config: config_of(s, kv, setup, windows[0].n_ctx),
                });
            }
        }
    }
    let baseline = arms.first().cloned()?;
    arms.push(Arm {
        id: format!("{} control", baseline.id),
        is_control: true,
        is_baseline: false,
        ..baseline
    });
    let is_full = q.mode == QualityMode::Full;
    Some(QualityPlan {
        arms,
        windows,
        stop: QualityStop {
            n_chunks_min: match s.level {
                _ if s.is_triage => N_CHUNKS_MIN_TRIAGE,
                Level::Quick => N_CHUNKS_MIN_QUICK,
                Level::Default | Level::Full => N_CHUNKS_MIN,
            },
            limit: (!is_full).then(|| s.max_quality_loss.unwrap_or(QualityLoss::Kld(NEAR_KLD))),
            precision: q.precision.filter(|_| !is_full),
            budget_ns: if is_full { u64::MAX } else { budget_ns },
        },
        is_first: false,
    })
}

fn windows(s: &Settings) -> Vec<QualityWindow> {
    let q = &s.quality;
    let longest = s.work_flags.depths.iter().copied().max().unwrap_or(0);
    let mut lengths = q.windows.clone().unwrap_or_else(|| match s.level {
        _ if s.is_triage => vec![N_CTX_SHORT],
        Level::Quick => vec![N_CTX_SHORT],
        Level::Default | Level::Full if longest > N_CTX => vec![N_CTX, longest],
        Level::Default | Level::Full => vec![N_CTX],
    });
    lengths.sort_unstable();
    lengths.dedup();
    // Tokens, over all chunks of a window.
    let n_tokens: u32 = match (q.mode, s.level) {
        (QualityMode::Full, _) if q.is_own_text => u32::MAX,
        (QualityMode::Full, _) | (_, Level::Full) => 131_072,
        (_, Level::Default) => 32_768,
        (_, Level::Quick) => 8_192,
    };
    let window = |(i, n_ctx): (usize, u32)| QualityWindow {
        n_ctx,
        n_chunks_max: q.n_chunks.unwrap_or(n_tokens / n_ctx).max(1),
        is_optional: q.windows.is_none() && i > 0,
    };
    lengths.into_iter().enumerate().map(window).collect()
}

/// KV types besides the first: those of the speed cells, then q8_0 and q4_0, and with `is_all` each for K and V alone.
fn other_kv(s: &Settings, first: KvPair, is_all: bool) -> Vec<KvPair> {
    let own = s.quality.kv.clone().unwrap_or_else(|| {
        let pair = |k, v| KvPair { k, v, is_rotated: true };
        let mut all = s.kv.clone();
        if !s.is_triage && s.level != Level::Quick {
            all.extend([KvType::Q8_0, KvType::Q4_0].map(KvPair::of));
        }
        if is_all {
            for kind in [KvType::Q8_0, KvType::Q4_0] {
                all.extend([pair(kind, first.v), pair(first.k, kind)]);
            }
        }
        all.retain(|kv| s.flash_attn == FlashAttn::On || !kv.v.is_quantized());
        all
    });
    let mut kinds = Vec::new();
    for kv in own {
        if kv != first && !kinds.contains(&kv) {
            kinds.push(kv);
        }
    }
    kinds
}

/// Bytes of corpus that hold the chunks of every window, for any tokenizer that gets by with 8 bytes per token.
pub fn corpus_bytes(plan: &QualityPlan) -> usize {
    let n_tokens = plan
        .windows
        .iter()
        .map(|w| u64::from(w.n_ctx) * u64::from(w.n_chunks_max));
    usize::try_from(n_tokens.max().unwrap_or(0).saturating_mul(8)).unwrap_or(usize::MAX)
}

/// Chunks of a window, in the order they are scored: of several texts in turn, so that stopping early leaves none out.
pub fn chunks(window: &QualityWindow, n_tokens: &[u32]) -> Vec<Chunk> {
    let n_of = |tokens: u32| tokens / window.n_ctx.max(1);
    let most = n_tokens.iter().copied().map(n_of).max().unwrap_or(0);
    let mut all = Vec::new();
    for index in 0..most {
        for (text, &tokens) in n_tokens.iter().enumerate() {
            if index < n_of(tokens) {
                all.push(Chunk {
                    n_ctx: window.n_ctx,
                    text: text as u32,
                    index,
                });
            }
            if all.len() >= window.n_chunks_max as usize {
                return all;
            }
        }
    }
    all
}

/// The first text that has fewer tokens than two windows: (text, its tokens). llama-perplexity refuses it too.
pub fn too_short(window: &QualityWindow, tokens: &TextTokens) -> Option<(usize, u32)> {
    let needed = window.n_ctx.saturating_mul(2);
    tokens.n_tokens.iter().copied().enumerate().find(|(_, n)| *n < needed)
}

/// What a journal leaves to score.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct QualityLeft {
    pub done: BTreeSet<Chunk>,
    /// (window, arm) that failed.
    pub failed: BTreeSet<(u32, usize)>,
    pub tokens: Option<TextTokens>,
}

pub fn quality_left(records: &[Record]) -> QualityLeft {
    let mut left = QualityLeft::default();
    for record in records {
        match record {
            Record::Quality(q) => drop(left.done.insert(q.chunk)),
            Record::QualityFailure(f) => drop(left.failed.insert((f.n_ctx, f.arm))),
            Record::Texts(tokens) => left.tokens = Some(tokens.clone()),
            _ => {}
        }
    }
    left
}

/// Predicted memory of all scoring workers in the longest window, with one chunk of the baseline's logits.
pub fn scoring_bytes(plan: &QualityPlan, model: &ModelInfo, variants: &[VariantInfo], layout: &Layout) -> u64 {
    let n_ctx = plan.windows.iter().map(|w| w.n_ctx).max().unwrap_or(0);
    let row = 4 * u64::from(model.n_vocab);
    let workers = plan.arms.iter().map(|arm| {
        let mut config = arm.config.clone();
        config.n_ctx = n_ctx;
        let variant = variants.iter().find(|v| v.id == arm.variant);
        let alone = variant.map_or(0, |v| arm_memory_bytes(model, v, layout, &config, n_ctx));
        // Logits of a slice stand in llama.cpp's compute and output buffers.
        alone + 2 * row * 256
    });
    workers.sum::<u64>() + row * u64::from(n_ctx / 2)
}

/// Texts whose few bytes cannot hold two windows of tokens, before anything is loaded.
pub fn surely_too_short<'a>(plan: &QualityPlan, texts: &'a [TextInfo]) -> Option<(&'a TextInfo, u32)> {
    let shortest = plan.windows.iter().filter(|w| !w.is_optional).map(|w| w.n_ctx).max()?;
    // A token has at least a byte; one more may be BOS.
    let text = texts.iter().find(|t| t.n_bytes + 1 < 2 * u64::from(shortest))?;
    Some((text, shortest))
}

#[cfg(test)]
mod tests {
    use super::super::matrix::tests::settings;
    use super::*;
    use crate::plan::build;

    fn plan(change: fn(&mut Settings)) -> QualityPlan {
        let mut s = settings();
        change(&mut s);
        build(&s).expect("valid").quality.expect("on")
    }

    #[test]
    fn the_default_scores_every_variant_and_every_kv_type() {
        let found = plan(|_| {});
        let ids: Vec<&str> = found.arms.iter().map(|a| a.id.as_str()).collect();
        assert_eq!(
            ids,
            ["F16", "Q8_0", "Q4_K_M", "F16 kv q8_0", "F16 kv q4_0", "F16 control"]
        );
        assert!(found.arms[0].is_baseline && found.arms[5].is_control);
        let windows: Vec<(u32, u32)> = found.windows.iter().map(|w| (w.n_ctx, w.n_chunks_max)).collect();
        assert_eq!(windows, [(512, 64), (2048, 16)]);
        let full = plan(|s| s.quality.mode = QualityMode::Full);
        assert_eq!(
            full.arms.len(),
            3 * 7 + 1,
            "7 KV types with each of 3 variants, and the control"
        );
        assert!(full.arms.iter().any(|a| a.id == "Q4_K_M kv f16/q4_0"));
        assert_eq!((full.stop.precision, full.stop.budget_ns), (None, u64::MAX));
        let (quick, triage) = (plan(|s| s.level = Level::Quick), plan(|s| s.is_triage = true));
        let fewest = [found.stop, quick.stop, triage.stop].map(|stop| stop.n_chunks_min);
        assert_eq!((fewest, found.stop.limit), ([12, 8, 3], Some(QualityLoss::Kld(0.01))));
        let mut s = settings();
        s.quality.mode = QualityMode::Off;
        assert_eq!(build(&s).expect("valid").quality, None);
    }

    #[test]
    fn chunks_of_several_texts_come_in_turn() {
        let window = QualityWindow {
            n_ctx: 100,
            n_chunks_max: 4,
            is_optional: false,
        };
        let found: Vec<(u32, u32)> = chunks(&window, &[399, 150]).iter().map(|c| (c.text, c.index)).collect();
        assert_eq!(found, [(0, 0), (1, 0), (0, 1), (0, 2)]);
        assert_eq!(chunks(&window, &[1000]).len(), 4);
        assert_eq!(chunks(&window, &[99]), []);
    }
}
