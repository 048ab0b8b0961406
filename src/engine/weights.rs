//! What goes into making other weights of a model: types of single tensors, and importance matrices.

use std::collections::BTreeMap;

/// What differs from the file type's own recipe.
#[derive(Debug, Clone, Default, PartialEq)]
pub(crate) struct Shaping {
    /// Regular expression on the names of tensors, and ggml's number of their type; the first that matches counts.
    pub(crate) types: Vec<(String, u32)>,
    /// Importance matrix: tensor to one value for each column.
    pub(crate) imatrix: BTreeMap<String, Vec<f32>>,
}

/// Tokens of a chunk, as llama-imatrix has them by default.
pub(crate) const N_CTX: u32 = 512;

/// Tensor to sums of squares for each column (of experts one after the other), and rows that were added up for each expert.
pub(crate) type Gathered = BTreeMap<String, (Vec<f32>, Vec<f32>)>;
