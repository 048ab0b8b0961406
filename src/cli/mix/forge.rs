//! Files in the making: the whole model in each type, files of which one group has another type, and mixes.

use super::super::exit::{Failure, UNEXPECTED};
use super::cached::stopped;
use crate::catalog::{free_at, Quantize, SelfQuantizer, Shape};
use crate::engine::Decoder;
use crate::gguf::{GgmlType, Head, Imatrix, Piece, Quarry};
use crate::mix::{Group, Matrix, Recipe};
use std::collections::BTreeMap;
use std::fs::File;
use std::os::unix::fs::FileExt;
use std::path::{Path, PathBuf};

const N_ROWS: u64 = 64;

/// Makes files in a folder that goes with it.
pub struct Forge<'a> {
    pub quantizer: &'a SelfQuantizer,
    pub reference: PathBuf,
    pub imatrix: Option<(PathBuf, Imatrix)>,
    pub matrices: Vec<Matrix>,
    source: Quarry,
    head: Head,
    dir: tempfile::TempDir,
    whole: BTreeMap<GgmlType, Quarry>,
}

impl<'a> Forge<'a> {
    pub fn new(
        quantizer: &'a SelfQuantizer,
        reference: &Path,
        imatrix: Option<(PathBuf, Imatrix)>,
        dir: tempfile::TempDir,
    ) -> Result<Forge<'a>, Failure> {
        let unread = |e: crate::gguf::GgufError| Failure::from(crate::catalog::CatalogError::from(e));
        let source = Quarry::open(reference).map_err(unread)?;
        Ok(Forge {
            quantizer,
            reference: reference.to_owned(),
            imatrix,
            matrices: Matrix::all(&source.gguf),
            head: Head::open(reference).map_err(unread)?,
            source,
            dir,
            whole: BTreeMap::new(),
        })
    }

    /// Bytes of the reference without its matrices: metadata, vectors, and the padding of all tensors at most.
    pub fn other_bytes(&self) -> u64 {
        let gguf = &self.source.gguf;
        let is_matrix = |name: &str| self.matrices.iter().any(|m| m.name == name);
        let others = gguf.tensors.iter().filter(|t| !is_matrix(&t.name));
        gguf.data_offset + others.map(|t| t.bytes).sum::<u64>() + 32 * gguf.tensors.len() as u64
    }

    /// The model with every matrix that fits in this type. Made once.
    fn whole(&mut self, ty: GgmlType, progress: &mut dyn FnMut(u64)) -> Result<&Quarry, Failure> {
        if !self.whole.contains_key(&ty) {
            let of = |m: &Matrix| (m.name.clone(), if m.fits(ty) { ty } else { m.source });
            let recipe = Recipe(self.matrices.iter().map(of).collect());
            let path = self.dir.path().join(format!("{}.gguf", ty.name()));
            self.quantize(&recipe, ty, &path, progress)?;
            let quarry = Quarry::open(&path).map_err(|e| Failure::new(UNEXPECTED, e))?;
            self.whole.insert(ty, quarry);
        }
        // It was inserted above.
        self.whole
            .get(&ty)
            .ok_or_else(|| Failure::msg(UNEXPECTED, "a file that was made is not there"))
    }

    /// Has llama.cpp's quantizer make the file of a recipe.
    pub fn quantize(
        &self,
        recipe: &Recipe,
        main: GgmlType,
        path: &Path,
        progress: &mut dyn FnMut(u64),
    ) -> Result<(), Failure> {
        let types = self.dir.path().join("types.txt");
        let lines = recipe.lines(&self.matrices).join("\n");
        std::fs::write(&types, lines).map_err(|e| self.unwritten(&e))?;
        let shape = Shape {
            types: Some(&types),
            imatrix: self.imatrix.as_ref().map(|(path, _)| path.as_path()),
        };
        let made = self
            .quantizer
            .quantize_as(&self.reference, path, label_of(main), &shape, progress);
        made.map_err(|why| match self.quantizer.is_stopped() {
            true => stopped(),
            // llama.cpp does not say that the disk is full.
            false if free_at(self.dir.path()).is_some_and(|free| free < self.source.gguf.file_bytes) => {
                self.unwritten(&std::io::ErrorKind::StorageFull.into())
            }
            false => Failure::msg(UNEXPECTED, why.trim_start_matches("error: ")),
        })
    }

    fn unwritten(&self, e: &std::io::Error) -> Failure {
        let dir = self.dir.path().display();
        Failure::msg(
            UNEXPECTED,
            format!("cannot write in {dir} ({e}); free some space, or set KVANT_STORE"),
        )
    }

    /// Squared error of a group's weights in a type, weighed by the importance matrix where there is one; `None` where the quantizer
    /// keeps a matrix of it as it is.
    pub fn error(
        &mut self,
        group: &Group,
        ty: GgmlType,
        progress: &mut dyn FnMut(u64),
    ) -> Result<Option<f64>, Failure> {
        self.whole(ty, progress)?;
        let mut sum = 0.0;
        for &i in &group.members {
            let name = &self.matrices[i].name;
            let (Some(of), Some(made)) = (self.source.piece(name), self.whole[&ty].piece(name)) else {
                return Ok(None);
            };
            if made.tensor.ggml_type != ty {
                return Ok(None);
            }
            let weights = self.imatrix.as_ref().and_then(|(_, m)| m.entries.get(name));
            sum += squared_error(&of, &made, weights.map(Vec::as_slice)).map_err(|e| self.unwritten(&e))?;
        }
        Ok(Some(sum))
    }

    /// A file that is the reference but for one group in a type.
    pub fn trial(&mut self, group: &Group, ty: GgmlType, lane: usize) -> Result<PathBuf, Failure> {
        self.whole(ty, &mut |_| {})?;
        let types: BTreeMap<&str, GgmlType> = group
            .members
            .iter()
            .map(|&i| (self.matrices[i].name.as_str(), ty))
            .collect();
        self.put_together(&types, lane)
    }

    /// A file whose matrices have the types of a recipe, put together from whole files that were made.
    pub fn mixture(&mut self, recipe: &Recipe, lane: usize) -> Result<PathBuf, Failure> {
        for ty in recipe.0.values().copied().collect::<std::collections::BTreeSet<_>>() {
            if ty.is_quantized() {
                self.whole(ty, &mut |_| {})?;
            }
        }
        let types = recipe.0.iter().map(|(name, ty)| (name.as_str(), *ty)).collect();
        self.put_together(&types, lane)
    }

    fn put_together(&self, types: &BTreeMap<&str, GgmlType>, lane: usize) -> Result<PathBuf, Failure> {
        let other = |piece: &Piece<'_>| {
            let name = piece.tensor.name.as_str();
            let ty = types.get(name).filter(|ty| **ty != piece.tensor.ggml_type)?;
            self.whole.get(ty)?.piece(name)
        };
        let pieces = self.source.pieces().map(|own| other(&own).unwrap_or(own));
        let pieces: Vec<Piece<'_>> = pieces.collect();
        let path = self.dir.path().join(format!("trial-{lane}.gguf"));
        let file = File::create(&path).map_err(|e| self.unwritten(&e))?;
        self.head.write(file, &pieces).map_err(|e| self.unwritten(&e))?;
        Ok(path)
    }

    pub fn path(&self, name: &str) -> PathBuf {
        self.dir.path().join(name)
    }

    /// Matrices that the importance matrix knows.
    pub fn n_weighed(&self) -> usize {
        let known = |m: &&Matrix| {
            self.imatrix
                .as_ref()
                .is_some_and(|(_, i)| i.entries.contains_key(&m.name))
        };
        self.matrices.iter().filter(known).count()
    }
}

/// The file type that llama-quantize is asked for: all matrices get types of their own.
pub fn label_of(main: GgmlType) -> &'static str {
    match main {
        GgmlType::Q2K => "Q2_K",
        GgmlType::Q3K => "Q3_K_M",
        GgmlType::Q4K => "Q4_K_M",
        GgmlType::Q5K => "Q5_K_M",
        GgmlType::Q6K => "Q6_K",
        GgmlType::Q8_0 => "Q8_0",
        GgmlType::Q4_0 => "Q4_0",
        GgmlType::Q4_1 => "Q4_1",
        GgmlType::Q5_0 => "Q5_0",
        GgmlType::Q5_1 => "Q5_1",
        GgmlType::Iq4Xs => "IQ4_XS",
        _ => "IQ4_NL",
    }
}

fn squared_error(of: &Piece<'_>, made: &Piece<'_>, weights: Option<&[f32]>) -> std::io::Result<f64> {
    let n_row = of.tensor.dims[0].max(1);
    let n_rows = of.tensor.n_elements / n_row;
    let no_decoder = |e| std::io::Error::other(format!("{e}"));
    let decoders = [of, made].map(|piece| Decoder::of(piece.tensor.ggml_type.id()));
    let [own, other] = decoders;
    let (own, other) = (own.map_err(no_decoder)?, other.map_err(no_decoder)?);
    let row_bytes = |piece: &Piece<'_>| piece.tensor.bytes / n_rows.max(1);
    let read = |piece: &Piece<'_>, row: u64, n: u64, into: &mut Vec<u8>| {
        let bytes = row_bytes(piece);
        into.resize((n * bytes) as usize, 0);
        piece.file.read_exact_at(into, piece.tensor.offset + row * bytes)
    };
    let (mut a, mut b) = (Vec::new(), Vec::new());
    let (mut x, mut y) = (Vec::new(), Vec::new());
    let rows_per_matrix = of.tensor.dims[1].max(1);
    let mut sum = 0.0;
    for first in (0..n_rows).step_by(N_ROWS as usize) {
        let n = N_ROWS.min(n_rows - first);
        read(of, first, n, &mut a)?;
        read(made, first, n, &mut b)?;
        x.resize((n * n_row) as usize, 0.0);
        y.resize((n * n_row) as usize, 0.0);
        if !own.decode(&a, &mut x) || !other.decode(&b, &mut y) {
            return Err(std::io::Error::other("a tensor has another length than its type says"));
        }
        for (i, (x, y)) in x.chunks(n_row as usize).zip(y.chunks(n_row as usize)).enumerate() {
            let matrix = ((first + i as u64) / rows_per_matrix) as usize;
            let weights = weights.and_then(|w| w.get(matrix * n_row as usize..(matrix + 1) * n_row as usize));
            let squares = x.iter().zip(y).map(|(x, y)| f64::from((x - y) * (x - y)));
            sum += match weights {
                Some(w) => squares.zip(w).map(|(s, w)| s * f64::from(*w)).sum::<f64>(),
                None => squares.sum::<f64>(),
            };
        }
    }
    Ok(sum)
}
