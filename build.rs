//! Says how llama.cpp was built: with shared libraries (feature `dynamic-link`) programs look for them where they lie themselves, and in
//! `lib/kvant` of an installed one; with `GGML_RPC=ON` in the environment there is an RPC backend to test. Makes the functions and the list of languages of
//! `src/report/lang` from the files in `lang/`.

#[path = "build/texts.rs"]
mod texts;

use std::path::Path;
use std::{env, fs, process};

fn main() {
    println!("cargo:rerun-if-changed=build.rs");
    println!("cargo:rerun-if-changed=build/texts.rs");
    println!("cargo:rerun-if-changed=lang");
    println!("cargo:rustc-env=KVANT_FLAGS={}", flags());
    println!("cargo:rerun-if-env-changed=GGML_RPC");
    println!("cargo:rustc-check-cfg=cfg(kvant_rpc)");
    let is_shared = env::var_os("CARGO_FEATURE_DYNAMIC_LINK").is_some();
    let is_linux = env::var("CARGO_CFG_TARGET_OS").is_ok_and(|os| os == "linux");
    if is_shared && is_linux {
        println!("cargo:rustc-link-arg=-Wl,-rpath,$ORIGIN:$ORIGIN/../lib/kvant");
    }
    if env::var_os("CARGO_FEATURE_LLAMA").is_some() && env::var("GGML_RPC").is_ok_and(|on| on == "ON") {
        println!("cargo:rustc-cfg=kvant_rpc");
    }
    if let Err(why) = languages() {
        println!("cargo:error={why}");
        process::exit(1);
    }
}

/// What tells one build of llama.cpp from another: the compiler's flags, kvant's features, and settings of llama.cpp's own build.
fn flags() -> String {
    let rustflags = env::var("CARGO_ENCODED_RUSTFLAGS")
        .unwrap_or_default()
        .replace('\x1f', " ");
    let of_llama = |(name, value): (String, String)| {
        let is_setting = name.starts_with("GGML_") || name == "CMAKE_C_FLAGS" || name == "CMAKE_CXX_FLAGS";
        let feature = name.strip_prefix("CARGO_FEATURE_");
        let named = feature.filter(|f| !["DEFAULT", "LLAMA"].contains(f));
        match named {
            Some(feature) => Some(feature.to_lowercase().replace('_', "-")),
            None => is_setting.then(|| format!("{name}={value}")),
        }
    };
    let mut found: Vec<String> = env::vars().filter_map(of_llama).collect();
    found.sort();
    found.insert(0, rustflags);
    found.retain(|flag| !flag.is_empty());
    found.join(" ")
}

/// Writes `texts.rs`, which `src/report/lang/mod.rs` includes.
fn languages() -> Result<(), String> {
    let folder = Path::new("lang");
    let listed = fs::read_dir(folder).map_err(|e| format!("lang: {e}"))?;
    let names: Vec<String> = listed
        .filter_map(|entry| entry.ok()?.file_name().into_string().ok())
        .collect();
    let codes = texts::codes(names.iter().map(String::as_str));

    let file = format!("lang/{}.ftl", texts::SOURCE);
    let source = fs::read_to_string(&file).map_err(|e| format!("{file}: {e}"))?;
    let functions = texts::functions(&file, &texts::read(&file, &source)?)?;

    let embedded: Vec<String> = codes
        .iter()
        .map(|code| format!("(\"{code}\", include_str!(concat!(env!(\"CARGO_MANIFEST_DIR\"), \"/lang/{code}.ftl\")))"))
        .collect();
    let list = format!(
        "/// Code and texts of each language, the source of the others first.\nconst FILES: [(&str, &str); {}] = [{}];\n",
        codes.len(),
        embedded.join(", ")
    );
    let out = env::var("OUT_DIR").map_err(|e| format!("OUT_DIR: {e}"))?;
    fs::write(Path::new(&out).join("texts.rs"), list + &functions).map_err(|e| format!("{out}: {e}"))
}
