//! A test's folder beside a local server that speaks the Hub's protocol.

use crate::hub_server::{sha256, HubServer, COMMIT, REPO};
use crate::util::{run_for, stderr, Lab};
use crate::write_test::tiny_llama;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

pub const TOKEN: &str = "hf_verysecrettoken";
pub const F16: &str = "tiny-F16.gguf";

pub fn file(ftype: u32, ggml_type: u32, block: (u64, u64)) -> Vec<u8> {
    tiny_llama(256, ggml_type, block, Some(ftype)).bytes()
}

/// A test's folder, and a server with three variants of one model.
pub struct Hub {
    pub lab: Lab,
    pub server: HubServer,
    pub bytes: Vec<u8>,
}

impl Hub {
    pub fn new() -> Hub {
        let bytes = file(1, 1, (1, 2));
        let server = HubServer::start(&[
            (F16, bytes.clone()),
            ("tiny-Q8_0.gguf", file(7, 8, (32, 34))),
            ("sub folder/tiny-Q4_K_M.gguf", file(15, 12, (256, 144))),
            ("README.md", b"# tiny".to_vec()),
        ]);
        Hub {
            lab: Lab::new(),
            server,
            bytes,
        }
    }

    pub fn kvant(&self, args: &[&str]) -> Command {
        let mut command = self.lab.kvant(args);
        command
            .env("HF_ENDPOINT", self.server.endpoint())
            .env("HF_TOKEN", TOKEN)
            .env("NO_PROXY", "*");
        command
    }

    pub fn fetch(&self, variants: &str) -> Command {
        let mut command = self.kvant(&["models", "fetch"]);
        command.arg(format!("hf:{REPO}")).args(["--variants", variants]);
        command
    }

    /// Fetches F16 and expects this exit code; the words must be in stderr, the token nowhere.
    pub fn fetch_for(&self, code: i32, words: &[&str]) -> Output {
        self.expect(&mut self.fetch("F16"), code, words)
    }

    pub fn expect(&self, command: &mut Command, code: i32, words: &[&str]) -> Output {
        let output = run_for(command, code);
        let text = stderr(&output);
        for word in words {
            assert!(text.contains(word), "'{word}' is not in: {text}");
        }
        for secret in [TOKEN, "signature"] {
            assert!(!text.contains(secret), "'{secret}' in: {text}");
            assert!(!String::from_utf8_lossy(&output.stdout).contains(secret));
        }
        self.check_clean();
        output
    }

    pub fn cache(&self) -> PathBuf {
        self.lab.path("hf/hub/models--test--tiny-GGUF")
    }

    pub fn pointer(&self, file: &str) -> PathBuf {
        self.cache().join("snapshots").join(COMMIT).join(file)
    }

    pub fn blob(&self) -> PathBuf {
        self.cache().join("blobs").join(sha256(&self.bytes))
    }

    pub fn partial(&self) -> PathBuf {
        self.cache()
            .join("blobs")
            .join(format!("{}.incomplete", sha256(&self.bytes)))
    }

    /// Every blob is what its name says, every name leads to a blob, and nothing lies outside the test's folders.
    pub fn check_clean(&self) {
        for path in files_below(&self.lab.path("hf")) {
            let name = path.file_name().expect("a name").to_string_lossy().into_owned();
            let is_blob = path.parent().is_some_and(|dir| dir.ends_with("blobs"));
            if is_blob && !name.ends_with(".incomplete") {
                assert_eq!(
                    name,
                    sha256(&std::fs::read(&path).expect("readable")),
                    "{}",
                    path.display()
                );
            }
            if name.ends_with(".gguf") {
                let blob = std::fs::canonicalize(&path).expect("no dangling name");
                assert!(
                    blob.parent().is_some_and(|dir| dir.ends_with("blobs")),
                    "{}",
                    blob.display()
                );
            }
        }
        assert!(!self.lab.path("evil.gguf").exists());
    }

    pub fn is_fetched(&self) -> bool {
        std::fs::read(self.pointer(F16)).is_ok_and(|bytes| bytes == self.bytes)
    }
}

pub fn files_below(root: &Path) -> Vec<PathBuf> {
    let mut found = Vec::new();
    for entry in std::fs::read_dir(root).into_iter().flatten().flatten() {
        match entry.file_type().expect("a type").is_dir() {
            true => found.extend(files_below(&entry.path())),
            false => found.push(entry.path()),
        }
    }
    found
}
