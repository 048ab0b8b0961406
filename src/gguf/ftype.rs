//! File types (`general.file_type`): llama.cpp's numbers and labels, and what each label's recipe starts from.

use super::{GgmlType, Gguf};
use std::collections::BTreeMap;
use GgmlType as T;

/// Number, label, the type most matrices get, and roughly the bits per weight of a large model.
const FTYPES: &[(u32, &str, GgmlType, f64)] = &[
    (0, "F32", T::F32, 32.0),
    (1, "F16", T::F16, 16.0),
    (2, "Q4_0", T::Q4_0, 4.6),
    (3, "Q4_1", T::Q4_1, 5.1),
    (7, "Q8_0", T::Q8_0, 8.5),
    (8, "Q5_0", T::Q5_0, 5.6),
    (9, "Q5_1", T::Q5_1, 6.0),
    (10, "Q2_K", T::Q2K, 3.4),
    (11, "Q3_K_S", T::Q3K, 3.7),
    (12, "Q3_K_M", T::Q3K, 4.0),
    (13, "Q3_K_L", T::Q3K, 4.3),
    (14, "Q4_K_S", T::Q4K, 4.7),
    (15, "Q4_K_M", T::Q4K, 4.9),
    (16, "Q5_K_S", T::Q5K, 5.6),
    (17, "Q5_K_M", T::Q5K, 5.7),
    (18, "Q6_K", T::Q6K, 6.6),
    (19, "IQ2_XXS", T::Iq2Xxs, 2.4),
    (20, "IQ2_XS", T::Iq2Xs, 2.6),
    (21, "Q2_K_S", T::Q2K, 3.2),
    (22, "IQ3_XS", T::Iq3S, 3.5),
    (23, "IQ3_XXS", T::Iq3Xxs, 3.3),
    (24, "IQ1_S", T::Iq1S, 2.0),
    (25, "IQ4_NL", T::Iq4Nl, 4.7),
    (26, "IQ3_S", T::Iq3S, 3.7),
    (27, "IQ3_M", T::Iq3S, 3.8),
    (28, "IQ2_S", T::Iq2Xs, 2.7),
    (29, "IQ2_M", T::Iq2S, 2.9),
    (30, "IQ4_XS", T::Iq4Xs, 4.5),
    (31, "IQ1_M", T::Iq1M, 2.2),
    (32, "BF16", T::Bf16, 16.0),
    (36, "TQ1_0", T::Tq1_0, 1.9),
    (37, "TQ2_0", T::Tq2_0, 2.3),
    (38, "MXFP4_MOE", T::Mxfp4, 4.6),
    (39, "NVFP4", T::Nvfp4, 4.7),
    (40, "Q1_0", T::Q1_0, 1.3),
    (41, "Q2_0", T::Q2_0, 2.4),
];

fn row(name: &str) -> Option<&'static (u32, &'static str, GgmlType, f64)> {
    FTYPES.iter().find(|row| row.1.eq_ignore_ascii_case(name))
}

/// Label of llama.cpp's file type `id`.
pub(crate) fn ftype_name(id: u32) -> Option<&'static str> {
    FTYPES.iter().find(|row| row.0 == id).map(|row| row.1)
}

/// llama.cpp's number of a label (any case).
pub(crate) fn ftype_id(name: &str) -> Option<u32> {
    row(name).map(|row| row.0)
}

/// The label as it is written, for any case: `q4_k_m` gives `Q4_K_M`.
pub(crate) fn ftype_of(name: &str) -> Option<&'static str> {
    row(name).map(|row| row.1)
}

/// All labels, in llama.cpp's order.
pub(crate) fn known_ftypes() -> impl Iterator<Item = &'static str> {
    FTYPES.iter().map(|row| row.1)
}

/// Roughly the bits per weight of a file of this label (small models need more: their embeddings weigh more).
pub(crate) fn ftype_bpw(name: &str) -> Option<f64> {
    row(name).map(|row| row.3)
}

/// The first label whose recipe starts from a type: `Q4_K_S` for Q4_K.
pub(crate) fn label_of(ggml_type: GgmlType) -> Option<&'static str> {
    FTYPES.iter().find(|row| row.2 == ggml_type).map(|row| row.1)
}

pub(super) fn base_type(name: &str) -> Option<GgmlType> {
    row(name).map(|row| row.2)
}

impl Gguf {
    /// The label in the file's metadata; `None` when it names none, or one that is not known.
    pub(crate) fn ftype(&self) -> Option<&'static str> {
        let id = self.u64("general.file_type")?;
        // llama.cpp sets this bit for a guess; a guess is no label.
        ftype_name(u32::try_from(id).ok()?)
    }

    /// The label, checked against the tensors: the metadata's where at least one matrix has the type that its recipe
    /// starts from or a fallback of it; otherwise the label of the type that holds most bytes of the matrices.
    pub fn ftype_checked(&self) -> Option<&'static str> {
        let dominant = self.dominant_type()?;
        let fits = |label: &&str| {
            base_type(label).is_some_and(|base| {
                base == dominant || self.matrices().any(|t| t.ggml_type == base) || {
                    base.block().0 == 256 && self.n_fallback_for(label) > 0
                }
            })
        };
        self.ftype().filter(fits).or_else(|| label_of(dominant))
    }

    /// The type that holds most elements of the matrices.
    fn dominant_type(&self) -> Option<GgmlType> {
        let mut n_elements: BTreeMap<GgmlType, u64> = BTreeMap::new();
        for t in self.matrices().filter(|t| t.n_elements > 0) {
            *n_elements.entry(t.ggml_type).or_default() += t.n_elements;
        }
        n_elements.into_iter().max_by_key(|(_, n)| *n).map(|(ty, _)| ty)
    }
}
