//! A mix in words: sentences from the figures alone, tables, and the files of it.

use super::model::{MixMatrix, MixReport, MixRow};
use crate::report::charts::ChartName;
use crate::report::document::{Block, Document, Span, Value};
use crate::report::lang::Lang;
use crate::report::markdown::markdown;
use crate::report::table::Rows;
use crate::report::terminal::{self, Style};
use crate::stats::Interval;
use serde::Serialize;

/// Version of the JSON. Changes:
/// 1: first version.
pub const MIX_SCHEMA: &str = "kvant.mix/1";

/// Share of a rival's speed that surely reached counts as the same.
const AS_FAST: f64 = 0.97;

#[derive(Serialize)]
struct Wire<'a> {
    schema: &'static str,
    recommended: &'a str,
    is_met: bool,
    conclusion: Vec<String>,
    #[serde(flatten)]
    report: &'a MixReport,
}

/// `mix.json`.
///
/// # Errors
/// What cannot be JSON.
pub fn mix_json(report: &MixReport) -> serde_json::Result<String> {
    let wire = Wire {
        schema: MIX_SCHEMA,
        recommended: report.recommended(),
        is_met: report.is_met(),
        conclusion: report.conclusion(Lang::default()),
        report,
    };
    Ok(serde_json::to_string_pretty(&wire)? + "\n")
}

impl MixReport {
    /// `mix.md`.
    pub fn md(&self, t: Lang) -> String {
        markdown(t, &self.document(t))
    }

    /// For the terminal.
    pub fn text(&self, t: Lang, style: Style) -> String {
        terminal::document(&self.document(t), style)
    }

    fn document(&self, t: Lang) -> Document {
        let picture = ChartName {
            name: "mix",
            title: t.m_picture(),
        };
        let head = |title: String| vec![Block::Section(title)];
        let facts = [(t.h_file(), &self.file), (t.m_run(), &self.proof)];
        let facts = facts.map(|(name, path)| (name, vec![Span::code(path.as_str())]));
        Document {
            title: t.m_title(&self.model, &self.label),
            banners: Vec::new(),
            conclusion: self.conclusion(t),
            warnings: Vec::new(),
            blocks: [
                head(t.m_proof()),
                self.rivals(t),
                head(t.m_recipe()),
                self.types(t),
                vec![Block::Chart(picture)],
                vec![Block::Part(t.m_again()), Block::Command(self.llama_quantize.clone())],
                head(t.m_files()),
                vec![Block::Facts(facts.into())],
            ]
            .concat(),
        }
    }

    fn rivals(&self, t: Lang) -> Vec<Block> {
        let some = |share: Option<Interval>| Value::some(t, share, |i| (i.estimate, three_decimals(t, &i)));
        Rows::of(t, &self.rows)
            .column(t.h_variant(), |row| row.variant.as_str())
            .column(t.h_size(), |row| Value::mib(t, Some(row.file_bytes)))
            .column(t.h_mean_kld(), |row| Value::nats(t, row.kld))
            .column(t.m_h_ppl(), |row| Value::figure(t, row.ppl, |x| t.ppl(x)))
            .column(t.m_h_decode(), |row| Value::rate(t, row.decode_tps))
            .column(t.m_h_kld_share(), |row| some(row.mix_kld_ratio))
            .column(t.m_h_decode_share(), |row| some(row.mix_decode_ratio))
            .blocks()
    }

    fn types(&self, t: Lang) -> Vec<Block> {
        Rows::of(t, &self.kinds)
            .column(t.m_h_kind(), |(kind, _)| kind.as_str())
            .column(t.m_h_types(), |(_, types)| types.as_str())
            .blocks()
    }

    /// What may be said, the limits that are missed first.
    pub(super) fn conclusion(&self, t: Lang) -> Vec<String> {
        let mut said = Vec::new();
        if let Some((bytes, limit)) = self.too_large() {
            said.push(t.m_too_large(&self.label, t.bytes(bytes), t.bytes(limit)));
        }
        said.extend(self.against(t));
        if let Some((kld, most)) = self.loss_not_shown() {
            said.push(t.m_loss_open(t.pooled(Some(&kld), |x| t.nats(x)), t.nats(most)));
        }
        let decode = |row: &MixRow| t.rate(row.decode_tps.map_or(f64::NAN, |tps| tps.estimate));
        let speed = if self.is_too_slow() { "slow" } else { "enough" };
        match (self.limits.min_decode, self.row(&self.label), self.other()) {
            (Some(least), Some(own), Some(other)) => said.push(t.m_use_other(
                speed,
                &self.label,
                decode(own),
                t.rate(least),
                &other.variant,
                t.bytes(other.file_bytes),
                decode(other),
                t.pooled(other.kld.as_ref(), |x| t.nats(x)),
            )),
            (least, own, _) => {
                said.extend(
                    least
                        .zip(own)
                        .map(|(least, own)| t.m_decodes(speed, decode(own), t.rate(least))),
                );
                said.extend(self.as_fast(t));
            }
        }
        if let Some(given) = self.given() {
            let size = t.bytes(given.file_bytes);
            said.push(t.m_source(&self.reference, &given.variant));
            if !self.fits(given) {
                said.push(t.m_given_larger(&given.variant, size));
            } else if self.given_to_use().is_some() && self.other().is_none() {
                said.push(t.m_use_given(&given.variant, size));
            } else if let Some(ratio) = &given.mix_kld_ratio {
                said.push(t.m_beats_given(&given.variant, size, three_decimals(t, ratio), &self.label));
            }
        }
        said.extend(self.origin(t));
        said
    }

    /// The mix against what it was to match: only what the interval shows.
    fn against(&self, t: Lang) -> Option<String> {
        let rival = self.row(&self.rival)?;
        let (ratio, own) = (rival.mix_kld_ratio?, self.row(&self.label)?);
        let verdict = match (ratio.hi < 1.0, ratio.lo > 1.0) {
            (true, _) => "less",
            (_, true) => "more",
            _ => "open",
        };
        let share = own.file_bytes as f64 / rival.file_bytes.max(1) as f64;
        Some(t.m_against(
            verdict,
            &self.label,
            &self.rival,
            three_decimals(t, &ratio),
            &self.reference,
            t.percent(share),
            self.n_chunks,
        ))
    }

    /// Where a speed is asked for: whether what it was to match is no faster and loses more. Otherwise a difference, where it is shown.
    fn as_fast(&self, t: Lang) -> Option<String> {
        let rival = self.row(&self.rival)?;
        let ratio = rival.mix_decode_ratio?;
        let is_as_fast = ratio.lo > AS_FAST && rival.mix_kld_ratio?.hi < 1.0;
        let verdict = match self.limits.min_decode {
            Some(_) if is_as_fast => "found",
            Some(least) if least < AS_FAST * rival.decode_tps?.estimate => return None,
            Some(_) => "none",
            None if ratio.hi < 1.0 => "slower",
            None if ratio.lo > 1.0 => "faster",
            None => return None,
        };
        Some(t.m_as_fast(verdict, &self.label, &self.rival, three_decimals(t, &ratio)))
    }

    /// How the choice came about.
    fn origin(&self, t: Lang) -> Vec<String> {
        let choice = &self.choice;
        let mut said = vec![t.m_sum(
            t.nats(choice.predicted_kld),
            choice.n_chunks_of_choice,
            &choice.calibration,
            t.nats(choice.whole_kld),
            t.signed_percent(choice.whole_kld / choice.predicted_kld - 1.0),
        )];
        let decode = self.row(&self.label).and_then(|own| own.decode_tps);
        said.extend(
            choice
                .predicted_tps
                .zip(decode)
                .map(|(tps, own)| t.m_predicted_speed(t.rate(tps), t.rate(own.estimate))),
        );
        said.extend(choice.is_corrected.then(|| t.m_corrected()));
        said.push(match &choice.imatrix {
            None => t.m_no_imatrix(),
            Some(weighing) => {
                let what = match &weighing.matrix {
                    MixMatrix::Gathered { n_chunks, text } => t.m_imatrix_gathered(*n_chunks, text),
                    MixMatrix::File(name) => t.m_imatrix_file(name),
                };
                t.m_imatrix(what, weighing.n_known, choice.n_matrices)
            }
        });
        said.extend((choice.n_unmeasured > 0).then(|| t.m_unmeasured(choice.n_unmeasured)));
        said
    }
}

/// `0.623 [0.590, 0.655]`.
fn three_decimals(t: Lang, ratio: &Interval) -> String {
    t.with_ends(ratio, |x| t.number(format!("{x:.3}")))
}

#[cfg(test)]
mod tests {
    use super::super::model::tests::{row, sample};
    use super::super::model::{MixLimits, MixWeighing};
    use super::*;

    #[test]
    fn only_what_the_interval_shows_is_claimed() {
        let said = |ratio| sample(ratio).conclusion(Lang::default()).remove(0);
        let less = said([0.5, 0.6, 0.7]);
        assert_eq!(
            less,
            "mix-99.0MiB loses less than Q4_K_M: 0.600 [0.500, 0.700] of its divergence from F16 at 99.00 % of its size, on 16 chunks of text that nothing was chosen with."
        );
        assert!(said([1.1, 1.2, 1.3]).contains("loses more than"));
        assert!(said([0.9, 1.0, 1.1]).contains("is not shown to lose less or more than"));
    }

    #[test]
    fn as_fast_and_better_is_said_where_both_are_shown() {
        let said = |decode: [f64; 3], kld: [f64; 3]| {
            let mut report = sample(kld);
            report.limits.min_decode = Some(40.0);
            report.rows[0].mix_decode_ratio = row("x", 1, 0.1, Some(decode)).mix_kld_ratio;
            report.conclusion(Lang::default()).remove(2)
        };
        let (fast, better) = ([0.98, 1.0, 1.02], [0.5, 0.6, 0.7]);
        assert!(said(fast, better).starts_with("It is as fast: mix-99.0MiB decodes at 1.000 [0.980, 1.020]"));
        for (decode, kld) in [([0.96, 1.0, 1.02], better), (fast, [0.9, 1.0, 1.1])] {
            assert!(said(decode, kld).starts_with("No file was found"));
        }
    }

    #[test]
    fn a_file_of_the_proof_that_is_as_fast_as_asked_is_named_where_the_mix_is_not() {
        let mut report = sample([0.5, 0.6, 0.7]);
        report.limits.min_decode = Some(40.6);
        assert_eq!((report.recommended(), report.is_met()), ("mix-99.0MiB", false));
        report.rows[0].decode_tps = row("x", 1, 0.1, Some([50.0, 51.0, 52.0])).mix_kld_ratio;
        assert_eq!((report.recommended(), report.is_met()), ("Q4_K_M", true));
        let said = report.conclusion(Lang::default()).join("\n");
        assert!(
            said.contains("Use Q4_K_M (100 MiB): it decodes 51.0 t/s, with a divergence of 0.0400"),
            "{said}"
        );
    }

    #[test]
    fn a_file_that_is_fast_enough_and_loses_less_is_named_before_the_mix() {
        let mut report = sample([0.5, 0.6, 0.7]);
        report.limits.min_decode = Some(40.0);
        assert_eq!(report.recommended(), "mix-99.0MiB");
        report.rows.push(row("Q8_0", 180 << 20, 0.001, None));
        assert_eq!((report.recommended(), report.is_met()), ("Q8_0", true));
        let said = report.conclusion(Lang::default()).join("\n");
        let part =
            "mix-99.0MiB decodes 40.5 t/s; at least 40.0 were asked for. Use Q8_0 (180 MiB): it decodes 40.5 t/s";
        assert!(said.contains(part), "{said}");
    }

    #[test]
    fn a_mix_that_is_better_than_the_given_file_is_held_against_it() {
        let mut report = sample([0.5, 0.6, 0.7]);
        report.given = Some("Q4_1".to_owned());
        report.rows.push(row("Q4_1", 99 << 20, 0.03, Some([0.7, 0.8, 0.9])));
        let said = report.conclusion(Lang::default()).join("\n");
        let against = "Against Q4_1 itself (99.0 MiB), mix-99.0MiB has 0.800 [0.700, 0.900] of its divergence.";
        assert!(said.contains(against), "{said}");
    }

    #[test]
    fn a_mix_that_is_slower_is_called_so_without_being_asked() {
        let said = |decode: [f64; 3]| {
            let mut report = sample([0.5, 0.6, 0.7]);
            report.rows[0].mix_decode_ratio = row("x", 1, 0.1, Some(decode)).mix_kld_ratio;
            report.conclusion(Lang::default()).remove(1)
        };
        let slower =
            "It is slower: mix-99.0MiB decodes at 0.800 [0.700, 0.900] of Q4_K_M's speed; --min-decode asks for speed.";
        assert_eq!(said([0.7, 0.8, 0.9]), slower);
        assert!(said([1.1, 1.2, 1.3]).starts_with("It is faster too"));
        assert!(said([0.9, 1.0, 1.1]).starts_with("The sum"));
    }

    /// With everything that can be said at the same time.
    fn full() -> MixReport {
        let mut report = sample([0.5, 0.6, 0.7]);
        report.limits = MixLimits {
            max_size: Some(98 << 20),
            size_limit: Some(100 << 20),
            max_kld: Some(0.019),
            min_decode: Some(41.0),
        };
        report.given = Some("Q4_1".to_owned());
        report.rows.push(row("Q4_1", 99 << 20, 0.001, Some([5.0, 6.0, 7.0])));
        let matrix = MixMatrix::Gathered {
            n_chunks: 64,
            text: "corpus".to_owned(),
        };
        report.choice.imatrix = Some(MixWeighing { matrix, n_known: 8 });
        report
    }

    #[test]
    fn every_language_says_as_much_in_words_of_its_own() {
        let english = full().conclusion(Lang::default());
        assert_eq!(english.len(), 12, "{english:#?}");
        for lang in Lang::ALL.into_iter().filter(|lang| *lang != Lang::default()) {
            let report = full();
            let said = report.conclusion(lang);
            assert_eq!(said.len(), english.len(), "{lang}");
            for (own, english) in said.iter().zip(&english) {
                assert_ne!(own, english, "{lang}");
            }
            let md = report.md(lang);
            for word in [" the ", " of ", " is ", " and ", "0.600"] {
                assert!(!md.contains(word), "{lang}: '{word}' in {md}");
            }
        }
    }

    #[test]
    fn the_markdown_holds_tables_picture_and_command_and_the_json_the_figures() {
        let report = full();
        let md = report.md(Lang::default());
        for part in [
            "# Tiny: mix-99.0MiB\n",
            "| token_embd | q6_k |",
            "![",
            "](charts/mix.svg)",
            "```sh\nllama-quantize 'a.gguf' 'b.gguf' Q6_K\n```",
            "`run/report.md`",
        ] {
            assert!(md.contains(part), "{part} in {md}");
        }
        let json: serde_json::Value = serde_json::from_str(&mix_json(&report).expect("JSON")).expect("JSON");
        assert_eq!(json["schema"], MIX_SCHEMA);
        assert_eq!(json["recommended"], "Q4_1");
        assert_eq!(json["is_met"], false);
        assert_eq!(json["imatrix"]["gathered"]["n_chunks"], 64);
        assert_eq!(json["rows"][0]["mix_kld_ratio"]["hi"], 0.7);
        assert_eq!(json["recipe"]["token_embd.weight"], "q6_k");
    }
}
