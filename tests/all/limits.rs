//! What the machine withholds: a stream that cannot be written, room on a disk.

use crate::util::{run, run_for, stderr, wait_for_sample, Lab};
use std::fs::File;
use std::path::PathBuf;
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

fn begin(command: &mut Command) -> Child {
    let command = command.stdout(Stdio::piped()).stderr(Stdio::piped());
    command.spawn().expect("kvant starts")
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
