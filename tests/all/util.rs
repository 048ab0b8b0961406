//! A folder of its own for each test, small model files in it, and the real binary with the scripted engine.

use crate::write_test::tiny_llama;
use kvant::data::{Record, SampleRecord};
use serde_json::Value;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};
use std::time::{Duration, Instant};

/// A test's folder with the models F16, Q8_0 and Q4_K_M in `models/`.
pub struct Lab {
    dir: tempfile::TempDir,
}

impl Lab {
    pub fn new() -> Self {
        let lab = Lab {
            dir: tempfile::tempdir().expect("a temporary folder"),
        };
        let models = lab.path("models");
        std::fs::create_dir(&models).expect("it can be made");
        for (name, file_type, ggml_type, block) in [
            ("F16", 1, 1, (1, 2)),
            ("Q8_0", 7, 8, (32, 34)),
            ("Q4_K_M", 15, 12, (256, 144)),
        ] {
            let bytes = tiny_llama(256, ggml_type, block, Some(file_type)).bytes();
            std::fs::write(models.join(format!("tiny-{name}.gguf")), bytes).expect("it can be written");
        }
        lab.script("{}");
        lab
    }

    pub fn path(&self, name: &str) -> PathBuf {
        self.dir.path().join(name)
    }

    /// Sets the script of the fake engine.
    pub fn script(&self, json: &str) {
        std::fs::write(self.path("script.json"), json).expect("it can be written");
    }

    /// `kvant ARGS` in the test's folder, with the fake engine, and with no Hub and no pip in reach.
    pub fn kvant(&self, args: &[&str]) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_kvant"));
        for name in [
            "HF_TOKEN",
            "HF_TOKEN_PATH",
            "HF_HUB_CACHE",
            "HUGGINGFACE_HUB_CACHE",
            "HF_HUB_OFFLINE",
        ] {
            command.env_remove(name);
        }
        for name in [
            "http_proxy",
            "https_proxy",
            "all_proxy",
            "HTTP_PROXY",
            "HTTPS_PROXY",
            "ALL_PROXY",
        ] {
            command.env_remove(name);
        }
        self.python("echo 'ERROR: No matching distribution found' >&2; exit 1");
        command
            .args(args)
            .current_dir(self.dir.path())
            .env("KVANT_FAKE_ENGINE", self.path("script.json"))
            .env("KVANT_STORE", self.path("store"))
            // Where the lock is that lets one run at a time measure: tests need not wait for each other.
            .env("TMPDIR", self.dir.path())
            .env("HF_HOME", self.path("hf"))
            // Port 9 is "discard": nobody listens there.
            .env("HF_ENDPOINT", "http://127.0.0.1:9")
            .env("XDG_CONFIG_HOME", self.path("config"))
            .env("PATH", self.path_with_python())
            .env("RUST_BACKTRACE", "1");
        command
    }

    /// Puts a shell script in the place of python3, unless there is one already.
    fn python(&self, script: &str) {
        if !self.path("bin/python3").exists() {
            self.replace_python(script);
        }
    }

    /// Puts a shell script in the place of python3.
    pub fn replace_python(&self, script: &str) {
        use std::os::unix::fs::PermissionsExt;
        let path = self.path("bin/python3");
        std::fs::create_dir_all(self.path("bin")).expect("it can be made");
        std::fs::write(&path, format!("#!/bin/sh\n{script}\n")).expect("it can be written");
        std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o755)).expect("it can be made executable");
    }

    fn path_with_python(&self) -> String {
        format!(
            "{}:{}",
            self.path("bin").display(),
            std::env::var("PATH").unwrap_or_default()
        )
    }

    /// `kvant compare models` with few small cells and these further arguments, into `run/`.
    pub fn compare(&self, args: &[&str]) -> Command {
        let mut all = vec![
            "compare",
            "models",
            "--out",
            "run",
            "--n-prompt",
            "128",
            "--depths",
            "128",
            "--rounds",
            "3",
        ];
        all.extend(["--launches", "1", "--quality", "off"]);
        all.extend(args);
        self.kvant(&all)
    }

    /// The processes that run in this folder: kvant and its workers.
    pub fn processes(&self) -> Vec<nix::unistd::Pid> {
        let folder = self.path("");
        let all = std::fs::read_dir("/proc").into_iter().flatten().flatten();
        let is_ours = |p: &std::fs::DirEntry| std::fs::read_link(p.path().join("cwd")).is_ok_and(|cwd| cwd == folder);
        all.filter(is_ours)
            .filter_map(|p| p.file_name().to_str()?.parse().ok())
            .map(nix::unistd::Pid::from_raw)
            .collect()
    }

    pub fn results(&self) -> Value {
        self.results_in("run")
    }

    pub fn results_in(&self, dir: &str) -> Value {
        let text = std::fs::read_to_string(self.path(dir).join("results.json")).expect("a run leaves results.json");
        let results = serde_json::from_str(&text).expect("results.json is JSON");
        assert_valid(&results);
        results
    }

    pub fn samples(&self) -> Vec<SampleRecord> {
        samples(&self.path("run/journal.jsonl"))
    }

    /// (round, cell) of every sample that counts.
    pub fn blocks(&self) -> Vec<(u32, usize)> {
        blocks(&self.path("run/journal.jsonl"))
    }
}

/// (round, cell) of every sample of a journal that counts.
pub fn blocks(journal: &Path) -> Vec<(u32, usize)> {
    let journal = kvant::journal::read(journal).expect("a good journal");
    let blocks = journal.records.into_iter().filter_map(|record| match record {
        Record::Block(block) => Some(block),
        _ => None,
    });
    blocks
        .flat_map(|b| b.cells.into_iter().map(move |cell| (b.round, cell)))
        .collect()
}

/// The samples of a journal.
pub fn samples(journal: &Path) -> Vec<SampleRecord> {
    samples_so_far(journal).expect("a good journal")
}

/// The samples of a journal that is being written; `None` before its header is there.
pub fn samples_so_far(journal: &Path) -> Option<Vec<SampleRecord>> {
    let journal = kvant::journal::read(journal).ok()?;
    let samples = journal.records.into_iter().filter_map(|record| match record {
        Record::Sample(sample) => Some(sample),
        _ => None,
    });
    Some(samples.collect())
}

/// Waits for something that happens within seconds.
pub fn wait_until(what: &str, mut has_happened: impl FnMut() -> bool) {
    let until = Instant::now() + Duration::from_secs(60);
    while !has_happened() {
        assert!(Instant::now() < until, "after a minute still not: {what}");
        std::thread::sleep(Duration::from_millis(2));
    }
}

/// Waits for the first sample of a run.
pub fn wait_for_sample(journal: &Path) {
    wait_until("a sample", || {
        samples_so_far(journal).is_some_and(|samples| !samples.is_empty())
    });
}

/// Runs to the end; stdout and stderr must be free of what no user should see.
pub fn run(command: &mut Command) -> Output {
    let output = command.output().expect("kvant starts");
    let text = format!("{}{}", String::from_utf8_lossy(&output.stdout), stderr(&output));
    for ugly in ["panicked", "RUST_BACKTRACE", "stack backtrace", "has a fault", "NaN"] {
        assert!(!text.contains(ugly), "'{ugly}' in: {text}");
    }
    output
}

pub fn stderr(output: &Output) -> String {
    String::from_utf8_lossy(&output.stderr).into_owned()
}

/// Runs and expects this exit code.
pub fn run_for(command: &mut Command, code: i32) -> Output {
    let output = run(command);
    assert_eq!(output.status.code(), Some(code), "{}", stderr(&output));
    output
}

/// Holds a `results.json` against its schema.
pub fn assert_valid(results: &Value) {
    static SCHEMA: std::sync::LazyLock<jsonschema::Validator> = std::sync::LazyLock::new(|| {
        let schema = serde_json::from_str(include_str!("../../docs/results.schema.json")).expect("the schema is JSON");
        jsonschema::meta::validate(&schema).expect("the schema is a schema");
        jsonschema::validator_for(&schema).expect("the schema compiles")
    });
    let errors = SCHEMA.iter_errors(results);
    let errors: Vec<String> = errors.map(|e| format!("{}: {e}", e.instance_path())).collect();
    assert!(errors.is_empty(), "{errors:#?}");
}
