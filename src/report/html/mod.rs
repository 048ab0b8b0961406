//! `report.html`: one file that asks nothing of a network. Answer, charts and tables are there without its script, which
//! sorts and filters tables and shows what the marks of charts say.
//!
//! Invariants: every text is escaped; the policy in its head lets a browser load nothing and run no script but ours.

mod blocks;

use super::charts::page_charts;
use super::document::{Block, Document};
use super::escape::escape;
use super::lang::Lang;
use super::sections::document;
use super::Report;
use base64::prelude::{Engine, BASE64_STANDARD};
use sha2::{Digest, Sha256};

static STYLE: &str = include_str!("page.css");
static SCRIPT: &str = include_str!("page.js");

/// The text of `report.html`.
pub fn report_html(model: &Report) -> String {
    let document = document(model);
    let (t, header, totals) = (model.lang, &model.header, &model.totals);
    let under = t.pg_where(
        &header.host.cpu,
        t.rounds(totals.n_rounds),
        t.launches(totals.n_launches),
        &header.started_at,
    );
    let foot = t.pg_made_by(&header.tool_version, &header.run_id);
    page(t, &document, &page_charts(model), &under, &foot)
}

/// A whole page: any document with its charts.
pub(super) fn page(t: Lang, document: &Document, charts: &[(&'static str, String)], under: &str, foot: &str) -> String {
    let title = escape(&document.title);
    let mut page = format!(
        "<!doctype html>\n<html lang=\"{}\">\n<head>\n<meta charset=\"utf-8\">\n\
         <meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n\
         <meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; img-src data:; style-src 'unsafe-inline'; script-src 'sha256-{}'\">\n\
         <link rel=\"icon\" href=\"data:,\">\n<title>{title}</title>\n<style>\n{STYLE}</style>\n</head>\n<body>\n",
        t.code(),
        BASE64_STANDARD.encode(Sha256::digest(SCRIPT)),
    );
    page.push_str(&format!(
        "<a class=\"skip\" href=\"#main\">{}</a>\n<header>\n<h1>{title}</h1>\n<p>{}</p>\n\
         <button type=\"button\" id=\"theme\" hidden>{}</button>\n</header>\n",
        escape(&t.pg_skip()),
        escape(under),
        escape(&t.pg_theme())
    ));
    page.push_str(&navigation(t, document));
    page.push_str("<main id=\"main\">\n");
    let (beside, sections) = document.parts();
    page.push_str(&answer(t, document, &|wanted| {
        blocks::of_answer(t, beside, charts, wanted)
    }));
    page.push_str(&blocks::rendered(t, sections, charts));
    page.push_str(&format!(
        "</main>\n<footer><p>{}</p></footer>\n<div id=\"tip\" role=\"status\" hidden></div>\n<script>{SCRIPT}</script>\n</body>\n</html>\n",
        escape(foot)
    ));
    page
}

/// Links to all sections; `blocks` numbers them in the same order.
fn navigation(t: Lang, document: &Document) -> String {
    let titles = document.blocks.iter().filter_map(|block| match block {
        Block::Section(title) => Some(title.as_str()),
        _ => None,
    });
    let conclusion = t.conclusion();
    let all = std::iter::once(conclusion.as_str()).chain(titles).enumerate();
    let links: String = all
        .map(|(index, title)| format!("<li><a href=\"#s{index}\">{}</a></li>\n", escape(title)))
        .collect();
    format!(
        "<nav aria-label=\"{}\"><ul>\n{links}</ul></nav>\n",
        escape(&t.pg_sections())
    )
}

/// Banners, the conclusion with its first sentence large, warnings and commands, the chart beside them, and the table below, which takes
/// the whole width.
fn answer(t: Lang, document: &Document, of_kind: &dyn Fn(fn(&Block) -> bool) -> String) -> String {
    let notice = |kind: &str, text: &String| format!("<p class=\"notice {kind}\">{}</p>\n", escape(text));
    let banners: String = document.banners.iter().map(|text| notice("bad", text)).collect();
    let warnings: String = document.warnings.iter().map(|text| notice("mind", text)).collect();
    let (lead, rest) = document
        .conclusion
        .split_first()
        .map_or(("", &[][..]), |(l, r)| (l.as_str(), r));
    let rest: String = rest.iter().map(|s| format!("<li>{}</li>\n", escape(s))).collect();
    let rest = if rest.is_empty() {
        rest
    } else {
        format!("<ul>\n{rest}</ul>\n")
    };
    let commands = of_kind(|block| matches!(block, Block::Command(_)));
    let charts = of_kind(|block| matches!(block, Block::Chart(_)));
    let tables = of_kind(|block| matches!(block, Block::Table(_)));
    format!(
        "{banners}<section class=\"answer\" aria-labelledby=\"s0\">\n<h2 id=\"s0\">{}</h2>\n<p class=\"lead\">{}</p>\n\
         <div class=\"beside\">\n<div>\n{rest}{warnings}{commands}</div>\n{charts}</div>\n{tables}</section>\n",
        escape(&t.conclusion()),
        escape(lead)
    )
}

#[cfg(test)]
mod tests {
    use super::{SCRIPT, STYLE};

    #[test]
    fn nothing_of_ours_ends_its_element_or_asks_a_network() {
        for part in [SCRIPT, STYLE] {
            for bad in [
                "</",
                "<!--",
                "http:",
                "https:",
                "@import",
                "url(",
                "fetch(",
                "innerHTML",
                "eval(",
            ] {
                assert!(!part.contains(bad), "{bad}");
            }
        }
    }
}
