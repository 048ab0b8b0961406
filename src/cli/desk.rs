//! What every command that gets or measures models works with.

use super::args::Global;
use super::exit::Failure;
use super::progress::LiveLine;
use super::sources::Sources;
use super::stop::Stop;
use crate::data::{EngineInfo, HostInfo};

pub struct Desk<'a> {
    pub global: &'a Global,
    pub host: HostInfo,
    /// The baseline's.
    pub engine: EngineInfo,
    pub stop: Stop,
    pub live: LiveLine,
    pub sources: Sources,
}

impl Desk<'_> {
    /// From now on the first signal ends the work in good order.
    pub fn new(global: &Global, host: HostInfo, engine: EngineInfo) -> Result<Desk<'_>, Failure> {
        let (stop, live, sources) = of_files(global)?;
        Ok(Desk {
            global,
            host,
            engine,
            stop,
            live,
            sources,
        })
    }
}

/// The part of it that files are got with.
pub fn of_files(global: &Global) -> Result<(Stop, LiveLine, Sources), Failure> {
    let stop = Stop::install()?;
    let live = LiveLine::new(global);
    let sources = Sources::of_user(global, &stop, &live)?;
    Ok((stop, live, sources))
}
