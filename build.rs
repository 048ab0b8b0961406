//! Says how llama.cpp was built: with shared libraries (feature `dynamic-link`) programs look for them where they lie themselves, and in
//! `lib/kvant` of an installed one; with `GGML_RPC=ON` in the environment there is an RPC backend to test.

fn main() {
    println!("cargo:rerun-if-changed=build.rs");
    println!("cargo:rerun-if-env-changed=GGML_RPC");
    println!("cargo:rustc-check-cfg=cfg(kvant_rpc)");
    let is_shared = std::env::var_os("CARGO_FEATURE_DYNAMIC_LINK").is_some();
    let is_linux = std::env::var("CARGO_CFG_TARGET_OS").is_ok_and(|os| os == "linux");
    if is_shared && is_linux {
        println!("cargo:rustc-link-arg=-Wl,-rpath,$ORIGIN:$ORIGIN/../lib/kvant");
    }
    if std::env::var_os("CARGO_FEATURE_LLAMA").is_some() && std::env::var("GGML_RPC").is_ok_and(|on| on == "ON") {
        println!("cargo:rustc-cfg=kvant_rpc");
    }
}
