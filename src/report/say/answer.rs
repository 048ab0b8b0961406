//! The recommendation in sentences.

use crate::data::{RequestShape, Workload};
use crate::decide::{Answer, Choice, Contestant, Exactness, SettledBy, Standing};
use crate::report::{DecisionReport, Report};
use crate::stats::Interval;

/// A share of other top tokens below which none is told.
const FLIPS_TOLD: f64 = 0.005;

impl Report<'_> {
    /// The recommendation in sentences: which arm, what it may cost, what is open, the evidence; empty when there is none.
    pub fn answer(&self) -> Vec<String> {
        self.short_answer().into_iter().chain(self.evidence()).collect()
    }

    /// Why it is this one: speed, quality, memory.
    pub(in crate::report) fn evidence(&self) -> Option<String> {
        let (report, choice) = self.choice()?;
        Some(self.lang.fact_sentence(facts(self, report, choice.arm)))
    }

    /// The choice for each usual kind of request, in one sentence.
    pub(in crate::report) fn by_use(&self) -> Option<String> {
        let (report, t) = (self.decision.as_ref()?, self.lang);
        let mut uses: Vec<(Option<usize>, Vec<String>)> = Vec::new();
        for purpose in &report.by_purpose {
            let name = purpose.purpose.name().to_owned();
            match uses.iter_mut().find(|(arm, _)| *arm == purpose.arm) {
                Some((_, names)) => names.push(name),
                None => uses.push((purpose.arm, vec![name])),
            }
        }
        let arm = |arm: Option<usize>| arm.map_or_else(|| t.no_choice(), |i| t.arm(&report.arms[i]));
        let each: Vec<String> = uses
            .iter()
            .map(|(of, names)| t.choice_for(arm(*of), t.list(names)))
            .collect();
        (report.by_purpose.len() > 1).then(|| t.by_use(each.join("; ")))
    }

    /// The same without the evidence, for where a table stands beside it.
    pub fn short_answer(&self) -> Vec<String> {
        let Some(report) = &self.decision else {
            return Vec::new();
        };
        let t = self.lang;
        match &report.decision.answer {
            Answer::Take(choice) => {
                let mut said = vec![promise(self, report, choice)];
                said.extend(as_good(self, report, choice));
                said.extend(open(self, report, choice));
                said
            }
            Answer::None { closest: None } => Vec::new(),
            Answer::None { closest: Some(one) } => {
                let missed = unmet(self, &report.decision.contestants[*one], |s| s != Standing::Met);
                vec![t.none_meets(), t.closest_is(t.arm(&report.arms[*one]), missed)]
            }
        }
    }

    /// The other arms on the front of time, memory and quality, a line each: what they gain and cost, and the limit that would make them the
    /// choice.
    pub fn alternatives(&self) -> Vec<String> {
        let Some((report, choice)) = self.choice() else {
            return Vec::new();
        };
        let contestants = report.decision.contestants.iter();
        contestants
            .filter(|contestant| {
                contestant.candidate != choice.arm && (contestant.is_on_front || contestant.wins_if.is_some())
            })
            .map(|contestant| alternative(self, report, choice, contestant))
            .collect()
    }

    /// The same of those that a limit would make the choice, in few words, for the terminal.
    pub fn other_choices(&self) -> Vec<String> {
        let Some((report, choice)) = self.choice() else {
            return Vec::new();
        };
        let t = self.lang;
        let of_row = |contestant: &Contestant| {
            let flag = t.wins_flag(contestant.wins_if.filter(|_| contestant.candidate != choice.arm)?);
            let mut said = Vec::new();
            let bytes = |i: usize| report.candidates[i].ram_bytes;
            if let (Some(own), Some(chosen)) = (bytes(contestant.candidate), bytes(choice.arm)) {
                said.extend((own < chosen).then(|| t.bytes_less(t.bytes(chosen - own))));
                said.extend((own > chosen).then(|| t.bytes_more(t.bytes(own - chosen))));
            }
            said.extend(contestant.vs_choice.as_ref().map(|ratio| speed_words(self, ratio)));
            Some(t.terminal_other(flag, t.arm(&report.arms[contestant.candidate]), said.join(", ")))
        };
        report.decision.contestants.iter().filter_map(of_row).collect()
    }

    /// Where other requests have another choice, a sentence each, with what tells the two apart.
    pub fn other_purposes(&self) -> Vec<String> {
        let Some((report, choice)) = self.choice() else {
            return Vec::new();
        };
        let t = self.lang;
        let other = report
            .by_purpose
            .iter()
            .filter(|p| report.request != p.purpose.request());
        let other = other.filter_map(|p| Some((p, p.arm.filter(|arm| *arm != choice.arm)?)));
        other
            .map(|(p, arm)| {
                let name = t.arm(&report.arms[arm]);
                let why = [Workload::Prefill, Workload::Decode]
                    .into_iter()
                    .filter_map(|w| apart(self, report, w, arm, choice.arm));
                let why: Vec<String> = why.collect();
                t.other_purpose(p.purpose, p.purpose.request(), name, t.list(&why))
            })
            .collect()
    }

    /// The request that is to be short, in words.
    pub(in crate::report) fn request_words(&self, request: RequestShape) -> String {
        let t = self.lang;
        match request.purpose() {
            _ if request.is_decode_alone() => t.in_decode(),
            Some(purpose) => t.for_purpose(request.n_prompt, request.n_gen, purpose),
            None => t.for_request(request.n_prompt, request.n_gen),
        }
    }
}

/// The arm, and the bound on what it may cost.
fn promise(model: &Report, report: &DecisionReport, choice: &Choice) -> String {
    let t = model.lang;
    let (arm, request) = (t.arm(&report.arms[choice.arm]), model.request_words(report.request));
    match choice.regret {
        _ if choice.settled_by == SettledBy::Limits && report.arms.len() == 1 => t.take_alone(arm),
        _ if choice.settled_by == SettledBy::Limits => t.take_only(arm),
        None => t.take_unmeasured(arm),
        Some(regret) if regret <= 0.0 => t.take_fastest(arm, request),
        Some(regret) if regret <= report.goal.regret() => t.take(arm, t.percent(regret), request),
        Some(regret) => {
            let more = report
                .more
                .map_or(String::new(), |m| t.more_brings(t.duration(m.ns), t.percent(m.regret)));
            t.take_unsettled(arm, t.percent(regret), request, more)
        }
    }
}

/// The others that are as good, and what settled the choice.
fn as_good(model: &Report, report: &DecisionReport, choice: &Choice) -> Option<String> {
    let t = model.lang;
    let names: Vec<String> = choice.as_good.iter().map(|&i| t.arm(&report.arms[i])).collect();
    let names = (!names.is_empty()).then(|| t.list(&names))?;
    Some(match choice.settled_by {
        SettledBy::Prompt => t.good_prompt(names),
        SettledBy::Quality => t.good_quality(names),
        SettledBy::Memory => t.good_memory(names),
        SettledBy::Limits | SettledBy::Speed => t.good(names),
    })
}

/// Limits of the choice that are open, and arms that wait for one.
fn open(model: &Report, report: &DecisionReport, choice: &Choice) -> Vec<String> {
    let t = model.lang;
    let own = &report.decision.contestants[choice.arm];
    let mut said = Vec::new();
    if own.standing.is_open() {
        said.push(t.limit_open(unmet(model, own, Standing::is_open)));
    }
    // What was never timed waits for more than its limits, and what is surely slower for nothing.
    let is_timed = |contestant: &Contestant| report.candidates[contestant.candidate].request_ns.is_some();
    let may_win =
        |contestant: &Contestant| is_timed(contestant) && contestant.vs_choice.is_none_or(|ratio| ratio.hi > 1.0);
    let waits = |contestant: &&Contestant| {
        contestant.candidate != choice.arm && !contestant.is_out && may_win(contestant) && contestant.standing.is_open()
    };
    let each: Vec<String> = report
        .decision
        .contestants
        .iter()
        .filter(waits)
        .map(|contestant| {
            t.waits(
                t.arm(&report.arms[contestant.candidate]),
                unmet(model, contestant, Standing::is_open),
            )
        })
        .collect();
    said.extend((!each.is_empty()).then(|| t.others_open(each.join("; "))));
    said
}

/// Why it is this one: speed, quality, memory.
fn facts(model: &Report, report: &DecisionReport, one: usize) -> String {
    let t = model.lang;
    let (arm, candidate) = (&report.arms[one], &report.candidates[one]);
    let baseline = model.baseline();
    let name = baseline.map_or_else(|| t.the_baseline(), |b| t.arm(b));
    let mut facts = Vec::new();
    let spec = &report.decode;
    if let Some(tps) = &candidate.decode_tps {
        let rate = t.tps(Some(tps));
        facts.push(match report.goal.users() {
            1 => t.fact_decode(rate, spec.n_depth()),
            n => t.fact_users(rate, n),
        });
        let ratio = model.cell(&arm.id, spec).and_then(|c| c.vs_baseline.as_ref());
        facts.extend(ratio.map(|c| t.fact_ratio(t.ratio(&c.ratio), &name)));
    }
    facts.push(match &candidate.quality {
        Exactness::Unscored => t.unscored(&model.header.plan),
        known => t.exactness(known, &name),
    });
    facts.extend(candidate.ram_bytes.map(|bytes| t.fact_ram(t.bytes(bytes))));
    facts.join(", ")
}

fn alternative(model: &Report, report: &DecisionReport, choice: &Choice, contestant: &Contestant) -> String {
    let t = model.lang;
    let (own, chosen) = (&report.candidates[contestant.candidate], &report.candidates[choice.arm]);
    let mut said = Vec::new();
    if let (Some(own), Some(chosen)) = (own.ram_bytes, chosen.ram_bytes) {
        said.extend((own < chosen).then(|| t.less_memory(t.bytes(chosen - own))));
        said.extend((own > chosen).then(|| t.more_memory(t.bytes(own - chosen))));
    }
    said.extend(contestant.vs_choice.as_ref().map(|ratio| speed_words(model, ratio)));
    said.push(match own.quality {
        Exactness::Scored { kld, .. } => t.kld_of(t.nats(kld.estimate())),
        Exactness::Baseline => t.fact_baseline(),
        Exactness::Unscored => t.unscored(&model.header.plan),
    });
    said.extend(flips(model, &report.arms[contestant.candidate]).map(|n| t.flips(n)));
    let wins = contestant
        .wins_if
        .map_or(String::new(), |what| t.choice_with(t.wins_flag(what)));
    t.alternative(t.arm(&report.arms[contestant.candidate]), said.join(", "), wins)
}

/// How its requests compare with the choice's, as far as the interval lets it be said.
fn speed_words(model: &Report, ratio: &Interval) -> String {
    let t = model.lang;
    match ratio.estimate {
        r if ratio.lo > 1.0 && r >= 1.01 => t.percent_faster(t.percent(r - 1.0)),
        r if ratio.hi < 1.0 && r <= 0.99 => t.percent_slower(t.percent(1.0 - r)),
        _ => t.about_as_fast(),
    }
}

/// One in so many places has another most likely token; absent where that was not scored for the arm itself.
fn flips(model: &Report, arm: &crate::data::Arm) -> Option<u64> {
    let n_ctx = *model.quality.windows().first()?;
    let mut rows = model
        .quality
        .rows
        .iter()
        .filter(|r| r.n_ctx == n_ctx && r.is_ok() && !r.arm.is_control);
    let row = rows.find(|r| r.arm.scores_as(arm))?;
    let other = 1.0 - row.same_top?.value;
    (other >= FLIPS_TOLD && !row.arm.is_baseline).then(|| (1.0 / other).round() as u64)
}

/// `its prompt runs at 0.58x` of the other's, where the two differ: at the longest length in which both were measured.
fn apart(model: &Report, report: &DecisionReport, workload: Workload, arm: usize, other: usize) -> Option<String> {
    let t = model.lang;
    let specs = model.specs(workload).into_iter().rev();
    let rate = |i: usize, spec| Some(model.cell(&report.arms[i].id, &spec)?.tps?.estimate);
    let ratio = specs
        .into_iter()
        .find_map(|spec| Some(rate(arm, spec)? / rate(other, spec)?))?;
    let what = t.factor(ratio);
    (!(0.98..=1.02).contains(&ratio)).then(|| match workload {
        Workload::Prefill => t.prefills_at(what),
        _ => t.decodes_at(what),
    })
}

/// The limits that an arm does not (surely) keep to, with what was seen.
pub(in crate::report) fn unmet(model: &Report, contestant: &Contestant, is_told: fn(Standing) -> bool) -> String {
    let told = contestant.checks.iter().filter(|c| is_told(c.standing));
    let told: Vec<String> = told.map(|c| model.lang.check(c)).collect();
    if told.is_empty() {
        model.lang.not_seen()
    } else {
        model.lang.list(&told)
    }
}
