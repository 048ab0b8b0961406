//! What users get, a build without the feature `test-engine`, has no test hook. `just test` runs this before the other tests.
#![cfg(not(feature = "test-engine"))]

use std::process::{Command, Output, Stdio};

const KVANT: &str = env!("CARGO_BIN_EXE_kvant");

fn kvant(args: &[&str], script: &str) -> Output {
    let mut command = Command::new(KVANT);
    command.args(args).env("KVANT_FAKE_ENGINE", script);
    command.stdin(Stdio::null()).output().expect("kvant starts")
}

#[test]
fn the_variables_of_the_test_engine_are_not_in_it() {
    let bytes = std::fs::read(KVANT).expect("it is there");
    let holds = |word: &str| bytes.windows(word.len()).any(|w| w == word.as_bytes());
    assert!(holds("KVANT_STORE"), "names of variables are found");
    for word in ["KVANT_FAKE_ENGINE", "KVANT_HANDICAP", "scripted panic"] {
        assert!(!holds(word), "{word}");
    }
}

#[test]
fn a_script_in_the_environment_changes_nothing() {
    let dir = tempfile::tempdir().expect("a folder");
    let script = dir.path().join("script.json");
    std::fs::write(&script, r#"{"devices": ["SCRIPTED0"]}"#).expect("written");
    let script = script.to_str().expect("UTF-8");
    let doctor = kvant(&["--json", "--offline", "doctor"], script);
    assert!(doctor.status.success());
    let text = String::from_utf8_lossy(&doctor.stdout);
    assert!(text.contains("kvant.doctor/1") && !text.contains("SCRIPTED0"), "{text}");

    let worker = kvant(&["worker", "F16 control"], script);
    let text = String::from_utf8_lossy(&worker.stdout);
    assert_eq!(worker.status.success(), cfg!(feature = "llama"), "{text}");
    assert_eq!(
        text.contains(r#""name":"llama.cpp""#),
        cfg!(feature = "llama"),
        "{text}"
    );
}
