//! Sections of the workloads that are measured on request.

use crate::data::N_DRAFT;
use crate::report::charts::ChartName;
use crate::report::document::{image, paragraph, section, table, Block};
use crate::report::text::kv;
use crate::report::{BatchedRow, PrefixRow, ReportModel, RequestRow, SpeculativeRow, StateRow};
use crate::stats::Interval;
use crate::units;

/// Follow-up prompts that share a prefix with what is in the cache.
pub(super) fn prefix_reuse(model: &ReportModel, charts: &[ChartName]) -> Vec<Block> {
    let t = model.lang;
    let row = |row: &PrefixRow| {
        let share = f64::from(row.n_shared) / f64::from(row.n_prompt.max(1));
        vec![
            row.arm.label().to_owned(),
            kv(&row.arm.config),
            count(row.n_prompt),
            t.share_of(count(row.n_shared), t.percent(share)),
            t.ms(row.cold_ns.as_ref()),
            row.reason.clone().unwrap_or_else(|| t.ms(row.warm_ns.as_ref())),
            t.or_na(row.factor.as_ref(), |i| t.ratio(i)),
        ]
    };
    let rows: Vec<Vec<String>> = model.prefix.iter().map(row).collect();
    let head = vec![
        t.h_variant(),
        t.h_kv(),
        t.h_n_prompt(),
        t.h_cached(),
        t.h_cold(),
        t.h_warm(),
        t.h_times_sooner(),
    ];
    let body = [image(charts, "prefix_reuse"), table(head, rows)].concat();
    section(t.prefix_reuse(), t.prefix_intro(), body)
}

/// Several sequences at once.
pub(super) fn batched(model: &ReportModel, charts: &[ChartName]) -> Vec<Block> {
    let t = model.lang;
    let row = |row: &BatchedRow| {
        let gap = |q: Option<Interval>| t.or_na(q, |i| t.time(i.estimate));
        let itl = row.itl_ns.as_ref();
        vec![
            row.arm.label().to_owned(),
            kv(&row.arm.config),
            if row.is_pp_shared { t.shared() } else { t.own() },
            count(row.n_depth),
            count(row.n_seq),
            row.reason.clone().unwrap_or_else(|| t.tps(row.total_tps.as_ref())),
            t.tps(row.tps.as_ref()),
            gap(itl.and_then(|q| q.p50)),
            gap(itl.and_then(|q| q.p95)),
            match row.n_seq {
                1 => "1".to_owned(),
                _ => t.or_na(row.gain.as_ref(), |i| t.ratio(i)),
            },
        ]
    };
    let rows: Vec<Vec<String>> = model.batched.iter().map(row).collect();
    let head = vec![
        t.h_variant(),
        t.h_kv(),
        t.h_prompt(),
        t.h_depth(),
        t.h_sequences(),
        t.h_tps_all(),
        t.h_tps_each(),
        t.h_itl(),
        "p95".to_owned(),
        t.h_against_one(),
    ];
    let body = [image(charts, "batched"), table(head, rows)].concat();
    section(t.batched(), t.batched_intro(), body)
}

/// Saving and restoring states.
pub(super) fn state(model: &ReportModel, charts: &[ChartName]) -> Vec<Block> {
    let t = model.lang;
    let factor = |i: Option<&Interval>| t.or_na(i, |i| t.ratio(i));
    let row = |row: &StateRow| {
        vec![
            row.arm.label().to_owned(),
            kv(&row.arm.config),
            count(row.n_depth),
            t.or_na(row.state_bytes, |bytes| t.mib(bytes)),
            row.reason.clone().unwrap_or_else(|| t.ms(row.recompute_ns.as_ref())),
            t.ms(row.save_ns.as_ref()),
            t.ms(row.restore_ns.as_ref()),
            factor(row.restore_factor.as_ref()),
            t.ms(row.write_ns.as_ref()),
            t.ms(row.read_ns.as_ref()),
            factor(row.read_factor.as_ref()),
        ]
    };
    let rows: Vec<Vec<String>> = model.states.iter().map(row).collect();
    let head = vec![
        t.h_variant(),
        t.h_kv(),
        t.h_depth(),
        "MiB".to_owned(),
        t.h_compute_ms(),
        t.h_save_memory(),
        t.h_restore_memory(),
        t.h_times_faster(),
        t.h_save_disk(),
        t.h_restore_disk(),
        t.h_times_faster(),
    ];
    let mut body = [image(charts, "state"), table(head, rows)].concat();
    let pays = model
        .break_even
        .iter()
        .map(|e| t.state_pays(t.arm(&e.arm), t.threshold(&e.memory), t.threshold(&e.disk)));
    body.extend(pays.filter_map(|said| paragraph(&said)));
    section(t.states(), t.states_intro(), body)
}

/// With a draft and without.
pub(super) fn speculative(model: &ReportModel, charts: &[ChartName]) -> Vec<Block> {
    let t = model.lang;
    let row = |row: &SpeculativeRow| {
        let by_place: Vec<String> = row.acceptance_by_place.iter().map(|s| t.percent(*s)).collect();
        vec![
            row.arm.label().to_owned(),
            kv(&row.arm.config),
            count(row.n_depth),
            row.reason.clone().unwrap_or_else(|| t.ms(row.alone_ns.as_ref())),
            t.ms(row.drafted_ns.as_ref()),
            t.or_na(row.factor.as_ref(), |i| t.ratio(i)),
            t.or_na(row.verdict, |v| t.verdict(v)),
            t.or_na(row.acceptance, |s| {
                t.figure(s, row.acceptance_interval.as_ref(), |s| t.percent(s))
            }),
            if by_place.is_empty() {
                t.na()
            } else {
                by_place.join(", ")
            },
            t.needed(row.break_even),
            t.or_na(row.tokens_per_pass, |n| t.two_decimals(n)),
            t.or_na(row.draft_share, |s| t.percent(s)),
            match row.n_tokens {
                0 => t.na(),
                all => t.others(row.n_other, row.n_ties, units::count(all)),
            },
            t.or_na(row.rounding, |r| t.number(format!("{r:.3}"))),
        ]
    };
    let rows: Vec<Vec<String>> = model.speculative.iter().map(row).collect();
    let head = vec![
        t.h_variant(),
        t.h_kv(),
        t.h_depth(),
        t.h_alone(),
        t.h_drafted(),
        t.h_speed_up(),
        t.h_verdict(),
        t.h_accepted(),
        t.h_by_place(),
        t.h_needed(),
        t.h_per_pass(),
        t.h_in_draft(),
        t.h_other(),
        t.h_rounding(),
    ];
    let draft = model.header.draft.as_ref();
    let name = draft.map_or_else(|| t.no_draft(), |d| d.name.clone());
    let mib = t.or_na(draft, |d| t.mib(d.file_bytes));
    let body = [image(charts, "speculative"), table(head, rows)].concat();
    section(t.speculative(), t.speculative_intro(name, mib, N_DRAFT), body)
}

/// Users and their requests.
pub(super) fn requests(model: &ReportModel, charts: &[ChartName]) -> Vec<Block> {
    let t = model.lang;
    let Some(first) = model.requests.first() else {
        return Vec::new();
    };
    let row = |row: &RequestRow| {
        let quantile = |i: &Option<Interval>| t.ms(i.as_ref());
        let against = |shown: String| match row.arm.is_baseline {
            true => t.baseline(),
            false => shown,
        };
        vec![
            row.arm.variant.clone(),
            kv(&row.arm.config),
            count(row.n_users),
            match &row.reason {
                Some(reason) => reason.clone(),
                None => t.or_na(row.per_minute.as_ref(), |i| t.rate_interval(i)),
            },
            against(t.ratio_of(row.vs_baseline.as_ref())),
            against(t.verdict_of(row.vs_baseline.as_ref())),
            quantile(&row.latency_ns.p50),
            quantile(&row.latency_ns.p95),
            quantile(&row.latency_ns.p99),
            quantile(&row.ttft_ns.p50),
            quantile(&row.ttft_ns.p95),
            count(row.n_requests),
        ]
    };
    let rows: Vec<Vec<String>> = model.requests.iter().map(row).collect();
    let head = vec![
        t.h_variant(),
        t.h_kv(),
        t.h_users(),
        t.h_per_minute(),
        t.h_ratio(),
        t.h_verdict(),
        t.h_latency("p50"),
        t.h_latency("p95"),
        t.h_latency("p99"),
        t.h_request_ttft("p50"),
        t.h_request_ttft("p95"),
        t.h_requests(),
    ];
    let drawn = [image(charts, "requests"), image(charts, "latency")].concat();
    let body = [drawn, table(head, rows)].concat();
    section(
        t.requests(),
        t.requests_intro(count(first.n_prompt), count(first.n_gen)),
        body,
    )
}

fn count(n: u32) -> String {
    units::count(u64::from(n))
}
