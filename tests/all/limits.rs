//! What the machine withholds: a stream that cannot be written, threads, memory, room on a disk, the user's patience.

use crate::util::{run, run_for, stderr, wait_for_sample, wait_until, Lab};
use nix::sys::signal::{kill, Signal};
use nix::unistd::Pid;
use std::fs::File;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Output, Stdio};

fn full() -> File {
    File::options().write(true).open("/dev/full").expect("Linux has it")
}

#[test]
fn a_stdout_that_cannot_be_written_is_an_error_and_names_what_is_done() {
    let lab = Lab::new();
    for args in [
        &["--help"][..],
        &["--version"],
        &["compare", "--help"],
        &["doctor"],
        &["man"],
    ] {
        let output = run_for(lab.kvant(args).stdout(full()), 1);
        assert!(
            stderr(&output).contains("error: stdout cannot be written"),
            "{args:?}: {}",
            stderr(&output)
        );
    }
    let output = run_for(lab.compare(&["--kv", "f16"]).stdout(full()), 1);
    let text = stderr(&output);
    assert!(
        text.contains("stdout cannot be written") && text.contains("the report is in run/report.md"),
        "{text}"
    );
    assert!(lab.path("run/report.md").is_file() && lab.path("run/results.json").is_file());
    let output = run_for(lab.kvant(&["diff", "run", "run", "--out", "both"]).stdout(full()), 1);
    assert!(
        stderr(&output).contains("the report is in both/diff.md"),
        "{}",
        stderr(&output)
    );
    assert!(lab.path("both/diff.md").is_file());
    // A reader that went away is no error.
    let mut gone = lab
        .kvant(&["man"])
        .stdout(Stdio::piped())
        .spawn()
        .expect("kvant starts");
    drop(gone.stdout.take());
    assert_eq!(gone.wait().expect("it ends").code(), Some(0));
}

#[test]
fn a_stderr_that_cannot_be_written_stops_nothing() {
    let lab = Lab::new();
    let code = |command: &mut Command| command.stderr(full()).output().expect("kvant starts").status.code();
    assert_eq!(code(&mut lab.compare(&["--kv", "f16"])), Some(0));
    assert_eq!(
        code(&mut lab.kvant(&["report", "nowhere"])),
        Some(5),
        "the exit code still tells"
    );
    assert_eq!(code(&mut lab.kvant(&["report"])), Some(2));
}

#[test]
fn more_threads_than_cpus_are_warned_of_and_more_than_ggml_takes_refused() {
    let lab = Lab::new();
    let output = run_for(&mut lab.compare(&["--kv", "f16", "--threads", "512"]), 0);
    assert!(
        stderr(&output).contains("warning: 512 threads share"),
        "{}",
        stderr(&output)
    );
    let warnings = lab.results()["run"]["warnings"].to_string();
    assert!(warnings.contains("512 threads share"), "{warnings}");
    for (command, n) in [("compare", "1024"), ("triage", "513"), ("rpc-server", "0")] {
        let output = run_for(&mut lab.kvant(&[command, "--threads", n]), 2);
        assert!(stderr(&output).contains("from 1 to 512"), "{}", stderr(&output));
    }
}

/// `command` under a limit of its address space, in KiB.
fn limited(lab: &Lab, command: &Command, limit_kib: u64) -> Command {
    let mut shell = Command::new("sh");
    shell
        .args(["-c", &format!("ulimit -v {limit_kib} && exec \"$0\" \"$@\"")])
        .arg(command.get_program())
        .args(command.get_args())
        .current_dir(lab.path(""));
    for (key, value) in command.get_envs() {
        match value {
            Some(value) => shell.env(key, value),
            None => shell.env_remove(key),
        };
    }
    shell
}

/// Ends in a sentence, whatever the limit: the smaller ones let no thread start, the larger ones no report be drawn.
#[test]
fn memory_that_cannot_be_had_is_told_in_a_sentence() {
    let lab = Lab::new();
    let mut codes = std::collections::BTreeSet::new();
    let exe = std::fs::metadata(env!("CARGO_BIN_EXE_kvant")).expect("it is there");
    for beyond_mib in BEYOND_MIB {
        // The loader maps the program before it can say anything.
        let limit_mib = (exe.len() >> 20) + beyond_mib;
        let _ = std::fs::remove_dir_all(lab.path("run"));
        let output = run(&mut limited(
            &lab,
            &lab.compare(&["--kv", "f16", "-q"]),
            limit_mib << 10,
        ));
        let (code, text) = (output.status.code(), stderr(&output));
        assert!(
            [Some(0), Some(3), Some(4)].contains(&code),
            "{limit_mib} MiB: {code:?} {text}"
        );
        if code == Some(4) {
            assert!(
                text.contains("error: ") && text.contains("ulimit -v"),
                "{limit_mib} MiB: {text}"
            );
            assert_eq!(text.matches("error: ").count(), 1, "{limit_mib} MiB: {text}");
        }
        codes.insert(code);
    }
    assert!(codes.contains(&Some(0)) && codes.contains(&Some(4)), "{codes:?}");
}

/// From hardly enough for a thread to more than a run takes.
const BEYOND_MIB: [u64; 8] = [8, 12, 16, 24, 48, 96, 200, 4096];

fn signal(child: &Child, signal: Signal) {
    let pid = Pid::from_raw(i32::try_from(child.id()).expect("a pid"));
    kill(pid, signal).expect("it can be signalled");
}

fn begin(command: &mut Command) -> Child {
    let command = command.stdout(Stdio::piped()).stderr(Stdio::piped());
    command.spawn().expect("kvant starts")
}

#[test]
fn a_run_that_is_stopped_before_its_first_sample_reports_nothing_and_resumes() {
    for signals in [
        &[Signal::SIGTERM][..],
        &[Signal::SIGINT],
        &[Signal::SIGINT, Signal::SIGINT],
    ] {
        let lab = Lab::new();
        lab.script(r#"{"real_sleep_us": 300000}"#);
        let child = begin(&mut lab.compare(&["--kv", "f16"]));
        wait_until("the journal", || lab.path("run/journal.jsonl").exists());
        for each in signals {
            signal(&child, *each);
        }
        let output = child.wait_with_output().expect("it ends");
        assert_eq!(output.status.code(), Some(130), "{signals:?}: {}", stderr(&output));
        assert!(output.stdout.is_empty() && !lab.path("run/report.md").exists());
        if signals.len() == 1 {
            assert!(
                stderr(&output).contains("stopped before anything was measured; --resume --out run"),
                "{}",
                stderr(&output)
            );
        }
        lab.script("{}");
        run_for(&mut lab.compare(&["--kv", "f16", "--resume"]), 0);
    }
}

#[test]
fn a_triage_that_is_stopped_before_its_first_sample_leaves_nothing() {
    let lab = Lab::new();
    lab.script(r#"{"real_sleep_us": 300000}"#);
    let child = begin(&mut lab.kvant(&["triage", "models", "--quality", "off", "--depth", "64"]));
    let answers = || files_below(&lab.path("store/answers"));
    wait_until("the journal", || {
        answers().iter().any(|file| file.ends_with("journal.jsonl"))
    });
    signal(&child, Signal::SIGTERM);
    let output = child.wait_with_output().expect("it ends");
    assert_eq!(output.status.code(), Some(130), "{}", stderr(&output));
    assert!(
        stderr(&output).contains("the same command measures again"),
        "{}",
        stderr(&output)
    );
    assert!(output.stdout.is_empty() && answers().is_empty(), "{:?}", answers());
}

fn files_below(root: &Path) -> Vec<PathBuf> {
    crate::hub_lab::files_below(root)
}

/// A small disk of its own, taken away when dropped.
struct SmallDisk(PathBuf);

impl SmallDisk {
    /// `None` where this user may not mount one.
    fn new(at: PathBuf, n_kib: u64) -> Option<Self> {
        std::fs::create_dir(&at).expect("it can be made");
        let size = format!("size={n_kib}k,nr_inodes=1000");
        let mount = Command::new("mount")
            .args(["-t", "tmpfs", "-o", &size, "tmpfs"])
            .arg(&at)
            .output();
        mount.is_ok_and(|output| output.status.success()).then_some(Self(at))
    }
}

impl Drop for SmallDisk {
    fn drop(&mut self) {
        let _ = Command::new("umount").arg("-l").arg(&self.0).status();
    }
}

#[test]
fn a_disk_that_fills_up_is_named_and_the_run_goes_on_later() {
    let lab = Lab::new();
    let Some(disk) = SmallDisk::new(lab.path("disk"), 512) else {
        println!("not run: this user may not mount a disk");
        return;
    };
    lab.script(r#"{"real_sleep_us": 2000}"#);
    let args = [
        "compare",
        "models",
        "--out",
        "disk/run",
        "--kv",
        "f16",
        "--n-prompt",
        "128",
        "--depths",
        "128",
        "--rounds",
        "30",
        "--launches",
        "1",
        "--quality",
        "off",
    ];
    let child = begin(&mut lab.kvant(&args));
    let journal = lab.path("disk/run/journal.jsonl");
    wait_for_sample(&journal);
    // Somebody else takes what is left.
    let _ = std::fs::write(lab.path("disk/other"), vec![0; 1 << 20]);
    let output = child.wait_with_output().expect("it ends");
    assert_full(&output, 5, "disk/run/journal.jsonl");
    assert!(stderr(&output).contains("--resume"), "{}", stderr(&output));
    let _ = std::fs::remove_file(lab.path("disk/other"));
    // Room for the journal, but not for the report.
    let output = run(&mut lab.kvant(&[&args[..], &["--resume"]].concat()));
    assert_full(&output, 1, "disk/run/");
    assert!(stderr(&output).contains("kvant report"), "{}", stderr(&output));
    run_for(&mut lab.kvant(&["report", "disk/run", "--out", "elsewhere"]), 0);
    assert!(lab.path("elsewhere/report.html").is_file());
    drop(disk);
}

fn assert_full(output: &Output, code: i32, file: &str) {
    let text = stderr(output);
    assert_eq!(output.status.code(), Some(code), "{text}");
    assert!(
        text.contains("No space left on device") && text.contains(file),
        "{text}"
    );
    assert!(text.contains("free "), "{text}");
}
