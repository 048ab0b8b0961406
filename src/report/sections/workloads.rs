//! Sections of the workloads that are measured on request.

use crate::data::N_DRAFT;
use crate::report::charts::ChartName;
use crate::report::document::{found, image, paragraph, section, Block, Value};
use crate::report::say::on_request;
use crate::report::table::Rows;
use crate::report::Report;
use crate::units;

/// Follow-up prompts that share a prefix with what is in the cache.
pub(super) fn prefix_reuse(model: &Report, charts: &[ChartName]) -> Vec<Block> {
    let t = model.lang;
    let table = Rows::of(t, &model.prefix)
        .arm(|row| &row.arm)
        .column(t.h_n_prompt(), |row| Value::count(row.n_prompt))
        .column(t.h_cached(), |row| {
            let share = f64::from(row.n_shared) / f64::from(row.n_prompt.max(1));
            let text = t.share_of(units::count(row.n_shared), t.percent(share));
            Value::number(row.n_shared.into(), text)
        })
        .column(t.h_cold(), |row| Value::ms(t, row.cold_ns))
        .column(t.h_warm(), |row| {
            Value::unless_failed(t, &row.outcome, Value::ms(t, row.warm_ns))
        })
        .column(t.h_times_sooner(), |row| Value::ratio(t, row.factor));
    let said = on_request::prefix_reuse(model);
    evidence(
        charts,
        &["prefix_reuse"],
        t.prefix_reuse(),
        said,
        t.prefix_intro(),
        table,
    )
}

/// Several sequences at once.
pub(super) fn batched(model: &Report, charts: &[ChartName]) -> Vec<Block> {
    let t = model.lang;
    let table = Rows::of(t, &model.batched)
        .arm(|row| &row.arm)
        .column(t.h_prompt(), |row| if row.is_pp_shared { t.shared() } else { t.own() })
        .column(t.h_depth(), |row| Value::count(row.n_depth))
        .column(t.h_sequences(), |row| Value::count(row.n_seq))
        .column(t.h_tps_all(), |row| {
            Value::unless_failed(t, &row.outcome, Value::rate(t, row.total_tps))
        })
        .column(t.h_tps_each(), |row| Value::rate(t, row.tps))
        .column(t.h_itl(), |row| {
            Value::bare_ms(t, row.itl_ns.as_ref().and_then(|q| q.p50))
        })
        .column("p95", |row| Value::bare_ms(t, row.itl_ns.as_ref().and_then(|q| q.p95)))
        .column(t.h_against_one(), |row| match row.n_seq {
            1 => Value::number(1.0, "1".to_owned()),
            _ => Value::ratio(t, row.gain),
        });
    let said = on_request::batched(model);
    evidence(charts, &["batched"], t.batched(), said, t.batched_intro(), table)
}

/// Saving and restoring states.
pub(super) fn state(model: &Report, charts: &[ChartName]) -> Vec<Block> {
    let t = model.lang;
    let table = Rows::of(t, &model.states)
        .arm(|row| &row.arm)
        .column(t.h_depth(), |row| Value::count(row.n_depth))
        .column("MiB", |row| Value::mib(t, row.state_bytes))
        .column(t.h_compute_ms(), |row| {
            Value::unless_failed(t, &row.outcome, Value::ms(t, row.recompute_ns))
        })
        .column(t.h_save_memory(), |row| Value::ms(t, row.save_ns))
        .column(t.h_restore_memory(), |row| Value::ms(t, row.restore_ns))
        .column(t.h_times_faster(), |row| Value::ratio(t, row.restore_factor))
        .column(t.h_save_disk(), |row| Value::ms(t, row.write_ns))
        .column(t.h_restore_disk(), |row| Value::ms(t, row.read_ns))
        .column(t.h_times_faster(), |row| Value::ratio(t, row.read_factor));
    let said = on_request::state(model);
    let mut blocks = evidence(charts, &["state"], t.states(), said, t.states_intro(), table);
    let pays = model.break_even.iter();
    let pays = pays.map(|e| t.state_pays(t.arm(&e.arm), t.threshold(&e.memory), t.threshold(&e.disk)));
    blocks.extend(pays.filter_map(|said| paragraph(&said)));
    blocks
}

/// With a draft and without.
pub(super) fn speculative(model: &Report, charts: &[ChartName]) -> Vec<Block> {
    let t = model.lang;
    let table = Rows::of(t, &model.speculative)
        .arm(|row| &row.arm)
        .column(t.h_depth(), |row| Value::count(row.n_depth))
        .column(t.h_alone(), |row| {
            Value::unless_failed(t, &row.outcome, Value::ms(t, row.alone_ns))
        })
        .column(t.h_drafted(), |row| Value::ms(t, row.drafted_ns))
        .column(t.h_speed_up(), |row| Value::ratio(t, row.factor))
        .column(t.h_verdict(), |row| Value::verdict(t, row.verdict))
        .column(t.h_accepted(), |row| {
            let interval = row.acceptance_interval.as_ref();
            Value::some(t, row.acceptance, |s| (s, t.figure(s, interval, |s| t.percent(s))))
        })
        .column(t.h_by_position(), |row| {
            let shares: Vec<String> = row.acceptance_by_position.iter().map(|s| t.percent(*s)).collect();
            let first = row.acceptance_by_position.first().copied();
            Value::some(t, first, |first| (first, shares.join(", ")))
        })
        .column(t.h_needed(), |row| {
            Value::some(t, row.break_even, |share| (share, t.needed(Some(share))))
        })
        .column(t.h_per_pass(), |row| {
            Value::some(t, row.tokens_per_pass, |n| (n, t.two_decimals(n)))
        })
        .column(t.h_in_draft(), |row| Value::percent(t, row.draft_share))
        .column(t.h_other(), |row| match row.n_tokens {
            0 => Value::absent(t),
            all => Value::number(row.n_other as f64, t.others(row.n_other, row.n_ties, units::count(all))),
        })
        .column(t.h_rounding(), |row| {
            Value::some(t, row.rounding, |r| (r, t.number(format!("{r:.3}"))))
        });
    let draft = model.header.draft.as_ref();
    let name = draft.map_or_else(|| t.no_draft(), |d| d.name.clone());
    let mib = t.or_na(draft, |d| t.mib(d.file_bytes));
    let (said, intro) = (on_request::speculative(model), t.speculative_intro(name, mib, N_DRAFT));
    evidence(charts, &["speculative"], t.speculative(), said, intro, table)
}

/// Users and their requests.
pub(super) fn requests(model: &Report, charts: &[ChartName]) -> Vec<Block> {
    let t = model.lang;
    let Some(first) = model.requests.first() else {
        return Vec::new();
    };
    let mut table = Rows::of(t, &model.requests)
        .arm(|row| &row.arm)
        .column(t.h_users(), |row| Value::count(row.n_users))
        .column(t.h_per_minute(), |row| {
            Value::unless_failed(t, &row.outcome, Value::rate(t, row.per_minute))
        })
        .versus(|row| (&row.arm, row.vs_baseline.as_ref()));
    for (index, quantile) in ["p50", "p95", "p99"].into_iter().enumerate() {
        table = table.column(t.h_latency(quantile), |row| {
            let q = &row.latency_ns;
            Value::ms(t, [q.p50, q.p95, q.p99][index])
        });
    }
    let table = table
        .column(t.h_request_ttft("p50"), |row| Value::ms(t, row.ttft_ns.p50))
        .column(t.h_request_ttft("p95"), |row| Value::ms(t, row.ttft_ns.p95))
        .column(t.h_requests(), |row| Value::count(row.n_requests));
    let intro = t.requests_intro(units::count(first.n_prompt), units::count(first.n_gen));
    let said = on_request::requests(model);
    evidence(charts, &["requests", "latency"], t.requests(), said, intro, table)
}

/// What was found, its charts and its table.
fn evidence<T>(
    charts: &[ChartName],
    names: &[&str],
    title: String,
    said: Option<String>,
    intro: String,
    table: Rows<T>,
) -> Vec<Block> {
    let mut body: Vec<Block> = names.iter().flat_map(|name| image(charts, name)).collect();
    body.extend(table.blocks());
    found(title, Vec::from_iter(said), intro, body)
}

/// A conversation, turn by turn; the whole stands beside its last turn.
pub(super) fn chat(model: &Report) -> Vec<Block> {
    let t = model.lang;
    let Some(first) = model.chat.first() else {
        return Vec::new();
    };
    let table = Rows::of(t, &model.chat)
        .arm(|row| &row.arm)
        .column(t.h_turn(), |row| Value::count(row.turn))
        .column(t.h_said_before(), |row| Value::count(row.n_before))
        .column(t.h_ttft_ms(), |row| {
            Value::unless_failed(t, &row.outcome, Value::ms(t, row.ttft_ns))
        })
        .column(t.h_tps(), |row| Value::rate(t, row.tps))
        .column(t.h_conversation(), |row| match row.turn == row.n_turns {
            true => Value::ms(t, row.total_ns),
            false => "".into(),
        })
        .column(t.h_ratio(), |row| match row.turn == row.n_turns {
            true if row.arm.is_baseline => Value::baseline(t),
            true => Value::ratio_of(t, row.vs_baseline.as_ref()),
            false => "".into(),
        })
        .column(t.h_verdict(), |row| match row.turn == row.n_turns {
            true if row.arm.is_baseline => Value::baseline(t),
            true => Value::verdict_of(t, row.vs_baseline.as_ref()),
            false => "".into(),
        });
    let intro = t.chat_intro(
        units::count(first.n_system),
        units::count(first.n_turns),
        units::count(first.n_prompt),
        units::count(first.n_gen),
    );
    section(t.chat(), intro, table.blocks())
}
