//! Importance matrices: how strongly each column of a matrix is used, as llama-imatrix finds it and llama-quantize weighs with it.
//!
//! Two formats, both read: GGUF (`NAME.in_sum2` and `NAME.counts`) and the older one, which is written no more. Values of an entry are
//! what llama-quantize makes of it: sums over counts, in f32, 1 where nothing was counted.

use super::reader::unreadable;
use super::{GgmlType, Gguf, GgufError, GgufProblem, Writer};
use std::collections::BTreeMap;
use std::fs::File;
use std::io::{self, Write};
use std::os::unix::fs::FileExt;
use std::path::Path;

/// No importance matrix is as large.
const BYTES_MAX: u64 = 1 << 30;

#[derive(Debug, Clone, PartialEq, Default)]
pub struct Imatrix {
    /// Tensor to one value for each column; of experts one after the other.
    pub entries: BTreeMap<String, Vec<f32>>,
}

/// Sums of squares of what a matrix was multiplied with for each column (of experts one after the other), and rows that were added up
/// for each expert.
pub type Sums = (Vec<f32>, Vec<f32>);

impl Imatrix {
    pub fn open(path: &Path) -> Result<Imatrix, GgufError> {
        let of_file = |problem: GgufProblem| problem.at(path);
        let bytes = std::fs::metadata(path).map_err(|e| of_file(unreadable(e)))?.len();
        if bytes > BYTES_MAX {
            return Err(of_file(no_matrix("it is larger than any importance matrix")));
        }
        let mut magic = [0; 4];
        let file = File::open(path).map_err(|e| of_file(unreadable(e)))?;
        let is_gguf = file.read_exact_at(&mut magic, 0).is_ok() && &magic == b"GGUF";
        let read = match is_gguf {
            true => Imatrix::of_gguf(&Gguf::open(path)?, &file),
            false => std::fs::read(path)
                .map_err(unreadable)
                .and_then(|bytes| Imatrix::of_old(&bytes)),
        };
        read.map_err(of_file)
    }

    fn of_gguf(gguf: &Gguf, file: &File) -> Result<Imatrix, GgufProblem> {
        if gguf.str("general.type").is_some_and(|ty| ty != "imatrix") {
            return Err(no_matrix("it is a model; name a file of llama-imatrix"));
        }
        let floats = |name: &str| {
            let tensor = gguf.tensor(name).filter(|t| t.ggml_type == GgmlType::F32)?;
            let mut bytes = vec![0; usize::try_from(tensor.bytes).ok()?];
            file.read_exact_at(&mut bytes, tensor.offset).ok()?;
            Some(floats_of(&bytes))
        };
        let mut matrix = Imatrix::default();
        for tensor in &gguf.tensors {
            let Some(name) = tensor.name.strip_suffix(".in_sum2") else {
                continue;
            };
            let squares = floats(&tensor.name);
            let (Some(squares), Some(counts)) = (squares, floats(&format!("{name}.counts"))) else {
                return Err(no_matrix(&format!("{name} has sums without counts, or not as f32")));
            };
            matrix.entries.insert(name.to_owned(), weights(&squares, &counts));
        }
        matrix.checked()
    }

    /// The format before GGUF: number of entries; of each its name, calls, values.
    fn of_old(bytes: &[u8]) -> Result<Imatrix, GgufProblem> {
        let mut rest = bytes;
        let mut matrix = Imatrix::default();
        let n_entries = count(&mut rest)?;
        for _ in 0..n_entries {
            let n_name = count(&mut rest)?;
            let name = String::from_utf8_lossy(take(&mut rest, n_name)?).into_owned();
            let n_calls = count(&mut rest)?;
            let n_values = count(&mut rest)?;
            let n_bytes = n_values.checked_mul(4).ok_or_else(|| no_matrix("it is damaged"))?;
            let mut values = floats_of(take(&mut rest, n_bytes)?);
            if n_calls > 0 {
                values.iter_mut().for_each(|v| *v /= n_calls as f32);
            }
            matrix.entries.insert(name, values);
        }
        matrix.checked()
    }

    fn checked(self) -> Result<Imatrix, GgufProblem> {
        if self.entries.is_empty() {
            return Err(no_matrix("it has no entries; name a file of llama-imatrix"));
        }
        let broken = self
            .entries
            .iter()
            .find(|(_, v)| !v.iter().all(|x| x.is_finite() && *x >= 0.0));
        match broken {
            Some((name, _)) => Err(no_matrix(&format!("the values of {name} are no sums of squares"))),
            None => Ok(self),
        }
    }
}

/// Writes sums as llama-imatrix does, so that llama-quantize takes the file.
pub fn write_imatrix(
    path: &Path,
    sums: &BTreeMap<String, Sums>,
    dataset: &str,
    (n_chunks, n_ctx): (u32, u32),
) -> io::Result<()> {
    let mut writer = Writer::new()
        .str("general.type", "imatrix")
        .strs("imatrix.datasets", &[dataset])
        .u32("imatrix.chunk_count", n_chunks)
        .u32("imatrix.chunk_size", n_ctx);
    let mut data = Vec::new();
    for (name, (squares, counts)) in sums {
        let n_matrices = counts.len().max(1) as u64;
        let n_row = squares.len() as u64 / n_matrices;
        for (what, row, values) in [("in_sum2", n_row, squares), ("counts", 1, counts)] {
            let (name, bytes) = (format!("{name}.{what}"), 4 * values.len() as u64);
            writer = writer.tensor(&name, &[row, n_matrices], GgmlType::F32.id(), bytes);
            data.extend(values.iter().flat_map(|value| value.to_le_bytes()));
            data.resize(data.len().next_multiple_of(writer.alignment as usize), 0);
        }
    }
    let mut file = File::create(path)?;
    file.write_all(&writer.head().0)?;
    file.write_all(&data)
}

fn weights(squares: &[f32], counts: &[f32]) -> Vec<f32> {
    let n_row = squares.len() / counts.len().max(1);
    let of_matrix = squares.chunks(n_row.max(1)).zip(counts);
    let weigh = |(squares, count): (&[f32], &f32)| -> Vec<f32> {
        let count = count.round();
        let value = |sum: &f32| if count > 0.0 { sum / count } else { 1.0 };
        squares.iter().map(value).collect()
    };
    of_matrix.flat_map(weigh).collect()
}

fn floats_of(bytes: &[u8]) -> Vec<f32> {
    let of = |four: &[u8]| f32::from_le_bytes([four[0], four[1], four[2], four[3]]);
    bytes.chunks_exact(4).map(of).collect()
}

fn take<'a>(rest: &mut &'a [u8], n: usize) -> Result<&'a [u8], GgufProblem> {
    let (taken, left) = rest
        .split_at_checked(n)
        .ok_or_else(|| no_matrix("it is no importance matrix, or it ends early"))?;
    *rest = left;
    Ok(taken)
}

/// A whole number of 32 bits, at least 0.
fn count(rest: &mut &[u8]) -> Result<usize, GgufProblem> {
    let four = take(rest, 4)?;
    let n = i32::from_le_bytes([four[0], four[1], four[2], four[3]]);
    usize::try_from(n).map_err(|_| no_matrix("it is no importance matrix"))
}

fn no_matrix(what: &str) -> GgufProblem {
    GgufProblem::NotGguf(what.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sums() -> BTreeMap<String, Sums> {
        let entry = (vec![2.0, 4.0, 0.0, 8.0], vec![2.0, 0.0]);
        BTreeMap::from([("blk.0.ffn_up_exps.weight".to_owned(), entry)])
    }

    #[test]
    fn what_is_written_is_read_as_means() {
        let dir = tempfile::tempdir().expect("a folder");
        let path = dir.path().join("m.gguf");
        write_imatrix(&path, &sums(), "corpus", (3, 512)).expect("written");
        let read = Imatrix::open(&path).expect("sound");
        assert_eq!(read.entries["blk.0.ffn_up_exps.weight"], [1.0, 2.0, 1.0, 1.0]);
    }

    #[test]
    fn the_old_format_is_read_and_its_broken_files_are_refused() {
        let mut bytes = 1i32.to_le_bytes().to_vec();
        bytes.extend(1i32.to_le_bytes());
        bytes.extend(b"a");
        bytes.extend([2i32.to_le_bytes(), 2i32.to_le_bytes()].concat());
        bytes.extend([3.0f32.to_le_bytes(), 5.0f32.to_le_bytes()].concat());
        bytes.extend([7i32.to_le_bytes(), 4i32.to_le_bytes()].concat());
        bytes.extend(b"wiki");
        let read = Imatrix::of_old(&bytes).expect("sound");
        assert_eq!(read.entries["a"], [1.5, 2.5]);
        for n in 0..21 {
            assert!(Imatrix::of_old(&bytes[..n]).is_err(), "{n} bytes");
        }
    }
}
