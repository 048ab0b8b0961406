//! The quantization error of each tensor against a reference, and what textbook rounding of the reference would give.

use crate::engine::Decoder;
use crate::gguf::{GgmlType, Gguf, TensorInfo};
use crate::quants::{ErrorSum, Granularity, Range, Scheme};
use serde::Serialize;
use std::fs::File;
use std::io::{self, Read, Seek, SeekFrom};
use std::path::{Path, PathBuf};

pub struct Pair<'a> {
    pub file: (&'a [PathBuf], &'a Gguf),
    pub reference: (&'a [PathBuf], &'a Gguf),
}

#[derive(Debug, Serialize)]
pub struct Errors {
    pub reference: String,
    /// The textbook schemes, in the order of every `textbook_snr_db`.
    pub textbook: Vec<String>,
    /// Matrices that are stored in another type than in the reference.
    pub tensors: Vec<TensorError>,
    pub total: TensorError,
    /// Tensors that are the same in both files, bit for bit.
    pub n_exact: u64,
    /// Tensors of types that cannot be decoded here.
    pub not_decodable: Vec<String>,
}

#[derive(Debug, Serialize)]
pub struct TensorError {
    pub name: String,
    pub ggml_type: String,
    pub bpw: f64,
    pub rmse: Option<f64>,
    pub snr_db: Option<f64>,
    pub worst_block: Option<WorstBlock>,
    pub textbook_snr_db: Vec<Option<f64>>,
}

#[derive(Debug, Serialize)]
pub struct WorstBlock {
    pub rmse: f64,
    pub row: u64,
    pub block: u64,
}

/// The sums behind a [`TensorError`].
#[derive(Default)]
struct Sums {
    own: ErrorSum,
    textbook: [ErrorSum; Scheme::ALL.len()],
}

impl Sums {
    fn described(&self, name: &str, ggml_type: &str, bpw: f64) -> TensorError {
        TensorError {
            name: name.to_owned(),
            ggml_type: ggml_type.to_owned(),
            bpw,
            rmse: self.own.rmse(),
            snr_db: self.own.snr_db(),
            worst_block: self
                .own
                .worst_block()
                .map(|(rmse, row, block)| WorstBlock { rmse, row, block }),
            textbook_snr_db: self.textbook.iter().map(ErrorSum::snr_db).collect(),
        }
    }
}

impl Pair<'_> {
    /// Reads both files, one tensor at a time; `progress` gets the tensor's name and bytes done of bytes in all.
    ///
    /// # Errors
    /// In words: when the files are not the same model, when one cannot be read, or when this build cannot decode.
    pub fn errors(&self, location: &str, progress: &mut dyn FnMut(&str, u64, u64)) -> Result<Errors, String> {
        Decoder::of(GgmlType::F32.id()).map_err(|why| format!("--against: {why}"))?;
        let mut file = Parts::open(self.file.0)?;
        let mut reference = Parts::open(self.reference.0)?;
        let total_bytes = self.file.1.model_size();
        let (mut done, mut n_exact) = (0, 0);
        let mut tensors = Vec::new();
        let mut not_decodable = Vec::new();
        let mut total = Sums::default();
        let (mut bytes, mut n_elements) = (0, 0);
        for tensor in &self.file.1.tensors {
            progress(&tensor.name, done, total_bytes);
            done += tensor.bytes;
            let of = self.counterpart(tensor)?;
            let decoders = [tensor, of].map(|tensor| Decoder::of(tensor.ggml_type.id()));
            let [Ok(own_decoder), Ok(their_decoder)] = decoders else {
                not_decodable.push(format!("{} ({})", tensor.name, tensor.ggml_type.name()));
                continue;
            };
            let own = file.read(tensor)?;
            let theirs = reference.read(of)?;
            let sums = compare((tensor, &own, own_decoder), (of, &theirs, their_decoder));
            if sums.own.is_exact() {
                n_exact += 1;
                continue;
            }
            total.own.merge(&sums.own);
            for (sum, other) in total.textbook.iter_mut().zip(&sums.textbook) {
                sum.merge(other);
            }
            bytes += tensor.bytes;
            n_elements += tensor.n_elements;
            tensors.push(sums.described(&tensor.name, tensor.ggml_type.name(), tensor.ggml_type.bpw()));
        }
        let bpw = if n_elements == 0 {
            0.0
        } else {
            8.0 * bytes as f64 / n_elements as f64
        };
        let mut all = total.described("all of these", "", bpw);
        // The place of a block says nothing without its tensor.
        all.worst_block = None;
        Ok(Errors {
            reference: location.to_owned(),
            textbook: Scheme::ALL.iter().map(|scheme| scheme.name()).collect(),
            tensors,
            total: all,
            n_exact,
            not_decodable,
        })
    }

    fn counterpart(&self, tensor: &TensorInfo) -> Result<&TensorInfo, String> {
        let location = self
            .reference
            .0
            .first()
            .map_or(Path::new(""), PathBuf::as_path)
            .display();
        let of = self.reference.1.tensor(&tensor.name).ok_or_else(|| {
            format!(
                "--against: {location} has no tensor {}; name a file of the same model",
                tensor.name
            )
        })?;
        match of.dims == tensor.dims {
            true => Ok(of),
            false => Err(format!(
                "--against: {} is {:?} in {location} and {:?} here; name a file of the same model",
                tensor.name, of.dims, tensor.dims
            )),
        }
    }
}

/// A file, or the parts of a split model.
struct Parts<'a>(Vec<(&'a Path, File)>);

impl<'a> Parts<'a> {
    fn open(paths: &'a [PathBuf]) -> Result<Parts<'a>, String> {
        let open = |path: &'a PathBuf| Ok((path.as_path(), File::open(path).map_err(|e| unreadable(path, &e))?));
        paths.iter().map(open).collect::<Result<_, String>>().map(Parts)
    }

    fn read(&mut self, tensor: &TensorInfo) -> Result<Vec<u8>, String> {
        let (path, file) = self
            .0
            .get_mut(tensor.part as usize)
            .ok_or_else(|| format!("tensor {} is in a part that is not there", tensor.name))?;
        let mut read = || {
            file.seek(SeekFrom::Start(tensor.offset))?;
            let mut bytes = Vec::new();
            // The header was checked against the length of the file, so this is no more than the file has.
            file.take(tensor.bytes).read_to_end(&mut bytes)?;
            match bytes.len() as u64 == tensor.bytes {
                true => Ok(bytes),
                false => Err(io::Error::from(io::ErrorKind::UnexpectedEof)),
            }
        };
        read().map_err(|e| unreadable(path, &e))
    }
}

fn unreadable(path: &Path, e: &io::Error) -> String {
    format!(
        "{}: cannot be read ({e}); check its permissions and the disk",
        path.display()
    )
}

/// Row by row; the range of the whole tensor is found first.
fn compare(
    (tensor, own, own_decoder): (&TensorInfo, &[u8], Decoder),
    (of, theirs, their_decoder): (&TensorInfo, &[u8], Decoder),
) -> Sums {
    let n_row = usize::try_from(tensor.dims[0]).unwrap_or(0);
    let row_bytes = |tensor: &TensorInfo| {
        let (block, bytes) = tensor.ggml_type.block();
        usize::try_from(tensor.dims[0] / block * bytes).unwrap_or(0).max(1)
    };
    let n_block = match tensor.ggml_type.is_quantized() {
        true => usize::try_from(tensor.ggml_type.block().0).unwrap_or(1),
        false => n_row,
    };
    let mut reference = vec![0.0; n_row];
    let mut found = vec![0.0; n_row];
    let mut whole = Range::default();
    for bytes in theirs.chunks_exact(row_bytes(of)) {
        their_decoder.decode(bytes, &mut reference);
        whole.add(&reference);
    }
    let mut sums = Sums::default();
    let rows = own
        .chunks_exact(row_bytes(tensor))
        .zip(theirs.chunks_exact(row_bytes(of)));
    for (row, (own, theirs)) in rows.enumerate() {
        their_decoder.decode(theirs, &mut reference);
        own_decoder.decode(own, &mut found);
        sums.own.add(row as u64, n_block, &reference, &found);
        let mut range = Range::default();
        range.add(&reference);
        for (scheme, sum) in Scheme::ALL.iter().zip(&mut sums.textbook) {
            let range = match scheme.granularity {
                Granularity::Tensor => whole,
                Granularity::Row => range,
            };
            scheme.round(&reference, range, &mut found);
            sum.add(row as u64, n_row, &reference, &found);
        }
    }
    sums
}
