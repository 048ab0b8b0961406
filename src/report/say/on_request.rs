//! What the workloads on request found, a sentence each.

use crate::report::Report;
use crate::units::count;

/// Those that were measured.
pub(super) fn on_request(model: &Report) -> Vec<String> {
    let all = [
        prefix_reuse(model),
        batched(model),
        state(model),
        speculative(model),
        requests(model),
    ];
    all.into_iter().flatten().collect()
}

/// The baseline's longest prompt with the largest shared part, in one sentence.
pub(in crate::report) fn prefix_reuse(model: &Report) -> Option<String> {
    let of_baseline = model.prefix.iter().filter(|row| row.arm.is_baseline);
    let row = of_baseline.max_by_key(|row| (row.n_prompt, row.n_shared))?;
    let (factor, warm, cold) = (row.factor.as_ref()?, row.warm_ns.as_ref()?, row.cold_ns.as_ref()?);
    let t = model.lang;
    Some(t.prefix_sooner(
        count(row.n_prompt),
        count(row.n_shared),
        row.arm.label(),
        t.ratio(factor),
        t.ms(Some(warm)),
        t.ms(Some(cold)),
    ))
}

/// The baseline with the most sequences, in one sentence.
pub(in crate::report) fn batched(model: &Report) -> Option<String> {
    let of_baseline = model
        .batched
        .iter()
        .filter(|row| row.arm.is_baseline && !row.is_pp_shared);
    let row = of_baseline.max_by_key(|row| row.n_seq).filter(|row| row.n_seq > 1)?;
    let gain = row.gain.as_ref()?;
    let t = model.lang;
    Some(t.batch_gain(
        count(row.n_seq),
        t.ratio(gain),
        row.arm.label(),
        t.tps(row.total_tps.as_ref()),
        t.tps(row.tps.as_ref()),
    ))
}

/// The baseline's greatest depth, in one sentence.
pub(in crate::report) fn state(model: &Report) -> Option<String> {
    let of_baseline = model.states.iter().filter(|row| row.arm.is_baseline);
    let row = of_baseline.max_by_key(|row| row.n_depth)?;
    let even = model.break_even.iter().find(|e| e.arm.id == row.arm.id)?;
    let t = model.lang;
    Some(t.state_restored(
        count(row.n_depth),
        t.or_na(row.state_bytes, |bytes| t.mib(bytes)),
        row.arm.label(),
        t.ratio(row.restore_factor.as_ref()?),
        t.ratio(row.read_factor.as_ref()?),
        t.threshold(&even.disk),
    ))
}

/// The greatest depth, in one sentence.
pub(in crate::report) fn speculative(model: &Report) -> Option<String> {
    let t = model.lang;
    let row = model.speculative.iter().max_by_key(|row| row.n_depth)?;
    let draft = model.header.draft.as_ref()?;
    let pays = t.speculative_pays(
        &draft.name,
        row.arm.label(),
        count(row.n_depth),
        t.ratio(row.factor.as_ref()?),
        t.verdict(row.verdict?),
    );
    let accepted = t.draft_accepted(
        t.figure(row.acceptance?, row.acceptance_interval.as_ref(), |s| t.percent(s)),
        t.two_decimals(row.tokens_per_pass?),
        t.needed(row.break_even),
    );
    Some(format!("{pays} {accepted}"))
}

/// The baseline with the most users, in one sentence.
pub(in crate::report) fn requests(model: &Report) -> Option<String> {
    let of_baseline = model.requests.iter().filter(|row| row.arm.is_baseline);
    let row = of_baseline.max_by_key(|row| row.n_users)?;
    let t = model.lang;
    Some(
        t.requests_answered(
            &row.arm.variant,
            count(row.n_prompt),
            count(row.n_gen),
            count(row.n_users),
            t.rate_interval(row.per_minute.as_ref()?),
            row.latency_ns
                .p50
                .as_ref()
                .map_or(String::new(), |i| t.half_within(t.ms(Some(i)))),
        ),
    )
}
