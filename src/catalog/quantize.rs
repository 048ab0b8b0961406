//! Making one file from another: [`Quantize`], and the real one, which runs this executable as a child so that an
//! abort inside llama.cpp never reaches the user.

use nix::sys::signal::Signal;
use std::collections::VecDeque;
use std::fs;
use std::io::{BufRead, BufReader, Read};
use std::os::unix::process::ExitStatusExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitStatus, Stdio};
use std::thread;
use std::time::Duration;

/// Names the quantizer in the store, so that another version's files are not taken for this one's: the version of
/// llama-cpp-sys-2 in Cargo.toml (a test compares them).
pub const QUANTIZER_TAG: &str = "llama0.1.161";

const KEPT_LINES: usize = 40;

pub trait Quantize {
    /// Reads `src`, writes `dst` (which may exist, empty) as file type `ftype`, e.g. `Q4_K_M`. Quantized sources are
    /// accepted. `progress` gets the bytes written so far. The error says what failed, in words. What is left at `dst`
    /// after an error is the caller's to remove.
    fn quantize(&self, src: &Path, dst: &Path, ftype: &str, progress: &mut dyn FnMut(u64)) -> Result<(), String>;

    fn is_stopped(&self) -> bool {
        false
    }
}

/// Runs `<executable> quantize SRC DST FTYPE`.
pub struct SelfQuantizer {
    executable: PathBuf,
    is_stopped: Box<dyn Fn() -> bool + Send + Sync>,
}

impl SelfQuantizer {
    /// `executable` is normally `std::env::current_exe()`; `is_stopped` is asked ten times a second, and the child is
    /// killed when it says yes.
    pub fn new(executable: PathBuf, is_stopped: impl Fn() -> bool + Send + Sync + 'static) -> Self {
        SelfQuantizer {
            executable,
            is_stopped: Box::new(is_stopped),
        }
    }
}

/// A child that does not outlive its handle.
pub(super) struct Owned(pub(super) Child);

impl Drop for Owned {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

impl Quantize for SelfQuantizer {
    fn is_stopped(&self) -> bool {
        (self.is_stopped)()
    }

    fn quantize(&self, src: &Path, dst: &Path, ftype: &str, progress: &mut dyn FnMut(u64)) -> Result<(), String> {
        self.quantize_as(src, dst, ftype, &Shape::default(), progress)
    }
}

#[derive(Debug, Clone, Copy, Default)]
pub struct Shape<'a> {
    /// File of `PATTERN=TYPE`, as llama-quantize reads it.
    pub types: Option<&'a Path>,
    pub imatrix: Option<&'a Path>,
}

impl SelfQuantizer {
    /// Makes a file whose tensors have types of their own, or are weighed by an importance matrix; otherwise as [`Quantize::quantize`].
    pub fn quantize_as(
        &self,
        src: &Path,
        dst: &Path,
        ftype: &str,
        shape: &Shape<'_>,
        progress: &mut dyn FnMut(u64),
    ) -> Result<(), String> {
        let mut command = Command::new(&self.executable);
        command.arg("quantize").args([src, dst]).arg(ftype);
        if let Some(types) = shape.types {
            command.arg("--tensor-type-file").arg(types);
        }
        if let Some(imatrix) = shape.imatrix {
            command.arg("--imatrix").arg(imatrix);
        }
        self.run(command, dst, progress)
    }

    /// Gathers an importance matrix of the model `src` over the text in the file `text`, which is called `dataset`.
    pub fn gather(
        &self,
        (src, dst): (&Path, &Path),
        (text, dataset): (&Path, &str),
        (n_chunks, n_threads): (u32, u32),
        progress: &mut dyn FnMut(u64),
    ) -> Result<(), String> {
        let mut command = Command::new(&self.executable);
        command
            .arg("imatrix")
            .args([src, dst, text])
            .args(["--dataset", dataset]);
        command.args(["--chunks", &n_chunks.to_string(), "--threads", &n_threads.to_string()]);
        self.run(command, dst, progress)
    }

    fn run(&self, mut command: Command, dst: &Path, progress: &mut dyn FnMut(u64)) -> Result<(), String> {
        let child = command
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(Stdio::piped())
            .spawn()
            .map_err(|e| format!("{} cannot be started ({e})", self.executable.display()))?;
        let mut child = Owned(child);
        let read = |stderr| thread::Builder::new().spawn(move || last_lines(stderr));
        let lines = child.0.stderr.take().map(read).transpose();
        let lines = lines.map_err(|e| format!("out of memory: a thread cannot be started ({e})"))?;
        let status = loop {
            match child.0.try_wait() {
                Ok(Some(status)) => break status,
                Ok(None) if (self.is_stopped)() => return Err("stopped".into()),
                Ok(None) => {
                    thread::sleep(Duration::from_millis(100));
                    progress(written(dst));
                }
                Err(e) => return Err(format!("the quantizer cannot be waited for ({e})")),
            }
        };
        if status.success() {
            return Ok(());
        }
        let lines = lines.and_then(|reader| reader.join().ok()).unwrap_or_default();
        Err(why(&lines, status))
    }
}

/// Bytes of the unfinished file: it lies beside `dst`, under its name and a suffix.
fn written(dst: &Path) -> u64 {
    let name = dst.file_name().unwrap_or_default().as_encoded_bytes();
    let entries = dst.parent().map(fs::read_dir).into_iter().flatten().flatten().flatten();
    entries
        .filter(|entry| entry.file_name().as_encoded_bytes().starts_with(name))
        .filter_map(|entry| entry.metadata().ok())
        .map(|meta| meta.len())
        .sum()
}

/// The last lines of a stream, each cut to a bearable length.
fn last_lines(stream: impl Read) -> Vec<String> {
    let mut stream = BufReader::new(stream);
    let mut lines = VecDeque::new();
    loop {
        let mut line = Vec::new();
        match (&mut stream).take(4096).read_until(b'\n', &mut line) {
            Ok(n) if n > 0 => {}
            _ => return lines.into(),
        }
        let text = String::from_utf8_lossy(&line).trim().to_owned();
        if !text.is_empty() {
            if lines.len() == KEPT_LINES {
                lines.pop_front();
            }
            lines.push_back(text);
        }
    }
}

/// Why the child failed: its own words for an abort, else llama.cpp's last error, else the last line; and the status.
fn why(lines: &[String], status: ExitStatus) -> String {
    let abort = lines
        .iter()
        .rev()
        .find_map(|line| line.strip_prefix("kvant: abort:").map(str::trim));
    let error = || {
        lines.iter().rev().map(String::as_str).find(|line| {
            let lower = line.to_lowercase();
            ["error", "failed", "abort", "unable", "no space"]
                .iter()
                .any(|word| lower.contains(word))
        })
    };
    let ending = describe(status);
    match abort.or_else(error).or_else(|| lines.last().map(String::as_str)) {
        Some(line) => format!("{line} ({ending})"),
        None => format!("the quantizer ended without a word ({ending})"),
    }
}

fn describe(status: ExitStatus) -> String {
    if let Some(number) = status.signal() {
        let name = Signal::try_from(number).map_or_else(|_| number.to_string(), |s| s.to_string());
        let hint = if number == 9 { ", as when memory runs out" } else { "" };
        return format!("killed by {name}{hint}");
    }
    status
        .code()
        .map_or_else(|| "no exit status".into(), |code| format!("exit status {code}"))
}
