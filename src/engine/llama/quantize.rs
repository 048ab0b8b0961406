//! llama.cpp's quantizer: writes the new file beside its destination and renames it when it is complete.

use super::backend::{c_path, start};
use super::log;
use crate::engine::api::{EngineError, Shaping};
use llama_cpp_sys_2 as sys;
use std::ffi::CString;
use std::path::{Path, PathBuf};
use std::ptr;

/// Writes `src`, which may be quantized already, as `ftype` (a `LLAMA_FTYPE_*` number) to `dst`, on all cores. llama.cpp may abort on a
/// broken source, so callers run this in a child process.
///
/// # Errors
/// With the file's name and llama.cpp's last error lines; `dst` is untouched then.
pub(crate) fn quantize(src: &Path, dst: &Path, ftype: u32, shaping: &Shaping) -> Result<(), EngineError> {
    start();
    let from = c_path(src)?;
    // Checked here because the cause is clearer than llama.cpp's.
    std::fs::File::open(src).map_err(|e| EngineError::Refused(format!("cannot open {}: {e}", src.display())))?;
    let temporary = temporary_name(dst);
    let to = c_path(&temporary)?;
    // SAFETY: returns a value; no preconditions.
    let mut params = unsafe { sys::llama_model_quantize_default_params() };
    params.ftype = ftype as sys::llama_ftype;
    params.allow_requantize = true;
    let lists = Lists::of(shaping)?;
    lists.hand_to(&mut params);
    // SAFETY: both paths are NUL-terminated; `params`, and `lists`, which its pointers lead to, live for the call.
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

/// The shaping as C has it: lists that end in an entry of nulls.
struct Lists<'a> {
    types: Vec<sys::llama_model_tensor_override>,
    imatrix: Vec<sys::llama_model_imatrix_data>,
    _texts: Vec<CString>,
    _shaping: &'a Shaping,
}

impl<'a> Lists<'a> {
    fn of(shaping: &'a Shaping) -> Result<Self, EngineError> {
        let names = shaping
            .types
            .iter()
            .map(|(pattern, _)| pattern)
            .chain(shaping.imatrix.keys());
        let texts: Vec<CString> = names
            .map(|name| CString::new(name.as_str()))
            .collect::<Result<_, _>>()
            .map_err(|_| EngineError::Refused("a name of a tensor has a NUL in it".to_owned()))?;
        let (patterns, tensors) = texts.split_at(shaping.types.len());
        let mut types: Vec<_> = patterns
            .iter()
            .zip(&shaping.types)
            .map(|(pattern, (_, id))| sys::llama_model_tensor_override {
                pattern: pattern.as_ptr(),
                type_: *id as sys::ggml_type,
            })
            .collect();
        types.push(sys::llama_model_tensor_override {
            pattern: ptr::null(),
            type_: sys::GGML_TYPE_COUNT,
        });
        let mut imatrix: Vec<_> = tensors
            .iter()
            .zip(shaping.imatrix.values())
            .map(|(name, values)| sys::llama_model_imatrix_data {
                name: name.as_ptr(),
                data: values.as_ptr(),
                size: values.len(),
            })
            .collect();
        imatrix.push(sys::llama_model_imatrix_data {
            name: ptr::null(),
            data: ptr::null(),
            size: 0,
        });
        Ok(Lists {
            types,
            imatrix,
            _texts: texts,
            _shaping: shaping,
        })
    }

    /// Lists without entries stay away: an empty matrix is not the same as none.
    fn hand_to(&self, params: &mut sys::llama_model_quantize_params) {
        if self.types.len() > 1 {
            params.tt_overrides = self.types.as_ptr();
        }
        if self.imatrix.len() > 1 {
            params.imatrix = self.imatrix.as_ptr();
        }
    }
}

fn temporary_name(dst: &Path) -> PathBuf {
    let mut name = dst.as_os_str().to_owned();
    name.push(format!(".{}.tmp", std::process::id()));
    PathBuf::from(name)
}
