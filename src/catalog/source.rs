//! The files that are there: what each one is, and whether they belong together.

use super::hash::sha256_hex;
use super::{CatalogError, Store};
use crate::data::{DerivedFrom, ModelInfo, VariantInfo};
use crate::gguf::{ftype_bpw, is_known_ftype, Gguf, GgufError, GgufProblem};
use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

/// The built-in model, so that the tool works without any network.
const BUILTIN: &[u8] = include_bytes!("../../assets/builtin-f16.gguf");
const BUILTIN_NAME: &str = "builtin-f16.gguf";

/// A GGUF file that is a whole language model.
pub(super) struct Present {
    pub path: PathBuf,
    pub gguf: Gguf,
    pub info: ModelInfo,
    /// Its variant, from its own tensors.
    pub id: String,
}

impl Present {
    /// Reads and checks one file.
    pub(super) fn open(path: &Path) -> Result<Present, CatalogError> {
        let of_file = |problem| GgufError {
            path: path.to_owned(),
            problem,
        };
        let gguf = Gguf::open(path)?;
        gguf.check_generative().map_err(of_file)?;
        let name = display_name(path, &gguf);
        let info = gguf.model_info(&name).map_err(of_file)?;
        let id = gguf.ftype_checked().ok_or_else(|| {
            of_file(GgufProblem::Unsuitable(
                "has no matrices of a type that models come in; name another file".into(),
            ))
        })?;
        Ok(Present {
            path: path.to_owned(),
            id: id.to_owned(),
            gguf,
            info,
        })
    }

    /// File name without the folder.
    pub(super) fn file(&self) -> String {
        self.path
            .file_name()
            .map_or_else(String::new, |name| name.to_string_lossy().into_owned())
    }

    /// Whether its weights were rounded to blocks.
    pub(super) fn is_quantized(&self) -> bool {
        !matches!(self.id.as_str(), "F32" | "BF16" | "F16")
    }

    /// The record of this file.
    pub(super) fn variant(&self, sha256: String, derived_from: Option<DerivedFrom>) -> VariantInfo {
        VariantInfo {
            id: self.id.clone(),
            file: self.file(),
            sha256,
            model_size: self.gguf.model_size(),
            model_n_params: self.gguf.n_params(),
            bpw: self.gguf.bpw(),
            tensor_types: self.gguf.tensor_types(),
            n_fallback: self.gguf.n_fallback(),
            n_tensors: self.gguf.tensors.len() as u64,
            ftype: self.gguf.ftype().map(str::to_owned),
            derived_from,
        }
    }

    /// How good a source it is: exact types first, then by bits per weight.
    fn rank(&self) -> (u8, u64) {
        (Present::rank_of(&self.id).0, (self.gguf.bpw() * 1e6) as u64)
    }

    /// The same for a variant of which only the label is known.
    pub(super) fn rank_of(variant: &str) -> (u8, u64) {
        let exactness = match variant {
            "F32" => 4,
            "BF16" => 3,
            "F16" => 2,
            "Q8_0" => 1,
            _ => 0,
        };
        (exactness, (ftype_bpw(variant).unwrap_or(0.0) * 1e6) as u64)
    }
}

/// Name, length and SHA-256 of the model inside this program.
pub(super) fn builtin_file() -> (&'static str, u64, String) {
    (BUILTIN_NAME, BUILTIN.len() as u64, sha256_hex(BUILTIN))
}

/// The model inside this program, written to the store.
pub(super) fn builtin(store: &Store) -> Result<Present, CatalogError> {
    let (path, _) = store.keep(BUILTIN_NAME, BUILTIN)?;
    let mut builtin = Present::open(&path)?;
    builtin.info.name = "built-in".into();
    Ok(builtin)
}

/// The files of a path: at least one, all of one model, each of another variant.
pub(super) fn find(path: &Path) -> Result<Vec<Present>, CatalogError> {
    match path.is_dir() {
        true => find_in_folder(path),
        false => Ok(vec![Present::open(path)?]),
    }
}

fn find_in_folder(folder: &Path) -> Result<Vec<Present>, CatalogError> {
    let unlisted = |e: std::io::Error| CatalogError::Folder(folder.display().to_string(), e.to_string());
    let mut paths = Vec::new();
    for entry in fs::read_dir(folder).map_err(unlisted)? {
        let path = entry.map_err(unlisted)?.path();
        let is_hidden = path
            .file_name()
            .is_some_and(|name| name.to_string_lossy().starts_with('.'));
        if !is_hidden && path.extension().is_some_and(|ext| ext.eq_ignore_ascii_case("gguf")) {
            paths.push(path);
        }
    }
    if paths.is_empty() {
        return Err(CatalogError::NoModels(folder.to_owned()));
    }
    paths.sort();
    let files = paths
        .iter()
        .map(|path| Present::open(path))
        .collect::<Result<Vec<_>, _>>()?;
    check_one_model(&files)?;
    let mut seen: BTreeMap<&str, &Present> = BTreeMap::new();
    for file in &files {
        if let Some(first) = seen.insert(&file.id, file) {
            return Err(CatalogError::SameVariant {
                folder: folder.to_owned(),
                first: first.file(),
                second: file.file(),
                variant: file.id.clone(),
            });
        }
    }
    Ok(files)
}

/// What must agree between the files of one model, in words.
fn shape(file: &Present) -> [(&'static str, String); 7] {
    let i = &file.info;
    [
        ("architecture", i.architecture.clone()),
        ("n_layer", i.n_layer.to_string()),
        ("n_embd", i.n_embd.to_string()),
        ("n_head", i.n_head.to_string()),
        ("n_head_kv", i.n_head_kv.to_string()),
        ("KV size", format!("{} + {}", i.n_embd_k_gqa, i.n_embd_v_gqa)),
        ("vocabulary", i.n_vocab.to_string()),
    ]
}

/// The odd file is the one that differs from most others.
fn check_one_model(files: &[Present]) -> Result<(), CatalogError> {
    let shapes: Vec<_> = files.iter().map(shape).collect();
    let count = |i: usize| shapes.iter().filter(|s| **s == shapes[i]).count();
    // The first among equals, so that the message does not change from run to run.
    let usual = (0..files.len()).rev().max_by_key(|&i| count(i)).unwrap_or(0);
    let Some(odd) = (0..files.len()).find(|&i| shapes[i] != shapes[usual]) else {
        return Ok(());
    };
    let difference = shapes[odd]
        .iter()
        .zip(&shapes[usual])
        .filter(|(a, b)| a != b)
        .map(|(a, b)| format!("{} {} instead of {}", a.0, a.1, b.1))
        .collect::<Vec<_>>()
        .join(", ");
    Err(CatalogError::OddFile {
        path: files[odd].path.clone(),
        other: files[usual].file(),
        difference,
    })
}

/// The best file to make others from.
pub(super) fn best(files: &[Present]) -> Option<&Present> {
    files.iter().max_by_key(|file| file.rank())
}

/// What to call the model: the file's name without its ending and its file type, since people know models by it
/// (`general.name` is often a training run's); `general.name` when the file's name says nothing.
fn display_name(path: &Path, gguf: &Gguf) -> String {
    let stem = path
        .file_stem()
        .map(|s| s.to_string_lossy().into_owned())
        .unwrap_or_default();
    let cut = stem
        .rfind(['.', '-'])
        .filter(|&at| is_label(&stem[at + 1..]))
        .map_or(stem.as_str(), |at| &stem[..at]);
    if cut.is_empty() || is_label(cut) || matches!(cut, "model" | "ggml-model") {
        gguf.name().unwrap_or_else(|| stem.clone())
    } else {
        cut.to_owned()
    }
}

fn is_label(text: &str) -> bool {
    is_known_ftype(text) || text.eq_ignore_ascii_case("fp16")
}
