//! Runs that were cut short: nothing measured is lost, nothing is measured twice.

use crate::util::{run_for, samples_so_far, stderr, Lab};
use kvant::rng::SplitMix64;
use std::collections::BTreeSet;
use std::process::Stdio;
use std::time::{Duration, Instant};

type Key = (u32, usize);

/// (round, cell) of every sample that counts; fails when one is counted twice, or is not there.
fn keys(lab: &Lab) -> BTreeSet<Key> {
    let all = lab.blocks();
    let set: BTreeSet<Key> = all.iter().copied().collect();
    assert_eq!(all.len(), set.len(), "no sample is counted twice");
    let seen: BTreeSet<Key> = lab.samples().iter().map(|s| (s.round, s.cell)).collect();
    assert!(set.is_subset(&seen));
    set
}

fn uninterrupted() -> BTreeSet<Key> {
    let lab = Lab::new();
    run_for(&mut lab.compare(&[]), 0);
    keys(&lab)
}

#[test]
fn a_truncated_journal_resumes_to_the_same_samples() {
    let full = uninterrupted();
    let lab = Lab::new();
    run_for(&mut lab.compare(&[]), 0);
    let journal = lab.path("run/journal.jsonl");
    let bytes = std::fs::read(&journal).expect("it is there");
    let header_end = bytes.iter().position(|&b| b == b'\n').expect("line 1") + 1;
    for part in 1..8 {
        let cut = header_end + (bytes.len() - header_end) * part / 8;
        std::fs::write(&journal, &bytes[..cut]).expect("it can be written");
        run_for(&mut lab.compare(&["--resume"]), 0);
        assert_eq!(keys(&lab), full, "cut at byte {cut} of {}", bytes.len());
    }
}

#[test]
fn kill_dash_nine_loses_nothing_and_leaves_no_worker() {
    let full = uninterrupted();
    for n_before in [0, 1, 9, 20] {
        let lab = Lab::new();
        lab.script(r#"{"real_sleep_us": 20000}"#);
        let mut child = lab
            .compare(&["-q"])
            .stdout(Stdio::null())
            .spawn()
            .expect("kvant starts");
        let journal = lab.path("run/journal.jsonl");
        let until = Instant::now() + Duration::from_secs(60);
        let seen = || samples_so_far(&journal).map_or(0, |samples| samples.len());
        while seen() < n_before && Instant::now() < until {
            std::thread::sleep(Duration::from_millis(3));
        }
        child.kill().expect("it can be killed");
        child.wait().expect("it is reaped");
        if samples_so_far(&journal).is_none() {
            assert_eq!(
                n_before, 0,
                "only a run that is killed at its very start has no header yet"
            );
            continue;
        }
        let before = keys(&lab);
        assert!(before.len() < full.len(), "the kill came in time");
        lab.script("{}");
        run_for(&mut lab.compare(&["--resume"]), 0);
        assert_eq!(keys(&lab), full);
        assert!(before.is_subset(&full));
        assert_no_worker(&lab);
    }
}

/// Kills at random instants, however early or late, each followed by the same command, which may be killed as well.
#[test]
fn two_hundred_kills_lose_nothing_and_repeat_nothing() {
    const N_KILLS: u32 = 200;
    const SCRIPT: &str = r#"{"real_sleep_us": 2000}"#;
    let lab = Lab::new();
    lab.script(SCRIPT);
    let start = Instant::now();
    run_for(&mut lab.compare(&[]), 0);
    let full = keys(&lab);
    // Kills fall anywhere in a run, however fast this machine is.
    let longest_ms = start.elapsed().as_millis() as usize;
    let mut rng = SplitMix64::new(20_261_122);
    let mut n_kills = 0;
    while n_kills < N_KILLS {
        let lab = Lab::new();
        lab.script(SCRIPT);
        let journal = lab.path("run/journal.jsonl");
        let mut before = BTreeSet::new();
        loop {
            let mut child = lab
                .compare(&["-q", "--resume"])
                .stdout(Stdio::null())
                .stderr(Stdio::null())
                .spawn()
                .expect("kvant starts");
            if n_kills == N_KILLS {
                assert_eq!(child.wait().expect("it ends").code(), Some(0));
                break;
            }
            std::thread::sleep(Duration::from_millis(rng.below(longest_ms) as u64));
            if let Some(status) = child.try_wait().expect("it can be asked") {
                assert_eq!(status.code(), Some(0), "not killed, so it ends well");
                break;
            }
            child.kill().expect("it can be killed");
            child.wait().expect("it is reaped");
            n_kills += 1;
            if journal.exists() {
                let now = keys(&lab);
                assert!(before.is_subset(&now), "what was on the disk stays");
                before = now;
            }
        }
        assert_eq!(keys(&lab), full);
        assert_no_worker(&lab);
    }
}

/// No process of this test's folder is left: workers die with their parent.
fn assert_no_worker(lab: &Lab) {
    // The kernel ends them when their parent is gone; that takes a moment.
    let until = Instant::now() + Duration::from_secs(5);
    while !lab.processes().is_empty() && Instant::now() < until {
        std::thread::sleep(Duration::from_millis(10));
    }
    let left = lab.processes();
    assert!(left.is_empty(), "processes {left:?} are left");
}

#[test]
fn an_interrupted_run_reports_what_is_there_and_resumes() {
    use nix::sys::signal::{kill, Signal};
    let full = uninterrupted();
    let lab = Lab::new();
    lab.script(r#"{"real_sleep_us": 30000}"#);
    let child = lab
        .compare(&[])
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .expect("kvant starts");
    let journal = lab.path("run/journal.jsonl");
    let until = Instant::now() + Duration::from_secs(60);
    while samples_so_far(&journal).is_none_or(|samples| samples.len() < 15) && Instant::now() < until {
        std::thread::sleep(Duration::from_millis(3));
    }
    // As schedulers do: every process of the task, the workers first.
    let pid = nix::unistd::Pid::from_raw(i32::try_from(child.id()).expect("a pid"));
    let workers: Vec<_> = lab.processes().into_iter().filter(|&p| p != pid).collect();
    assert!(!workers.is_empty(), "workers are up");
    for pid in workers.into_iter().chain([pid]) {
        kill(pid, Signal::SIGTERM).expect("it can be signalled");
    }
    let output = child.wait_with_output().expect("it ends");
    assert_eq!(output.status.code(), Some(3), "{}", stderr(&output));
    assert_eq!(lab.results()["run"]["stopped_by"], "interrupt");
    let records = kvant::journal::read(&journal).expect("good").records;
    let failures = records
        .iter()
        .filter(|r| matches!(r, kvant::data::Record::Failure(f) if f.kind != kvant::data::FailureKind::NotRun));
    assert_eq!(failures.count(), 0, "nothing crashed");
    assert_eq!(lab.results()["run"]["complete"], false);
    lab.script("{}");
    run_for(&mut lab.compare(&["--resume"]), 0);
    assert_eq!(keys(&lab), full);
    assert_eq!(lab.results()["run"]["complete"], true);
}

#[test]
fn a_resumed_run_must_be_the_same_run() {
    let lab = Lab::new();
    run_for(&mut lab.compare(&[]), 0);
    let output = run_for(&mut lab.compare(&["--resume", "--seed", "9"]), 2);
    assert!(stderr(&output).contains("--resume"), "{}", stderr(&output));
    let file = lab.path("models/tiny-Q8_0.gguf");
    let mut bytes = std::fs::read(&file).expect("it is there");
    *bytes.last_mut().expect("not empty") ^= 1;
    std::fs::write(&file, bytes).expect("it can be written");
    let output = run_for(&mut lab.kvant(&["compare", "--resume", "--out", "run"]), 2);
    assert!(stderr(&output).contains("model files changed"), "{}", stderr(&output));
}

#[test]
fn a_damaged_journal_is_refused_with_its_line() {
    let lab = Lab::new();
    run_for(&mut lab.compare(&[]), 0);
    let journal = lab.path("run/journal.jsonl");
    let text = std::fs::read_to_string(&journal).expect("it is there");
    let damaged: String = text
        .lines()
        .enumerate()
        .map(|(i, l)| {
            if i == 5 {
                l.replace('1', "2") + "\n"
            } else {
                format!("{l}\n")
            }
        })
        .collect();
    std::fs::write(&journal, damaged).expect("it can be written");
    let output = run_for(&mut lab.kvant(&["report", "run"]), 5);
    assert!(stderr(&output).contains("line 6"), "{}", stderr(&output));
}
