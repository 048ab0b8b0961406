//! What the matrices of a model are multiplied with, seen through `cb_eval` while a text runs through it.

use super::context::Context;
use super::model::Model;
use crate::data::{ArmConfig, SplitMode};
use crate::engine::weights::{Gathered, N_CTX};
use crate::engine::{EngineError, Layout};
use llama_cpp_sys_2 as sys;
use std::ffi::{c_void, CStr};
use std::path::Path;
use std::rc::Rc;

/// Multiplications of fewer rows belong to no prompt (llama-imatrix's limit).
const N_ROWS_MIN: i64 = 16;

/// Logits of one slice.
const SLICE_BYTES: u32 = 64 << 20;

/// See [`crate::engine::imatrix::gather`].
pub(crate) fn gather(path: &Path, text: &str, n_chunks: u32, n_threads: u32) -> Result<(Gathered, u32), EngineError> {
    super::start();
    let (model, _) = Model::load(path, &[], 0, SplitMode::default())?;
    let model = Rc::new(model);
    let mut tokens = model.tokenize(text)?;
    let bos = model.vocab_identity().bos;
    let n = (tokens.len() as u32 / N_CTX).min(n_chunks);
    if n == 0 {
        return Err(EngineError::Refused(format!(
            "the text has {} tokens, and {N_CTX} are needed for an importance matrix; give a longer text",
            tokens.len()
        )));
    }
    let config = ArmConfig {
        n_threads: n_threads.max(1),
        n_batch: N_CTX,
        n_ubatch: N_CTX,
        n_ctx: N_CTX,
        ..ArmConfig::default()
    };
    // Every token has logits, so that the output matrix sees them all; in slices, as rows of a large vocabulary take much room.
    let layout = Layout {
        n_outputs: (SLICE_BYTES / (4 * model.n_vocab().max(1))).clamp(32, N_CTX),
        ..Layout::single(&config)
    };
    let mut seen = Box::new(Seen::default());
    let mut context = Context::open_watched(
        Rc::clone(&model),
        &config,
        &layout,
        (Some(watch), (&raw mut *seen).cast()),
    )?;
    for chunk in tokens.chunks_exact_mut(N_CTX as usize).take(n as usize) {
        if let Some(bos) = bos {
            chunk[0] = bos;
        }
        context.clear();
        context.decode_scored(chunk, &mut |_| Ok(()))?;
        if let Some(name) = &seen.broken {
            return Err(EngineError::NotFinite(format!("that {name} is multiplied with")));
        }
    }
    drop(context);
    Ok((seen.sums, n))
}

#[derive(Default)]
struct Seen {
    sums: Gathered,
    broken: Option<String>,
    rows: Vec<f32>,
    ids: Vec<i32>,
}

unsafe extern "C" fn watch(node: *mut sys::ggml_tensor, is_question: bool, seen: *mut c_void) -> bool {
    // SAFETY: ggml passes a live node of its graph, and the pointer given with this function: a `Seen` that outlives the context and
    // is used by nobody else while llama.cpp decodes.
    let (node, seen) = unsafe { (&*node, &mut *seen.cast::<Seen>()) };
    if is_question {
        return is_meant(node);
    }
    add(node, seen);
    true
}

fn source(node: &sys::ggml_tensor, i: usize) -> Option<&sys::ggml_tensor> {
    // SAFETY: null or a live tensor of the same graph.
    unsafe { node.src[i].as_ref() }
}

fn name_of(tensor: &sys::ggml_tensor) -> String {
    // SAFETY: ggml keeps names NUL-terminated in their array.
    let name = unsafe { CStr::from_ptr(tensor.name.as_ptr()) }.to_string_lossy();
    // CUDA0#blk.0.attn_k.weight#0 => blk.0.attn_k.weight
    let mut parts = name.split('#');
    let first = parts.next().unwrap_or_default();
    parts.next().unwrap_or(first).to_owned()
}

fn is_meant(node: &sys::ggml_tensor) -> bool {
    let (Some(matrix), Some(rows)) = (source(node, 0), source(node, 1)) else {
        return false;
    };
    match node.op {
        sys::GGML_OP_MUL_MAT_ID => true,
        sys::GGML_OP_MUL_MAT => {
            let name = name_of(matrix);
            let is_weight = name.starts_with("blk.") || name == "output.weight" || name == "token_embd.weight";
            is_weight && rows.ne[1] >= N_ROWS_MIN && rows.type_ == sys::GGML_TYPE_F32
        }
        _ => false,
    }
}

/// Adds the squares of the rows that a matrix was multiplied with.
fn add(node: &sys::ggml_tensor, seen: &mut Seen) {
    let (Some(matrix), Some(rows)) = (source(node, 0), source(node, 1)) else {
        return;
    };
    let (name, n_row) = (name_of(matrix), rows.ne[0] as usize);
    let is_routed = node.op == sys::GGML_OP_MUL_MAT_ID;
    if rows.type_ != sys::GGML_TYPE_F32 || rows.nb[0] != 4 || rows.ne[3] != 1 {
        return;
    }
    // SAFETY: a live tensor; the buffer holds as many bytes as it spans, and comes from whichever device it lies on.
    unsafe {
        let n_bytes = sys::ggml_nbytes(rows);
        seen.rows.resize(n_bytes / 4, 0.0);
        sys::ggml_backend_tensor_get(rows, seen.rows.as_mut_ptr().cast(), 0, n_bytes);
    }
    let n_matrices = matrix.ne[2].max(1) as usize;
    let (squares, counts) = seen.sums.entry(name.clone()).or_insert_with(|| {
        (
            vec![0.0; n_row * n_matrices],
            vec![0.0; if is_routed { n_matrices } else { 1 }],
        )
    });
    if squares.len() != n_row * n_matrices {
        return;
    }
    let row_at = |i1: usize, i2: usize| {
        let at = (i1 * rows.nb[1] + i2 * rows.nb[2]) / 4;
        seen.rows.get(at..at + n_row)
    };
    let mut add_row = |expert: usize, row: Option<&[f32]>| {
        let own = squares.get_mut(expert * n_row..(expert + 1) * n_row);
        if let (Some(own), Some(row)) = (own, row) {
            own.iter_mut().zip(row).for_each(|(sum, x)| *sum += x * x);
        }
    };
    match (is_routed, source(node, 2)) {
        (true, Some(ids)) => {
            // SAFETY: as above; ids are 32-bit integers.
            unsafe {
                let n_bytes = sys::ggml_nbytes(ids);
                seen.ids.resize(n_bytes / 4, 0);
                sys::ggml_backend_tensor_get(ids, seen.ids.as_mut_ptr().cast(), 0, n_bytes);
            }
            for token in 0..rows.ne[2] as usize {
                for slot in 0..ids.ne[0] as usize {
                    let at = (token * ids.nb[1] + slot * ids.nb[0]) / 4;
                    let expert = seen.ids.get(at).and_then(|id| usize::try_from(*id).ok());
                    let Some(expert) = expert.filter(|e| *e < counts.len()) else {
                        continue;
                    };
                    add_row(expert, row_at(slot % rows.ne[1].max(1) as usize, token));
                    counts[expert] += 1.0;
                }
            }
        }
        _ => {
            for i2 in 0..rows.ne[2] as usize {
                for i1 in 0..rows.ne[1] as usize {
                    add_row(i2 % n_matrices, row_at(i1, i2));
                }
            }
            counts[0] += (rows.ne[1] * rows.ne[2]) as f32 / n_matrices as f32;
        }
    }
    if !squares.iter().all(|x| x.is_finite()) {
        seen.broken = Some(name);
    }
}
