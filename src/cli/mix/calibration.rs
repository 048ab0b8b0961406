//! The text that calibrates: what sensitivities are measured on, and what an importance matrix is gathered on.

use super::super::args::MixArgs;
use super::super::exit::{Failure, BAD_INPUT};
use super::super::texts;
use super::prove;
use crate::corpus::{self, Corpus};

/// Chunks of the text that sensitivities are measured on, at most.
pub const N_CHUNKS_MAX: u32 = 24;
pub const N_CHUNKS_IMATRIX: u32 = 64;
/// Bytes of text for a token, more than any tokenizer's tokens have on average.
const BYTES_PER_TOKEN: usize = 8;

pub struct Calibration {
    pub name: String,
    text: String,
    pub sha256: String,
}

impl Calibration {
    pub fn of(args: &MixArgs) -> Result<Calibration, Failure> {
        let (name, text) = match &args.calibrate {
            Some(path) => {
                let name = path.file_name().unwrap_or(path.as_os_str()).to_string_lossy();
                (name.into_owned(), texts::read_file(path)?)
            }
            None => {
                let n_tokens = (N_CHUNKS_MAX + N_CHUNKS_IMATRIX) as usize * prove::N_CTX as usize;
                let corpus = Corpus::new(args.text_seed, &format!("{}/mix", args.salt));
                ("corpus".to_owned(), corpus.text(n_tokens * BYTES_PER_TOKEN))
            }
        };
        let sha256 = corpus::sha256_hex(&text);
        if let Some(path) = &args.text {
            if corpus::sha256_hex(&texts::read_file(path)?) == sha256 {
                let why = "--calibrate and --text are one text: what chooses must not prove; give two";
                return Err(Failure::msg(BAD_INPUT, why));
            }
        }
        Ok(Calibration { name, text, sha256 })
    }

    /// The part that sensitivities are measured on: the first of it.
    pub fn for_choice(&self) -> &str {
        let n = N_CHUNKS_MAX as usize * prove::N_CTX as usize * BYTES_PER_TOKEN;
        &self.text[..self.text.floor_char_boundary(n.min(self.text.len() / 2))]
    }

    /// The part that an importance matrix is gathered on: the rest.
    pub fn for_imatrix(&self) -> &str {
        &self.text[self.for_choice().len()..]
    }
}
