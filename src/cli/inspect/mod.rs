//! `kvant inspect`: what a GGUF file holds. Reads the header only, unless a reference is named.

mod against;
mod facts;
mod render;
#[cfg(test)]
mod tests;

use super::args::{Global, InspectArgs};
use super::exit::{Failure, BAD_INPUT, OK, UNEXPECTED};
use super::look;
use super::progress::LiveLine;
use super::sources::Sources;
use super::stop::Stop;
use crate::catalog;
use crate::host;
use facts::Facts;

/// Reads and prints.
pub fn run(args: &InspectArgs, global: &Global) -> Result<u8, Failure> {
    let stop = Stop::install()?;
    let live = LiveLine::new(global);
    let sources = Sources::of_user(global, &stop, &live)?;
    let header = catalog::header(&args.model, args.variant.as_deref(), &sources.means())?;
    let mut facts = Facts::of(&header, host::memory_available_bytes());
    if let Some(reference) = &args.against {
        let whole = |header: &catalog::Header| {
            header.path.clone().ok_or_else(|| {
                let text = format!(
                    "--against: {} is not on this machine; get it with `kvant models fetch`",
                    header.place
                );
                Failure::msg(BAD_INPUT, text)
            })
        };
        let of = catalog::header(reference, None, &sources.means())?;
        let pair = against::Pair {
            file: (&whole(&header)?, &header.gguf),
            reference: (&whole(&of)?, &of.gguf),
        };
        let errors = pair.errors(&of.place, &mut |tensor, done, total| live.share(tensor, done, total));
        live.clear();
        facts.errors = Some(errors.map_err(|why| Failure::msg(BAD_INPUT, why))?);
    }
    let text = if global.json {
        serde_json::to_string_pretty(&facts).map_err(|e| Failure::new(UNEXPECTED, e))? + "\n"
    } else {
        render::text(&facts)
    };
    look::print(&text)?;
    Ok(OK)
}
