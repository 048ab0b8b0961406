//! Groups of tensors that get one type together: a kind of matrix in a band of layers.

use crate::gguf::{GgmlType, Gguf};

/// A matrix whose type can be chosen.
#[derive(Debug, Clone, PartialEq)]
pub struct Matrix {
    /// Its name, e.g. `blk.3.ffn_down.weight`.
    pub name: String,
    /// The name without number and ending: `ffn_down`.
    pub kind: String,
    /// Its layer; absent outside of layers.
    pub layer: Option<u32>,
    /// Its type in the reference.
    pub source: GgmlType,
    /// Length of a row.
    pub n_row: u64,
    /// All numbers of it.
    pub n_elements: u64,
    /// Share of it that a token of decode reads: of experts those that are used; 0 of a token embedding that is no output matrix.
    pub read_share: f64,
}

impl Matrix {
    /// Whether its rows are whole blocks of this type.
    pub fn fits(&self, ty: GgmlType) -> bool {
        self.n_row.is_multiple_of(ty.block().0)
    }

    /// Its bytes in a type that fits.
    pub fn bytes(&self, ty: GgmlType) -> u64 {
        let (n, bytes) = ty.block();
        self.n_elements / n * bytes
    }

    /// The matrices of a header that the quantizer may change, in the order of the file.
    pub fn all(gguf: &Gguf) -> Vec<Matrix> {
        let of = |t: &crate::gguf::TensorInfo| {
            let (layer, kind) = parts(&t.name);
            let read = gguf.read_of(t);
            let is_read = layer.is_some() || t.name == gguf.output_name();
            Matrix {
                name: t.name.clone(),
                kind,
                layer,
                source: t.ggml_type,
                n_row: t.dims[0],
                n_elements: t.n_elements,
                read_share: if is_read { read } else { 0.0 },
            }
        };
        gguf.matrices().map(of).collect()
    }
}

fn parts(name: &str) -> (Option<u32>, String) {
    let stem = name.strip_suffix(".weight").unwrap_or(name);
    let in_layer = stem.strip_prefix("blk.").and_then(|rest| rest.split_once('.'));
    match in_layer.and_then(|(number, kind)| Some((number.parse().ok()?, kind))) {
        Some((layer, kind)) => (Some(layer), kind.to_owned()),
        None => (None, stem.to_owned()),
    }
}

/// How fine groups are.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Grouping {
    /// Every tensor for itself where there are few, else bands.
    Auto,
    /// Every tensor for itself.
    Fine,
    /// So many bands of layers.
    Bands(u32),
}

/// Matrices that few are enough to be measured one by one.
const FEW: usize = 40;
/// Bands of layers where there are more.
const N_BANDS: u32 = 4;

impl std::str::FromStr for Grouping {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        match (text, text.parse::<u32>()) {
            ("auto", _) => Ok(Grouping::Auto),
            ("fine", _) => Ok(Grouping::Fine),
            (_, Ok(n)) if n > 0 => Ok(Grouping::Bands(n)),
            _ => Err(format!(
                "'{text}' is neither auto, fine, nor a number of bands of layers"
            )),
        }
    }
}

/// Tensors that get one type together.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Group {
    /// `ffn_down 0-7`, `token_embd`.
    pub name: String,
    /// Places of its matrices.
    pub members: Vec<usize>,
}

impl Group {
    /// Bytes of its matrices in a type that fits.
    pub fn bytes(&self, matrices: &[Matrix], ty: GgmlType) -> u64 {
        self.members.iter().map(|&i| matrices[i].bytes(ty)).sum()
    }

    /// Bytes that a token of decode reads of them.
    pub fn read_bytes(&self, matrices: &[Matrix], ty: GgmlType) -> f64 {
        let members = self.members.iter().map(|&i| &matrices[i]);
        members.map(|m| m.bytes(ty) as f64 * m.read_share).sum()
    }
}

/// The groups, in the order of their first matrices. Matrices of a group have rows of one length and one type in the reference.
pub fn groups(matrices: &[Matrix], grouping: Grouping) -> Vec<Group> {
    let n_layer = matrices.iter().filter_map(|m| m.layer).max().map_or(0, |last| last + 1);
    let n_bands = match grouping {
        Grouping::Fine => n_layer,
        Grouping::Auto if matrices.len() <= FEW => n_layer,
        Grouping::Auto => N_BANDS,
        Grouping::Bands(n) => n,
    };
    let n_bands = u64::from(n_bands.clamp(1, n_layer.max(1)));
    let band = |layer: u32| u64::from(layer) * n_bands / u64::from(n_layer.max(1));
    let mut groups: Vec<Group> = Vec::new();
    for (i, matrix) in matrices.iter().enumerate() {
        let is_alike = |group: &&mut Group| {
            let first = &matrices[group.members[0]];
            first.kind == matrix.kind
                && first.layer.map(band) == matrix.layer.map(band)
                && (first.n_row, first.source) == (matrix.n_row, matrix.source)
        };
        match groups.iter_mut().find(is_alike) {
            Some(group) => group.members.push(i),
            None => groups.push(Group {
                name: String::new(),
                members: vec![i],
            }),
        }
    }
    for group in &mut groups {
        let layers = group.members.iter().filter_map(|&i| matrices[i].layer);
        let kind = &matrices[group.members[0]].kind;
        group.name = match (layers.clone().min(), layers.max()) {
            (Some(first), Some(last)) if first == last => format!("{kind} {first}"),
            (Some(first), Some(last)) => format!("{kind} {first}-{last}"),
            _ => kind.clone(),
        };
    }
    groups
}

#[cfg(test)]
pub(super) mod tests {
    use super::*;

    pub fn matrix(name: &str, n_row: u64) -> Matrix {
        let (layer, kind) = parts(name);
        Matrix {
            name: name.to_owned(),
            kind,
            layer,
            source: GgmlType::F16,
            n_row,
            n_elements: n_row * 32,
            read_share: 1.0,
        }
    }

    fn model(n_layer: u32) -> Vec<Matrix> {
        let layers = (0..n_layer).flat_map(|i| {
            ["attn_q", "ffn_down"].map(|kind| {
                matrix(
                    &format!("blk.{i}.{kind}.weight"),
                    if kind == "attn_q" { 64 } else { 256 },
                )
            })
        });
        std::iter::once(matrix("token_embd.weight", 64)).chain(layers).collect()
    }

    #[test]
    fn few_matrices_stand_alone_and_many_in_bands() {
        let few = groups(&model(2), Grouping::Auto);
        let names: Vec<&str> = few.iter().map(|g| g.name.as_str()).collect();
        assert_eq!(
            names,
            ["token_embd", "attn_q 0", "ffn_down 0", "attn_q 1", "ffn_down 1"]
        );
        let many = model(30);
        let banded = groups(&many, Grouping::Auto);
        assert_eq!(banded.len(), 1 + 2 * 4);
        assert_eq!(banded[1].name, "attn_q 0-7");
        assert_eq!(banded.iter().map(|g| g.members.len()).sum::<usize>(), many.len());
        assert_eq!(groups(&many, Grouping::Fine).len(), many.len());
        assert_eq!(groups(&many, Grouping::Bands(1)).len(), 3);
        assert!("0".parse::<Grouping>().is_err());
    }

    #[test]
    fn rows_fit_whole_blocks() {
        let m = matrix("blk.0.attn_q.weight", 576);
        assert!(m.fits(GgmlType::Q5_0) && !m.fits(GgmlType::Q4K));
        assert_eq!(m.bytes(GgmlType::Q8_0), 576 * 32 / 32 * 34);
    }
}
