//! The header of a file: [`Gguf`].

use super::reader::{unreadable, Reader};
use super::value::{n_bytes, ARRAY, STRING};
use super::{Array, GgmlType, GgufError, GgufProblem, Value};
use crate::data::TensorTypeShare;
use std::collections::btree_map::Entry;
use std::collections::{BTreeMap, BTreeSet};
use std::fs::{self, File};
use std::io::{Read, Seek};
use std::path::Path;

/// Longest array whose elements are kept: enough for one number per layer or per expert.
const KEPT_ARRAY_LEN: u64 = 4096;
const MAX_DIMS: u32 = 4;
const MAX_NAME_BYTES: u64 = 63;
/// Rough size in memory of an entry of the maps below, without its texts; see [`Reader::charge`].
const ENTRY_BYTES: u64 = 128;

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TensorInfo {
    /// Its name, e.g. `blk.0.attn_q.weight`.
    pub name: String,
    pub ggml_type: GgmlType,
    /// Sizes, innermost first (`ne[0]` is the length of a row); 1 where there is no such dimension.
    pub dims: [u64; 4],
    /// Number of dimensions in the file.
    pub n_dims: u32,
    /// The part of a split model that it lies in, from 0.
    pub part: u32,
    /// Start of its data, from the start of the file.
    pub offset: u64,
    pub bytes: u64,
    pub n_elements: u64,
}

impl TensorInfo {
    /// ggml's count of dimensions: trailing ones of size 1 do not count.
    pub fn n_dims_used(&self) -> u32 {
        (1..=MAX_DIMS)
            .rev()
            .find(|&n| n == 1 || self.dims[n as usize - 1] > 1)
            .unwrap_or(1)
    }
}

#[derive(Debug, Clone, PartialEq)]
pub struct Gguf {
    /// Format version: 2 or 3.
    pub version: u32,
    pub metadata: BTreeMap<String, Value>,
    /// Tensors, in the order of the file.
    pub tensors: Vec<TensorInfo>,
    /// Start of the tensor data; of a split model, in the first part.
    pub data_offset: u64,
    /// Length of the file, or of all parts.
    pub file_bytes: u64,
    /// Files that this header is of: 1, or the parts of a split model.
    pub n_parts: u32,
}

impl Gguf {
    /// Reads the header of the file at `path`, and checks that the file is long enough for all of its tensors.
    pub fn open(path: &Path) -> Result<Gguf, GgufError> {
        let read = || {
            let meta = fs::metadata(path).map_err(|e| match e.kind() {
                std::io::ErrorKind::NotFound => GgufProblem::Missing,
                _ => unreadable(e),
            })?;
            if meta.is_dir() {
                return Err(GgufProblem::IsFolder);
            }
            if !meta.is_file() {
                // A pipe would block, a device has no length.
                return Err(GgufProblem::NotGguf("it is no regular file; name a file".into()));
            }
            Gguf::read(File::open(path).map_err(unreadable)?, meta.len())
        };
        read().map_err(|problem| problem.at(path))
    }

    pub fn read(input: impl Read + Seek, file_bytes: u64) -> Result<Gguf, GgufProblem> {
        let mut r = Reader::new(input, file_bytes)?;
        let version = read_magic_and_version(&mut r)?;
        let n_tensors = read_count(&mut r, "tensors", 8 + 4 + 4 + 8)?;
        let n_values = read_count(&mut r, "metadata values", 8 + 1 + 4 + 1)?;
        let metadata = read_metadata(&mut r, n_values)?;
        let alignment = alignment(&metadata)?;
        let mut tensors = read_tensor_infos(&mut r, n_tensors)?;
        let data_offset = r
            .pos()
            .checked_next_multiple_of(alignment)
            .ok_or_else(|| damaged("absurd alignment"))?;
        place(&mut tensors, data_offset, alignment, file_bytes)?;
        Ok(Gguf {
            version,
            metadata,
            tensors,
            data_offset,
            file_bytes,
            n_parts: 1,
        })
    }

    pub(crate) fn u64(&self, key: &str) -> Option<u64> {
        self.metadata.get(key)?.as_u64()
    }

    /// A count whose key begins with the name of the architecture.
    pub(super) fn of_architecture(&self, key: &str) -> Option<u64> {
        self.u64(&format!("{}.{key}", self.str("general.architecture")?))
    }

    pub(crate) fn str(&self, key: &str) -> Option<&str> {
        self.metadata.get(key)?.as_str()
    }

    pub(crate) fn tensor(&self, name: &str) -> Option<&TensorInfo> {
        self.tensors.iter().find(|t| t.name == name)
    }

    /// Name of the output matrix: the token embedding where there is no other.
    pub fn output_name(&self) -> &'static str {
        match self.tensor("output.weight") {
            Some(_) => "output.weight",
            None => "token_embd.weight",
        }
    }

    /// Sum of the tensors' bytes (llama.cpp's `model_size`).
    pub fn model_size(&self) -> u64 {
        // Cannot overflow: the tensors lie one after the other in the file.
        self.tensors.iter().map(|t| t.bytes).sum()
    }

    /// Sum of the tensors' elements (llama.cpp's `model_n_params`).
    pub(crate) fn n_params(&self) -> u64 {
        self.tensors
            .iter()
            .fold(0, |sum: u64, t| sum.saturating_add(t.n_elements))
    }

    /// Bits per weight; 0 for a file without tensors.
    pub fn bpw(&self) -> f64 {
        match self.n_params() {
            0 => 0.0,
            n => 8.0 * self.model_size() as f64 / n as f64,
        }
    }

    /// How many tensors there are of each type (lower-case name), and their bytes.
    pub fn tensor_types(&self) -> BTreeMap<String, TensorTypeShare> {
        self.shares(|t| (t.ggml_type, t.bytes))
    }

    /// The shares that tensors would have with other types and lengths.
    pub(super) fn shares(&self, of: impl Fn(&TensorInfo) -> (GgmlType, u64)) -> BTreeMap<String, TensorTypeShare> {
        let mut shares: BTreeMap<String, TensorTypeShare> = BTreeMap::new();
        let output = self.output_name();
        for t in &self.tensors {
            let (ggml_type, bytes) = of(t);
            let share = shares.entry(ggml_type.name().to_owned()).or_default();
            share.n_tensors += 1;
            share.bytes += bytes;
            match t.name.as_str() {
                name if name == output => share.output_bytes += bytes,
                name if name.starts_with("blk.") && t.n_dims_used() > 1 => {
                    share.layer_bytes += self.used_of(name, bytes)
                }
                _ => {}
            }
        }
        shares
    }

    /// Share of a tensor that one token reads: all, or as many experts as are used.
    pub(crate) fn read_of(&self, tensor: &TensorInfo) -> f64 {
        self.used_of(&tensor.name, tensor.bytes) as f64 / tensor.bytes.max(1) as f64
    }

    /// What one token reads of a tensor in a layer: all, or as many experts as are used.
    fn used_of(&self, name: &str, bytes: u64) -> u64 {
        let count = |key: &str| self.of_architecture(key).filter(|n| *n > 0);
        match (
            name.contains("_exps."),
            count("expert_used_count"),
            count("expert_count"),
        ) {
            (true, Some(used), Some(all)) => (u128::from(bytes) * u128::from(used.min(all)) / u128::from(all)) as u64,
            _ => bytes,
        }
    }
}

fn damaged(what: impl Into<String>) -> GgufProblem {
    GgufProblem::Damaged(what.into())
}

pub(super) fn read_magic_and_version<R: Read + Seek>(r: &mut Reader<R>) -> Result<u32, GgufProblem> {
    let n = r.remaining().min(64);
    if n == 0 {
        return Err(GgufProblem::Empty);
    }
    if n < 4 {
        return Err(not_gguf(&r.bytes(n, "the magic")?));
    }
    let magic: [u8; 4] = r.array("the magic")?;
    if &magic != b"GGUF" {
        let rest = r.bytes(n - 4, "the start")?;
        return Err(not_gguf(&[&magic[..], &rest].concat()));
    }
    match r.u32("the version")? {
        version @ (2 | 3) => Ok(version),
        // Read in the wrong byte order, a small number has its bits at the top (the test llama.cpp makes).
        version if version & 0xffff == 0 && version != 0 => Err(GgufProblem::BigEndian),
        version => Err(GgufProblem::Version(version)),
    }
}

fn not_gguf(start: &[u8]) -> GgufProblem {
    let text = String::from_utf8_lossy(start);
    let first_line: String = text.lines().next().unwrap_or("").chars().take(40).collect();
    GgufProblem::NotGguf(if text.starts_with("version https://git-lfs") {
        "it is a Git LFS pointer; run `git lfs pull` where it came from".into()
    } else if text.trim_start().starts_with('<') {
        format!(
            "it is a web page (\"{}\"); download it again",
            first_line.escape_default()
        )
    } else if !first_line.is_empty() && first_line.chars().all(|c| !c.is_control() && c != '\u{fffd}') {
        format!("it is a text (\"{}\"); name a GGUF file", first_line.escape_default())
    } else {
        format!(
            "it starts with the bytes {}; name a GGUF file",
            start
                .iter()
                .take(4)
                .map(|b| format!("{b:02x}"))
                .collect::<Vec<_>>()
                .join(" ")
        )
    })
}

/// A count that cannot be true when `n` entries of at least `least_bytes` do not fit in the rest of the file.
pub(super) fn read_count<R: Read + Seek>(r: &mut Reader<R>, what: &str, least_bytes: u64) -> Result<u64, GgufProblem> {
    let n = r.u64(&format!("the number of {what}"))?;
    if n.checked_mul(least_bytes).is_none_or(|bytes| bytes > r.remaining()) {
        return Err(damaged(format!(
            "it announces {n} {what}, which do not fit in {} bytes",
            r.len()
        )));
    }
    Ok(n)
}

fn read_metadata<R: Read + Seek>(r: &mut Reader<R>, n: u64) -> Result<BTreeMap<String, Value>, GgufProblem> {
    let mut metadata = BTreeMap::new();
    for i in 0..n {
        r.charge(ENTRY_BYTES)?;
        let key = r.string(&format!("metadata key {i}"))?;
        if key.is_empty() {
            return Err(damaged(format!("metadata key {i} is empty")));
        }
        let value = read_value(r, &key)?;
        match metadata.entry(key) {
            Entry::Occupied(e) => return Err(damaged(format!("the metadata key {} is there twice", shown(e.key())))),
            Entry::Vacant(e) => e.insert(value),
        };
    }
    Ok(metadata)
}

/// A name from a file in an error message: short, and without control characters.
pub(super) fn shown(name: &str) -> String {
    name.chars().take(64).flat_map(char::escape_default).collect()
}

fn read_type<R: Read + Seek>(r: &mut Reader<R>, key: &str) -> Result<u32, GgufProblem> {
    let id = r.u32(&format!("the type of {}", shown(key)))?;
    match n_bytes(id).is_some() || matches!(id, STRING | ARRAY) {
        true => Ok(id),
        false => Err(damaged(format!("{} has the unknown value type {id}", shown(key)))),
    }
}

pub(super) fn read_value<R: Read + Seek>(r: &mut Reader<R>, key: &str) -> Result<Value, GgufProblem> {
    let what = format!("the value of {}", shown(key));
    let ty = read_type(r, key)?;
    if ty == STRING {
        return Ok(Value::String(r.string(&what)?));
    }
    if let Some(n_bytes) = n_bytes(ty) {
        return r.fixed(ty, n_bytes, &what);
    }
    let element = read_type(r, key)?;
    let len = r.u64(&what)?;
    let array = |bytes, crc| {
        Ok(Value::Array(Array {
            element,
            len,
            bytes,
            crc,
        }))
    };
    let Some(n_bytes) = n_bytes(element) else {
        if element == ARRAY {
            return Err(damaged(format!("{} is an array of arrays", shown(key))));
        }
        // A text is at least its length, so this loop ends at the end of the file.
        let mut texts = crc32fast::Hasher::new();
        for _ in 0..len {
            let n = r.u64(&what)?;
            r.hash(n, &mut texts, &what)?;
        }
        return array(None, Some(texts.finalize()));
    };
    let total = len
        .checked_mul(n_bytes)
        .ok_or_else(|| damaged(format!("{} has {len} elements", shown(key))))?;
    if len > KEPT_ARRAY_LEN {
        r.skip(total, &what)?;
        return array(None, None);
    }
    array(Some(r.bytes(total, &what)?.into_boxed_slice()), None)
}

pub(super) fn alignment(metadata: &BTreeMap<String, Value>) -> Result<u64, GgufProblem> {
    match metadata.get("general.alignment") {
        None => Ok(32),
        Some(Value::U32(n)) if n.is_power_of_two() => Ok(u64::from(*n)),
        Some(_) => Err(damaged("general.alignment is no power of two")),
    }
}

/// Descriptions of the tensors; `offset` is still relative to the data.
fn read_tensor_infos<R: Read + Seek>(r: &mut Reader<R>, n: u64) -> Result<Vec<TensorInfo>, GgufProblem> {
    // Twice: the list, and the set of names.
    r.charge(n.saturating_mul(2 * ENTRY_BYTES))?;
    let mut tensors = Vec::with_capacity(usize::try_from(n).map_err(|_| damaged("too many tensors"))?);
    let mut names = BTreeSet::new();
    for i in 0..n {
        let what = format!("the description of tensor {i}");
        let name = r.string(&what)?;
        r.charge(name.len() as u64)?;
        if name.len() as u64 > MAX_NAME_BYTES {
            return Err(damaged(format!(
                "the name of tensor {i} has {} bytes, at most {MAX_NAME_BYTES} are allowed",
                name.len()
            )));
        }
        if !names.insert(name.clone()) {
            return Err(damaged(format!("tensor {} is there twice", shown(&name))));
        }
        tensors.push(read_tensor_info(r, name, &what)?);
    }
    Ok(tensors)
}

fn read_tensor_info<R: Read + Seek>(r: &mut Reader<R>, name: String, what: &str) -> Result<TensorInfo, GgufProblem> {
    let n_dims = r.u32(what)?;
    if n_dims > MAX_DIMS {
        return Err(damaged(format!("tensor {} has {n_dims} dimensions", shown(&name))));
    }
    let mut dims = [1; 4];
    for dim in dims.iter_mut().take(n_dims as usize) {
        *dim = r.u64(what)?;
    }
    let id = r.u32(what)?;
    let ggml_type = GgmlType::from_id(id).ok_or_else(|| GgufProblem::UnknownType {
        tensor: shown(&name),
        id,
    })?;
    let offset = r.u64(what)?;
    let n_elements = dims
        .iter()
        .try_fold(1u64, |n, &dim| n.checked_mul(dim))
        .filter(|&n| n <= i64::MAX as u64);
    let (block, block_bytes) = ggml_type.block();
    let bytes = n_elements.and_then(|n| (n / block).checked_mul(block_bytes));
    let (Some(n_elements), Some(bytes)) = (n_elements, bytes) else {
        return Err(damaged(format!(
            "tensor {} has the absurd shape {dims:?}",
            shown(&name)
        )));
    };
    if dims[0] % block != 0 {
        return Err(damaged(format!(
            "tensor {} of type {} has rows of {}, which is no multiple of {block}",
            shown(&name),
            ggml_type.name(),
            dims[0]
        )));
    }
    Ok(TensorInfo {
        name,
        ggml_type,
        dims,
        n_dims,
        part: 0,
        offset,
        bytes,
        n_elements,
    })
}

/// Makes offsets absolute. llama.cpp wants tensors one after the other in the order of their descriptions, each
/// padded to the alignment; so does this, which also rules out overlaps.
fn place(tensors: &mut [TensorInfo], data_offset: u64, alignment: u64, file_bytes: u64) -> Result<(), GgufProblem> {
    let mut expected = 0u64;
    for t in tensors {
        if t.offset != expected {
            return Err(damaged(format!(
                "the data of tensor {} starts at {} instead of {expected}",
                shown(&t.name),
                t.offset
            )));
        }
        let absurd = || damaged(format!("tensor {} ends beyond any file", shown(&t.name)));
        let start = data_offset.checked_add(t.offset).ok_or_else(absurd)?;
        let end = start.checked_add(t.bytes).ok_or_else(absurd)?;
        if end > file_bytes {
            return Err(GgufProblem::DataTruncated {
                tensor: shown(&t.name),
                end,
                file_bytes,
            });
        }
        expected = (t.offset + t.bytes)
            .checked_next_multiple_of(alignment)
            .ok_or_else(absurd)?;
        t.offset = start;
    }
    Ok(())
}
