//! `kvant mix` on the way to its errors: nothing here needs llama.cpp.

use crate::util::{run, stderr, Lab};

/// Exit code and stderr.
fn refused(lab: &Lab, args: &[&str]) -> (Option<i32>, String) {
    let all: Vec<&str> = ["mix", "models"].iter().chain(args).copied().collect();
    let output = run(&mut lab.kvant(&all));
    (output.status.code(), stderr(&output))
}

#[test]
fn what_cannot_be_asked_is_refused_before_any_work() {
    let lab = Lab::new();
    std::fs::write(lab.path("a.txt"), "one text\n".repeat(400)).expect("written");
    for (args, words) in [
        (vec!["--max-quality-loss", "1%"], "write it as kld:0.02"),
        (vec!["--types", "q9_k"], "not a type of weights"),
        (vec!["--types", "iq2_xs"], "add --imatrix auto"),
        (vec!["--groups", "none"], "neither auto, fine, nor a number"),
        (
            vec!["--text", "a.txt", "--calibrate", "a.txt"],
            "what chooses must not prove",
        ),
        (vec!["--calibrate", "missing.txt"], "missing.txt"),
        (vec!["--max-size", "1MiB", "--like", "Q8_0"], "cannot be used with"),
    ] {
        let (code, text) = refused(&lab, &args);
        assert_eq!(code, Some(2), "{args:?}: {text}");
        assert!(text.contains(words), "{args:?}: {text}");
    }
    assert!(!lab.path("store/mix").exists(), "nothing was begun");
}

#[test]
fn an_importance_matrix_that_is_none_is_refused() {
    let lab = Lab::new();
    std::fs::write(lab.path("m.dat"), [1u8; 5]).expect("written");
    let (code, text) = refused(&lab, &["--imatrix", "m.dat"]);
    assert_eq!(code, Some(2), "{text}");
    assert!(
        text.contains("--imatrix m.dat") && text.contains("importance matrix"),
        "{text}"
    );
    let (code, text) = refused(&lab, &["--imatrix", "models/tiny-F16.gguf"]);
    assert_eq!(code, Some(2), "{text}");
    assert!(text.contains("no entries") || text.contains("it is a model"), "{text}");
}
