//! A mix, its rivals and its proof as data, and what follows from them: what to use, and whether it is what was asked for.

use crate::report::model::Figure;
use crate::stats::Interval;
use serde::Serialize;
use std::collections::BTreeMap;

#[derive(Debug, Clone, Serialize)]
pub struct MixReport {
    pub model: String,
    pub label: String,
    pub file: String,
    /// What it was made from and is held against.
    pub reference: String,
    /// What it was to match.
    pub rival: String,
    /// The file that the reference was made from, where that was quantized.
    pub given: Option<String>,
    #[serde(flatten)]
    pub limits: MixLimits,
    #[serde(flatten)]
    pub choice: MixChoice,
    /// Chunks of the proof.
    pub n_chunks: usize,
    pub rows: Vec<MixRow>,
    pub recipe: BTreeMap<String, String>,
    /// Kinds of tensors with their types from the first layer on.
    #[serde(skip)]
    pub kinds: Vec<(String, String)>,
    pub sensitivities: Vec<MixSensitivity>,
    /// What makes the same tensors with llama.cpp's tool.
    pub llama_quantize: String,
    /// The report of the run that proves.
    pub proof: String,
    /// What all of it took.
    pub seconds: f64,
}

#[derive(Debug, Clone, Copy, Default, Serialize)]
pub struct MixLimits {
    /// Bytes of the file at most, as they were asked for.
    pub max_size: Option<u64>,
    /// The same, or those of the variant whose size was meant.
    pub size_limit: Option<u64>,
    /// Mean divergence at most, nats.
    pub max_kld: Option<f64>,
    /// Tokens per second at least.
    pub min_decode: Option<f64>,
}

#[derive(Debug, Clone, Serialize)]
pub struct MixChoice {
    /// The text that sensitivities were measured on.
    pub calibration: String,
    pub calibration_sha256: String,
    /// Its chunks.
    pub n_chunks_of_choice: u32,
    /// Sum of the groups' divergences, nats.
    pub predicted_kld: f64,
    /// Divergence of the whole on the same chunks.
    pub whole_kld: f64,
    /// Decode that this machine's profile promised, tokens per second; absent where there is none.
    pub predicted_tps: Option<f64>,
    /// Whether groups were measured again around a first choice.
    pub is_corrected: bool,
    /// Candidates that the budget left unmeasured.
    pub n_unmeasured: usize,
    /// Matrices that have types.
    pub n_matrices: usize,
    pub imatrix: Option<MixWeighing>,
}

/// An importance matrix that weights were weighed with.
#[derive(Debug, Clone, Serialize)]
pub struct MixWeighing {
    #[serde(flatten)]
    pub matrix: MixMatrix,
    /// Matrices that it knows.
    pub n_known: usize,
}

/// Where an importance matrix is from.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum MixMatrix {
    /// Over so many chunks of a text.
    Gathered { n_chunks: u32, text: String },
    /// A file of the user's.
    File(String),
}

#[derive(Debug, Clone, Serialize)]
pub struct MixRow {
    pub variant: String,
    pub file_bytes: u64,
    /// Mean divergence from the reference.
    pub kld: Option<Figure>,
    pub ppl: Option<Figure>,
    pub decode_tps: Option<Interval>,
    /// Divergence of the mix as a share of this one's.
    pub mix_kld_ratio: Option<Interval>,
    /// Decode of the mix relative to this one.
    pub mix_decode_ratio: Option<Interval>,
}

/// A group of tensors in a type, everything else as in the reference.
#[derive(Debug, Clone, Serialize)]
pub struct MixSensitivity {
    pub group: String,
    pub ggml_type: &'static str,
    pub bytes: u64,
    pub kld: f64,
    pub n_chunks: usize,
    pub is_chosen: bool,
}

impl MixReport {
    pub(super) fn row(&self, variant: &str) -> Option<&MixRow> {
        self.rows.iter().find(|row| row.variant == variant)
    }

    fn own_bytes(&self) -> u64 {
        self.row(&self.label).map_or(0, |row| row.file_bytes)
    }

    /// Bytes of the mix and the limit, where it is larger.
    pub(super) fn too_large(&self) -> Option<(u64, u64)> {
        let limit = self.limits.max_size?;
        (self.own_bytes() > limit).then(|| (self.own_bytes(), limit))
    }

    /// Divergence of the mix and the limit, where it is not shown to be below.
    pub(super) fn loss_not_shown(&self) -> Option<(Figure, f64)> {
        let (most, kld) = (self.limits.max_kld?, self.row(&self.label)?.kld?);
        (kld.or_bare().hi > most).then_some((kld, most))
    }

    /// Whether the mix is slower than was asked for.
    pub(super) fn is_too_slow(&self) -> bool {
        let tps = self.row(&self.label).and_then(|own| own.decode_tps);
        let limit = self.limits.min_decode.zip(tps);
        limit.is_some_and(|(least, tps)| tps.estimate < least)
    }

    /// Another file of the proof that decodes as fast as was asked for and loses least, where the mix does not or is shown to lose more.
    pub(super) fn other(&self) -> Option<&MixRow> {
        let (least, own) = (self.limits.min_decode?, self.row(&self.label)?);
        let most = |row: &MixRow| row.kld.map_or(f64::INFINITY, |kld| kld.or_bare().hi);
        let meets = |row: &&MixRow| {
            let is_fast = row.decode_tps.is_some_and(|tps| tps.estimate >= least);
            is_fast && self.fits(row) && self.limits.max_kld.is_none_or(|limit| most(row) <= limit)
        };
        let met = self.rows.iter().filter(meets);
        let best = met.min_by(|a, b| most(a).total_cmp(&most(b)))?;
        let loses_more = own.kld.is_some_and(|kld| kld.or_bare().lo > most(best));
        (self.is_too_slow() || loses_more).then_some(best)
    }

    /// The quantized file that everything was made from.
    pub(super) fn given(&self) -> Option<&MixRow> {
        self.row(self.given.as_ref()?).filter(|row| row.mix_kld_ratio.is_some())
    }

    /// Whether a file is as small as was asked for.
    pub(super) fn fits(&self, row: &MixRow) -> bool {
        self.limits.size_limit.is_none_or(|limit| row.file_bytes <= limit)
    }

    /// The given file, where nothing that was made from it is shown to be better. A mix is better where it is shown to lose less, or is
    /// smaller and not shown to lose more.
    pub(super) fn given_to_use(&self) -> Option<&MixRow> {
        let given = self.given().filter(|row| self.fits(row))?;
        let ratio = given.mix_kld_ratio?;
        let is_better = ratio.hi < 1.0 || (self.own_bytes() < given.file_bytes && ratio.lo <= 1.0);
        (!is_better).then_some(given)
    }

    /// The variant to use.
    pub fn recommended(&self) -> &str {
        let other = self.other().or_else(|| self.given_to_use());
        other.map_or(&self.label, |row| &row.variant)
    }

    /// Whether the recommended file is what was asked for; what is not shown either way is no failure.
    pub fn is_met(&self) -> bool {
        if self.other().is_some() {
            return true;
        }
        let loses_more = self.loss_not_shown().is_some_and(|(kld, most)| kld.or_bare().lo > most);
        self.too_large().is_none() && !loses_more && !self.is_too_slow()
    }
}

#[cfg(test)]
pub(super) mod tests {
    use super::*;
    use crate::stats::Method;

    fn interval(lo: f64, estimate: f64, hi: f64) -> Interval {
        Interval {
            estimate,
            lo,
            hi,
            level: 0.95,
            method: Method::Bootstrap,
        }
    }

    fn figure(lo: f64, value: f64, hi: f64) -> Figure {
        Figure {
            value,
            interval: Some(interval(lo, value, hi)),
            token_error: None,
        }
    }

    pub fn row(variant: &str, file_bytes: u64, kld: f64, ratio: Option<[f64; 3]>) -> MixRow {
        let ratio = ratio.map(|[lo, estimate, hi]| interval(lo, estimate, hi));
        MixRow {
            variant: variant.to_owned(),
            file_bytes,
            kld: Some(figure(0.9 * kld, kld, 1.1 * kld)),
            ppl: Some(figure(11.0, 12.0, 13.0)),
            decode_tps: Some(interval(38.5, 40.5, 42.5)),
            mix_kld_ratio: ratio,
            mix_decode_ratio: ratio,
        }
    }

    /// A mix of 99 MiB that loses `ratio` of what Q4_K_M loses.
    pub fn sample(ratio: [f64; 3]) -> MixReport {
        MixReport {
            model: "Tiny".to_owned(),
            label: "mix-99.0MiB".to_owned(),
            file: "store/mix.gguf".to_owned(),
            reference: "F16".to_owned(),
            rival: "Q4_K_M".to_owned(),
            given: None,
            limits: MixLimits::default(),
            choice: MixChoice {
                calibration: "corpus".to_owned(),
                calibration_sha256: "0".repeat(64),
                n_chunks_of_choice: 8,
                predicted_kld: 0.02,
                whole_kld: 0.021,
                is_corrected: true,
                predicted_tps: Some(44.0),
                n_unmeasured: 3,
                n_matrices: 9,
                imatrix: None,
            },
            n_chunks: 16,
            rows: vec![
                row("Q4_K_M", 100 << 20, 0.04, Some(ratio)),
                row("mix-99.0MiB", 99 << 20, 0.02, None),
            ],
            recipe: BTreeMap::from([("token_embd.weight".to_owned(), "q6_k".to_owned())]),
            kinds: vec![("token_embd".to_owned(), "q6_k".to_owned())],
            sensitivities: Vec::new(),
            llama_quantize: "llama-quantize 'a.gguf' 'b.gguf' Q6_K".to_owned(),
            proof: "run/report.md".to_owned(),
            seconds: 60.0,
        }
    }

    #[test]
    fn limits_are_missed_by_what_is_shown() {
        let mut report = sample([0.5, 0.6, 0.7]);
        assert!(report.is_met());
        report.limits.max_kld = Some(0.02);
        assert!(
            report.loss_not_shown().is_some() && report.is_met(),
            "not shown either way"
        );
        report.limits.max_kld = Some(0.017);
        assert!(!report.is_met());
        report.limits = MixLimits {
            min_decode: Some(41.0),
            ..MixLimits::default()
        };
        assert!(!report.is_met());
        report.limits = MixLimits {
            max_size: Some((99 << 20) - 1),
            ..MixLimits::default()
        };
        assert!(!report.is_met());
    }

    #[test]
    fn a_given_file_stays_unless_the_mix_is_better() {
        let with = |ratio: [f64; 3], given_bytes: u64| {
            let mut report = sample([0.5, 0.6, 0.7]);
            report.given = Some("Q4_1".to_owned());
            report.limits.size_limit = Some(100 << 20);
            report.rows.push(row("Q4_1", given_bytes, 0.001, Some(ratio)));
            report.recommended().to_owned()
        };
        assert_eq!(with([5.0, 6.0, 7.0], 99 << 20), "Q4_1");
        assert_eq!(
            with([0.9, 1.0, 1.1], 99 << 20),
            "Q4_1",
            "no smaller, and not shown to lose less"
        );
        assert_eq!(with([0.9, 1.0, 1.1], 100 << 20), "mix-99.0MiB", "smaller");
        assert_eq!(with([0.5, 0.6, 0.7], 98 << 20), "mix-99.0MiB", "loses less");
        assert_eq!(
            with([5.0, 6.0, 7.0], 101 << 20),
            "mix-99.0MiB",
            "larger than was asked for"
        );
    }
}
