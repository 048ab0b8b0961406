//! Starts llama.cpp. Of the backends that are modules beside the program (feature `dynamic-backends`) there is one for each generation
//! of x86-64, and ggml takes the best that this machine can run.

use super::log;
use crate::engine::api::EngineError;
use llama_cpp_sys_2 as sys;
use std::ffi::CString;
use std::path::Path;
use std::sync::Once;

/// Starts llama.cpp, once per process; it is never shut down.
pub(super) fn start() {
    static ONCE: Once = Once::new();
    ONCE.call_once(|| {
        log::install();
        log::quietly(load_modules);
        // SAFETY: the first call into llama.cpp besides loading its backends, made once.
        unsafe { sys::llama_backend_init() };
    });
}

pub(super) fn c_path(path: &Path) -> Result<CString, EngineError> {
    let bytes = path.as_os_str().as_encoded_bytes();
    CString::new(bytes).map_err(|_| EngineError::Refused(format!("{} has a NUL in its name", path.display())))
}

/// Loads them; nothing to do in a build that has them inside.
#[cfg(not(feature = "dynamic-backends"))]
fn load_modules() {}

/// Loads them from where this program keeps them, or from where the build left them. Never from the current folder: what lies there
/// is not ours to run.
#[cfg(feature = "dynamic-backends")]
fn load_modules() {
    let own = std::env::current_exe().ok().and_then(|exe| beside(&exe));
    let Some(dir) = own.or(sys::BACKENDS_DIR.map(std::path::PathBuf::from)) else {
        return;
    };
    let Ok(path) = c_path(&dir) else { return };
    // SAFETY: a NUL-terminated path that lives for the call; made once, before anything else is asked of ggml.
    unsafe { sys::ggml_backend_load_all_from_path(path.as_ptr()) };
}

/// The program's own folder, or `lib/kvant` beside its `bin`: the first that holds modules.
#[cfg(any(test, feature = "dynamic-backends"))]
fn beside(exe: &std::path::Path) -> Option<std::path::PathBuf> {
    let dir = exe.parent()?;
    let has_modules = |dir: &std::path::PathBuf| {
        let entries = std::fs::read_dir(dir).into_iter().flatten().flatten();
        let names = entries.map(|entry| entry.file_name());
        names
            .into_iter()
            .any(|name| name.to_string_lossy().starts_with("libggml-cpu"))
    };
    [dir.to_owned(), dir.join("../lib/kvant")].into_iter().find(has_modules)
}

#[cfg(test)]
mod tests {
    use super::beside;

    #[test]
    fn modules_are_found_beside_the_program_then_in_lib_kvant_of_its_prefix() {
        let prefix = tempfile::tempdir().expect("a folder");
        let [bin, lib] = ["bin", "lib/kvant"].map(|name| prefix.path().join(name));
        for dir in [&bin, &lib] {
            std::fs::create_dir_all(dir).expect("made");
        }
        let exe = bin.join("kvant");
        assert_eq!(beside(&exe), None);
        std::fs::write(lib.join("libggml-cpu-haswell.so"), "").expect("written");
        let found = beside(&exe).expect("found").canonicalize().expect("there");
        assert_eq!(found, lib.canonicalize().expect("there"));
        std::fs::write(bin.join("libggml-cpu-haswell.so"), "").expect("written");
        assert_eq!(beside(&exe), Some(bin));
    }
}
