//! Writes a GGUF file whose metadata and tensors come from other files.
//!
//! A tensor is one of the [`Piece`]s: the bytes of a tensor of some file, as they stand there. Metadata are those of the first file, byte for
//! byte, with texts added or replaced. Offsets are llama.cpp's: tensors one after the other, padded to the alignment.

use super::header::{alignment, read_count, read_magic_and_version, read_value};
use super::reader::{unreadable, Reader};
use super::{Gguf, GgufError, GgufProblem, TensorInfo, Writer};
use std::collections::BTreeMap;
use std::fs::File;
use std::io::{self, BufWriter, Read, Seek, SeekFrom, Write};
use std::path::Path;

pub struct Piece<'a> {
    pub tensor: &'a TensorInfo,
    pub file: &'a File,
}

#[derive(Debug, Clone)]
pub struct Head(Writer);

impl Head {
    pub fn open(path: &Path) -> Result<Head, GgufError> {
        let read = || {
            let bytes = std::fs::metadata(path).map_err(unreadable)?.len();
            Head::read(File::open(path).map_err(unreadable)?, bytes)
        };
        read().map_err(|problem| problem.at(path))
    }

    fn read(mut input: impl Read + Seek, file_bytes: u64) -> Result<Head, GgufProblem> {
        let mut ends = Vec::new();
        let mut metadata = BTreeMap::new();
        let mut r = Reader::new(&mut input, file_bytes)?;
        read_magic_and_version(&mut r)?;
        read_count(&mut r, "tensors", 8 + 4 + 4 + 8)?;
        let n = read_count(&mut r, "metadata values", 8 + 1 + 4 + 1)?;
        let mut start = r.pos();
        for i in 0..n {
            let key = r.string(&format!("metadata key {i}"))?;
            let value = read_value(&mut r, &key)?;
            ends.push((key.clone(), r.pos()));
            metadata.insert(key, value);
        }
        input.seek(SeekFrom::Start(start)).map_err(unreadable)?;
        let mut writer = Writer::new();
        writer.alignment = alignment(&metadata)?;
        for (key, end) in ends {
            let mut bytes = vec![0; (end - start) as usize];
            input.read_exact(&mut bytes).map_err(unreadable)?;
            writer.values.push((key, bytes));
            start = end;
        }
        Ok(Head(writer))
    }

    /// Adds a text, or puts it in the place of the one of this key.
    pub fn set_text(&mut self, key: &str, value: &str) {
        self.0.values.retain(|(own, _)| own != key);
        self.0.values.extend(Writer::new().str(key, value).values);
    }

    pub fn remove(&mut self, prefix: &str) {
        self.0.values.retain(|(key, _)| !key.starts_with(prefix));
    }

    /// Writes the file. Name, shape, and who has the bytes of each tensor are told by `pieces`.
    pub fn write(&self, to: File, pieces: &[Piece<'_>]) -> io::Result<u64> {
        let mut writer = self.0.clone();
        for Piece { tensor, .. } in pieces {
            let dims = &tensor.dims[..tensor.n_dims as usize];
            writer = writer.tensor(&tensor.name, dims, tensor.ggml_type.id(), tensor.bytes);
        }
        let (head, file_bytes) = writer.head();
        let mut out = BufWriter::with_capacity(1 << 20, to);
        out.write_all(&head)?;
        for piece in pieces {
            copy(piece, &mut out)?;
            let padded = piece.tensor.bytes.next_multiple_of(writer.alignment);
            out.write_all(&vec![0; (padded - piece.tensor.bytes) as usize])?;
        }
        out.into_inner().map_err(io::IntoInnerError::into_error)?;
        Ok(file_bytes)
    }
}

/// A file with its header, to take tensors from.
pub struct Quarry {
    pub gguf: Gguf,
    file: File,
}

impl Quarry {
    pub fn open(path: &Path) -> Result<Quarry, GgufError> {
        let gguf = Gguf::open(path)?;
        let file = File::open(path).map_err(|e| unreadable(e).at(path))?;
        Ok(Quarry { gguf, file })
    }

    pub fn piece(&self, name: &str) -> Option<Piece<'_>> {
        let tensor = self.gguf.tensor(name)?;
        Some(Piece {
            tensor,
            file: &self.file,
        })
    }

    /// All tensors, in the order of the file.
    pub fn pieces(&self) -> impl Iterator<Item = Piece<'_>> {
        self.gguf.tensors.iter().map(|tensor| Piece {
            tensor,
            file: &self.file,
        })
    }
}

fn copy(piece: &Piece<'_>, out: &mut impl Write) -> io::Result<()> {
    let mut from = piece.file;
    from.seek(SeekFrom::Start(piece.tensor.offset))?;
    let copied = io::copy(&mut from.take(piece.tensor.bytes), out)?;
    match copied == piece.tensor.bytes {
        true => Ok(()),
        false => Err(io::Error::new(
            io::ErrorKind::UnexpectedEof,
            format!("{} ends early; it was changed meanwhile", piece.tensor.name),
        )),
    }
}

#[cfg(test)]
mod tests {
    use super::super::write_test::tiny_llama;
    use super::*;

    #[test]
    fn a_file_put_together_from_itself_is_itself_but_for_what_was_set() {
        let dir = tempfile::tempdir().expect("a folder");
        let (a, b) = (dir.path().join("a.gguf"), dir.path().join("b.gguf"));
        std::fs::write(&a, tiny_llama(32, 1, (1, 2), Some(1)).bytes()).expect("written");
        let quarry = Quarry::open(&a).expect("sound");
        let mut head = Head::open(&a).expect("sound");
        let pieces: Vec<Piece<'_>> = quarry.pieces().collect();
        head.write(File::create(&b).expect("created"), &pieces)
            .expect("written");
        let (one, other) = (std::fs::read(&a).expect("there"), std::fs::read(&b).expect("there"));
        assert_eq!(one, other);
        head.set_text("general.name", "Other");
        head.set_text("kvant.mix", "x");
        head.write(File::create(&b).expect("created"), &pieces)
            .expect("written");
        let read = Gguf::open(&b).expect("sound");
        assert_eq!(read.str("general.name"), Some("Other"));
        assert_eq!(read.str("kvant.mix"), Some("x"));
        let sizes = |gguf: &Gguf| {
            gguf.tensors
                .iter()
                .map(|t| (t.name.clone(), t.bytes))
                .collect::<Vec<_>>()
        };
        assert_eq!(sizes(&read), sizes(&quarry.gguf));
    }
}
