use super::quantize::{Quantize, QUANTIZER_TAG};
use super::*;
use crate::gguf::write_test::tiny_llama;
use crate::gguf::Writer;
use crate::gguf::{ftype_id, Gguf};
use std::cell::{Cell, RefCell};
use std::fs;
use std::path::{Path, PathBuf};
use tempfile::TempDir;

mod variants;

/// A small llama of rows of 256 in any of the tested types.
fn llama(ftype: &str) -> Writer {
    let (ty, block) = match ftype {
        "F32" => (0, (1, 4)),
        "F16" => (1, (1, 2)),
        "Q4_0" => (2, (32, 18)),
        "Q4_1" => (3, (32, 20)),
        "Q8_0" => (8, (32, 34)),
        "Q4_K_M" => (12, (256, 144)),
        other => panic!("no test file of type {other}"),
    };
    tiny_llama(256, ty, block, ftype_id(ftype))
}

/// Writes what a quantizer would, and notes what it was asked.
#[derive(Default)]
struct Scripted {
    asked: RefCell<Vec<(String, String)>>,
    fails: bool,
    cuts: bool,
    is_stopped: Cell<bool>,
}

impl Quantize for Scripted {
    fn quantize(&self, src: &Path, dst: &Path, ftype: &str, _: &mut dyn FnMut(u64)) -> Result<(), String> {
        let name = src.file_name().expect("a file").to_string_lossy().into_owned();
        self.asked.borrow_mut().push((name, ftype.to_owned()));
        let bytes = llama(ftype).bytes();
        let n = if self.cuts || self.fails {
            bytes.len() / 2
        } else {
            bytes.len()
        };
        fs::write(dst, &bytes[..n]).map_err(|e| e.to_string())?;
        if self.fails {
            return Err("scripted failure".into());
        }
        Ok(())
    }

    fn is_stopped(&self) -> bool {
        self.is_stopped.get()
    }
}

struct Fixture {
    dir: TempDir,
    store: Store,
}

impl Fixture {
    fn new() -> Fixture {
        let dir = tempfile::tempdir().expect("a folder");
        let store = Store::at(dir.path().join("store"));
        Fixture { dir, store }
    }

    fn put(&self, name: &str, bytes: &[u8]) -> PathBuf {
        let path = self.dir.path().join(name);
        fs::create_dir_all(path.parent().expect("a folder")).expect("created");
        fs::write(&path, bytes).expect("written");
        path
    }

    fn resolve(&self, path: &Path, wanted: &[&str], quantizer: &dyn Quantize) -> Result<ModelFiles, CatalogError> {
        let wanted: Vec<String> = wanted.iter().map(|w| (*w).to_owned()).collect();
        resolve_in(&self.store, path, &wanted, quantizer, &mut |_| {})
    }

    /// Everything in the store that is a model or a half-made file.
    fn left_in_store(&self) -> Vec<String> {
        let mut found = Vec::new();
        let mut folders = vec![self.store.root().to_owned()];
        while let Some(folder) = folders.pop() {
            for entry in fs::read_dir(folder).into_iter().flatten().flatten() {
                let name = entry.file_name().to_string_lossy().into_owned();
                match entry.path().is_dir() {
                    true => folders.push(entry.path()),
                    false if name.contains(".gguf") || name.starts_with('.') => found.push(name),
                    false => {}
                }
            }
        }
        found
    }
}

/// With a store, and nothing that a file of one's own needs besides.
fn resolve_in(
    store: &Store,
    path: &Path,
    wanted: &[String],
    quantizer: &dyn Quantize,
    progress: &mut dyn FnMut(&Event<'_>),
) -> Result<ModelFiles, CatalogError> {
    let models = [path.display().to_string()];
    let request = Request::of(&models, wanted);
    resolve_of(store, &request, quantizer, progress)
}

fn ask(store: &Store, request: &Request<'_>, quantizer: &dyn Quantize) -> Result<ModelFiles, CatalogError> {
    resolve_of(store, request, quantizer, &mut |_| {})
}

fn resolve_of(
    store: &Store,
    request: &Request<'_>,
    quantizer: &dyn Quantize,
    progress: &mut dyn FnMut(&Event<'_>),
) -> Result<ModelFiles, CatalogError> {
    let web = &Web::new(true, |_| {}, || false);
    let tools = Tools {
        store,
        hub: &Hub::from_env(store, web).expect("a good endpoint"),
        web,
        quantizer,
    };
    let catalog = &Catalog::shipped().expect("sound");
    resolve(request, Context { catalog, tools }, progress)
}

fn message(result: Result<ModelFiles, CatalogError>) -> (u8, String) {
    let error = result.expect_err("must be refused");
    (error.exit_code(), error.to_string())
}

#[test]
fn missing_variants_are_made_once_from_a_file() {
    let fixture = Fixture::new();
    let path = fixture.put("Tiny-Instruct-f16.gguf", &llama("F16").bytes());
    let quantizer = Scripted::default();
    let model = fixture.resolve(&path, &[], &quantizer).expect("three variants");
    assert_eq!(model.info.name, "Tiny-Instruct");
    let ids: Vec<_> = model.variants.iter().map(|(v, _)| v.id.as_str()).collect();
    assert_eq!(ids, ["F16", "Q8_0", "Q4_K_M"]);
    assert_eq!(model.variants[0].0.derived_from, None);
    let from = model.variants[2].0.derived_from.clone().expect("made");
    assert_eq!((from.ftype.as_str(), from.is_requantized), ("F16", false));
    assert_eq!(from.sha256, model.variants[0].0.sha256);
    assert_eq!(quantizer.asked.borrow().len(), 2);
    // Again: nothing is made or hashed, and the result is the same.
    let wanted = ["f16", "q8_0", "q4_k_m", "F16"].map(str::to_owned);
    let mut n_events = 0;
    let again = resolve_in(&fixture.store, &path, &wanted, &quantizer, &mut |_| n_events += 1);
    assert_eq!((again.expect("found"), n_events), (model, 0));
    assert_eq!(quantizer.asked.borrow().len(), 2);
}

#[test]
fn a_quantized_source_goes_through_f16() {
    let fixture = Fixture::new();
    let path = fixture.put("Tiny.Q4_1.gguf", &llama("Q4_1").bytes());
    let quantizer = Scripted::default();
    let model = fixture
        .resolve(&path, &["Q4_1", "F16", "Q4_K_M"], &quantizer)
        .expect("three variants");
    let from: Vec<_> = model.variants.iter().map(|(v, _)| v.derived_from.clone()).collect();
    assert_eq!(from[0], None);
    assert!(from[1..]
        .iter()
        .flatten()
        .all(|f| f.is_requantized && f.ftype == "Q4_1" && f.file == "Tiny.Q4_1.gguf"));
    let f16 = format!("F16-{QUANTIZER_TAG}.gguf");
    let asked = [
        ("Tiny.Q4_1.gguf".to_owned(), "F16".to_owned()),
        (f16, "Q4_K_M".to_owned()),
    ];
    assert_eq!(*quantizer.asked.borrow(), asked);
    // The same variant whether F16 is wanted or not.
    let alone = fixture.resolve(&path, &["Q4_K_M"], &quantizer).expect("one variant");
    assert_eq!(alone.variants[0], model.variants[2]);
}

#[test]
fn a_folder_gives_what_it_holds_and_the_best_is_the_source() {
    let fixture = Fixture::new();
    // The names lie on purpose.
    fixture.put("m/a-Q4_K_M.gguf", &llama("Q8_0").bytes());
    fixture.put("m/b.gguf", &llama("F16").bytes());
    fixture.put("m/readme.txt", b"no model");
    let quantizer = Scripted::default();
    let folder = fixture.dir.path().join("m");
    let files = |wanted: &[&str]| {
        let model = fixture.resolve(&folder, wanted, &quantizer).expect("a model");
        model
            .variants
            .into_iter()
            .map(|(v, _)| (v.id, v.file))
            .collect::<Vec<_>>()
    };
    let here = [("F16", "b.gguf"), ("Q8_0", "a-Q4_K_M.gguf")].map(|(id, file)| (id.to_owned(), file.to_owned()));
    assert_eq!(files(&[]), here);
    assert!(quantizer.asked.borrow().is_empty());
    assert_eq!(files(&["F16", "Q8_0", "Q4_K_M"])[..2], here);
    assert_eq!(*quantizer.asked.borrow(), [("b.gguf".to_owned(), "Q4_K_M".to_owned())]);
}

#[test]
fn nothing_half_made_stays() {
    let fixture = Fixture::new();
    let path = fixture.put("good.gguf", &llama("F16").bytes());
    let fails = |fails, cuts| Scripted {
        fails,
        cuts,
        ..Scripted::default()
    };
    for (quantizer, words) in [
        (
            fails(true, false),
            "Q8_0 could not be made from good.gguf: scripted failure",
        ),
        (fails(false, true), "truncated"),
    ] {
        let (code, text) = message(fixture.resolve(&path, &[], &quantizer));
        assert!(code == 7 && text.contains(words), "{text}");
    }
    let stopped = Scripted {
        is_stopped: Cell::new(true),
        ..fails(true, false)
    };
    assert_eq!(message(fixture.resolve(&path, &[], &stopped)).0, 130);
    assert_eq!(fixture.left_in_store(), Vec::<String>::new());
}

#[test]
fn a_made_file_that_was_changed_is_made_again() {
    let fixture = Fixture::new();
    let path = fixture.put("good.gguf", &llama("F16").bytes());
    let quantizer = Scripted::default();
    let model = fixture.resolve(&path, &["Q8_0"], &quantizer).expect("made");
    let made = &model.variants[0].1;
    let mut bytes = fs::read(made).expect("readable");
    *bytes.last_mut().expect("not empty") ^= 1;
    fs::write(made, &bytes).expect("written");
    assert_eq!(
        fixture.resolve(&path, &["Q8_0"], &quantizer).expect("made again"),
        model
    );
    fs::write(made, &bytes[..bytes.len() - 9]).expect("written");
    assert_eq!(
        fixture.resolve(&path, &["Q8_0"], &quantizer).expect("made again"),
        model
    );
    assert_eq!(quantizer.asked.borrow().len(), 3);
}

#[test]
fn several_processes_may_make_the_same_file() {
    let fixture = Fixture::new();
    let path = fixture.put("good.gguf", &llama("F16").bytes());
    let results: Vec<_> = std::thread::scope(|scope| {
        let make = || fixture.resolve(&path, &[], &Scripted::default());
        let threads: Vec<_> = (0..8).map(|_| scope.spawn(make)).collect();
        threads
            .into_iter()
            .map(|t| t.join().expect("no panic").expect("made"))
            .collect()
    });
    assert!(results.iter().all(|r| *r == results[0]));
    assert_eq!(
        fixture
            .left_in_store()
            .iter()
            .filter(|name| name.starts_with('.'))
            .count(),
        0
    );
}

#[test]
fn room_is_predicted_and_checked() {
    let fixture = Fixture::new();
    for ftype in ["F16", "Q8_0", "Q4_K_M"] {
        let path = fixture.put("good.gguf", &llama("F32").bytes());
        let predicted = space::predicted_bytes(&Gguf::open(&path).expect("a model"), ftype);
        assert!(predicted >= llama(ftype).bytes().len() as u64);
    }
    let error = space::check("Q8_0", fixture.dir.path(), u64::MAX).expect_err("no such disk");
    assert_eq!(error.exit_code(), 4);
    assert!(error.to_string().contains("MiB free"), "{error}");
}

#[test]
fn an_unusable_store_is_named() {
    let fixture = Fixture::new();
    let file = fixture.put("a file", b"");
    let store = Store::at(&file);
    let path = fixture.put("good.gguf", &llama("F16").bytes());
    let error = resolve_in(&store, &path, &[], &Scripted::default(), &mut |_| {}).expect_err("no folder");
    assert_eq!(error.exit_code(), 7);
    assert!(error.to_string().contains("KVANT_STORE"), "{error}");
}

#[test]
fn bytes_are_kept_under_their_hash_and_repaired() {
    let fixture = Fixture::new();
    let (path, sha256) = fixture.store.keep("x.gguf", b"abc").expect("kept");
    assert_eq!(
        sha256,
        "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"
    );
    fs::write(&path, b"abd").expect("written");
    fixture.store.keep("x.gguf", b"abc").expect("kept");
    assert_eq!(fs::read(&path).expect("there"), b"abc");
}

#[test]
fn the_tag_names_the_bindings_in_cargo_toml() {
    let version = QUANTIZER_TAG.strip_prefix("llama").expect("a version");
    let line = format!("llama-cpp-sys-2 = {{ version = \"={version}\"");
    assert!(include_str!("../../Cargo.toml").contains(&line), "update QUANTIZER_TAG");
}

mod child {
    use super::*;
    use std::os::unix::fs::PermissionsExt;
    use std::time::Duration;

    /// Runs a shell script in the place of the executable.
    fn run(script: &str, is_stopped: bool) -> (Result<(), String>, TempDir) {
        let dir = tempfile::tempdir().expect("a folder");
        let path = dir.path().join("kvant");
        fs::write(&path, format!("#!/bin/sh\n{script}\n")).expect("written");
        fs::set_permissions(&path, fs::Permissions::from_mode(0o755)).expect("executable");
        let quantizer = SelfQuantizer::new(path, move || is_stopped);
        let dst = dir.path().join("dst");
        // Another test's fork may hold the script open for writing for an instant.
        let result = loop {
            match quantizer.quantize(Path::new("src"), &dst, "Q8_0", &mut |_| {}) {
                Err(why) if why.contains("Text file busy") => std::thread::sleep(Duration::from_millis(20)),
                result => break result,
            }
        };
        (result, dir)
    }

    #[test]
    fn gets_source_destination_and_type() {
        let (result, dir) = run("echo noise; echo \"$1 $2 $4\" > \"$3\"", false);
        assert_eq!(result, Ok(()));
        assert_eq!(
            fs::read_to_string(dir.path().join("dst")).expect("written"),
            "quantize src Q8_0\n"
        );
    }

    #[test]
    fn its_failure_is_told_in_its_own_words() {
        let why = |script| run(script, false).0.expect_err("fails");
        assert_eq!(
            why("echo 'main: failed to open' >&2; echo bye >&2; exit 3"),
            "main: failed to open (exit status 3)"
        );
        assert_eq!(
            why("echo 'kvant: abort: GGML_ASSERT(x)' >&2; echo failed >&2; kill -ABRT $$"),
            "GGML_ASSERT(x) (killed by SIGABRT)"
        );
        assert!(why("kill -9 $$").contains("as when memory runs out"));
        assert!(why("head -c 3000000 /dev/zero | tr '\\0' x >&2; exit 1").len() < 5000);
    }

    #[test]
    fn is_killed_when_the_user_stops() {
        // Were it not killed, it would end well.
        assert!(run("exec sleep 60", true).0.is_err());
    }
}
