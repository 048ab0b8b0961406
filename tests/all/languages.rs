//! The files of `lang/`: each holds the messages of the English one with the same variables.

#[path = "../../build/texts.rs"]
mod texts;

use fluent_bundle::{FluentArgs, FluentBundle, FluentResource, FluentValue};
use fluent_syntax::ast::{Entry, Expression, Pattern, PatternElement};
use kvant::report::Lang;
use std::collections::BTreeMap;
use std::path::Path;
use texts::{codes, functions, read, Text, SOURCE};

fn file(code: &str) -> (String, String) {
    let name = format!("lang/{code}.ftl");
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join(&name);
    let source = std::fs::read_to_string(path).expect("a language is a file");
    (name, source)
}

/// What a language says otherwise than the source does, other than in words.
fn faults(file: &str, source: &[Text], own: &[Text]) -> Vec<String> {
    let by_id =
        |texts: &[Text]| -> BTreeMap<String, Text> { texts.iter().map(|t| (t.id.clone(), t.clone())).collect() };
    let (source, own) = (by_id(source), by_id(own));
    let mut found = Vec::new();
    for (id, wanted) in &source {
        let Some(text) = own.get(id) else {
            found.push(format!("{file}: {id}: missing"));
            continue;
        };
        let lacking = wanted.variables.difference(&text.variables);
        found.extend(lacking.map(|name| format!("{file}: {id}: lacks ${name}")));
        let unknown = text.variables.difference(&wanted.variables);
        found.extend(unknown.map(|name| format!("{file}: {id}: ${name} is not in {SOURCE}.ftl")));
        let uncounted = text.counts.difference(&wanted.counts);
        found.extend(
            uncounted.map(|name| format!("{file}: {id}: ${name} is no number unless {SOURCE}.ftl selects by it")),
        );
        let cases = wanted.cases.symmetric_difference(&text.cases);
        found.extend(cases.map(|case| format!("{file}: {id}: {case} is in one language only")));
    }
    let superfluous = own.keys().filter(|id| !source.contains_key(*id));
    found.extend(superfluous.map(|id| format!("{file}: {id}: is not in {SOURCE}.ftl")));
    found
}

#[test]
fn every_language_has_every_message_with_its_variables() {
    let (name, source) = file(SOURCE);
    let source = read(&name, &source).expect("the build read it");
    assert!(source.len() > 400, "{}", source.len());
    let mut found = Vec::new();
    for lang in Lang::ALL {
        let (name, own) = file(lang.code());
        match read(&name, &own) {
            Ok(own) => found.extend(faults(&name, &source, &own)),
            Err(why) => found.push(why),
        }
    }
    assert!(found.is_empty(), "{}", found.join("\n"));
}

#[test]
fn every_message_can_be_shown() {
    for lang in Lang::ALL {
        let (name, source) = file(lang.code());
        let texts = read(&name, &source).expect("Fluent");
        let mut bundle = FluentBundle::new(vec![lang.code().parse().expect("a language tag")]);
        bundle
            .add_resource(FluentResource::try_new(source).expect("Fluent"))
            .expect("no message twice");
        for (text, n) in texts.iter().flat_map(|text| [0, 1, 2, 5].map(|n| (text, n))) {
            let mut args = FluentArgs::new();
            for variable in &text.variables {
                let is_count = text.counts.contains(variable);
                args.set(
                    variable.as_str(),
                    if is_count { n.into() } else { FluentValue::from("x") },
                );
            }
            let pattern = bundle.get_message(&text.id).and_then(|m| m.value()).expect("a text");
            let mut errors = Vec::new();
            let shown = bundle.format_pattern(pattern, Some(&args), &mut errors);
            assert!(
                errors.is_empty() && !shown.is_empty(),
                "{name}: {}: {errors:?}",
                text.id
            );
        }
    }
}

#[test]
fn a_language_is_a_file() {
    let folder = std::fs::read_dir(Path::new(env!("CARGO_MANIFEST_DIR")).join("lang")).expect("there");
    let names: Vec<String> = folder
        .map(|entry| entry.expect("readable").file_name().into_string().expect("UTF-8"))
        .collect();
    assert!(names.iter().all(|name| name.ends_with(".ftl")), "{names:?}");
    let codes = codes(names.iter().map(String::as_str));
    assert_eq!(codes, Lang::ALL.map(Lang::code));
    assert_eq!((codes[0], Lang::default().code()), (SOURCE, SOURCE));
    for lang in Lang::ALL {
        assert_eq!(lang.code().parse(), Ok(lang));
    }
    let refused = "xx".parse::<Lang>().expect_err("no language");
    assert!(codes.iter().all(|code| refused.contains(code)), "{refused}");
}

#[test]
fn what_a_language_lacks_is_told_with_file_and_message() {
    let source = "a = { $x } of { $y }\nn = { $n ->\n  [one] one\n *[other] { $n }\n}\nk = { $k ->\n  [p] P\n *[q] Q\n}\nsame = { $s }\n";
    let own = "a = { $x } { $z }\nk = { $k ->\n  [p] P\n *[r] R\n}\nsame = { $s ->\n  [one] 1\n *[other] { $s }\n}\nmore = m\n";
    let found = faults(
        "xx.ftl",
        &read("en.ftl", source).expect("Fluent"),
        &read("xx.ftl", own).expect("Fluent"),
    );
    let told = [
        "xx.ftl: a: lacks $y",
        "xx.ftl: a: $z is not in en.ftl",
        "xx.ftl: k: k.q is in one language only",
        "xx.ftl: k: k.r is in one language only",
        "xx.ftl: n: missing",
        "xx.ftl: same: $s is no number unless en.ftl selects by it",
        "xx.ftl: more: is not in en.ftl",
    ];
    assert_eq!(found, told);
}

#[test]
fn the_build_refuses_what_it_cannot_make_a_function_of() {
    let made = |source: &str| functions("en.ftl", &read("en.ftl", source)?);
    let cases = [
        (
            "a = { $x } of { $y }\n",
            "en.ftl: a: has several variables and no order of them; put a comment above it: # (x, y)",
        ),
        (
            "# (x)\na = { $x } of { $y }\n",
            "en.ftl: a: the comment above it names (x), its text has (x, y); name each once",
        ),
        (
            "# (x, x, y)\na = { $x } of { $y }\n",
            "en.ftl: a: the comment above it names (x, x, y), its text has (x, y); name each once",
        ),
        (
            "# (x)\na = none\n",
            "en.ftl: a: the comment above it names (x), its text has (); name each once",
        ),
        ("a = 1\nb = 2\na = 3\n", "en.ftl: a: is there twice; remove one"),
        ("a_b = 1\n", "en.ftl: a_b: names are lower-case words joined by '-'"),
        (
            "a = 1\n    .title = 2\n",
            "en.ftl: a: attributes are not used; make it a message of its own",
        ),
        ("-a = 1\n", "en.ftl: -a: terms are not used; write the words out"),
    ];
    for (source, why) in cases {
        assert_eq!(made(source), Err(why.to_owned()));
    }
    let broken = made("a = 1\nb = { $x\n").expect_err("no brace");
    assert!(
        broken.starts_with("en.ftl:2:") || broken.starts_with("en.ftl:3:"),
        "{broken}"
    );

    let made = made("# (y, n)\na-b = { $n ->\n  [one] { $y }\n *[other] { $y }s\n}\n").expect("good");
    assert!(
        made.contains("fn a_b(self, y: impl Display, n: impl Into<FluentNumber>) -> String"),
        "{made}"
    );
    assert!(
        made.contains("self.text(\"a-b\", [(\"y\", shown(y)), (\"n\", FluentValue::Number(n.into()))])"),
        "{made}"
    );
}

/// The words of each message, without its variables.
pub fn words(code: &str) -> Vec<String> {
    let (_, source) = file(code);
    let resource = fluent_syntax::parser::parse(source).expect("Fluent");
    let messages = resource.body.iter().filter_map(|entry| match entry {
        Entry::Message(message) => message.value.as_ref(),
        _ => None,
    });
    messages.map(literal).collect()
}

fn literal(pattern: &Pattern<String>) -> String {
    let part = |element: &PatternElement<String>| match element {
        PatternElement::TextElement { value } => value.clone(),
        PatternElement::Placeable {
            expression: Expression::Select { variants, .. },
        } => variants.iter().map(|variant| literal(&variant.value) + " ").collect(),
        PatternElement::Placeable { .. } => " ".to_owned(),
    };
    pattern.elements.iter().map(part).collect()
}
