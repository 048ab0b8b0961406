//! Documents of a technical register: small programs with their results, logs, settings and records.

use super::document::Document;
use super::grammar::{capitalise, TECHNICAL};
use crate::rng::SplitMix64;

type Genre = fn(&mut Document<'_>) -> String;

pub(super) fn document(rng: &mut SplitMix64) -> String {
    const GENRES: &[Genre] = &[program, program, log, records, settings];
    let genre = GENRES[rng.below(GENRES.len())];
    genre(&mut Document::new(rng, &TECHNICAL))
}

/// People whose first names differ: first and last names.
fn people(d: &mut Document<'_>, n: usize) -> Vec<(String, String)> {
    let new = |key: String| {
        d.person(&key, false);
        (d.fact(&key).to_owned(), d.fact(&format!("{key}last")).to_owned())
    };
    (0..n).map(|i| format!("P{i}")).map(new).collect()
}

/// A function or two in the style of Python, then calls with their results.
fn program(d: &mut Document<'_>) -> String {
    let thing = d.fill("{thing}");
    let mut parts = vec![format!(
        "# {thing}.py\n# Author: {} {}",
        d.invented().0,
        d.fill("{family}")
    )];
    let fields = d.draw("field", 3);
    let (a, b, c) = (&fields[0], &fields[1], &fields[2]);
    let default = d.rng.range(1, 20);
    parts.push(format!(
        "class {0}:\n    def __init__(self, {a}, {b}, {c}={default}):\n        self.{a} = {a}\n        self.{b} = {b}\n        self.{c} = {c}",
        capitalise(&thing)
    ));
    let verbs = d.draw("verb", 3);
    let mut calls = Vec::new();
    for verb in verbs {
        let factor = d.rng.range(2, 9);
        let (x, y) = (d.rng.range(2, 40), d.rng.range(2, 40));
        let (body, value) = match d.rng.below(4) {
            0 => (format!("    return {a} * {factor} + {b}"), x * factor + y),
            1 => (
                format!("    total = {a} + {b}\n    return total * {factor}"),
                (x + y) * factor,
            ),
            2 => (
                format!("    if {a} > {b}:\n        return {a} - {b}\n    return {b} - {a}"),
                (x - y).abs(),
            ),
            _ => (
                format!("    {c} = 0\n    for i in range({a}):\n        {c} = {c} + {b}\n    return {c} + {factor}"),
                x * y + factor,
            ),
        };
        let name = format!("{verb}_{thing}");
        parts.push(format!(
            "def {name}({a}, {b}):\n    \"\"\"{} the {thing} from {a} and {b}.\"\"\"\n{body}",
            capitalise(&verb)
        ));
        calls.push(format!(">>> {name}({x}, {y})\n{value}"));
    }
    for _ in 0..2 + d.rng.below(3) {
        let (x, y) = (d.rng.range(10, 99), d.rng.range(10, 99));
        calls.push(format!(
            ">>> {0} = {1}({x}, {y})\n>>> {0}.{a} + {0}.{b}\n{2}\n>>> {0}.{c}\n{default}",
            thing,
            capitalise(&thing),
            x + y
        ));
    }
    parts.push(calls.join("\n"));
    parts.join("\n\n")
}

/// A log whose times go up and whose last lines count what came before.
fn log(d: &mut Document<'_>) -> String {
    let services = d.draw("service", 3);
    let users: Vec<String> = people(d, 3)
        .into_iter()
        .map(|(first, _)| first.to_lowercase())
        .collect();
    let hosts: Vec<String> = (0..3)
        .map(|_| {
            format!(
                "10.{}.{}.{}",
                d.rng.range(0, 9),
                d.rng.range(0, 99),
                d.rng.range(1, 254)
            )
        })
        .collect();
    let files: Vec<String> = (0..3)
        .map(|_| format!("/var/{}/{}.dat", d.fill("{thing}"), d.fill("{codename}").to_lowercase()))
        .collect();
    let date = format!(
        "{}-{:02}-{:02}",
        d.rng.range(2001, 2024),
        d.rng.range(1, 12),
        d.rng.range(1, 28)
    );
    let mut clock = d.rng.range(0, 70_000);
    let events = TECHNICAL.words("event");
    let (mut lines, mut n_warnings, mut n_logins) = (Vec::new(), 0, 0);
    for _ in 0..14 + d.rng.below(16) {
        clock += d.rng.range(1, 400);
        let event = d.rng.pick(events);
        let is_warning = event.starts_with("retry");
        n_warnings += i64::from(is_warning);
        n_logins += i64::from(event.ends_with("logged in"));
        let text = event
            .replace("{n}", &d.rng.range(2, 999).to_string())
            .replace("{host}", &hosts[d.rng.below(3)])
            .replace("{file}", &files[d.rng.below(3)])
            .replace("{user}", &users[d.rng.below(3)]);
        let level = if is_warning { "WARN" } else { "INFO" };
        lines.push(format!(
            "{date} {} {level} {}: {text}",
            time(clock),
            services[d.rng.below(3)]
        ));
    }
    let n_lines = lines.len();
    lines.push(format!(
        "{date} {} INFO {}: end of day, {n_lines} lines, {n_warnings} warnings, {n_logins} logins",
        time(clock + 1),
        services[0]
    ));
    lines.join("\n")
}

fn time(seconds: i64) -> String {
    format!(
        "{:02}:{:02}:{:02}",
        seconds / 3600 % 24,
        seconds / 60 % 60,
        seconds % 60
    )
}

/// The same people as JSON and as CSV, with a sum.
fn records(d: &mut Document<'_>) -> String {
    let n = 4 + d.rng.below(4);
    let fields = d.draw("field", 2);
    let rows: Vec<(String, String, i64, i64)> = people(d, n)
        .into_iter()
        .map(|(first, last)| {
            (
                format!("{first} {last}"),
                d.fill("{codename}"),
                d.rng.range(1, 99),
                d.rng.range(100, 999),
            )
        })
        .collect();
    let json: Vec<String> = rows
        .iter()
        .map(|(name, id, x, y)| {
            format!(
                "  {{ \"id\": \"{id}\", \"name\": \"{name}\", \"{}\": {x}, \"{}\": {y} }}",
                fields[0], fields[1]
            )
        })
        .collect();
    let csv: Vec<String> = rows
        .iter()
        .map(|(name, id, x, y)| format!("{id},{name},{x},{y}"))
        .collect();
    let (sum_x, sum_y): (i64, i64) = (rows.iter().map(|r| r.2).sum(), rows.iter().map(|r| r.3).sum());
    format!(
        "[\n{}\n]\n\nThe same {n} records as CSV:\n\nid,name,{},{}\n{}\n\nSum of {}: {sum_x}\nSum of {}: {sum_y}",
        json.join(",\n"),
        fields[0],
        fields[1],
        csv.join("\n"),
        fields[0],
        fields[1],
    )
}

/// Settings in sections, then what a reader changed.
fn settings(d: &mut Document<'_>) -> String {
    let mut parts = vec![format!("# settings for {}", d.fill("{town}").to_lowercase())];
    let services = d.draw("service", 4);
    let mut all = Vec::new();
    for service in &services {
        let mut lines = vec![
            format!("[{service}]"),
            format!("host = \"10.0.{}.{}\"", d.rng.range(0, 99), d.rng.range(1, 254)),
        ];
        for field in d.draw("field", 3) {
            let value = d.rng.range(1, 500);
            lines.push(format!("{field} = {value}"));
            all.push((service.clone(), field, value));
        }
        lines.push(format!("owner = \"{}\"", d.invented().0.to_lowercase()));
        parts.push(lines.join("\n"));
    }
    let changes: Vec<String> = d
        .rng
        .sample(&all, 5)
        .into_iter()
        .map(|(service, field, value)| {
            let by = d.rng.range(1, 90);
            format!("- {service}.{field} was {value} and is now {} ({by} more)", value + by)
        })
        .collect();
    parts.push(format!("Changes of the last week:\n{}", changes.join("\n")));
    parts.join("\n\n")
}
