//! llama.cpp's quantizer: writes the new file beside its destination and renames it when it is complete.

use super::backend::{c_path, start};
use super::log;
use crate::engine::api::EngineError;
use llama_cpp_sys_2 as sys;
use std::path::{Path, PathBuf};

/// See [`crate::engine::quantize::quantize`]; `ftype` is a `LLAMA_FTYPE_*` number.
pub(crate) fn quantize(src: &Path, dst: &Path, ftype: u32, n_threads: u32) -> Result<(), EngineError> {
    start();
    let from = c_path(src)?;
    // Checked here because the cause is clearer than llama.cpp's.
    std::fs::File::open(src).map_err(|e| EngineError::Refused(format!("cannot open {}: {e}", src.display())))?;
    let temporary = temporary_name(dst);
    let to = c_path(&temporary)?;
    // SAFETY: returns a value; no preconditions.
    let mut params = unsafe { sys::llama_model_quantize_default_params() };
    params.ftype = ftype as sys::llama_ftype;
    params.nthread = i32::try_from(n_threads).unwrap_or(i32::MAX);
    params.allow_requantize = true;
    // SAFETY: both paths are NUL-terminated and `params` (whose pointers are null) lives for the call.
    let (code, captured) =
        log::capture(|| unsafe { sys::llama_model_quantize(from.as_ptr(), to.as_ptr(), &raw const params) });
    let what = format!("llama.cpp cannot quantize {}", src.display());
    let renamed = match code {
        0 => crate::fs::publish(&temporary, dst)
            .map_err(|e| EngineError::Refused(format!("cannot write {}: {e}", dst.display()))),
        _ => Err(captured.error(&what)),
    };
    if renamed.is_err() {
        // Half a file is of no use; that it may not exist is no error.
        let _ = std::fs::remove_file(&temporary);
    }
    renamed
}

fn temporary_name(dst: &Path) -> PathBuf {
    let mut name = dst.as_os_str().to_owned();
    name.push(format!(".{}.tmp", std::process::id()));
    PathBuf::from(name)
}
