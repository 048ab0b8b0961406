//! What a file's name says: the label of its quantization, its recipe, and what else the name is made of.
//!
//! Names are only believed where there is no header to read, and to tell files of one type apart.

use super::names;
use crate::data::{FileKind, PartName};
use crate::gguf::ftype_of;

/// Words before a label that name a recipe of their own (dynamic quants of Unsloth, weighted ones of mradermacher).
const RECIPES: [&str; 2] = ["ud", "i1"];

#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct FileName {
    /// The words of the name apart from the label, in order.
    pub words: Vec<String>,
    /// How many of them stand before the label.
    n_before: usize,
    /// The label: a file type of llama.cpp, as it is written there, or one of the publisher's own.
    pub label: Option<Label>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Label {
    Type(&'static str),
    /// Something else that is made of one, e.g. `Q4_K_XL`.
    Own(String),
}

impl FileName {
    /// Takes the last part of a path apart, without `.gguf` and the number of a part.
    pub(super) fn parse(file: &str) -> FileName {
        let stem = stem(names::base_name(file));
        let mut words: Vec<String> = stem
            .split(|c: char| !c.is_alphanumeric() && c != '_' && c != '+')
            .filter(|word| !word.is_empty())
            .map(str::to_owned)
            .collect();
        for at in (0..words.len()).rev() {
            let Some((before, label)) = split_label(&words[at]) else {
                continue;
            };
            let before = before.to_owned();
            let mut n_before = at;
            if before.is_empty() {
                words.remove(at);
            } else {
                words[at] = before;
                n_before += 1;
            }
            return FileName {
                words,
                n_before,
                label: Some(label),
            };
        }
        FileName {
            n_before: words.len(),
            words,
            label: None,
        }
    }

    pub(super) fn ftype(&self) -> Option<&'static str> {
        match self.label {
            Some(Label::Type(ftype)) => Some(ftype),
            _ => None,
        }
    }

    /// The label with the recipe before it: `UD-Q4_K_XL`.
    pub(super) fn full_label(&self) -> Option<String> {
        let label = match self.label.as_ref()? {
            Label::Type(ftype) => (*ftype).to_owned(),
            Label::Own(own) => own.clone(),
        };
        let recipe = self.n_before.checked_sub(1).map(|at| &self.words[at]);
        let recipe = recipe.filter(|word| RECIPES.contains(&word.to_ascii_lowercase().as_str()));
        Some(recipe.map_or(label.clone(), |recipe| format!("{recipe}-{label}")))
    }

    /// The words that name the model rather than a recipe.
    pub(super) fn model_words(&self) -> Vec<String> {
        let words = self.words.iter().map(|word| word.to_ascii_lowercase());
        words.filter(|word| !RECIPES.contains(&word.as_str())).collect()
    }

    /// What the file may be, by its name; its header knows better.
    pub(super) fn suspected(&self) -> FileKind {
        let is_word = |word: &str| self.words.iter().any(|own| own.eq_ignore_ascii_case(word));
        let has = |text: &str| self.words.iter().any(|own| own.to_ascii_lowercase().contains(text));
        if has("mmproj") {
            FileKind::Projector
        } else if has("imatrix") && self.label.is_none() {
            FileKind::Imatrix
        } else if is_word("draft") || is_word("eagle3") || is_word("dflash") {
            FileKind::Draft
        } else if is_word("mtp") {
            FileKind::Heads
        } else if is_word("lora") || is_word("adapter") {
            FileKind::Adapter
        } else {
            FileKind::Model
        }
    }
}

/// The name without `.gguf` and the number of a part.
pub(super) fn stem(file: &str) -> String {
    PartName::parse(file).map_or_else(|| without_ending(file).to_owned(), |part| part.stem)
}

/// The name without `.gguf`.
pub(super) fn without_ending(file: &str) -> &str {
    let at = file.len().saturating_sub(".gguf".len());
    match file.get(at..) {
        Some(ending) if ending.eq_ignore_ascii_case(".gguf") => &file[..at],
        _ => file,
    }
}

/// The label at the end of a word, and what stands before it: `llama_q4_0` gives `llama` and `Q4_0`.
fn split_label(word: &str) -> Option<(&str, Label)> {
    let starts = std::iter::once(0).chain(word.match_indices('_').map(|(at, _)| at + 1));
    for start in starts {
        if let Some(label) = label_of(&word[start..]) {
            return Some((word[..start].trim_end_matches('_'), label));
        }
    }
    None
}

fn label_of(text: &str) -> Option<Label> {
    if let Some(ftype) = ftype_of(text) {
        return Some(Label::Type(ftype));
    }
    let upper = text.to_ascii_uppercase();
    match upper.as_str() {
        "FP16" => return Some(Label::Type("F16")),
        "FP32" => return Some(Label::Type("F32")),
        // llama.cpp's own short names.
        "Q3_K" => return Some(Label::Type("Q3_K_M")),
        "Q4_K" => return Some(Label::Type("Q4_K_M")),
        "Q5_K" => return Some(Label::Type("Q5_K_M")),
        "MXFP4" => return Some(Label::Type("MXFP4_MOE")),
        _ => {}
    }
    let rest = upper.strip_prefix("IQ").or_else(|| upper.strip_prefix("TQ"));
    let rest = rest.or_else(|| upper.strip_prefix('Q'))?;
    let (bits, kind) = rest.split_once('_')?;
    let is_own = bits.len() == 1
        && bits.bytes().all(|b| b.is_ascii_digit())
        && !kind.is_empty()
        && kind.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'_');
    is_own.then(|| Label::Own(text.to_owned()))
}

impl Label {
    /// Whether a file of this type may be called so: what is not llama.cpp's own label must at least have its bits.
    pub(super) fn fits(&self, ftype: &str) -> bool {
        let bits = |text: &str| text.chars().find(char::is_ascii_digit);
        match self {
            Label::Type(own) => *own == ftype,
            Label::Own(own) => bits(own) == bits(ftype),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn labels_are_found_in_file_names() {
        for (file, ftype, full) in [
            ("a/Qwen3-0.6B-BF16.gguf", Some("BF16"), Some("BF16")),
            ("qwen2.5-0.5b-instruct-q4_k_m.gguf", Some("Q4_K_M"), Some("Q4_K_M")),
            ("SmolLM2-135M-Instruct.Q4_1.gguf", Some("Q4_1"), Some("Q4_1")),
            ("m-fp16.gguf", Some("F16"), Some("F16")),
            ("m-UD-Q4_K_XL.gguf", None, Some("UD-Q4_K_XL")),
            ("m-UD-Q4_K_M.gguf", Some("Q4_K_M"), Some("UD-Q4_K_M")),
            ("m.i1-IQ2_M.gguf", Some("IQ2_M"), Some("i1-IQ2_M")),
            ("Q4/m-Q8_0-00001-of-00002.gguf", Some("Q8_0"), Some("Q8_0")),
            ("phi-2_Q4_K_M.gguf", Some("Q4_K_M"), Some("Q4_K_M")),
            ("m-Q4_K_M-imat.gguf", Some("Q4_K_M"), Some("Q4_K_M")),
            ("m-Q4_K.gguf", Some("Q4_K_M"), Some("Q4_K_M")),
            ("m-q6_k_l.gguf", None, Some("q6_k_l")),
            ("Q8_0.gguf", Some("Q8_0"), Some("Q8_0")),
            ("model.gguf", None, None),
            ("Qwen-2.gguf", None, None),
            ("ggml-model-q4.gguf", None, None),
        ] {
            let name = FileName::parse(file);
            assert_eq!((name.ftype(), name.full_label().as_deref()), (ftype, full), "{file}");
        }
        let name = FileName::parse("My model-v2-Q4_K_M-imat.gguf");
        assert_eq!(name.words, ["My", "model", "v2", "imat"]);
        assert_eq!(FileName::parse("llama_q4_0.gguf").words, ["llama"]);
    }

    #[test]
    fn what_lies_beside_a_model_is_told_by_its_name() {
        for (file, kind) in [
            ("mmproj-F16.gguf", FileKind::Projector),
            ("gemma-3-4b-it-mmproj-model-f16.gguf", FileKind::Projector),
            ("imatrix_unsloth.gguf", FileKind::Imatrix),
            ("m-imatrix-Q4_K_M.gguf", FileKind::Model),
            ("Qwen2.5-Coder-DRAFT-0.6B-Q4_0.gguf", FileKind::Draft),
            ("mtp-m-Q8_0.gguf", FileKind::Heads),
            ("my-lora-F16.gguf", FileKind::Adapter),
            ("draftsman-7B-Q4_0.gguf", FileKind::Model),
        ] {
            assert_eq!(FileName::parse(file).suspected(), kind, "{file}");
        }
    }

    #[test]
    fn labels_that_files_belie_are_told() {
        let fits = |file: &str, ftype: &str| FileName::parse(file).label.expect("a label").fits(ftype);
        assert!(fits("m-UD-Q4_K_XL.gguf", "Q4_K_M") && fits("m-Q8_K_XL.gguf", "Q8_0"));
        assert!(!fits("m-UD-Q4_K_XL.gguf", "Q8_0") && !fits("m-Q4_K_M.gguf", "Q4_K_S"));
    }
}
