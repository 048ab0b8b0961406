//! What no renderer may get wrong: text from a model file that is markup, and the words of another language.

use crate::{fixture, languages};
use kvant::data::{FailureKind, Level, Purpose, Record, RunHeader, Workload};
use kvant::report::terminal::{summary, Style};
use kvant::report::{charts, report_html, report_md, results_csv, Diff, Lang, ReportModel, Several, Side};
use std::collections::{BTreeMap, BTreeSet};

/// Markup for every format at once: HTML, attributes, Markdown tables, code, links, emphasis.
const HOSTILE: &str = "<script>alert(\"x\")</script> | `b` *c* [d](http://e.example) 'f' <!-- & \u{202e}";

/// Every tag is closed in order and every attribute quoted: a text that broke out would break this.
pub fn assert_well_formed(html: &str) {
    const VOID: [&str; 4] = ["meta", "link", "input", "!doctype"];
    let mut open: Vec<&str> = Vec::new();
    let mut rest = html;
    while let Some(start) = rest.find('<') {
        let end = start + rest[start..].find('>').expect("every tag ends");
        let tag = &rest[start + 1..end];
        rest = &rest[end + 1..];
        let name = tag
            .trim_start_matches('/')
            .split([' ', '/', '\n'])
            .next()
            .unwrap_or_default();
        let is_name = name.trim_start_matches('!').chars().all(|c| c.is_ascii_alphanumeric());
        assert!(is_name && !name.is_empty(), "no tag: <{tag}>");
        assert_eq!(tag.matches('"').count() % 2, 0, "quotes in <{tag}>");
        if tag.starts_with('/') {
            assert_eq!(open.pop(), Some(name), "</{name}>");
        } else if !VOID.contains(&name) && !tag.ends_with('/') {
            open.push(name);
        }
        if name == "script" || name == "style" {
            let close = format!("</{name}>");
            rest = &rest[rest.find(&close).unwrap_or(0)..];
        }
    }
    assert!(open.is_empty(), "left open: {open:?}");
}

/// Every text that a file, a process or a user brings in, replaced.
fn hostile() -> (RunHeader, Vec<Record>) {
    let (mut header, mut records) = fixture::run_on_request();
    let evil = || HOSTILE.to_owned();
    for text in [
        &mut header.run_id,
        &mut header.started_at,
        &mut header.tool_version,
        &mut header.llama_cpp,
        &mut header.system_info,
        &mut header.plan_sha256,
        &mut header.salt,
        &mut header.corpus_sha256,
        &mut header.host.cpu,
        &mut header.host.os,
        &mut header.model.name,
        &mut header.model.architecture,
    ] {
        *text = evil();
    }
    header.host.governor = Some(evil());
    header.host.virtualization = Some(evil());
    header.command = vec!["kvant".into(), evil()];
    for text in &mut header.texts {
        (text.name, text.sha256) = (evil(), evil());
    }
    for variant in &mut header.variants {
        variant.file = evil();
        variant.ftype = Some(evil());
        variant.sha256 = evil();
        variant.tensor_types = variant
            .tensor_types
            .iter()
            .map(|(name, share)| (format!("{name}{HOSTILE}"), *share))
            .collect();
        if let Some(derived) = &mut variant.derived_from {
            (derived.file, derived.ftype) = (evil(), evil());
        }
        variant.id.push_str(HOSTILE);
    }
    let arms = header.plan.arms.iter_mut();
    for arm in arms.chain(header.plan.quality.iter_mut().flat_map(|q| q.arms.iter_mut())) {
        arm.variant.push_str(HOSTILE);
        arm.id.push_str(HOSTILE);
        arm.config.device = evil();
    }
    for record in &mut records {
        match record {
            Record::Failure(failure) => failure.reason = evil(),
            Record::QualityFailure(failure) => failure.reason = evil(),
            Record::Launch(launch) => launch.engine.devices = vec![evil()],
            Record::Memory(memory) => memory.buffers.iter_mut().for_each(|b| b.buffer = evil()),
            Record::Quality(quality) => {
                for (_, score) in &mut quality.scores {
                    for disagreement in score.vs_baseline.iter_mut().flat_map(|d| d.disagreements.iter_mut()) {
                        disagreement.before = evil();
                        disagreement.next = evil();
                        disagreement.top = evil();
                        disagreement.baseline_top = evil();
                    }
                }
            }
            _ => {}
        }
    }
    (header, records)
}

/// Markdown without its code spans, where markup is text anyhow.
fn without_code(line: &str) -> String {
    let mut outside = String::new();
    let mut is_escaped = false;
    let mut is_code = false;
    for c in line.chars() {
        match c {
            '`' if !is_escaped || is_code => is_code = !is_code,
            _ if !is_code => outside.push(c),
            _ => {}
        }
        is_escaped = c == '\\' && !is_escaped;
    }
    outside
}

fn n_unescaped(line: &str, wanted: char) -> usize {
    let before = |i: usize| line[..i].chars().rev().take_while(|&c| c == '\\').count();
    line.match_indices(wanted).filter(|(i, _)| before(*i) % 2 == 0).count()
}

#[test]
fn markup_from_a_model_file_is_text_everywhere() {
    let (header, records) = hostile();
    for lang in Lang::ALL {
        let model = ReportModel::build(&header, &records);
        let model = model.told(lang);
        let html = report_html(&model);
        assert_well_formed(&html);
        assert_eq!(html.matches("<script").count(), 1, "our own script only");
        assert!(html.matches("&lt;script&gt;alert(&quot;x&quot;)").count() > 30);
        assert!(!html.contains('\u{202e}') && !html.contains("<!--"));
        for chart in charts(&model) {
            assert_well_formed(&chart.svg);
            assert!(!chart.svg.contains("<script"));
        }
        let md = report_md(&model);
        let mut n_columns = None;
        let mut is_fenced = false;
        for line in md.lines() {
            is_fenced ^= line.starts_with("```");
            if is_fenced {
                continue;
            }
            let outside = without_code(line);
            assert_eq!(n_unescaped(&outside, '<'), 0, "{line}");
            assert!(!outside.replace("\\]", "").contains("](http"), "{line}");
            if line.starts_with('|') {
                let n = n_unescaped(line, '|');
                assert_eq!(*n_columns.get_or_insert(n), n, "{line}");
            } else {
                n_columns = None;
            }
        }
        assert!(md.contains("\\<script>alert(\"x\")\\</script> \\|"));
        let csv = results_csv(&model);
        assert!(csv.contains("<script>alert(\"\"x\"\")"));
    }
}

/// All that a reader sees, without markup, numbers of lines and what the run recorded in words.
fn seen(lang: Lang) -> Vec<String> {
    let (mut header, mut records) = fixture::run_on_request();
    (header.salt, header.command) = ("@".into(), vec!["kvant".into()]);
    for record in &mut records {
        match record {
            Record::Failure(failure) => failure.reason = "@".into(),
            Record::QualityFailure(failure) => failure.reason = "@".into(),
            Record::Quality(quality) => {
                for (_, score) in &mut quality.scores {
                    for disagreement in score.vs_baseline.iter_mut().flat_map(|d| d.disagreements.iter_mut()) {
                        disagreement.before = "@".into();
                    }
                }
            }
            _ => {}
        }
    }
    let look = Style {
        width: 80,
        is_tty: false,
        is_colored: false,
        is_warned: false,
    };
    let mut all = Vec::new();
    // The whole run, one that was cut short, one whose control failed, and one without a sample.
    let whole = records.clone();
    let cut: Vec<Record> = records[..records.len() / 3].to_vec();
    for record in &mut records {
        if let Record::Sample(sample) = record {
            let arm = header.plan.cells[sample.cell].arm;
            if header.plan.arms[arm].is_control {
                fixture::set_ns(&mut sample.sample, |ns| ns * 11.0 / 10.0);
            }
        }
    }
    for records in [&whole[..], &cut, &records, &[]] {
        let built = ReportModel::build(&header, records);
        let model = built.told(lang);
        let html = report_html(&model);
        let charts = charts(&model);
        let svgs: String = charts.iter().map(|c| c.svg.as_str()).collect();
        for text in [
            without_targets(&without(&report_md(&model), "```sh\n", "```\n")),
            stripped(&without(&html, "<pre", "</pre>")),
            stripped(&svgs),
            summary(&model, look),
        ] {
            // Commands and the names of charts, which are files, are the same in every language.
            let text = text.to_lowercase().replace("kvant report", "");
            let named = charts
                .iter()
                .fold(text, |text, c| text.replace(&format!(" {}: ", c.name), " "));
            all.push(named);
        }
        let side = || Side::of_run("@", &model);
        let diff = Diff::between(lang, side(), side());
        let mut several = Several::new(lang);
        several.add_run("@", built.clone());
        several.add_run("@", built.clone());
        let svgs: String = several.charts().into_iter().map(|c| c.svg).collect();
        for html in [diff.html(), several.html(), svgs] {
            all.push(stripped(&html).to_lowercase());
        }
    }
    all
}

/// Text without the stretches from `open` to `close`: commands are the same in every language.
fn without(text: &str, open: &str, close: &str) -> String {
    let mut parts = text.split(open);
    let first = parts.next().unwrap_or_default().to_owned();
    parts.fold(first, |kept, part| {
        kept + part.split_once(close).map_or(part, |(_, rest)| rest)
    })
}

/// Markdown without the addresses of its links and images.
fn without_targets(md: &str) -> String {
    let mut parts = md.split("](");
    let first = parts.next().unwrap_or_default().to_owned();
    parts.fold(first, |text, part| {
        text + "] " + part.split_once(')').map_or(part, |(_, rest)| rest)
    })
}

fn stripped(html: &str) -> String {
    let mut text = String::new();
    let mut rest = html;
    while let Some(start) = rest.find('<') {
        text.push_str(&rest[..start]);
        text.push(' ');
        let tag = &rest[start..];
        // What attributes say to a reader.
        for name in ["aria-label=\"", "placeholder=\""] {
            let end = tag.find('>').unwrap_or(0);
            if let Some(at) = tag[..end].find(name) {
                text.push_str(tag[at + name.len()..].split('"').next().unwrap_or_default());
                text.push(' ');
            }
        }
        let close = ["<script", "<style"].iter().find(|open| tag.starts_with(**open));
        let end = close.map_or_else(|| tag.find('>').map(|i| i + 1), |_| tag.find("</"));
        rest = &tag[end.unwrap_or(tag.len())..];
    }
    text + rest
}

/// Words that no line should have, each with a line that has it.
fn found<'a>(texts: &'a [String], words: &BTreeSet<String>) -> BTreeMap<&'a str, &'a str> {
    let lines = texts.iter().flat_map(|text| text.lines());
    lines
        .flat_map(|line| words_of(line).map(move |word| (word, line)))
        .filter(|(word, _)| words.contains(*word))
        .collect()
}

/// In how many texts of a language each word is.
fn vocabulary(lang: Lang) -> BTreeMap<String, usize> {
    let mut n_texts = BTreeMap::new();
    for text in languages::words(lang.code()) {
        let text = text.to_lowercase();
        for word in words_of(&text).collect::<BTreeSet<_>>() {
            *n_texts.entry(word.to_owned()).or_default() += 1;
        }
    }
    n_texts
}

/// Names that are the same in every language.
fn names() -> BTreeSet<&'static str> {
    let purposes = Purpose::ALL.iter().map(|purpose| purpose.name());
    let workloads = Workload::ALL.iter().map(|workload| workload.name());
    let levels = Level::ALL.iter().map(|level| level.name());
    let kinds = FailureKind::ALL.iter().map(|kind| kind.name());
    // Parts of ids: `F16 control`, `tg32 @ d128 x4 shared`.
    purposes
        .chain(workloads)
        .chain(levels)
        .chain(kinds)
        .chain(["control", "shared"])
        .collect()
}

fn words_of(text: &str) -> impl Iterator<Item = &str> {
    text.split(|c: char| !(c.is_alphanumeric() || c == '_'))
}

#[test]
fn a_report_holds_no_word_of_another_language() {
    for lang in Lang::ALL {
        let (own, texts) = (vocabulary(lang), seen(lang));
        let n_lines: usize = texts.iter().map(|text| text.lines().count()).sum();
        assert!(n_lines > 1000, "there is something to read: {n_lines}");
        for other in Lang::ALL.into_iter().filter(|&other| other != lang) {
            let mut foreign = vocabulary(other);
            let is_word = |word: &str| word.chars().count() >= 3 && word.chars().all(char::is_alphabetic);
            foreign.retain(|word, n| {
                *n >= 3 && is_word(word) && !own.contains_key(word) && !names().contains(word.as_str())
            });
            assert!(
                foreign.len() > 50,
                "{lang} is another language than {other}: {foreign:?}"
            );
            let foreign = foreign.into_keys().collect();
            assert_eq!(found(&texts, &foreign), BTreeMap::new(), "{lang}, words of {other}");
        }
    }
}

#[test]
fn numbers_are_written_as_the_language_writes_them() {
    let (header, records) = fixture::run();
    let md = report_md(&ReportModel::build(&header, &records).told("es".parse().expect("a language")));
    assert!(md.contains("| 89,2 [83,1; 95,7] |"), "{md}");
    assert!(md.contains("1,74x [1,70; 1,78]") && md.contains("134\u{a0}515\u{a0}008"));
    assert!(md.contains("n/d") && !md.contains("n/a"));
    assert!(md.contains("llama-cpp-sys-2 0.1.161"), "a version is no number");
}

#[test]
fn columns_of_numbers_are_the_same_in_every_language() {
    let (header, records) = fixture::run();
    let rules = |lang: Lang| -> Vec<String> {
        let md = report_md(&ReportModel::build(&header, &records).told(lang));
        let rules = md
            .lines()
            .filter(|line| line.starts_with("| ---") || line.starts_with("| :--"));
        rules.map(str::to_owned).collect()
    };
    let wanted = rules(Lang::default());
    assert!(wanted.iter().any(|rule| rule.contains("---:")), "{wanted:?}");
    for lang in Lang::ALL {
        assert_eq!(rules(lang), wanted, "{lang}");
    }
}

#[test]
fn the_summary_fits_80_columns_in_every_language() {
    let (header, records) = fixture::run();
    for lang in Lang::ALL {
        let look = Style {
            width: 80,
            is_tty: false,
            is_colored: false,
            is_warned: false,
        };
        for line in summary(&ReportModel::build(&header, &records).told(lang), look).lines() {
            assert!(line.chars().count() <= 80, "{line}");
        }
    }
}

#[test]
fn the_page_needs_no_network() {
    let (header, records) = fixture::run();
    let html = report_html(&ReportModel::build(&header, &records).told(Lang::default()));
    for bad in ["src=", "http://", "https://", "@import", "url("] {
        assert!(!html.contains(bad), "{bad}");
    }
    assert!(html.contains("default-src 'none'"));
}
