//! Files of random weights with the shape of a model: what speed and memory depend on, without its weights.
//!
//! From a file or a header on the Hub everything before the tensors is kept as it is; from dimensions alone a llama model in F16
//! with a vocabulary of fillers is laid out. Weights are small and finite, so that no value slows arithmetic down or overflows.

use super::error::CatalogError;
use super::hash::sha256_hex;
use super::known::Dimensions;
use super::label::{stem, without_ending};
use super::store::Store;
use super::{names, space};
use crate::gguf::{ftype_id, GgmlType, Gguf, TensorInfo, Writer};
use crate::rng::SplitMix64;
use std::io::{self, Cursor, Write};
use std::path::{Path, PathBuf};

/// Random blocks are drawn once per type, this many bytes, and repeated.
const POOL_BYTES: usize = 1 << 20;

#[derive(Debug, Clone, PartialEq)]
pub struct Shape {
    /// What the file is called, without its ending.
    name: String,
    /// Its file, or the parts of a split model.
    parts: Vec<Part>,
}

#[derive(Debug, Clone, PartialEq)]
struct Part {
    head: Vec<u8>,
    tensors: Vec<TensorInfo>,
    file_bytes: u64,
}

impl Shape {
    /// That of the headers of all parts, each with the bytes before its tensors.
    pub(super) fn of_headers(name: &str, heads: Vec<(Gguf, Vec<u8>)>) -> Shape {
        let parts = heads.into_iter().map(|(gguf, head)| Part {
            head,
            file_bytes: gguf.file_bytes,
            tensors: gguf.tensors,
        });
        Shape {
            name: stem(names::base_name(name)),
            parts: parts.collect(),
        }
    }

    /// A llama model of these dimensions in F16.
    pub(super) fn of_dimensions(name: &str, n_ctx_train: u32, dimensions: &Dimensions) -> Shape {
        Shape::of_type(name, n_ctx_train, dimensions, ("F16", GgmlType::F16))
    }

    /// The same with all matrices of one type, under the label that names it.
    pub(super) fn of_type(
        name: &str,
        n_ctx_train: u32,
        dimensions: &Dimensions,
        (label, matrices): (&str, GgmlType),
    ) -> Shape {
        let writer = llama(metadata(name, n_ctx_train, dimensions, label), dimensions, matrices);
        let (head, file_bytes) = writer.head();
        let gguf = Gguf::read(Cursor::new(&head), file_bytes).expect("what was written can be read");
        Shape::of_headers(&format!("{name}-{label}"), vec![(gguf, head)])
    }

    /// Writes the file, or the parts, into the store, unless they are there. Returns the (first) path.
    pub(super) fn write(&self, store: &Store) -> Result<PathBuf, CatalogError> {
        let heads: Vec<u8> = self.parts.iter().flat_map(|part| part.head.iter().copied()).collect();
        let folder = store.folder(&sha256_hex(&heads))?;
        self.write_into(&folder, &format!("random-{}.gguf", self.name), store)
    }

    /// Writes the file, or the parts, into a folder of the store, unless they are there. Returns the (first) path.
    pub(super) fn write_into(&self, folder: &Path, file: &str, store: &Store) -> Result<PathBuf, CatalogError> {
        let stem = without_ending(file);
        let names: Vec<PathBuf> = match self.parts.len() {
            1 => vec![folder.join(file)],
            n => (1..=n)
                .map(|i| folder.join(format!("{stem}-{i:05}-of-{n:05}.gguf")))
                .collect(),
        };
        for (part, path) in self.parts.iter().zip(&names) {
            part.write(&self.name, path, store)?;
        }
        Ok(names.into_iter().next().unwrap_or_default())
    }
}

impl Part {
    fn write(&self, name: &str, path: &Path, store: &Store) -> Result<(), CatalogError> {
        if std::fs::metadata(path).is_ok_and(|meta| meta.len() == self.file_bytes) {
            return Ok(());
        }
        if let Some(tensor) = self.tensors.iter().find(|t| scales(t.ggml_type).is_none()) {
            return Err(CatalogError::Input(format!(
                "--shape: {} is of type {}, of which kvant makes no random weights; use a file of another type",
                tensor.name,
                tensor.ggml_type.name()
            )));
        }
        space::check(name, store.root(), self.file_bytes)?;
        crate::fs::write_with(path, |file| self.fill(file)).map_err(|e| store.unusable(e))
    }

    fn fill(&self, file: &mut dyn Write) -> io::Result<()> {
        file.write_all(&self.head)?;
        let mut at = self.head.len() as u64;
        let mut pools: Vec<(GgmlType, Vec<u8>)> = Vec::new();
        for tensor in &self.tensors {
            file.write_all(&vec![0; tensor.offset.saturating_sub(at) as usize])?;
            if tensor.n_dims_used() < 2 {
                file.write_all(&vector(tensor))?;
            } else {
                let known = pools.iter().position(|(ty, _)| *ty == tensor.ggml_type);
                let index = known.unwrap_or_else(|| {
                    pools.push((tensor.ggml_type, pool(tensor.ggml_type)));
                    pools.len() - 1
                });
                repeat(file, &pools[index].1, tensor.bytes)?;
            }
            at = tensor.offset + tensor.bytes;
        }
        file.write_all(&vec![0; self.file_bytes.saturating_sub(at) as usize])
    }
}

fn repeat(file: &mut dyn Write, pool: &[u8], n_bytes: u64) -> io::Result<()> {
    let mut left = n_bytes;
    while left > 0 {
        let n = left.min(pool.len() as u64);
        file.write_all(&pool[..n as usize])?;
        left -= n;
    }
    Ok(())
}

/// Norms are one and biases zero.
fn vector(tensor: &TensorInfo) -> Vec<u8> {
    let value = if tensor.name.ends_with(".bias") { 0.0f32 } else { 1.0 };
    let n = tensor.n_elements as usize;
    match tensor.ggml_type {
        GgmlType::F32 => value.to_le_bytes().repeat(n),
        GgmlType::F16 if value == 1.0 => 0x3C00u16.to_le_bytes().repeat(n),
        GgmlType::Bf16 if value == 1.0 => 0x3F80u16.to_le_bytes().repeat(n),
        _ => vec![0; tensor.bytes as usize],
    }
}

/// Places of the half-precision scales in a block, with their values; `None` for types that are not laid out so. Offsets make the
/// mean of the weights zero: were it not, attention would fall on single tokens, and what is left for the others would be denormal
/// numbers, which slow arithmetic down.
fn scales(ggml_type: GgmlType) -> Option<&'static [(usize, u16)]> {
    // d is 2^-9 in blocks with one scale, 2^-13 where 4- or 6-bit scales multiply it.
    const ONE: u16 = 0x1800;
    const TWO: u16 = 0x0800;
    Some(match ggml_type {
        GgmlType::F32 | GgmlType::F16 | GgmlType::Bf16 => &[],
        GgmlType::Q4_0 | GgmlType::Q5_0 | GgmlType::Q8_0 | GgmlType::Iq4Nl => &[(0, ONE)],
        // -7.5 d and -15.5 d.
        GgmlType::Q4_1 => &[(0, ONE), (2, 0xA380)],
        GgmlType::Q5_1 => &[(0, ONE), (2, 0xA7C0)],
        // 1.5 d, 7.5 d and 15.5 d, to be taken away.
        GgmlType::Q2K => &[(80, TWO), (82, 0x0A00)],
        GgmlType::Q4K => &[(0, TWO), (2, 0x1380)],
        GgmlType::Q5K => &[(0, TWO), (2, 0x17C0)],
        GgmlType::Q3K => &[(108, TWO)],
        GgmlType::Q6K => &[(208, TWO)],
        GgmlType::Iq2Xxs | GgmlType::Iq2Xs | GgmlType::Iq2S => &[(0, TWO)],
        GgmlType::Iq3Xxs | GgmlType::Iq3S | GgmlType::Iq1S | GgmlType::Iq4Xs => &[(0, TWO)],
        _ => return None,
    })
}

pub(super) fn is_supported(ggml_type: GgmlType) -> bool {
    scales(ggml_type).is_some()
}

fn pool(ggml_type: GgmlType) -> Vec<u8> {
    let (_, block) = ggml_type.block();
    let block = block as usize;
    let mut rng = SplitMix64::new(0x5A9E);
    let mut bytes: Vec<u8> = (0..POOL_BYTES / block * block / 8 + block)
        .flat_map(|_| rng.next_u64().to_le_bytes())
        .collect();
    bytes.truncate(POOL_BYTES / block * block);
    for one in bytes.chunks_exact_mut(block) {
        match ggml_type {
            // Sign and mantissa are random, the exponent is 2^-6.
            GgmlType::F32 => {
                one[2] |= 0x80;
                one[3] = one[3] & 0x80 | 0x3C;
            }
            GgmlType::F16 => one[1] = one[1] & 0x83 | 0x24,
            GgmlType::Bf16 => {
                one[0] |= 0x80;
                one[1] = one[1] & 0x80 | 0x3C;
            }
            _ => {
                for &(at, value) in scales(ggml_type).unwrap_or_default() {
                    one[at..at + 2].copy_from_slice(&value.to_le_bytes());
                }
            }
        }
    }
    bytes
}

fn llama(mut writer: Writer, d: &Dimensions, matrices: GgmlType) -> Writer {
    let (embd, ff, vocab) = (u64::from(d.n_embd), u64::from(d.n_ff), u64::from(d.n_vocab));
    let head = embd / u64::from(d.n_head);
    let (q, kv) = (embd, head * u64::from(d.n_head_kv));
    let mut tensors = vec![("token_embd".to_owned(), vec![embd, vocab])];
    for layer in 0..d.n_layer {
        let mut add = |name: &str, dims: &[u64]| tensors.push((format!("blk.{layer}.{name}"), dims.to_vec()));
        add("attn_norm", &[embd]);
        add("attn_q", &[embd, q]);
        add("attn_k", &[embd, kv]);
        add("attn_v", &[embd, kv]);
        add("attn_output", &[q, embd]);
        add("ffn_norm", &[embd]);
        add("ffn_gate", &[embd, ff]);
        add("ffn_up", &[embd, ff]);
        add("ffn_down", &[ff, embd]);
    }
    tensors.push(("output_norm".to_owned(), vec![embd]));
    tensors.extend((!d.is_tied).then(|| ("output".to_owned(), vec![embd, vocab])));
    for (name, dims) in tensors {
        let ggml_type = match (name.as_str(), dims.len()) {
            (_, 1) => GgmlType::F32,
            ("token_embd", _) => GgmlType::F16,
            _ => matrices,
        };
        let (n, bytes) = ggml_type.block();
        let n_elements: u64 = dims.iter().product();
        writer = writer.tensor(&format!("{name}.weight"), &dims, ggml_type.id(), n_elements / n * bytes);
    }
    writer
}

/// A vocabulary that any text can be cut with: three special tokens, every byte, the space, and fillers.
fn metadata(name: &str, n_ctx_train: u32, d: &Dimensions, label: &str) -> Writer {
    let token = |id: u32| match id {
        0 => "<unk>".to_owned(),
        1 => "<s>".to_owned(),
        2 => "</s>".to_owned(),
        3..259 => format!("<0x{:02X}>", id - 3),
        // The space: its three bytes would be three tokens.
        259 => "\u{2581}".to_owned(),
        _ => format!("\u{2581}filler{id}"),
    };
    // llama.cpp's token types: 1 normal, 2 unknown, 3 control, 6 byte.
    let kind = |id: u32| match id {
        0 => 2u32,
        1 | 2 => 3,
        3..259 => 6,
        _ => 1,
    };
    let n_vocab = d.n_vocab as usize;
    let tokens: Vec<String> = (0..d.n_vocab).map(token).collect();
    let kinds: Vec<u8> = (0..d.n_vocab).flat_map(|id| kind(id).to_le_bytes()).collect();
    Writer::new()
        .str("general.architecture", "llama")
        .str("general.name", &format!("{name} (random weights)"))
        .u32("general.file_type", ftype_id(label).unwrap_or(0))
        .u32("llama.block_count", d.n_layer)
        .u32("llama.context_length", n_ctx_train)
        .u32("llama.embedding_length", d.n_embd)
        .u32("llama.feed_forward_length", d.n_ff)
        .u32("llama.attention.head_count", d.n_head)
        .u32("llama.attention.head_count_kv", d.n_head_kv)
        .u32("llama.rope.dimension_count", d.n_embd / d.n_head)
        .f32("llama.rope.freq_base", d.rope_freq_base)
        .f32("llama.attention.layer_norm_rms_epsilon", 1e-5)
        .u32("llama.vocab_size", d.n_vocab)
        .str("tokenizer.ggml.model", "llama")
        .strs("tokenizer.ggml.tokens", &tokens)
        .array("tokenizer.ggml.scores", 6, n_vocab, &vec![0; 4 * n_vocab])
        .array("tokenizer.ggml.token_type", 5, n_vocab, &kinds)
        .u32("tokenizer.ggml.bos_token_id", 1)
        .u32("tokenizer.ggml.eos_token_id", 2)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn dimensions() -> Dimensions {
        Dimensions {
            n_layer: 2,
            n_embd: 64,
            n_ff: 128,
            n_head: 4,
            n_head_kv: 2,
            n_vocab: 300,
            rope_freq_base: 10_000.0,
            is_tied: false,
        }
    }

    #[test]
    fn a_shape_of_dimensions_is_a_sound_file_with_finite_weights() {
        let shape = Shape::of_dimensions("tiny", 512, &dimensions());
        let [shape] = &shape.parts[..] else { panic!("one file") };
        let mut bytes = Vec::new();
        shape.fill(&mut bytes).expect("memory takes it");
        assert_eq!(bytes.len() as u64, shape.file_bytes);
        let gguf = Gguf::read(Cursor::new(&bytes), bytes.len() as u64).expect("a sound file");
        assert_eq!(gguf.tensors, shape.tensors);
        let expected = 2 * 64 * 300 + 2 * (2 * 64 * 64 + 2 * 64 * 32 + 3 * 64 * 128 + 2 * 64) + 64;
        assert_eq!(gguf.n_params(), expected);
        let matrix = gguf.tensor("blk.1.ffn_up.weight").expect("it is there");
        let start = matrix.offset as usize;
        let exponents: Vec<u8> = bytes[start..start + matrix.bytes as usize]
            .chunks_exact(2)
            .map(|half| half[1] & 0x7C)
            .collect();
        assert!(
            exponents.iter().all(|&e| e == 0x24),
            "every weight is between 2^-6 and 2^-5"
        );
        let norm = gguf.tensor("output_norm.weight").expect("it is there");
        assert_eq!(bytes[norm.offset as usize..][..4], 1.0f32.to_le_bytes());
    }

    #[test]
    fn every_supported_type_has_finite_scales_where_ggml_reads_them() {
        for &ggml_type in GgmlType::ALL {
            let Some(places) = scales(ggml_type) else { continue };
            let bytes = pool(ggml_type);
            let block = ggml_type.block().1 as usize;
            assert_eq!(bytes.len() % block, 0);
            for one in bytes.chunks_exact(block) {
                for &(at, _) in places {
                    let exponent = one[at + 1] & 0x7C;
                    assert!(
                        exponent > 0 && exponent < 0x28,
                        "{}: neither denormal nor large",
                        ggml_type.name()
                    );
                }
            }
        }
    }

    #[test]
    fn offsets_make_the_mean_of_the_weights_zero() {
        let half = |bits: u16| {
            let size = f64::from(bits & 0x3FF) / 1024.0 + 1.0;
            let sign = if bits & 0x8000 == 0 { 1.0 } else { -1.0 };
            sign * size * 2f64.powi(i32::from(bits >> 10 & 0x1F) - 15)
        };
        // The mean of what is multiplied by the scale: quants, or quants times a random scale as large as the offset's.
        for (ggml_type, mean) in [
            (GgmlType::Q4_1, -7.5),
            (GgmlType::Q5_1, -15.5),
            (GgmlType::Q2K, 1.5),
            (GgmlType::Q4K, 7.5),
            (GgmlType::Q5K, 15.5),
        ] {
            let places = scales(ggml_type).expect("it is laid out");
            assert_eq!(half(places[1].1), mean * half(places[0].1), "{}", ggml_type.name());
        }
    }
}
