//! Completion scripts and the manual page, from the definition of the flags. Internal commands are in neither.

use super::args::Cli;
use super::exit::{Failure, OK, UNEXPECTED};
use super::output;
use clap::{Command, CommandFactory};
use clap_complete::Shell;
use clap_mangen::Man;
use std::io;

pub fn completions(shell: Shell) -> Result<u8, Failure> {
    let mut script = Vec::new();
    clap_complete::generate(shell, &mut visible(), "kvant", &mut script);
    print(&String::from_utf8_lossy(&script))
}

/// The manual page on stdout: kvant itself, then each subcommand.
pub fn page() -> Result<u8, Failure> {
    let page = manual().map_err(|e| Failure::new(UNEXPECTED, e))?;
    print(&page)
}

/// The command line without what is internal.
fn visible() -> Command {
    let all = Cli::command();
    let shown = all.get_subcommands().filter(|sub| !sub.is_hide_set()).cloned();
    Command::new("kvant")
        .version(env!("CARGO_PKG_VERSION"))
        .about(all.get_about().cloned().unwrap_or_default())
        .disable_help_subcommand(true)
        .subcommand_required(true)
        .args(all.get_arguments().cloned())
        .subcommands(shown)
}

fn manual() -> io::Result<String> {
    let command = visible();
    let mut page = Vec::new();
    Man::new(command.clone()).render(&mut page)?;
    let mut page = with_spaced_names(&String::from_utf8_lossy(&page));
    for sub in command.get_subcommands() {
        page.push_str(&chapter("kvant", sub)?);
    }
    Ok(page)
}

/// A subcommand and those below it. What it shares with all others stands once, at the top.
fn chapter(parent: &str, command: &Command) -> io::Result<String> {
    let name = format!("{parent} {}", command.get_name());
    let own = command.clone().disable_help_flag(true).disable_help_subcommand(true);
    let man = Man::new(own.clone());
    let mut body = Vec::new();
    man.render_description_section(&mut body)?;
    if own.get_arguments().next().is_some() {
        man.render_options_section(&mut body)?;
    }
    let body = String::from_utf8_lossy(&body).replace("\n.SH ", "\n.SS ");
    let body = body
        .replacen(".SH DESCRIPTION\n", "", 1)
        .replacen(".SS DESCRIPTION\n", "", 1);
    let mut chapter = format!(".SH \"{}\"\n{body}", name.to_uppercase());
    for sub in own.get_subcommands() {
        chapter.push_str(&self::chapter(&name, sub)?);
    }
    Ok(chapter)
}

/// `kvant-compare(1)` would be a page of its own: here it is `kvant compare`, further down.
fn with_spaced_names(page: &str) -> String {
    let line = |line: &str| match line.strip_suffix("(1)") {
        Some(name) => name.replace("\\-", " "),
        None => line.to_owned(),
    };
    page.lines().map(|l| line(l) + "\n").collect()
}

fn print(text: &str) -> Result<u8, Failure> {
    output::print(text)?;
    Ok(OK)
}

#[cfg(test)]
mod tests {
    use super::{manual, visible};

    #[test]
    fn the_manual_names_every_command_once_and_nothing_internal() {
        let page = manual().expect("it renders");
        for name in [
            "COMPARE",
            "REPORT",
            "DIFF",
            "MODELS",
            "MODELS FETCH",
            "INSPECT",
            "DOCTOR",
        ] {
            assert_eq!(page.matches(&format!(".SH \"KVANT {name}\"\n")).count(), 1, "{name}");
        }
        assert_eq!(page.matches("\n\\fB\\-\\-offline\\fR\n").count(), 1);
        assert!(!page.contains("(1)\n") && page.contains("kvant compare\n"));
        for internal in ["worker", "quantize", "corpus"] {
            assert!(visible().find_subcommand(internal).is_none());
            assert!(
                !page.to_lowercase().contains(&format!("kvant {internal}")),
                "{internal}"
            );
        }
    }
}
