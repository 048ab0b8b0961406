//! What a file of `lang/` holds, read for the build and for the tests: messages, the variables of each, and the Rust functions
//! made of them.
//!
//! Knows Fluent's syntax, and nothing of reports.

use fluent_syntax::ast::{CallArguments, Comment, Entry, Expression, InlineExpression, Message, Pattern, VariantKey};
use fluent_syntax::ast::{PatternElement, Variant};
use fluent_syntax::parser;
use std::collections::BTreeSet;

/// The language whose file decides which messages there are, and with which variables.
pub const SOURCE: &str = "en";

/// A message of a file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Text {
    /// Its name, e.g. `worse-by`.
    pub id: String,
    /// The order that the comment above it gives its variables: `# (lo, hi)`.
    pub order: Option<Vec<String>>,
    /// Every variable in it.
    pub variables: BTreeSet<String>,
    /// Those of them by which it selects a plural form: they are numbers.
    pub counts: BTreeSet<String>,
    /// Keys of other selections, `variable.key`.
    pub cases: BTreeSet<String>,
}

/// The messages of a file in their order.
///
/// # Errors
/// What is not Fluent, not used here or there twice, with the file and the line or the message.
pub fn read(file: &str, source: &str) -> Result<Vec<Text>, String> {
    let resource = parser::parse(source).map_err(|(_, errors)| {
        let error = errors.first();
        let line = error.map_or(1, |e| {
            1 + source.bytes().take(e.pos.start).filter(|&b| b == b'\n').count()
        });
        let what = error.map_or_else(|| "no Fluent".to_owned(), |e| e.kind.to_string());
        format!("{file}:{line}: {what}")
    })?;
    let mut seen = BTreeSet::new();
    let mut texts = Vec::new();
    for entry in &resource.body {
        match entry {
            Entry::Message(message) => {
                let text = text_of(message).map_err(|why| format!("{file}: {}: {why}", message.id.name))?;
                if !seen.insert(text.id.clone()) {
                    return Err(format!("{file}: {}: is there twice; remove one", text.id));
                }
                texts.push(text);
            }
            Entry::Term(term) => {
                return Err(format!(
                    "{file}: -{}: terms are not used; write the words out",
                    term.id.name
                ))
            }
            _ => {}
        }
    }
    Ok(texts)
}

fn text_of(message: &Message<&str>) -> Result<Text, String> {
    let id = message.id.name;
    if !id
        .bytes()
        .all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-')
    {
        return Err("names are lower-case words joined by '-'".to_owned());
    }
    if !message.attributes.is_empty() {
        return Err("attributes are not used; make it a message of its own".to_owned());
    }
    let mut text = Text {
        id: id.to_owned(),
        order: message.comment.as_ref().and_then(order),
        variables: BTreeSet::new(),
        counts: BTreeSet::new(),
        cases: BTreeSet::new(),
    };
    let value = message.value.as_ref().ok_or("has no text")?;
    text.pattern(value);
    Ok(text)
}

/// `# (lo, hi)` among the lines of a comment.
fn order(comment: &Comment<&str>) -> Option<Vec<String>> {
    let line = comment.content.iter().map(|line| line.trim());
    let listed = line
        .filter_map(|line| line.strip_prefix('(')?.strip_suffix(')'))
        .next_back()?;
    Some(listed.split(',').map(|name| name.trim().to_owned()).collect())
}

impl Text {
    fn pattern(&mut self, pattern: &Pattern<&str>) {
        for element in &pattern.elements {
            if let PatternElement::Placeable { expression } = element {
                self.expression(expression);
            }
        }
    }

    fn expression(&mut self, expression: &Expression<&str>) {
        match expression {
            Expression::Inline(inline) => self.inline(inline),
            Expression::Select { selector, variants } => {
                self.inline(selector);
                if let InlineExpression::VariableReference { id } = selector {
                    self.selection(id.name, variants);
                }
                for variant in variants {
                    self.pattern(&variant.value);
                }
            }
        }
    }

    fn selection(&mut self, variable: &str, variants: &[Variant<&str>]) {
        let plurals = ["zero", "one", "two", "few", "many", "other"];
        let is_plural = |variant: &Variant<&str>| match variant.key {
            VariantKey::Identifier { name } => plurals.contains(&name),
            VariantKey::NumberLiteral { .. } => true,
        };
        if variants.iter().all(is_plural) {
            self.counts.insert(variable.to_owned());
        } else {
            self.cases.extend(variants.iter().map(|variant| match variant.key {
                VariantKey::Identifier { name: key } | VariantKey::NumberLiteral { value: key } => {
                    format!("{variable}.{key}")
                }
            }));
        }
    }

    fn inline(&mut self, inline: &InlineExpression<&str>) {
        match inline {
            InlineExpression::VariableReference { id } => {
                self.variables.insert(id.name.to_owned());
            }
            InlineExpression::FunctionReference { arguments, .. } => self.arguments(arguments),
            InlineExpression::TermReference { arguments, .. } => arguments.iter().for_each(|a| self.arguments(a)),
            InlineExpression::Placeable { expression } => self.expression(expression),
            _ => {}
        }
    }

    fn arguments(&mut self, arguments: &CallArguments<&str>) {
        arguments.positional.iter().for_each(|inline| self.inline(inline));
        arguments.named.iter().for_each(|named| self.inline(&named.value));
    }

    /// The parameters of its function, in order.
    fn parameters(&self) -> Result<Vec<&str>, String> {
        let Some(order) = &self.order else {
            return match self.variables.len() {
                0 | 1 => Ok(self.variables.iter().map(String::as_str).collect()),
                _ => Err(format!(
                    "has several variables and no order of them; put a comment above it: # ({})",
                    listed(&self.variables)
                )),
            };
        };
        let named: BTreeSet<String> = order.iter().cloned().collect();
        if named != self.variables || named.len() != order.len() {
            return Err(format!(
                "the comment above it names ({}), its text has ({}); name each once",
                order.join(", "),
                listed(&self.variables)
            ));
        }
        Ok(order.iter().map(String::as_str).collect())
    }

    fn function(&self) -> Result<String, String> {
        let name = self.id.replace('-', "_");
        let (mut takes, mut sets) = (String::new(), String::new());
        for name in self.parameters()? {
            let (kind, value) = if self.counts.contains(name) {
                ("Into<FluentNumber>", format!("FluentValue::Number({name}.into())"))
            } else {
                ("Display", format!("shown({name})"))
            };
            takes += &format!(", {name}: impl {kind}");
            sets += &format!("(\"{name}\", {value}), ");
        }
        let values = sets.trim_end_matches(", ");
        // With `self` clippy counts to 7.
        let many = match self.parameters()?.len() {
            ..=6 => "",
            _ => "    #[expect(clippy::too_many_arguments, reason = \"the text has as many variables\")]\n",
        };
        Ok(format!(
            "{many}    pub(in crate::report) fn {name}(self{takes}) -> String {{\n        self.text(\"{}\", [{values}])\n    }}\n",
            self.id
        ))
    }
}

fn listed(names: &BTreeSet<String>) -> String {
    names.iter().map(String::as_str).collect::<Vec<_>>().join(", ")
}

/// The Rust source of the functions, one per message.
///
/// # Errors
/// A message whose variables have no order, with the file.
pub fn functions(file: &str, texts: &[Text]) -> Result<String, String> {
    let made: Result<Vec<String>, String> = texts
        .iter()
        .map(|text| text.function().map_err(|why| format!("{file}: {}: {why}", text.id)))
        .collect();
    Ok(format!("impl Lang {{\n{}}}\n", made?.join("\n")))
}

/// The codes of the languages, from the names of their files: the source first, then by the alphabet.
pub fn codes<'a>(files: impl Iterator<Item = &'a str>) -> Vec<&'a str> {
    let mut codes: Vec<&str> = files.filter_map(|name| name.strip_suffix(".ftl")).collect();
    codes.sort_by_key(|&code| (code != SOURCE, code));
    codes
}
