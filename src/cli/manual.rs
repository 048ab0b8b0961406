//! Completion scripts and the manual page, from the definition of the flags.

use super::args::Cli;
use super::exit::{Failure, OK, UNEXPECTED};
use super::look;
use clap::CommandFactory;
use clap_complete::Shell;

/// A completion script on stdout.
pub fn completions(shell: Shell) -> Result<u8, Failure> {
    let mut script = Vec::new();
    clap_complete::generate(shell, &mut Cli::command(), "kvant", &mut script);
    print(&script)
}

/// The manual page on stdout: kvant itself, then each subcommand.
pub fn page() -> Result<u8, Failure> {
    let unexpected = |e: std::io::Error| Failure::new(UNEXPECTED, e);
    let mut command = Cli::command();
    command.build();
    let mut page = Vec::new();
    clap_mangen::Man::new(command.clone())
        .render(&mut page)
        .map_err(unexpected)?;
    for sub in command.get_subcommands().filter(|sub| !sub.is_hide_set()) {
        let name = format!("kvant {}", sub.get_name());
        let man = clap_mangen::Man::new(sub.clone());
        page.extend(format!(".SH \"{}\"\n", name.to_uppercase()).bytes());
        man.render_description_section(&mut page).map_err(unexpected)?;
        man.render_options_section(&mut page).map_err(unexpected)?;
    }
    print(&page)
}

fn print(bytes: &[u8]) -> Result<u8, Failure> {
    let text = String::from_utf8_lossy(bytes);
    look::print(&text).map_err(|e| Failure::new(UNEXPECTED, e))?;
    Ok(OK)
}
