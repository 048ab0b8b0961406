use super::*;

fn config(type_k: KvType) -> ArmConfig {
    ArmConfig {
        type_k,
        type_v: type_k,
        n_threads: 2,
        n_batch: 512,
        n_ctx: 300,
        ..ArmConfig::default()
    }
}

/// A loaded engine without noise, with costs that are easy to add up.
fn quiet(dir: &Path) -> FakeEngine {
    let path = dir.join("m-F16.gguf");
    std::fs::write(&path, b"GGUF").expect("written");
    let script = r#"{"noise":0,"token_noise":0,"costs":[{"prefill_ns":1000,"decode_ns":5000,"growth_per_1000":1.0}]}"#;
    let mut engine = FakeEngine::new(serde_json::from_str(script).expect("valid"));
    engine.load(&path, "cpu", 0, SplitMode::Layer).expect("loads");
    engine
}

fn open(engine: &mut FakeEngine, kv: KvType) -> Result<(ContextId, ContextInfo), EngineError> {
    engine.open(&config(kv), &Layout::single(&config(kv)))
}

#[test]
fn states_belong_to_their_context() {
    let dir = tempfile::tempdir().expect("a folder");
    let mut engine = quiet(dir.path());
    let (a, _) = open(&mut engine, KvType::F16).expect("opens");
    let (b, _) = open(&mut engine, KvType::Q8_0).expect("opens");
    engine.decode(a, &[1, 2, 3]).expect("fits");
    let state = engine.save(a).expect("saves");
    let logits = engine.logits(a).expect("there are some").to_vec();
    assert!(engine.restore(b, &state).is_err());
    assert!(engine.restore(a, &state[..5]).is_err());
    engine.clear(a).expect("clears");
    engine.restore(a, &state).expect("its own");
    engine.truncate(a, 0, 2).expect("shorter");
    engine.decode(a, &[3]).expect("fits");
    assert_eq!(engine.logits(a).expect("there are some"), logits);
    assert!(engine.truncate(a, 0, 4).is_err());
}

#[test]
fn what_llama_cpp_would_abort_on_is_refused() {
    let dir = tempfile::tempdir().expect("a folder");
    let mut engine = quiet(dir.path());
    let (id, _) = open(&mut engine, KvType::F16).expect("opens");
    assert!(engine.decode(id, &[]).is_err());
    assert!(engine.decode(id, &[1; 513]).is_err());
    assert!(engine.decode(id, &[257]).is_err());
    assert!(engine.decode(ContextId(3), &[1]).is_err());
    assert!(engine.logits(id).is_err());
    assert!(engine
        .load(&dir.path().join("none.gguf"), "cpu", 0, SplitMode::Layer)
        .is_err());
}

#[test]
fn a_wrong_script_says_what_is_wrong() {
    let dir = tempfile::tempdir().expect("a folder");
    let path = dir.path().join("script.json");
    std::fs::write(&path, r#"{"noize":1}"#).expect("written");
    let error = FakeScript::read(&path).expect_err("a typo");
    assert!(error.to_string().contains("noize"), "{error}");
}
