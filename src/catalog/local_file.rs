//! A model that is on this machine, or whose header is: what it is, and what is recorded of it.

use super::error::CatalogError;
use super::hash::sha256_hex;
use super::label::{stem, FileName};
use crate::data::{DerivedFrom, FileKind, FilePart, ModelInfo, PartName, VariantInfo};
use crate::gguf::{ftype_bpw, ftype_of, Gguf, GgufError, GgufProblem};
use std::path::{Path, PathBuf};

/// A whole language model: a GGUF file, or the parts of one.
pub(super) struct LocalFile {
    /// Its files, in order; where they are not here, only their names mean anything.
    pub paths: Vec<PathBuf>,
    pub gguf: Gguf,
    pub info: ModelInfo,
    pub ftype: &'static str,
}

/// What must agree between files of one model: what it is called, and its value in words.
pub(super) type ModelKey = [(&'static str, String); 8];

impl LocalFile {
    /// Reads and checks a file; of a split model any part.
    pub(super) fn open(path: &Path) -> Result<LocalFile, CatalogError> {
        let (parts, paths) = read_parts(path)?;
        let gguf = join(parts).map_err(|problem| problem.at(path))?;
        LocalFile::of(gguf, paths)
    }

    /// Of a header that was read; `paths` are its files, or what they will be called.
    pub(super) fn of(gguf: Gguf, paths: Vec<PathBuf>) -> Result<LocalFile, CatalogError> {
        let path = paths.first().cloned().unwrap_or_default();
        let of_file = |problem: GgufProblem| problem.at(&path);
        gguf.check_generative().map_err(of_file)?;
        let info = gguf.model_info(&display_name(&path, &gguf)).map_err(of_file)?;
        let ftype = gguf.ftype_checked().ok_or_else(|| {
            of_file(GgufProblem::Unsuitable {
                kind: FileKind::Unusable,
                what: "has no matrices of a type that models come in; name another file".into(),
            })
        })?;
        Ok(LocalFile {
            paths,
            ftype,
            gguf,
            info,
        })
    }

    /// The file that llama.cpp is given: it finds the other parts by their names.
    pub(super) fn path(&self) -> &Path {
        self.paths.first().map_or(Path::new(""), PathBuf::as_path)
    }

    /// Its file's name without the folder.
    pub(super) fn file(&self) -> String {
        name_of(self.path())
    }

    pub(super) fn is_quantized(&self) -> bool {
        is_quantized(self.ftype)
    }

    /// The record of this variant; `sha256s` are the hashes of its parts, none where it is not here.
    pub(super) fn variant(&self, id: &str, sha256s: &[String], derived_from: Option<DerivedFrom>) -> VariantInfo {
        let sha_of = |i: usize| sha256s.get(i).cloned().unwrap_or_default();
        let parts = self.paths.iter().enumerate().map(|(i, path)| FilePart {
            file: name_of(path),
            file_bytes: std::fs::metadata(path).map_or(0, |meta| meta.len()),
            sha256: sha_of(i),
        });
        VariantInfo {
            id: id.to_owned(),
            file: self.file(),
            path: None,
            sha256: identity(sha256s),
            model_size: self.gguf.model_size(),
            model_n_params: self.gguf.n_params(),
            bpw: self.gguf.bpw(),
            tensor_types: self.gguf.tensor_types(),
            n_fallback: self.gguf.n_fallback(),
            n_tensors: self.gguf.tensors.len() as u64,
            ftype: self.gguf.ftype().map(str::to_owned),
            // llama.cpp copies the metadata of what it quantizes.
            quantization: self.gguf.quantization().filter(|_| derived_from.is_none()),
            derived_from,
            parts: match self.paths.len() {
                1 => Vec::new(),
                _ => parts.collect(),
            },
        }
    }

    /// What is recorded of it where others are made from it.
    pub(super) fn derived(&self, sha256: &str) -> DerivedFrom {
        DerivedFrom {
            file: self.file(),
            sha256: sha256.to_owned(),
            ftype: self.ftype.to_owned(),
            is_requantized: self.is_quantized(),
        }
    }

    /// How exact it is, as far as its type and its bits per weight tell.
    pub(super) fn rank(&self) -> (u8, u64) {
        rank(self.ftype, self.gguf.bpw())
    }

    /// What it has in common with the other variants of its model.
    pub(super) fn key(&self) -> ModelKey {
        let i = &self.info;
        let texts = self
            .gguf
            .vocabulary()
            .map_or(String::new(), |(_, crc)| format!("{crc:08x}"));
        [
            ("architecture", i.architecture.clone()),
            ("n_layer", i.n_layer.to_string()),
            ("n_embd", i.n_embd.to_string()),
            ("n_head", i.n_head.to_string()),
            ("n_head_kv", i.n_head_kv.to_string()),
            ("KV size", format!("{} + {}", i.n_embd_k_gqa, i.n_embd_v_gqa)),
            ("vocabulary", i.n_vocab.to_string()),
            ("texts of the vocabulary", texts),
        ]
    }
}

pub(super) fn difference(one: &ModelKey, other: &ModelKey) -> String {
    let differing = one.iter().zip(other).filter(|(a, b)| a != b);
    let words = differing.map(|(a, b)| format!("{} {} instead of {}", a.0, a.1, b.1));
    words.collect::<Vec<_>>().join(", ")
}

/// How exact a variant is of which only the file type is known.
pub(super) fn rank_of(ftype: &str) -> (u8, u64) {
    rank(ftype, ftype_bpw(ftype).unwrap_or(0.0))
}

/// Exact types first, then by bits per weight. Types with an offset for each block have half a bit that K types of the same size use
/// better, and those without a tenth (perplexities in the README of llama.cpp's quantizer: Q4_1 is no better than Q4_0, and Q5_1 than Q5_K_S).
fn rank(ftype: &str, bpw: f64) -> (u8, u64) {
    let wasted = match ftype {
        "Q4_1" | "Q5_1" => 0.5,
        "Q4_0" | "Q5_0" => 0.1,
        _ => 0.0,
    };
    let exactness = match ftype {
        "F32" => 4,
        "BF16" => 3,
        "F16" => 2,
        "Q8_0" => 1,
        _ => 0,
    };
    (exactness, ((bpw - wasted) * 1e6) as u64)
}

pub(super) fn is_quantized(ftype: &str) -> bool {
    !matches!(ftype, "F32" | "BF16" | "F16")
}

/// The identity of a variant: the hash of its file; of several parts the hash of their hashes, each with a line feed, so that
/// `sha256sum PARTS | cut -c-64 | sha256sum` gives it.
pub fn identity(sha256s: &[String]) -> String {
    match sha256s {
        [] => String::new(),
        [one] => one.clone(),
        parts => {
            let lines: String = parts.iter().map(|sha256| format!("{sha256}\n")).collect();
            sha256_hex(lines.as_bytes())
        }
    }
}

/// The headers of the file at `path` and, if it is a part of a split model, of all its parts; and where they are.
pub(super) fn read_parts(path: &Path) -> Result<(Vec<Gguf>, Vec<PathBuf>), GgufError> {
    let named = Gguf::open(path)?;
    let Some((index, count)) = named.part() else {
        return Ok((vec![named], vec![path.to_owned()]));
    };
    let name = PartName::parse(&name_of(path));
    let is_right = |name: &PartName| (u64::from(name.index), u64::from(name.count)) == (index, count);
    let Some(name) = name.filter(is_right) else {
        let problem = GgufProblem::Unsuitable {
            kind: FileKind::PartsMissing,
            what: format!(
                "is part {index} of {count} of a split model, and its name does not say where the others are; name its parts NAME-{index:05}-of-{count:05}.gguf"
            ),
        };
        return Err(problem.at(path));
    };
    let paths = PartName::files_of(path);
    let missing: Vec<String> = paths
        .iter()
        .filter(|path| !path.is_file())
        .map(|path| name_of(path))
        .collect();
    if !missing.is_empty() {
        let count = name.count;
        return Err(GgufProblem::PartsMissing { missing, count }.at(path));
    }
    let parts = paths.iter().map(|path| Gguf::open(path)).collect::<Result<_, _>>()?;
    Ok((parts, paths))
}

/// The header of a whole model.
pub(super) fn join(mut parts: Vec<Gguf>) -> Result<Gguf, GgufProblem> {
    match parts.len() {
        1 => Ok(parts.remove(0)),
        _ => Gguf::join(parts),
    }
}

pub(super) fn name_of(path: &Path) -> String {
    let name = path.file_name();
    name.map_or_else(String::new, |name| name.to_string_lossy().into_owned())
}

/// What to call the model: the file's name without its ending, the number of a part, and its file type, since people know models by it
/// (`general.name` is often a training run's); `general.name` when the file's name says nothing.
fn display_name(path: &Path, gguf: &Gguf) -> String {
    let name = name_of(path);
    let stem = stem(&name);
    let label = FileName::parse(&name).full_label();
    let end = label.and_then(|label| stem.len().checked_sub(label.len()).map(|at| (at, label)));
    let own = end.filter(|(at, label)| stem.get(*at..).is_some_and(|end| end.eq_ignore_ascii_case(label)));
    let plain = || stem.rfind(['.', '-']).filter(|&at| is_label(&stem[at + 1..]));
    let at = own.map(|(at, _)| at).or_else(plain).unwrap_or(stem.len());
    let cut = stem[..at].trim_end_matches(['.', '-', '_']);
    if cut.is_empty() || is_label(cut) || matches!(cut, "model" | "ggml-model") {
        gguf.name().unwrap_or_else(|| stem.clone())
    } else {
        cut.to_owned()
    }
}

fn is_label(text: &str) -> bool {
    ftype_of(text).is_some() || text.eq_ignore_ascii_case("fp16")
}
