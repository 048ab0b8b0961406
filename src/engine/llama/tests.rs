//! Against a real model: `KVANT_TEST_MODEL`, or the built-in one where it is there; skipped with a line otherwise.

use super::*;
use crate::data::{FlashAttn, KvType};
use crate::engine::argmax;
use std::path::PathBuf;

const TEXT: &str = "The quick brown fox jumps over the lazy dog, and then it walks home along the river. ";

fn test_model() -> Option<PathBuf> {
    let built_in = Path::new(env!("CARGO_MANIFEST_DIR")).join("assets/builtin-f16.gguf");
    let named = std::env::var_os("KVANT_TEST_MODEL").map(PathBuf::from);
    let found = named.or(Some(built_in)).filter(|path| path.exists());
    if found.is_none() {
        eprintln!("skipped: set KVANT_TEST_MODEL to a GGUF file");
    }
    found
}

fn loaded(path: &Path) -> LlamaEngine {
    let mut engine = LlamaEngine::new().expect("llama.cpp starts");
    engine
        .load(path, "cpu", 0, SplitMode::Layer)
        .expect("the test model loads");
    engine
}

fn config(kv: KvType) -> ArmConfig {
    ArmConfig {
        type_k: kv,
        type_v: kv,
        n_threads: 2,
        n_batch: 64,
        n_ubatch: 64,
        n_ctx: 256,
        ..ArmConfig::default()
    }
}

fn tokens(engine: &LlamaEngine, n: usize) -> Vec<i32> {
    let mut tokens = engine.tokenize(&TEXT.repeat(20)).expect("text");
    tokens.truncate(n);
    assert_eq!(tokens.len(), n);
    tokens
}

fn open(engine: &mut LlamaEngine, config: &ArmConfig) -> Result<(ContextId, ContextInfo), EngineError> {
    engine.open(config, &Layout::single(config))
}

fn largest_difference(a: &[f32], b: &[f32]) -> f32 {
    assert_eq!(a.len(), b.len());
    a.iter().zip(b).map(|(x, y)| (x - y).abs()).fold(0.0, f32::max)
}

#[test]
fn the_named_versions_are_the_pinned_ones() {
    let manifest = include_str!("../../../Cargo.toml");
    for part in VERSION.split(", ") {
        let (name, version) = part.split_once(' ').expect("name and version");
        let pin = format!("{name} = {{ version = \"={version}\"");
        assert!(manifest.contains(&pin), "Cargo.toml does not pin {part}");
    }
    assert!(info().system_info.contains("CPU"));
}

#[test]
fn logits_with_kv_reuse_equal_those_without() {
    let Some(path) = test_model() else { return };
    let mut engine = loaded(&path);
    let (id, _) = open(&mut engine, &config(KvType::F16)).expect("opens");
    let all = tokens(&engine, 101);
    engine.decode(id, &all[..100]).expect("fits");
    engine.decode(id, &all[100..]).expect("fits");
    let with_reuse = engine.logits(id).expect("there are some").to_vec();
    engine.clear(id).expect("clears");
    engine.decode(id, &all).expect("fits");
    let without = engine.logits(id).expect("there are some").to_vec();
    // Prompt and one-token kernels round differently.
    let difference = largest_difference(&with_reuse, &without);
    assert!(difference < 0.5, "{difference}");
    let best = without.iter().copied().fold(f32::MIN, f32::max);
    let chosen = argmax(engine.logits(id).expect("there are logits"));
    assert_eq!(without[chosen as usize], best);
}

#[test]
fn a_restored_state_gives_the_same_bits() {
    let Some(path) = test_model() else { return };
    for kv in [KvType::F16, KvType::Q8_0] {
        let mut engine = loaded(&path);
        let Ok((id, _)) = open(&mut engine, &config(kv)) else {
            assert!(kv.is_quantized(), "f16 always opens");
            continue;
        };
        let all = tokens(&engine, 81);
        engine.decode(id, &all[..80]).expect("fits");
        let state = engine.save(id).expect("saves");
        engine.decode(id, &all[80..]).expect("fits");
        let before = engine.logits(id).expect("there are some").to_vec();
        engine.truncate(id, 0, 80).expect("back to 80");
        engine.decode(id, &all[80..]).expect("fits");
        assert_eq!(engine.logits(id).expect("there are some"), before, "{kv} truncated");
        engine.clear(id).expect("clears");
        engine.restore(id, &state).expect("its own state");
        assert!(engine.logits(id).is_err(), "a state holds no logits");
        engine.decode(id, &all[80..]).expect("fits");
        assert_eq!(engine.logits(id).expect("there are some"), before, "{kv} restored");
        assert!(engine.restore(id, &state[..state.len() / 2]).is_err());
    }
}

#[test]
fn a_kept_prefix_gives_the_next_prompt_its_first_token() {
    let Some(path) = test_model() else { return };
    let mut engine = loaded(&path);
    let (id, _) = open(&mut engine, &config(KvType::F16)).expect("opens");
    let all = tokens(&engine, 140);
    let (prompt, next) = (&all[..100], [&all[..50], &all[90..140]].concat());
    engine.decode(id, &next).expect("fits");
    let cold = (
        argmax(engine.logits(id).expect("logits")),
        engine.logits(id).expect("logits").to_vec(),
    );
    engine.clear(id).expect("clears");
    engine.decode(id, prompt).expect("fits");
    engine.truncate(id, 0, 50).expect("drops the rest");
    engine.decode(id, &next[50..]).expect("fits");
    let warm = (
        argmax(engine.logits(id).expect("logits")),
        engine.logits(id).expect("logits").to_vec(),
    );
    // Other batch shapes round differently; the most likely token of a text the model knows does not change.
    assert!(largest_difference(&cold.1, &warm.1) < 0.5);
    assert_eq!(cold.0, warm.0);
}

#[test]
fn sequences_at_once_see_their_own_text() {
    let Some(path) = test_model() else { return };
    let mut engine = loaded(&path);
    let all = tokens(&engine, 60);
    let (plain, _) = open(&mut engine, &config(KvType::F16)).expect("opens");
    for is_unified in [false, true] {
        let layout = Layout {
            n_seq: 3,
            is_unified,
            ..Layout::single(&config(KvType::F16))
        };
        let config = ArmConfig {
            n_ctx: 768,
            ..config(KvType::F16)
        };
        let (batch, info) = engine.open(&config, &layout).expect("opens");
        assert_eq!(info.n_ctx, 768);
        let prompt = |seq: usize| &all[if is_unified { 0 } else { seq }..][..40];
        if is_unified {
            engine.decode(batch, prompt(0)).expect("fits");
            engine.share(batch).expect("one cache for all");
        } else {
            assert!(engine.share(batch).is_err(), "a cache each");
            for seq in 0..3 {
                engine.append(batch, &[(seq as u32, prompt(seq))]).expect("fits");
            }
        }
        for _ in 0..3 {
            let two = [(0, &all[40..41]), (1, &all[41..42])];
            engine.append(batch, &two).expect("two of three");
            for seq in 0..2 {
                engine.truncate(batch, seq, 40).expect("drops the token");
            }
        }
        let step: Vec<(u32, &[i32])> = (0..3).zip(all[40..43].chunks(1)).collect();
        engine.append(batch, &step).expect("all three");
        for seq in 0..3 {
            engine.clear(plain).expect("clears");
            let text = [prompt(seq), &all[40 + seq..41 + seq]].concat();
            engine.decode(plain, &text).expect("fits");
            let expected = engine.logits(plain).expect("logits").to_vec();
            let found = engine.contexts[batch.0].logits_of(seq as i32);
            // Other batch shapes round differently.
            let difference = largest_difference(&found, &expected);
            assert!(difference < 0.5, "sequence {seq}, unified {is_unified}: {difference}");
        }
        assert!(engine.append(batch, &[(0, &[i32::MAX])]).is_err());
        assert!(engine.append(batch, &[(3, &all[..2])]).is_err(), "there are three");
        assert!(engine.append(batch, &[(0, &all.repeat(20))]).is_err(), "no room");
        engine.truncate(batch, 1, 0).expect("empties it");
        engine
            .append(batch, &[(1, &all), (2, &all[..1])])
            .expect("a prompt beside a token");
    }
    for n_seq in [0, 300] {
        let config = config(KvType::F16);
        let layout = Layout {
            n_seq,
            ..Layout::single(&config)
        };
        assert!(engine.open(&config, &layout).is_err(), "{n_seq} sequences");
    }
}

/// What is in the cache once, and what is no longer, counts as room.
#[test]
fn a_shared_prompt_takes_its_room_once() {
    let Some(path) = test_model() else { return };
    let mut engine = loaded(&path);
    let config = config(KvType::F16);
    let layout = Layout {
        n_seq: 3,
        is_unified: true,
        ..Layout::single(&config)
    };
    let (id, _) = engine.open(&config, &layout).expect("opens");
    let all = tokens(&engine, 100);
    engine.decode(id, &all).expect("fits");
    engine.decode(id, &all).expect("fits");
    engine.share(id).expect("one cache for all");
    engine.append(id, &[(1, &all[..50])]).expect("250 of 256");
    assert!(engine.append(id, &[(2, &all[..7])]).is_err(), "257 of 256");
    engine.truncate(id, 2, 0).expect("the others hold what it held");
    assert!(engine.append(id, &[(2, &all[..7])]).is_err(), "still 257 of 256");
    engine.truncate(id, 1, 0).expect("gives its own back");
    engine.append(id, &[(2, &all[..56])]).expect("exactly full");
}

/// Bytes of the KV cache: by our own count, and as llama.cpp names them, in hundredths of MiB.
fn kv_bytes(path: &Path, kv: KvType, n_ctx: u32) -> (u64, u64) {
    let mut engine = loaded(path);
    let config = ArmConfig { n_ctx, ..config(kv) };
    let (_, info) = open(&mut engine, &config).expect("a head size divisible by 32");
    assert_eq!(info.n_ctx, n_ctx);
    assert!(info.buffers.iter().any(|b| b.purpose == "compute"));
    let logged = info.buffers.iter().filter(|b| b.purpose == "kv").map(|b| b.bytes).sum();
    (info.kv_bytes, logged)
}

#[test]
fn kv_bytes_are_what_llama_cpp_allocates() {
    let Some(path) = test_model() else { return };
    for kv in [KvType::F16, KvType::F32, KvType::Q8_0, KvType::Q4_0] {
        for n_ctx in [256, 2048] {
            let (own, logged) = kv_bytes(&path, kv, n_ctx);
            assert!(own.abs_diff(logged) <= (1 << 20) / 200 + 1, "{kv}: {own} and {logged}");
        }
    }
}

#[test]
fn kv_bytes_of_the_built_in_model_are_exact() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("assets/builtin-f16.gguf");
    // 4 layers of 128 elements of K and of V; 4096 tokens of them are whole hundredths of MiB.
    for (kv, per_token) in [(KvType::F16, 2048), (KvType::Q8_0, 1088), (KvType::Q4_0, 576)] {
        assert_eq!(kv_bytes(&path, kv, 4096), (4096 * per_token, 4096 * per_token), "{kv}");
    }
}

#[test]
fn what_llama_cpp_would_abort_on_is_refused() {
    let Some(path) = test_model() else { return };
    let mut engine = loaded(&path);
    let quantized = ArmConfig {
        flash_attn: FlashAttn::Off,
        ..config(KvType::Q8_0)
    };
    let error = open(&mut engine, &quantized).expect_err("llama.cpp needs flash attention for it");
    assert!(error.to_string().contains("flash attention"), "{error}");
    let wrongs: [fn(&mut ArmConfig); 4] = [
        |c| c.n_ctx = 0,
        |c| c.n_batch = 0,
        |c| c.n_threads = 0,
        |c| c.n_threads = 100_000,
    ];
    for wrong in wrongs {
        let mut config = config(KvType::F16);
        wrong(&mut config);
        assert!(open(&mut engine, &config).is_err());
    }
    let (id, _) = open(&mut engine, &config(KvType::F16)).expect("opens");
    assert!(engine.logits(id).is_err(), "nothing was decoded");
    assert!(engine.decode(id, &[]).is_err());
    assert!(engine.decode(id, &[-1]).is_err());
    assert!(engine.decode(id, &[i32::MAX]).is_err());
    assert!(engine.decode(id, &tokens(&engine, 257)).is_err());
    assert!(engine.truncate(id, 0, 1).is_err());
    assert!(engine.decode(ContextId(9), &[1]).is_err());
    engine.decode(id, &tokens(&engine, 256)).expect("exactly full");
    assert!(engine.decode(id, &[1]).is_err());
}

#[test]
fn broken_and_missing_files_are_refused_with_their_cause() {
    let dir = tempfile::tempdir().expect("a folder");
    let mut engine = LlamaEngine::new().expect("llama.cpp starts");
    let missing = dir.path().join("missing.gguf");
    let error = engine
        .load(&missing, "cpu", 0, SplitMode::Layer)
        .expect_err("not there");
    assert!(error.to_string().contains("missing.gguf"), "{error}");
    let wrong = dir.path().join("wrong.gguf");
    std::fs::write(&wrong, b"GGUF and then nonsense").expect("written");
    let error = engine.load(&wrong, "cpu", 0, SplitMode::Layer).expect_err("nonsense");
    assert!(
        error.to_string().contains("wrong.gguf") && !error.to_string().contains("no reason"),
        "{error}"
    );
    let error = engine
        .load(&wrong, "CUDA99", 0, SplitMode::Layer)
        .expect_err("no such device");
    assert!(error.to_string().contains("CUDA99"), "{error}");
    let dst = dir.path().join("made.gguf");
    let error = quantize(&wrong, &dst, sys::LLAMA_FTYPE_MOSTLY_Q8_0, &Default::default()).expect_err("nonsense");
    assert!(
        error.to_string().contains("wrong.gguf") && !error.to_string().contains("no reason"),
        "{error}"
    );
    assert_eq!(
        std::fs::read_dir(dir.path()).expect("a folder").count(),
        1,
        "no half file is left"
    );
}

#[test]
fn a_truncated_model_is_refused_with_its_cause() {
    let Some(path) = test_model() else { return };
    let dir = tempfile::tempdir().expect("a folder");
    let short = dir.path().join("short.gguf");
    let bytes = std::fs::read(&path).expect("the model");
    std::fs::write(&short, &bytes[..bytes.len() - 4096]).expect("written");
    let error = LlamaEngine::new()
        .expect("starts")
        .load(&short, "cpu", 0, SplitMode::Layer)
        .expect_err("too short");
    assert!(error.to_string().contains("bounds"), "{error}");
}

#[test]
fn quantizing_makes_a_model_that_loads() {
    let Some(path) = test_model() else { return };
    let dir = tempfile::tempdir().expect("a folder");
    let dst = dir.path().join("made-Q8_0.gguf");
    quantize(&path, &dst, sys::LLAMA_FTYPE_MOSTLY_Q8_0, &Default::default()).expect("quantizes");
    let mut engine = loaded(&dst);
    let (id, _) = open(&mut engine, &config(KvType::F16)).expect("opens");
    let prompt = tokens(&engine, 16);
    engine.decode(id, &prompt).expect("fits");
    assert!(engine.logits(id).expect("there are some").iter().all(|x| x.is_finite()));
    assert_eq!(
        std::fs::read_dir(dir.path()).expect("a folder").count(),
        1,
        "no temporary file is left"
    );
}

#[test]
fn every_scored_token_has_its_logits_and_the_vocabulary_has_an_identity() {
    let Some(path) = test_model() else { return };
    let mut engine = loaded(&path);
    let tokens = tokens(&engine, 40);
    let (plain, _) = open(&mut engine, &config(KvType::F16)).expect("opens");
    let layout = Layout {
        n_outputs: 16,
        ..Layout::single(&config(KvType::F16))
    };
    let (scoring, _) = engine.open(&config(KvType::F16), &layout).expect("opens");
    engine
        .decode(scoring, &tokens[..8])
        .expect("the part that is not scored");
    let mut rows: Vec<Vec<f32>> = Vec::new();
    let mut keep = |row: &[f32]| {
        rows.push(row.to_vec());
        Ok(())
    };
    engine.decode_scored(scoring, &tokens[8..], &mut keep).expect("scores");
    assert_eq!(rows.len(), 32);
    for n in [9, 24, 25, 40] {
        engine.clear(plain).expect("clears");
        engine.decode(plain, &tokens[..n]).expect("decodes");
        let expected = engine.logits(plain).expect("logits").to_vec();
        // Other batch shapes round differently.
        let difference = largest_difference(&rows[n - 9], &expected);
        assert!(difference < 0.5, "token {n}: {difference}");
    }
    let mut refuse = |_: &[f32]| Err(EngineError::Refused("enough".to_owned()));
    engine.clear(scoring).expect("clears");
    assert!(engine.decode_scored(scoring, &tokens, &mut refuse).is_err());
    let vocab = engine.vocab().expect("loaded");
    assert_eq!((vocab.sha256.len(), vocab.n_vocab > 100), (64, true));
    assert_eq!(engine.vocab().expect("loaded"), vocab);
    assert!(engine.text_of(&tokens).expect("text").contains("quick brown fox"));
    assert!(engine.text_of(&[-1]).is_err());
}

/// How far rounding moves the likely tokens against each other when the cache is filled in passes of five instead of one by one: largest
/// spread of the differences between logits within 2 of the best, over 600 tokens. SmolLM2-135M: 0.035 as F16, 0.75 as Q4_K_M.
#[test]
fn a_pass_of_several_tokens_rounds_f16_weights_by_little() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("assets/builtin-f16.gguf");
    let mut engine = loaded(&path);
    let config = ArmConfig {
        n_ctx: 1024,
        ..config(KvType::F16)
    };
    let text = include_str!("../../../docs/method.md");
    let tokens = engine.tokenize(text).expect("text");
    let mut open = || open(&mut engine, &config).expect("opens").0;
    let (single, several) = (open(), open());
    let mut widest = 0.0f32;
    for some in tokens[..600].chunks(5) {
        let mut rows: Vec<Vec<f32>> = Vec::new();
        let mut keep = |row: &[f32]| {
            rows.push(row.to_vec());
            Ok(())
        };
        engine.decode_scored(several, some, &mut keep).expect("decodes");
        for (token, row) in some.iter().zip(&rows) {
            engine.decode(single, &[*token]).expect("decodes");
            let own = engine.logits(single).expect("logits").to_vec();
            let best = own.iter().copied().fold(f32::MIN, f32::max);
            let likely = own.iter().zip(row).filter(|(own, _)| **own > best - 2.0);
            let (lo, hi) = likely.fold((f32::MAX, f32::MIN), |(lo, hi), (a, b)| (lo.min(b - a), hi.max(b - a)));
            widest = widest.max(hi - lo);
        }
    }
    assert!(widest < 0.1, "{widest}");
}
