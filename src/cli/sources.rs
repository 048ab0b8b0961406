//! Where models come from, as the user's environment and flags say.

use super::args::Global;
use super::exit::{Failure, UNEXPECTED};
use super::progress::LiveLine;
use super::stop::Stop;
use crate::catalog::{resolve, Catalog, Hub, Means, ModelFiles, Pip, Request, SelfQuantizer, Store};
use std::sync::atomic::Ordering;

/// Everything [`resolve`] works with.
pub struct Sources {
    catalog: Catalog,
    store: Store,
    hub: Hub,
    pip: Pip,
    quantizer: SelfQuantizer,
}

impl Sources {
    /// Reads models.toml, and finds store, cache and tools. Nothing is contacted or created.
    pub fn of_user(global: &Global, stop: &Stop) -> Result<Sources, Failure> {
        let exe = std::env::current_exe().map_err(|e| Failure::new(UNEXPECTED, e))?;
        let is_stopped = stop.flag();
        let store = Store::from_env()?;
        Ok(Sources {
            catalog: Catalog::load(global.catalog.as_deref())?,
            hub: Hub::from_env(global.offline, &store)?,
            store,
            pip: Pip::new(global.offline),
            quantizer: SelfQuantizer::new(exe, move || is_stopped.load(Ordering::Relaxed)),
        })
    }

    /// For the functions of the catalog.
    pub fn means(&self) -> Means<'_> {
        Means {
            catalog: &self.catalog,
            store: &self.store,
            hub: &self.hub,
            pip: &self.pip,
            quantizer: &self.quantizer,
        }
    }

    /// Finds, fetches or makes the wanted variants, with a line on stderr.
    pub fn resolve(
        &self,
        model: Option<&str>,
        wanted: &[String],
        is_derived: bool,
        live: &LiveLine,
    ) -> Result<ModelFiles, Failure> {
        let request = Request {
            model,
            wanted,
            is_derived,
        };
        let files = resolve(&request, &self.means(), &mut |event| live.file(event));
        if files.is_err() {
            live.clear();
        }
        Ok(files?)
    }
}
