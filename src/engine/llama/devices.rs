//! The devices that ggml's backends see.

use crate::engine::EngineError;
use llama_cpp_sys_2 as sys;
use std::ffi::CStr;

/// One device of ggml's registry, which lives as long as the process.
#[derive(Debug, Clone, Copy)]
pub(super) struct Device(pub(super) sys::ggml_backend_dev_t);

impl Device {
    /// Finds a device by its name; case does not matter.
    pub(super) fn by_name(name: &str) -> Result<Self, EngineError> {
        let found = all().find(|d| d.name().eq_ignore_ascii_case(name));
        found.ok_or_else(|| {
            let known: Vec<String> = std::iter::once("cpu".to_owned()).chain(gpu_names()).collect();
            EngineError::Refused(format!("there is no device '{name}': use one of {}", known.join(", ")))
        })
    }

    fn name(self) -> String {
        // SAFETY: a device of the registry; its name is static.
        unsafe { CStr::from_ptr(sys::ggml_backend_dev_name(self.0)) }
            .to_string_lossy()
            .into_owned()
    }

    fn is_gpu(self) -> bool {
        // SAFETY: a device of the registry.
        let kind = unsafe { sys::ggml_backend_dev_type(self.0) };
        kind == sys::GGML_BACKEND_DEVICE_TYPE_GPU || kind == sys::GGML_BACKEND_DEVICE_TYPE_IGPU
    }

    /// Free memory now.
    pub(super) fn free_bytes(self) -> usize {
        let (mut free, mut total) = (0, 0);
        // SAFETY: a device of the registry; both numbers are ours to write.
        unsafe { sys::ggml_backend_dev_memory(self.0, &raw mut free, &raw mut total) };
        free
    }
}

/// Names of the devices besides the CPU.
pub(super) fn gpu_names() -> Vec<String> {
    all().filter(|d| d.is_gpu()).map(Device::name).collect()
}

fn all() -> impl Iterator<Item = Device> {
    // SAFETY: reads the registry, which fills itself at the first call.
    let n = unsafe { sys::ggml_backend_dev_count() };
    // SAFETY: the index is below the count.
    (0..n).map(|i| Device(unsafe { sys::ggml_backend_dev_get(i) }))
}
