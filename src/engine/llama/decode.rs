//! ggml's own decoders of its tensor types.

use crate::engine::api::EngineError;
use llama_cpp_sys_2 as sys;

#[derive(Debug, Clone, Copy)]
pub(crate) struct Decoder {
    /// Absent for f32, which has nothing to decode.
    to_float: sys::ggml_to_float_t,
    n_block: usize,
    block_bytes: usize,
}

impl Decoder {
    /// The decoder of ggml's type number `id`.
    ///
    /// # Errors
    /// When ggml has none: for integers, and for types that it does not know.
    pub(crate) fn of(id: u32) -> Result<Self, EngineError> {
        let none = || EngineError::Refused(format!("ggml has no decoder of its type {id}"));
        let id = id as sys::ggml_type;
        if id >= sys::GGML_TYPE_COUNT {
            return Err(none());
        }
        // SAFETY: the type is below the count; the table is static.
        let traits = unsafe { &*sys::ggml_get_type_traits(id) };
        let n_block = usize::try_from(traits.blck_size).unwrap_or(0);
        if n_block == 0 || traits.type_size == 0 || (traits.to_float.is_none() && id != sys::GGML_TYPE_F32) {
            return Err(none());
        }
        Ok(Self {
            to_float: traits.to_float,
            n_block,
            block_bytes: traits.type_size,
        })
    }

    #[cfg(test)]
    pub(crate) fn block(&self) -> (usize, usize) {
        (self.n_block, self.block_bytes)
    }

    /// Writes the numbers of whole blocks. False, and `out` unchanged, when it has not as many elements as `bytes` has.
    pub(crate) fn decode(&self, bytes: &[u8], out: &mut [f32]) -> bool {
        if !bytes.len().is_multiple_of(self.block_bytes) || out.len() != bytes.len() / self.block_bytes * self.n_block {
            return false;
        }
        let Some(to_float) = self.to_float else {
            for (x, b) in out.iter_mut().zip(bytes.chunks_exact(4)) {
                *x = f32::from_le_bytes([b[0], b[1], b[2], b[3]]);
            }
            return true;
        };
        // Blocks hold numbers of up to four bytes, which must lie as C expects them.
        let words: Vec<u32>;
        let from = match bytes.as_ptr().cast::<u32>().is_aligned() {
            true => bytes.as_ptr(),
            false => {
                let word = |b: &[u8]| u32::from_ne_bytes(std::array::from_fn(|i| b.get(i).copied().unwrap_or(0)));
                words = bytes.chunks(4).map(word).collect();
                words.as_ptr().cast()
            }
        };
        // SAFETY: `from` points at so many whole blocks of this type, aligned; `out` has room for their numbers. ggml's
        // decoders take any bytes: codebooks have an entry for every index that fits into its bits.
        unsafe { to_float(from.cast(), out.as_mut_ptr(), out.len() as i64) };
        true
    }
}
