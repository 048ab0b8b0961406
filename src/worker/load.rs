//! Loading a model and cutting the prompt tokens that every sample is made of.

use crate::data::PartName;
use crate::engine::{Engine, EngineError};
use crate::protocol::{Load, Reply};
use crate::units::hex;
use sha2::{Digest, Sha256};

/// Loads, tokenizes the text and keeps exactly `n_tokens` of its tokens. Out: the tokens, and [`Reply::Loaded`].
pub(super) fn load(engine: &mut dyn Engine, request: &Load) -> Result<(Vec<i32>, Reply), EngineError> {
    let (path, n_tokens) = (&request.path, request.n_tokens);
    let read_before = bytes_from_storage();
    let start = engine.now_ns();
    let loaded = engine.load(path, &request.device, request.n_gpu_layers, request.split_mode)?;
    let load_ns = engine.now_ns() - start;
    let read = bytes_from_storage()
        .zip(read_before)
        .map(|(after, before)| after - before);
    // The file, or the parts of a split model that llama.cpp finds by their names.
    let sizes = PartName::files_of(path)
        .into_iter()
        .map(|part| Some(part.metadata().ok()?.len()));
    let is_warm_load = read
        .zip(sizes.sum::<Option<u64>>())
        .map(|(read, bytes)| read * 100 <= bytes);

    let mut tokens = engine.tokenize(&request.text)?;
    let n_found = tokens.len();
    if n_found < n_tokens as usize {
        return Err(EngineError::Refused(format!(
            "the text has only {n_found} tokens for {}, and {n_tokens} are needed",
            path.display()
        )));
    }
    tokens.truncate(n_tokens as usize);
    let tokens_sha256 = sha256_of(&tokens);
    Ok((
        tokens,
        Reply::Loaded {
            load_ns,
            is_warm_load,
            weights: loaded.weights,
            tokens_sha256,
        },
    ))
}

pub(super) fn sha256_of(tokens: &[i32]) -> String {
    let mut hasher = Sha256::new();
    for token in tokens {
        hasher.update(token.to_le_bytes());
    }
    hex(&hasher.finalize())
}

/// Bytes this process made the kernel fetch from storage. A load that fetched less than 1 % of its file found it in the
/// page cache. Absent where the kernel does not tell.
fn bytes_from_storage() -> Option<u64> {
    let io = std::fs::read_to_string("/proc/self/io").ok()?;
    io.lines()
        .find_map(|line| line.strip_prefix("read_bytes: ")?.trim().parse().ok())
}

#[cfg(test)]
mod tests {
    use super::sha256_of;

    #[test]
    fn the_hash_is_over_little_endian_tokens() {
        assert_eq!(
            sha256_of(&[]),
            "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"
        );
        // SHA-256 of the four bytes 00 00 00 00.
        assert_eq!(
            sha256_of(&[0]),
            "df3f619804a92fdb4057192dc43dd748ea778adc52bc498ce80524c014b81119"
        );
    }
}
