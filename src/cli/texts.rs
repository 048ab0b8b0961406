//! The texts that are scored: the user's files, or the seeded corpus.

use super::args::{CompareArgs, CorpusArgs};
use super::exit::{Failure, BAD_INPUT, OK};
use super::output;
use crate::corpus::{self, Corpus};
use crate::data::{QualityPlan, TextInfo};
use crate::plan::{corpus_bytes, surely_too_short};
use std::path::Path;

/// More than can be scored in an evening; what follows in a file is left out.
const BYTES_MAX: usize = 8 << 20;

pub fn read(args: &CompareArgs, plan: Option<&QualityPlan>) -> Result<(Vec<String>, Vec<TextInfo>), Failure> {
    let Some(plan) = plan else {
        return Ok(Default::default());
    };
    let mut texts = Vec::new();
    if args.text.is_empty() {
        let n_bytes = corpus_bytes(plan).min(BYTES_MAX);
        texts.push((
            "corpus".to_owned(),
            Corpus::new(args.text_seed, &args.salt).text(n_bytes),
        ));
    }
    for path in &args.text {
        let name = path.file_name().unwrap_or(path.as_os_str());
        texts.push((name.to_string_lossy().into_owned(), read_file(path)?));
    }
    let infos: Vec<TextInfo> = texts
        .iter()
        .map(|(name, text)| TextInfo {
            name: name.clone(),
            n_bytes: text.len() as u64,
            sha256: corpus::sha256_hex(text),
        })
        .collect();
    if let Some((text, n_ctx)) = surely_too_short(plan, &infos) {
        let why = format!(
            "--text {}: {} bytes cannot hold two windows of {n_ctx} tokens; give a longer text, or a smaller --quality-ctx",
            text.name, text.n_bytes
        );
        return Err(Failure::msg(BAD_INPUT, why));
    }
    Ok((texts.into_iter().map(|(_, text)| text).collect(), infos))
}

/// The hidden `corpus`: the text that is scored by default, for other tools to score.
pub fn print_corpus(args: &CorpusArgs) -> Result<u8, Failure> {
    let text = Corpus::new(args.seed, &args.salt).text(args.n_bytes);
    output::print(&text)?;
    Ok(OK)
}

/// Reads a text as llama.cpp's tools do: one line feed at the very end is no part of it.
pub fn read_file(path: &Path) -> Result<String, Failure> {
    let wrong = |why: &str| Failure::msg(BAD_INPUT, format!("--text {}: {why}", path.display()));
    let bytes = std::fs::read(path).map_err(|e| wrong(&format!("{e}; give a readable text file")))?;
    if bytes.contains(&0) {
        return Err(wrong("it is binary, not text; give a file of plain UTF-8 text"));
    }
    let mut text = String::from_utf8(bytes).map_err(|e| {
        let at = e.utf8_error().valid_up_to();
        wrong(&format!(
            "it is no UTF-8 text (byte {at}); convert it first, for example with iconv"
        ))
    })?;
    if text.ends_with('\n') {
        text.pop();
    }
    if text.trim().is_empty() {
        return Err(wrong("it is empty; give a file with some pages of text"));
    }
    if text.len() > BYTES_MAX {
        text.truncate(text.floor_char_boundary(BYTES_MAX));
    }
    Ok(text)
}

#[cfg(test)]
mod tests {
    use super::read_file;

    #[test]
    fn only_text_is_read() {
        let dir = tempfile::tempdir().expect("a folder");
        let path = dir.path().join("t.txt");
        let read = |bytes: &[u8]| {
            std::fs::write(&path, bytes).expect("written");
            read_file(&path).map_err(|e| format!("{e:?}"))
        };
        assert_eq!(read(b"a\nb\n\n").expect("text"), "a\nb\n");
        assert!(read(b"").expect_err("nothing").contains("empty"));
        assert!(read(b"\n \n").expect_err("nothing").contains("empty"));
        assert!(read(b"GGUF\0\x01").expect_err("binary").contains("binary"));
        assert!(read(b"caf\xe9").expect_err("Latin-1").contains("byte 3"));
    }
}
