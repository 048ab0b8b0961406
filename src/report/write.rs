//! Puts the report files of a run on disk. The only file of `report` that does I/O.

use super::files::{Format, FILES};
use super::{
    charts, gate_junit, gate_md, llama_bench_jsonl, llama_bench_sql, llama_bench_table, notebook, quality_csv,
    report_html, report_md, results_csv, results_json, Chart, Report, Several,
};
use crate::fs;
use std::io;
use std::path::{Path, PathBuf};

/// Writes every report file into `dir` and returns their paths, the report itself first.
///
/// # Errors
/// The first file that could not be written, by name, with what the system said.
pub fn write_all(dir: &Path, model: &Report) -> io::Result<Vec<PathBuf>> {
    let mut written = Vec::new();
    for file in FILES.iter().filter(|file| (file.is_there)(model)) {
        written.push(put_file(dir, file.name, text(file.format, model)?.as_bytes())?);
    }
    written.extend(put_charts(dir, &charts(model))?);
    Ok(written)
}

fn text(format: Format, model: &Report) -> io::Result<String> {
    Ok(match format {
        Format::Markdown => report_md(model),
        Format::Page => report_html(model),
        Format::Results => results_json(model)?,
        Format::ResultsCsv => results_csv(model),
        Format::Notebook => notebook(model)?,
        Format::QualityCsv => quality_csv(model),
        Format::BenchRows => llama_bench_jsonl(model),
        Format::BenchTable => llama_bench_table(model),
        Format::BenchSql => llama_bench_sql(model),
        Format::Gate => gate_md(model),
        Format::GateJunit => gate_junit(model),
    })
}

/// Writes the page of several runs into `dir` and returns the paths, the report itself first.
///
/// # Errors
/// The first file that could not be written, by name, with what the system said.
pub fn write_several(dir: &Path, several: &Several) -> io::Result<Vec<PathBuf>> {
    let mut written = vec![
        put_file(dir, "report.md", several.md().as_bytes())?,
        put_file(dir, "report.html", several.html().as_bytes())?,
    ];
    written.extend(put_charts(dir, &several.charts())?);
    Ok(written)
}

fn put_charts(dir: &Path, charts: &[Chart]) -> io::Result<Vec<PathBuf>> {
    let mut written = Vec::new();
    for chart in charts {
        written.push(put_file(
            dir,
            &format!("charts/{}.svg", chart.name),
            chart.svg.as_bytes(),
        )?);
        written.push(put_file(dir, &format!("charts/{}.png", chart.name), &chart.png)?);
    }
    Ok(written)
}

fn put_file(dir: &Path, name: &str, bytes: &[u8]) -> io::Result<PathBuf> {
    let path = dir.join(name);
    write_readable(&path, bytes).map_err(|e| named(&path, e))?;
    Ok(path)
}

/// Writes one file whole.
///
/// # Errors
/// With the name of the file, and what the system said.
pub fn write_file(path: &Path, text: &str) -> io::Result<()> {
    write_readable(path, text.as_bytes()).map_err(|e| named(path, e))
}

/// A report is for everybody who may read the folder.
fn write_readable(path: &Path, bytes: &[u8]) -> io::Result<()> {
    fs::write(path, bytes)?;
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt;
        std::fs::set_permissions(path, std::fs::Permissions::from_mode(0o644))?;
    }
    Ok(())
}

fn named(path: &Path, error: io::Error) -> io::Error {
    // Without the temporary name that `tempfile` adds.
    let said = error.get_ref().and_then(|e| e.source()).map(ToString::to_string);
    let said = said.unwrap_or_else(|| error.to_string());
    io::Error::new(error.kind(), format!("could not write {}: {said}", path.display()))
}
