//! What lies beside the files that are measured.

use super::named::named_enum;
use serde::{Deserialize, Serialize};
use std::fmt;

named_enum! {
    /// What a file is.
    FileKind, "kind of file", {
        Model = "model",
        Projector = "projector",
        Imatrix = "imatrix",
        Adapter = "adapter",
        Draft = "draft",
        Heads = "heads",
        Vocabulary = "vocabulary",
        Encoder = "encoder",
        OtherModel = "other_model",
        PartsMissing = "parts_missing",
        Unusable = "unusable",
        Other = "other",
    }
}

/// A file that was not measured although it lies where the model does.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct PassedOver {
    pub file: String,
    pub kind: FileKind,
    /// More of it, in words: what differs, what is missing, what is wrong with it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub detail: Option<String>,
}

impl FileKind {
    /// What it is, in words.
    pub const fn words(self) -> &'static str {
        match self {
            FileKind::Model => "a language model",
            FileKind::Projector => "the vision or audio part of a model",
            FileKind::Imatrix => "an importance matrix",
            FileKind::Adapter => "a LoRA adapter",
            FileKind::Draft => "a draft model",
            FileKind::Heads => "layers of a model without the rest of it",
            FileKind::Vocabulary => "a vocabulary",
            FileKind::Encoder => "a model that generates no text",
            FileKind::OtherModel => "another model",
            FileKind::PartsMissing => "a split model that is not whole",
            FileKind::Unusable => "not usable",
            FileKind::Other => "no GGUF file",
        }
    }
}

impl fmt::Display for PassedOver {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} ({}", self.file, self.kind.words())?;
        if let Some(detail) = &self.detail {
            write!(f, ": {detail}")?;
        }
        f.write_str(")")
    }
}
