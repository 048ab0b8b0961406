//! Documents of a technical register: small programs with their results, logs, settings and records.

use super::names;
use super::rng::Rng;

const FIELDS: &[&str] = &[
    "width", "height", "count", "price", "weight", "speed", "level", "size", "score", "limit", "offset", "rate",
    "depth", "total", "index",
];
const VERBS: &[&str] = &[
    "get", "add", "scale", "find", "update", "compute", "measure", "check", "load", "merge", "count", "split",
];
const THINGS: &[&str] = &[
    "box", "order", "frame", "node", "ticket", "batch", "route", "sensor", "account", "page", "token", "queue",
];
const SERVICES: &[&str] = &[
    "gateway",
    "scheduler",
    "mailer",
    "indexer",
    "billing",
    "cache",
    "uploader",
    "monitor",
    "resolver",
];
const EVENTS: &[&str] = &[
    "started with {n} workers",
    "accepted connection from {host}",
    "wrote {n} records",
    "retry {n} after timeout",
    "closed file {file}",
    "queue length is {n}",
    "read {n} bytes from {file}",
    "user {user} logged in",
    "user {user} logged out",
    "checksum of {file} is correct",
];

type Genre = fn(&mut Rng) -> String;

/// One technical document.
pub(super) fn document(rng: &mut Rng) -> String {
    const GENRES: &[Genre] = &[program, program, log, records, settings];
    GENRES[rng.below(GENRES.len())](rng)
}

/// A function or two in the style of Python, then calls with their results.
fn program(rng: &mut Rng) -> String {
    let thing = rng.pick(THINGS);
    let mut parts = vec![format!(
        "# {thing}.py\n# Author: {} {}",
        names::person(rng).first,
        names::surname(rng)
    )];
    let fields = rng.sample(FIELDS, 3);
    let (a, b, c) = (fields[0], fields[1], fields[2]);
    let default = rng.range(1, 20);
    parts.push(format!(
        "class {0}:\n    def __init__(self, {a}, {b}, {c}={default}):\n        self.{a} = {a}\n        self.{b} = {b}\n        self.{c} = {c}",
        super::grammar::capitalise(thing)
    ));
    let verbs = rng.sample(VERBS, 3);
    let mut calls = Vec::new();
    for verb in verbs {
        let factor = rng.range(2, 9);
        let (x, y) = (rng.range(2, 40), rng.range(2, 40));
        let (body, value) = match rng.below(4) {
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
            super::grammar::capitalise(verb)
        ));
        calls.push(format!(">>> {name}({x}, {y})\n{value}"));
    }
    for _ in 0..2 + rng.below(3) {
        let (x, y) = (rng.range(10, 99), rng.range(10, 99));
        calls.push(format!(
            ">>> {0} = {1}({x}, {y})\n>>> {0}.{a} + {0}.{b}\n{2}\n>>> {0}.{c}\n{default}",
            thing,
            super::grammar::capitalise(thing),
            x + y
        ));
    }
    parts.push(calls.join("\n"));
    parts.join("\n\n")
}

/// A log whose times go up and whose last lines count what came before.
fn log(rng: &mut Rng) -> String {
    let services = rng.sample(SERVICES, 3);
    let users: Vec<String> = names::people(rng, 3)
        .into_iter()
        .map(|p| p.first.to_lowercase())
        .collect();
    let hosts: Vec<String> = (0..3)
        .map(|_| format!("10.{}.{}.{}", rng.range(0, 9), rng.range(0, 99), rng.range(1, 254)))
        .collect();
    let files: Vec<String> = (0..3)
        .map(|_| format!("/var/{}/{}.dat", rng.pick(THINGS), names::code(rng).to_lowercase()))
        .collect();
    let date = format!(
        "{}-{:02}-{:02}",
        rng.range(2001, 2024),
        rng.range(1, 12),
        rng.range(1, 28)
    );
    let mut clock = rng.range(0, 70_000);
    let (mut lines, mut n_warnings, mut n_logins) = (Vec::new(), 0, 0);
    for _ in 0..14 + rng.below(16) {
        clock += rng.range(1, 400);
        let event = rng.pick(EVENTS);
        let is_warning = event.starts_with("retry");
        n_warnings += i64::from(is_warning);
        n_logins += i64::from(event.ends_with("logged in"));
        let text = event
            .replace("{n}", &rng.range(2, 999).to_string())
            .replace("{host}", &hosts[rng.below(3)])
            .replace("{file}", &files[rng.below(3)])
            .replace("{user}", &users[rng.below(3)]);
        let level = if is_warning { "WARN" } else { "INFO" };
        lines.push(format!(
            "{date} {} {level} {}: {text}",
            time(clock),
            services[rng.below(3)]
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
fn records(rng: &mut Rng) -> String {
    let n = 4 + rng.below(4);
    let fields = rng.sample(FIELDS, 2);
    let rows: Vec<(String, String, i64, i64)> = names::people(rng, n)
        .into_iter()
        .map(|p| {
            (
                format!("{} {}", p.first, p.last),
                names::code(rng),
                rng.range(1, 99),
                rng.range(100, 999),
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
fn settings(rng: &mut Rng) -> String {
    let mut parts = vec![format!("# settings for {}", names::town(rng).to_lowercase())];
    let services = rng.sample(SERVICES, 4);
    let mut all = Vec::new();
    for service in &services {
        let mut lines = vec![
            format!("[{service}]"),
            format!("host = \"10.0.{}.{}\"", rng.range(0, 99), rng.range(1, 254)),
        ];
        for field in rng.sample(FIELDS, 3) {
            let value = rng.range(1, 500);
            lines.push(format!("{field} = {value}"));
            all.push((*service, field, value));
        }
        lines.push(format!("owner = \"{}\"", names::person(rng).first.to_lowercase()));
        parts.push(lines.join("\n"));
    }
    let changes: Vec<String> = rng
        .sample(&all, 5)
        .into_iter()
        .map(|(service, field, value)| {
            let by = rng.range(1, 90);
            format!("- {service}.{field} was {value} and is now {} ({by} more)", value + by)
        })
        .collect();
    parts.push(format!("Changes of the last week:\n{}", changes.join("\n")));
    parts.join("\n\n")
}
