//! Where models come from, as the user's environment and flags say.

use super::args::Global;
use super::exit::{Failure, BAD_INPUT, UNEXPECTED};
use super::progress::LiveLine;
use super::stop::Stop;
use crate::catalog::{
    identity, preview, resolve, shape, Catalog, CatalogError, Context, Header, Hub, ModelFiles, Preview, Request,
    SelfQuantizer, Store, Tools, Web,
};
use crate::data::DraftInfo;
use std::path::{Path, PathBuf};
use std::sync::atomic::Ordering;

/// Everything [`resolve`] works with.
pub struct Sources {
    catalog: Catalog,
    store: Store,
    hub: Hub,
    web: Web,
    quantizer: SelfQuantizer,
}

impl Sources {
    /// Reads models.toml, and finds store, cache and tools. Nothing is contacted or created.
    pub fn of_user(global: &Global, stop: &Stop, live: &LiveLine) -> Result<Sources, Failure> {
        let exe = std::env::current_exe().map_err(|e| Failure::new(UNEXPECTED, e))?;
        let is_stopped = || {
            let flag = stop.flag();
            move || flag.load(Ordering::Relaxed)
        };
        let store = Store::from_env()?;
        let web = Web::new(global.offline, live.teller(), is_stopped());
        Ok(Sources {
            catalog: Catalog::load(global.catalog.as_deref())?,
            hub: Hub::from_env(&store, &web)?,
            store,
            web,
            quantizer: SelfQuantizer::new(exe, is_stopped()),
        })
    }

    pub fn context(&self) -> Context<'_> {
        Context {
            catalog: &self.catalog,
            tools: Tools {
                store: &self.store,
                hub: &self.hub,
                web: &self.web,
                quantizer: &self.quantizer,
            },
        }
    }

    pub fn store(&self) -> &Store {
        &self.store
    }

    pub fn quantizer(&self) -> &SelfQuantizer {
        &self.quantizer
    }

    /// The file of `--draft`, with its hash.
    pub fn draft(&self, path: &Path, live: &mut dyn FnMut(u64)) -> Result<DraftInfo, Failure> {
        let wrong = |e: &dyn std::fmt::Display| {
            let text = format!("--draft {}: {e}; name a .gguf file", path.display());
            Failure::msg(BAD_INPUT, text)
        };
        let file = std::fs::metadata(path).map_err(|e| wrong(&e))?;
        if !file.is_file() {
            return Err(wrong(&"it is no file"));
        }
        let header = Header::of_file(path)?;
        let name = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
        let hashes = header.paths.iter().map(|part| self.store.sha256(part, live));
        let hashes = hashes.collect::<Result<Vec<_>, _>>().map_err(|e| wrong(&e))?;
        Ok(DraftInfo {
            name,
            sha256: identity(&hashes),
            file_bytes: header.gguf.file_bytes,
        })
    }

    /// The file of random weights that `--shape` asks for.
    pub fn shape(&self, given: &str, live: &LiveLine) -> Result<PathBuf, Failure> {
        live.share(&format!("random weights in the shape of {given}"), 0, 1);
        let path = shape(given, self.context());
        live.clear();
        Ok(path?)
    }

    pub fn preview(&self, request: &Request<'_>) -> Result<Preview, CatalogError> {
        preview(request, self.context())
    }

    /// Finds, fetches or makes the wanted variants, with a line on stderr.
    pub fn resolve(&self, request: &Request<'_>, live: &LiveLine) -> Result<ModelFiles, Failure> {
        let files = resolve(request, self.context(), &mut |event| live.file(event));
        if files.is_err() {
            live.clear();
        }
        Ok(files?)
    }
}
