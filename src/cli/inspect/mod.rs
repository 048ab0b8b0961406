//! `kvant inspect`: what a GGUF file holds. Reads the header only, unless a reference is named.

mod against;
mod facts;
mod render;
#[cfg(test)]
mod tests;

use super::args::{Global, InspectArgs};
use super::exit::{Failure, BAD_INPUT, OK};
use super::{desk, output, survey};
use crate::catalog;
use crate::host;
use facts::Facts;
use std::path::Path;

pub fn run(args: &InspectArgs, global: &Global) -> Result<u8, Failure> {
    let (_, live, sources) = desk::of_files(global)?;
    let is_named = args.variant.is_some() || args.against.is_some() || Path::new(&args.model).is_file();
    if !is_named
        && catalog::is_collection(&args.model, sources.context())?
        && survey::inspect(&args.model, &sources, global, &live)?
    {
        return Ok(OK);
    }
    let header = catalog::header(&args.model, args.variant.as_deref(), sources.context())?;
    let mut facts = Facts::of(&header, host::memory_available_bytes());
    if let Some(reference) = &args.against {
        let whole = |header: &catalog::Header| {
            let why = match (header.paths.as_slice(), header.missing.as_slice()) {
                ([], _) => "is not on this machine; get it with `kvant models fetch`".to_owned(),
                (paths, []) => return Ok(paths.to_vec()),
                (_, missing) => format!("lacks {}; put them beside it", missing.join(", ")),
            };
            Err(Failure::msg(BAD_INPUT, format!("--against: {} {why}", header.location)))
        };
        let of = catalog::header(reference, None, sources.context())?;
        let pair = against::Pair {
            file: (&whole(&header)?, &header.gguf),
            reference: (&whole(&of)?, &of.gguf),
        };
        let errors = pair.errors(&of.location, &mut |tensor, done, total| live.share(tensor, done, total));
        live.clear();
        facts.errors = Some(errors.map_err(|why| Failure::msg(BAD_INPUT, why))?);
    }
    output::print_either(global, &facts, || render::text(&facts))?;
    Ok(OK)
}
