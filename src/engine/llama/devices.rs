//! The devices that ggml's backends see, on this machine and behind its RPC servers.

use super::backend::{c_path, start};
use crate::engine::api::{DeviceInfo, EngineError};
use crate::engine::rpc::check_server;
use llama_cpp_sys_2 as sys;
use std::ffi::{c_char, CStr, CString};
use std::path::Path;

/// Begins the name of what an RPC server offers: `rpc:host:port`.
const RPC: &str = "rpc:";

/// One device of ggml's registry, which lives as long as the process.
#[derive(Debug, Clone, Copy)]
pub(super) struct Device(pub(super) sys::ggml_backend_dev_t);

impl Device {
    fn name(self) -> String {
        // SAFETY: a device of the registry; its name is static.
        lossy(unsafe { CStr::from_ptr(sys::ggml_backend_dev_name(self.0)) })
    }

    fn description(self) -> String {
        // SAFETY: a device of the registry; its description is static.
        lossy(unsafe { CStr::from_ptr(sys::ggml_backend_dev_description(self.0)) })
    }

    /// Where it is on the PCI bus; `None` where the backend does not tell.
    pub(super) fn pci_address(self) -> Option<String> {
        // SAFETY: plain numbers and pointers, for which zero is a value.
        let mut props: sys::ggml_backend_dev_props = unsafe { std::mem::zeroed() };
        // SAFETY: a device of the registry; the properties are ours to write.
        unsafe { sys::ggml_backend_dev_get_props(self.0, &raw mut props) };
        // SAFETY: NULL, or a text that lives as long as the device.
        (!props.device_id.is_null()).then(|| lossy(unsafe { CStr::from_ptr(props.device_id) }))
    }

    fn is_gpu(self) -> bool {
        // SAFETY: a device of the registry.
        let kind = unsafe { sys::ggml_backend_dev_type(self.0) };
        kind == sys::GGML_BACKEND_DEVICE_TYPE_GPU || kind == sys::GGML_BACKEND_DEVICE_TYPE_IGPU
    }

    /// Free and total memory now, in bytes.
    pub(super) fn memory(self) -> (usize, usize) {
        let (mut free, mut total) = (0, 0);
        // SAFETY: a device of the registry; both numbers are ours to write.
        unsafe { sys::ggml_backend_dev_memory(self.0, &raw mut free, &raw mut total) };
        (free, total)
    }
}

fn lossy(text: &CStr) -> String {
    text.to_string_lossy().into_owned()
}

/// The devices named, separated by commas; none for `cpu`. Case does not matter.
pub(super) fn by_names(names: &str) -> Result<Vec<Device>, EngineError> {
    let mut found = Vec::new();
    for name in names.split(',').filter(|name| !name.eq_ignore_ascii_case("cpu")) {
        match name.strip_prefix(RPC) {
            Some(endpoint) => found.extend(of_server(endpoint)?),
            None => found.push(by_name(name)?),
        }
    }
    Ok(found)
}

fn by_name(name: &str) -> Result<Device, EngineError> {
    let found = all().find(|d| d.is_gpu() && d.name().eq_ignore_ascii_case(name));
    found.ok_or_else(|| {
        let known: Vec<String> = std::iter::once("cpu".to_owned()).chain(gpu_names()).collect();
        EngineError::Refused(format!("there is no device '{name}': use one of {}", known.join(", ")))
    })
}

pub(super) fn gpu_names() -> Vec<String> {
    all().filter(|d| d.is_gpu()).map(Device::name).collect()
}

pub(crate) fn list() -> Vec<DeviceInfo> {
    start();
    let info = |device: Device| {
        let (free, total) = device.memory();
        DeviceInfo {
            name: device.name(),
            description: device.description(),
            free_bytes: free as u64,
            total_bytes: total as u64,
        }
    };
    all().filter(|d| d.is_gpu()).map(info).collect()
}

fn all() -> impl Iterator<Item = Device> {
    // SAFETY: reads the registry, which fills itself at the first call.
    let n = unsafe { sys::ggml_backend_dev_count() };
    // SAFETY: the index is below the count.
    (0..n).map(|i| Device(unsafe { sys::ggml_backend_dev_get(i) }))
}

/// A function of the RPC backend, which is not linked by name because most builds do not have it.
fn rpc_function(name: &CStr) -> Result<*mut std::ffi::c_void, EngineError> {
    // SAFETY: a NUL-terminated name; reads the registry.
    let registry = unsafe { sys::ggml_backend_reg_by_name(c"RPC".as_ptr()) };
    if registry.is_null() {
        let why = "this build of llama.cpp has no RPC backend; build with GGML_RPC=ON (docs/gpu.md)";
        return Err(EngineError::Refused(why.to_owned()));
    }
    // SAFETY: a backend of the registry and a NUL-terminated name.
    let function = unsafe { sys::ggml_backend_reg_get_proc_address(registry, name.as_ptr()) };
    let found = (!function.is_null()).then_some(function);
    found.ok_or_else(|| EngineError::Refused(format!("llama.cpp's RPC backend has no {}", name.to_string_lossy())))
}

/// What a server offers. llama.cpp aborts when it cannot reach one, so that is tried here first.
fn of_server(endpoint: &str) -> Result<Vec<Device>, EngineError> {
    let refused = |why: String| EngineError::Refused(format!("RPC server {endpoint}: {why}"));
    type AddServer = unsafe extern "C" fn(*const c_char) -> sys::ggml_backend_reg_t;
    let function = rpc_function(c"ggml_backend_rpc_add_server")?;
    check_server(endpoint).map_err(|why| refused(format!("{why}; start `kvant rpc-server` on that machine")))?;
    // SAFETY: the function has this signature in ggml-rpc.h.
    let add: AddServer = unsafe { std::mem::transmute(function) };
    let name = CString::new(endpoint).map_err(|_| refused("a NUL in its name".to_owned()))?;
    // SAFETY: a NUL-terminated endpoint, copied by the callee.
    let server = unsafe { add(name.as_ptr()) };
    if server.is_null() {
        return Err(refused("it offers no device".to_owned()));
    }
    // SAFETY: a live backend; the index is below the count.
    let devices = unsafe {
        let n = sys::ggml_backend_reg_dev_count(server);
        (0..n)
            .map(|i| Device(sys::ggml_backend_reg_dev_get(server, i)))
            .collect()
    };
    Ok(devices)
}

/// Offers `device` (`cpu` or names) at `endpoint`; returns when the server ends.
pub(crate) fn serve_rpc(endpoint: &str, device: &str, n_threads: u32) -> Result<(), EngineError> {
    type StartServer = unsafe extern "C" fn(*const c_char, *const c_char, usize, usize, *mut sys::ggml_backend_dev_t);
    start();
    let function = rpc_function(c"ggml_backend_rpc_start_server")?;
    let mut devices: Vec<_> = by_names(device)?.iter().map(|d| d.0).collect();
    if devices.is_empty() {
        // SAFETY: reads the registry; the CPU is always in it.
        devices.push(unsafe { sys::ggml_backend_dev_by_type(sys::GGML_BACKEND_DEVICE_TYPE_CPU) });
    }
    let endpoint = c_path(Path::new(endpoint))?;
    // SAFETY: the function has this signature in ggml-rpc.h.
    let serve: StartServer = unsafe { std::mem::transmute(function) };
    // SAFETY: NUL-terminated endpoint, no cache folder, and as many devices as said; all live for the call.
    unsafe {
        serve(
            endpoint.as_ptr(),
            std::ptr::null(),
            n_threads as usize,
            devices.len(),
            devices.as_mut_ptr(),
        )
    };
    Err(EngineError::Refused(
        "the RPC server ended; its lines above say why".to_owned(),
    ))
}
