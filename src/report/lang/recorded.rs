//! What a run recorded as typed values: warnings, disturbances, why scoring ended.

use super::Lang;
use crate::data::{Disturbance, PassedOver, Quantization, Warning};
use crate::report::model::QualityEnd;

/// Files that a warning lists.
const N_SHOWN: usize = 6;

impl Lang {
    /// What a file tells of how it was quantized.
    pub(crate) fn quantization(self, told: &Quantization) -> String {
        let mut matrix: Vec<String> = Vec::new();
        matrix.extend(told.imatrix_file.clone());
        matrix.extend(told.imatrix_dataset.as_ref().map(|text| self.imatrix_from(text)));
        matrix.extend(told.imatrix_chunks.map(|n| self.imatrix_chunks(n)));
        matrix.extend(told.imatrix_entries.map(|n| self.imatrix_entries(n)));
        let matrix = (!matrix.is_empty()).then(|| self.imatrix(matrix.join(&self.list_comma())));
        let by = told.by.as_ref().map(|by| self.quantized_by(by));
        by.into_iter().chain(matrix).collect::<Vec<_>>().join("; ")
    }

    /// What disturbed a sample.
    pub(in crate::report) fn disturbance(self, what: Disturbance) -> String {
        let percent = |share: f64| (share * 100.0).round();
        match what {
            Disturbance::CpuShare { share } => self.disturbed_cpu(percent(share)),
            Disturbance::Steal { share } => self.disturbed_steal(percent(share)),
            Disturbance::Throttled { share } => self.disturbed_quota(percent(share)),
            Disturbance::Suspended { ns } => self.disturbed_suspended(self.number(format!("{:.1}", ns as f64 / 1e9))),
            Disturbance::MajorFaults { n } => self.disturbed_faults(n),
        }
    }

    /// Why scoring a window ended.
    pub(in crate::report) fn quality_end(self, end: QualityEnd) -> String {
        match end {
            QualityEnd::Precision => self.ended_precise(),
            QualityEnd::AllChunks => self.ended_all(),
            QualityEnd::Spent => self.ended_spent(),
        }
    }

    /// A warning of the journal: what, and what to do.
    pub(crate) fn warning(self, warning: &Warning) -> String {
        match warning {
            Warning::UnusedInstructions { names } => self.warn_unused_instructions(names.join(&self.list_comma())),
            Warning::WorkersNotResident {
                needed_bytes,
                limit_bytes,
            } => self.warn_not_resident(needed_bytes >> 20, limit_bytes >> 20),
            Warning::BeyondTrainedContext { n_depth, n_ctx_train } => self.warn_beyond_trained(n_depth, n_ctx_train),
            Warning::RequantizedBaseline { variant, from } => self.warn_requantized_baseline(variant, from),
            Warning::Requantized { variants, from } => self.warn_requantized(self.list(variants), variants.len(), from),
            Warning::PassedOver { files } => self.passed_over(files),
            Warning::BusyMachine { load_percent, n_cpus } => {
                self.warn_busy(self.two_decimals(f64::from(*load_percent) / 100.0), n_cpus)
            }
            Warning::TooManyThreads { n_threads, n_cpus } => self.warn_too_many_threads(n_threads, n_cpus),
            Warning::RandomWeights { shape } => self.warn_random_weights(shape),
            Warning::FakeEngine => self.warn_fake_engine(),
            Warning::Handicap { share } => self.warn_handicap(share),
            Warning::BuiltinInstead { model, why } => self.warn_builtin(model, why),
            Warning::NothingRotated { kv, heads: (k, v) } => self.warn_nothing_rotated(kv, k, v),
            Warning::NothingDrafts => self.warn_nothing_drafts(),
            Warning::OneClientPerServer => self.warn_one_client(),
            Warning::ShardGaps {
                count,
                missing,
                unfinished,
            } => self.shard_gaps(*count, missing, unfinished),
            Warning::FallbackTensors {
                variant,
                n_fallback,
                n_tensors,
            } => self.warn_fallback(variant, n_fallback, n_tensors),
        }
    }

    fn passed_over(self, files: &[PassedOver]) -> String {
        let shown: Vec<String> = files
            .iter()
            .take(N_SHOWN)
            .map(|file| self.passed_over_one(file))
            .collect();
        let n_more = files.len().saturating_sub(N_SHOWN);
        self.warn_passed_over(shown.join(&self.list_comma()), n_more)
    }

    fn passed_over_one(self, file: &PassedOver) -> String {
        let what = self.file_kind(file.kind);
        match &file.detail {
            Some(detail) => self.passed_over_because(&file.file, what, detail),
            None => self.passed_over_file(&file.file, what),
        }
    }

    fn shard_gaps(self, count: u32, missing: &[u32], unfinished: &[u32]) -> String {
        let list = |numbers: &[u32]| {
            let numbers: Vec<String> = numbers.iter().map(u32::to_string).collect();
            numbers.join(&self.list_comma())
        };
        let missing = (!missing.is_empty()).then(|| self.warn_shards_missing(count, list(missing)));
        let unfinished = (!unfinished.is_empty()).then(|| self.warn_shards_unfinished(count, list(unfinished)));
        match (missing, unfinished) {
            (Some(missing), Some(unfinished)) => self.warn_shards_both(missing, unfinished),
            (one, other) => one.or(other).unwrap_or_default(),
        }
    }
}

#[cfg(test)]
mod tests {
    use crate::data::{FileKind, Quantization};
    use crate::report::Lang;

    #[test]
    fn what_a_file_tells_of_its_making_is_a_clause() {
        let mut told = Quantization {
            by: Some("somebody".to_owned()),
            imatrix_file: Some("t.imatrix".to_owned()),
            imatrix_dataset: Some("calibration.txt".to_owned()),
            imatrix_chunks: Some(128),
            imatrix_entries: None,
        };
        let said = |told: &Quantization| Lang::default().quantization(told);
        assert_eq!(
            said(&told),
            "by somebody; imatrix t.imatrix, from calibration.txt, 128 chunks"
        );
        told.by = None;
        assert_eq!(said(&told), "imatrix t.imatrix, from calibration.txt, 128 chunks");
    }

    #[test]
    fn every_kind_of_file_has_words_of_its_own_and_in_english_those_of_refusals() {
        for lang in Lang::ALL {
            let mut words: Vec<String> = FileKind::ALL.iter().map(|&kind| lang.file_kind(kind)).collect();
            words.sort();
            words.dedup();
            assert_eq!(words.len(), FileKind::ALL.len(), "{lang}: {words:?}");
        }
        for &kind in FileKind::ALL {
            assert_eq!(Lang::default().file_kind(kind), kind.words());
        }
    }
}
