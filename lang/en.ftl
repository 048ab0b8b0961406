### Texts of reports, pages, notebooks and summaries in English, the source of the other languages:
### build.rs makes a function of each message. Where a message has several variables, the comment
### above it, such as "# (lo, hi)", is the order of the function's parameters.
###
### Variables are formatted text. A variable that selects a plural form is a number. A line break
### in a text is a space. Names of fields, workloads, outcomes and files are the same in every
### language.

## Numbers and the phrases around them

# Its own name
language = English
decimal-sign = .
# (lo, hi)
ends = [{ $lo }, { $hi }]
na = n/a
baseline = baseline
the-baseline = the baseline
itself = the baseline against itself
worse-by = worse by { $ends } in PPL
cant-tell-yet = can't tell ({ $more })
some-more-rounds =
    { $n ->
        [one] about { $n } more round
       *[other] about { $n } more rounds
    }
over-100-more = over 100 more rounds
# (variant, kv)
arm-with-kv = { $variant } with { $kv } KV
prefill-of = prefill of { $n } tokens
decode-at = decode at depth { $n }
no-reuse-at = decode without KV reuse at depth { $n }
list-comma = ,{" "}
# (most, last)
and-last = { $most } and { $last }
rounds =
    { $n ->
        [one] { $n } round
       *[other] { $n } rounds
    }
launches =
    { $n ->
        [one] { $n } launch
       *[other] { $n } launches
    }
cells =
    { $n ->
        [one] { $n } cell
       *[other] { $n } cells
    }
samples =
    { $n ->
        [one] { $n } sample
       *[other] { $n } samples
    }
disturbed-samples =
    { $n ->
        [one] { $n } disturbed sample
       *[other] { $n } disturbed samples
    }
faster = faster
slower = slower
same = same
cant-tell = can't tell
indistinguishable = indistinguishable
worse = worse
stopped-precision = every headline ratio reached the target precision
stopped-budget = the time budget was spent
stopped-rounds = all planned rounds were run
stopped-interrupt = it was interrupted
stopped-failures = no cell was left to measure
stopped-decided = the recommendation was settled
stopped-short = the journal was cut short; continue it with --resume

## The answer: conclusion, banners, closing sentences, the table of the terminal

cut-short-banner =
    The run was cut short: its figures come from the rounds that are complete. Continue it with
    --resume.
interrupted-banner =
    The run was interrupted: its figures come from the rounds that are complete. Continue it with
    --resume.
# (arms, reason)
broken-banner = Broken, and so never the answer: { $arms } ({ $reason }).
quality-not-measured = What the smaller types cost in quality was not measured in this run.
# (name, verdict)
quality-said = { $name } ({ $verdict })
kv-named = { $kv } KV
# (baseline, n_ctx, list)
quality-of-variants = Quality against { $baseline }, in windows of { $n_ctx } tokens: { $list }.
# (baseline, n_ctx, list)
quality-of-kv = Quality of KV types with { $baseline }, in windows of { $n_ctx } tokens: { $list }.
# (n, cells)
nothing-measured-failed = Nothing was measured: { $n } of { $cells } failed.
nothing-measured = Nothing was measured: no round was completed.
# (ratio, variant, verdict)
kv-ratio = { $ratio } for { $variant } ({ $verdict })
# (kv, size, n_depth, effects)
kv-effect =
    A { $kv } KV cache{ $size } changes the decode speed at depth { $n_depth } to { $effects }.
# (own, f16)
kv-size = {" "}takes { $own } instead of { $f16 } and
# (arm, work, slowest, fastest, with)
moves-one =
    { $arm } in { $work } is { $slowest }x when the machine was slowest ({ $with }) and
    { $fastest }x when it was fastest
moving =
    Not the same on this machine at all times: { $list }. The ratios here are those of the machine
    as it was.
# (arm, work, ratio)
open-one = { $arm } in { $work } ({ $ratio })
open-others = , and { $n } more
# (rounds, time, what)
would-settle = ; { $rounds }{ $time } would settle { $what }
settle-it = it
settle-half = half of them
# (list, others, settle)
unsettled = Could not be told: { $list }{ $others }{ $settle }.
# (n, cells)
not-measured-of =
    { $n ->
        [one] { $n } of { $cells } was not measured; the reasons are below.
       *[other] { $n } of { $cells } were not measured; the reasons are below.
    }
at-prompt = for { $n } tokens
at-depth = at depth { $n }
# (ratio, setting)
ratio-here = { $ratio } { $setting }
# (work, name, ratios, baseline, rate, setting)
fastest-everywhere =
    By the estimates { $name } { $work ->
        [prefill] prefills
       *[other] decodes
    } fastest in every context: { $ratios } faster than { $baseline }; { $rate } t/s { $setting }.
# (ratio, setting, verdict)
pair-here = { $ratio } { $setting } ({ $verdict })
# (name, second, pairs)
against-next-everywhere = { $name } against { $second }, the next one: { $pairs }.
setting-prompt = For a prompt of { $n } tokens
setting-depth = At depth { $n }
# (setting, baseline, next)
nobody-ahead = { $setting }, no variant comes out ahead of { $baseline }: { $next }.
# (setting, lead, rate, runner_up)
leads = { $setting }, { $lead } ({ $rate } t/s){ $runner_up }.
# (second, ratio, verdict)
against-next = ; against { $second }, the next one: { $ratio } ({ $verdict })
# (name, work, verdict, ratio, baseline)
speed-against =
    { $name } { $work ->
        [prefill] prefills
       *[other] decodes
    } { $verdict ->
        [faster] { $ratio } faster than { $baseline }
        [slower] at { $ratio } the speed of { $baseline }, slower
        [same] at { $ratio } the speed of { $baseline }: the same
       *[cant_tell]
            at { $ratio } the speed of { $baseline }: whether that is a difference cannot be told
    }
warning-line = warning: { $text }
# (what, kind, reason)
not-measured-line = not measured: { $what } ({ $kind }): { $reason }
terminal-intro = Tokens per second; the ratio is that of { $work }.
terminal-composed = {" "}+: a bound, not scored.
terminal-untold = {" "}The report has { $n } more to mind.
terminal-more-arms = {" "}The report has { $n } more arms.
terminal-one-more-arm = {" "}The report has one more arm.
terminal-run-report = To run it: kvant report RUN --emit llama-server.
terminal-run-triage = To run it: the same command with --emit llama-server.
# (n_launches, n_rounds)
terminal-launches = How sure: intervals of 95 %, from { $n_launches } and { $n_rounds }.
# (baseline, ratio, bias)
terminal-bias = How sure: { $baseline } against itself gave { $ratio }; every interval is { $bias } wider for it.
# (baseline, ratio)
terminal-control = How sure: { $baseline } against itself gave { $ratio }, where 1 is right.
terminal-versus = vs { $baseline } [95 %]

## The recommendation

which-one = Which one to run
# (request, limits)
which-intro-fastest =
    Sought: the fastest { $request } of those that keep to the limits: { $limits }.
# (request, limits)
which-intro-exact =
    Sought: the most exact of those that keep to the limits ({ $limits }); of equally exact ones the
    fastest { $request }.
no-limits = none but fitting into memory
# (n_launches, n_rounds)
regret-note =
    The bound holds at 95 % for all candidates together, from { $n_launches } of fresh processes and
    { $n_rounds }; the ratios in the table hold at 95 % each by itself.
composed-note =
    Quality marked with + was put together from that of the weights and that of the KV types, each
    measured alone: its interval is a bound.
predicted-intro =
    Predicted before the run, from each file's tensor types and what this machine does with such
    weights, beside what was measured:
h-predicted-tps = t/s predicted
h-measured-tps = t/s measured
h-predicted-peak = peak predicted
h-measured-peak = peak measured
# (value, percent)
off-by = { $value } ({ $percent })
left-out-intro = Not measured, by what was predicted:
h-why = why
# (needed, there)
out-does-not-fit = needs about { $needed } and { $there } are available
# (needed, limit)
out-over-limit = needs about { $needed }, far more than { $limit }
# (rate, least)
out-too-slow = decodes at about { $rate } t/s, far less than { $least }
out-no-time = { $time } s were too short for it
# (arm, percent, request)
take =
    Use { $arm }: no other candidate that keeps to the limits is more than { $percent } faster
    { $request }.
# (arm, request)
take-fastest = Use { $arm }: no other candidate that keeps to the limits is faster { $request }.
take-only = Use { $arm }: it is the only candidate that keeps to the limits.
take-alone = Use { $arm }: it is the only candidate.
take-unmeasured =
    Use { $arm }: it seems to be the fastest, but it was not measured beside all the others.
# (arm, percent, request, more)
take-unsettled =
    Use { $arm }: it may be up to { $percent } slower than the best { $request }{ $more }.
# (time, percent)
more-brings =
    ; measuring { $time } more would bring that to about { $percent } (kvant triage --more)
in-decode = in decode
# (n_prompt, n_gen)
for-request = at requests of { $n_prompt } + { $n_gen } tokens
# (n_prompt, n_gen, purpose)
for-purpose = at requests of { $n_prompt } + { $n_gen } tokens ({ $purpose })
good = As good: { $names }.
good-prompt = As good: { $names }; its prompts take less time.
good-quality = As good: { $names }; it diverges least from the reference.
good-memory = As good: { $names }; it takes the least memory.
limit-open = Whether it keeps to the limits cannot be told yet: { $checks }.
others-open = Of others it is open whether they keep to the limits: { $list }.
# (arm, checks)
waits = { $arm } ({ $checks })
fact-sentence = It gave { $facts }.
# (arm, facts, wins)
alternative = { $arm }: { $facts }{ $wins }.
choice-with = ; the choice with { $flag }
less-memory = { $bytes } less memory
more-memory = { $bytes } more memory
# (flag, arm, facts)
terminal-other = With { $flag }: { $arm } ({ $facts }).
bytes-more = { $bytes } more
bytes-less = { $bytes } less
percent-faster = { $percent } faster
percent-slower = { $percent } slower
about-as-fast = about as fast
kld-of = KLD { $nats }
flips = one top token in { $n } differs
# (purpose, request, arm, why)
other-purpose = For { $purpose } ({ $request } tokens) the choice is { $arm }: against it, { $why }.
by-use = By use: { $list }.
# (arm, uses)
choice-for = { $arm } for { $uses }
prefills-at = prompts run at { $factor }
decodes-at = decode runs at { $factor }
purposes-intro = The choice for each usual kind of request, tokens of prompt + answer:
purposes-between =
    Times marked with ~ take the prompt's from the two lengths around it that were measured.
h-purpose = use
h-request = request
h-choice = choice
h-regret = another may be faster by
h-request-time = time of a request
no-choice = none keeps to the limits
up-to = up to { $percent }
approximately = ~ { $time }
none-meets = No variant keeps to the limits.
# (arm, missed)
closest-is = { $arm } comes closest: { $missed }.
# (rate, n_depth)
fact-decode = { $rate } t/s in decode at depth { $n_depth }
# (rate, n)
fact-users = { $rate } t/s for each of { $n } users
# (ratio, baseline)
fact-ratio = { $ratio } the speed of { $baseline }
fact-ram = { $bytes } of memory at its peak
# (change, kld, baseline)
fact-quality = perplexity { $change } and KLD { $kld } against { $baseline }
fact-baseline = the reference of quality
fact-unscored = quality not measured (--quality off)
fact-open = quality still open (no text was scored)
# (on, value)
lim =
    { $on ->
        [decode_tps] at least { $value } t/s in decode
        [prefill_tps] at least { $value } t/s in prefill
        [ttft_ns] first token within { $value } ms
        [ram_bytes] at most { $value } of memory
        [device_bytes] at most { $value } on the device
        [n_ctx] a context of { $value } tokens
        [ppl] at most { $value } more perplexity
       *[kld] a KLD of at most { $value } nats
    }
limit-of-users = { $n } users at once
# (on, seen, value)
seen =
    { $on ->
        [decode_tps] decode { $seen } t/s against { $value }
        [prefill_tps] prefill { $seen } t/s against { $value }
        [ttft_ns] first token { $seen } ms against { $value }
        [ram_bytes] memory { $seen } against { $value }
        [device_bytes] memory { $seen } against { $value }
        [n_ctx] room for { $seen } tokens against { $value }
        [ppl] perplexity { $seen } against { $value }
       *[kld] KLD { $seen } against { $value }
    }
not-seen = not measured
too-few = { $value } (too few chunks for an interval)
h-speed-against = speed against { $lead }
h-quality-loss = KLD, nats
h-limits = limits
h-choice-if = the choice with
l-broken = broken
l-met = met
the-choice = the choice
chosen = { $arm } (the choice)
# (arm, n)
context-that-fits =
    The largest context of { $arm } that fits into the memory available at the start: { $n } tokens.
beyond-training = {" "}The model was trained with { $n }.
running = Running it
running-intro =
    The same choice in other programs, with the file, threads, batches and cache of this run and the
    context of the model. `kvant report RUN --emit PROGRAM` prints any of them.

## Sections: titles, introductions, heads of columns

title = { $model }: which variant, with which KV cache
conclusion = Answer

## Sections: heads of columns

h-variant = variant
h-kv = KV
h-size = size, MiB
h-compression = compression
h-ppl-change = change in PPL
h-decode-tps = decode, t/s ({ $work })
h-prefill-tps = prefill, t/s ({ $work })
h-ttft = TTFT, ms ({ $work })
h-peak = peak memory, MiB
h-holds = holds
h-bpw = bits per weight
h-prefill-ratio = prefill ratio
h-decode-ratio = decode ratio
h-decode-verdict = verdict on decode
h-weights = weights
h-kv-type = KV type
h-kv-mib = KV cache, MiB
h-mean-kld = mean KLD, nats
h-kld-median = KLD median
h-kld-p99 = KLD p99
h-kld-p999 = KLD p99.9
h-same-top = same top token
h-dp-rms = RMS delta-p
h-verdict = verdict
h-tokens = tokens
h-not-measured = not measured
h-arm = arm
h-window = window
h-outcome = outcome
h-reason = reason
h-work = work
h-before = text before
h-next = the text goes on
# (own, other)
h-expects = { $own } expects (in { $other })
h-tps = t/s
h-mad = MAD of samples
h-n-prompt = n_prompt
h-depth = depth
h-ttft-ms = TTFT, ms
h-itl = gap between tokens, ms: p50
# (measured, predicted)
device-memory = { $measured } (predicted { $predicted })
h-gpu-joule-per-token = J per token (GPU)
h-ratio = ratio to baseline
h-with-reuse = with reuse, ms per token
h-without-reuse = without, ms per token
h-times-longer = times longer
h-no-reuse-kind = without reuse
h-buffers = weights by buffer
h-kv-cache = KV cache
h-compute = compute
h-peak-resident = peak resident
h-predicted = predicted
h-n-ctx-fits = n_ctx that fits
h-device = device
h-file = file
h-label = its own label
h-tensors = tensors by type
h-fallback = fallback
h-params = parameters
h-origin = origin
h-question = question
h-answer = answer
# (n, all)
of = { $n } of { $all }
reference = reference

## Sections: variants and KV types

variants = F16, 8 bits, 4 bits
# (kv, baseline)
variants-intro =
    What each variant holds, and how it compares with { $baseline } in size and speed. KV type
    { $kv } throughout; medians with [95 % intervals]; ratios are paired within rounds, above 1 is
    faster.
kv-types = KV cache types
# (reference, n_ctx)
kv-types-intro =
    What a smaller KV cache does to speed, memory and quality.
    Speed relative to the same weights with a KV cache of { $reference }, at the same
    flash-attention setting: above 1 is faster; prefill of a prompt as long as the depth. KV cache
    and peak memory are those of a context of { $n_ctx } tokens. Quality is against the baseline, in
    the window nearest to the depth.

## Sections: quality

quality = Quality
quality-intro =
    What each variant and KV type loses against the baseline.
    The second half of each window of text is predicted, token by token, as llama-perplexity does;
    intervals are over windows, since neighbouring tokens are not independent. KLD: how far the
    probabilities are from the baseline's, 0 is equal. Indistinguishable: KLD below 0.01 and the
    same top token in 98 % of places; inside that zone nothing is ranked.
    PPL of different texts differs by far more than that of variants: what compares them is the
    change, which is paired; the interval of PPL itself is in quality.csv.
windows-of = Windows of { $n } tokens
ended-because = Ended because { $why }.
# (name, n, sha)
scored-text = { $name } ({ $n } tokens, SHA-256 { $sha })
texts-scored = Text: { $list }.
with-bos = Each window begins with the vocabulary's BOS token.
without-bos = Each window does not begin with the vocabulary's BOS token.
first-chunk = { $arm } (first chunk)
# (tokens, n)
precise-after = { $tokens } (precise after { $n })
not-scored = Not scored:
no-time-to-score =
    there was no time for it, or the text has fewer than two such windows; --level full or a larger
    --budget
arm-left = it cannot become the choice, and left before its first sample
no-round-completed = the run ended before its first complete round
# (arm, baseline)
parts-from = Where { $arm } parts from { $baseline }
but-indistinguishable = { $arm }, indistinguishable on the whole
parts-intro =
    Places with the largest divergence, with the probability of each token in its own model and in
    the other.

## Sections: context, reuse, memory, files

context = Latency and throughput against context
context-intro = How fast tokens are written and prompts read as the context grows.
decode = Decode
prefill = Prefill
reuse = KV reuse on and off
reuse-intro =
    What one more token costs with the KV cache, and when every token recomputes the whole prefix
    (as `use_cache=False` does).
extrapolated-note =
    Extrapolated: recomputation was not timed at this depth; the time to prefill that many tokens
    stands in for it.
not-measured = not measured
extrapolated = extrapolated
timed = timed
memory = Memory
memory-intro =
    What each arm took of memory, and the largest context that would still fit.
    MiB, each arm in a process of its own. RssFile is the mapped model file (the system may drop and
    reread it), RssAnon the rest: KV cache, compute buffers and repacked weights. The compute buffer
    is what llama.cpp reserves; parts that nothing uses yet are not resident. Predicted: the peak,
    before the run. n_ctx that fits: into the memory that was available at the start, by the
    measured peak; the model may have been trained with less.
energy = Energy and cost
energy-intro =
    What a token takes of energy.
    Joules: what the processor packages (and memory, where it has a counter) used while tokens were
    timed, whatever else ran there; n/a where this machine does not tell.
cost-intro =
    Cost: of the time that a million tokens take, at { $price } per hour and one request at a time.
h-joule = J per token ({ $work })
h-cost = cost per million tokens ({ $work })
files = Files
files-intro =
    What each file is, read from the file itself and not from its name. SHA-256 in full in
    results.json.
# (file, ftype)
made-from = made from { $file } ({ $ftype })
# (file, ftype)
made-from-quantized = made from { $file } ({ $ftype }, itself quantized)
n-parts = { $n } parts
as-given = as given
failures = Cells that were not measured
failures-intro = What was planned and has no result, and why.

## Sections: how sure

how-sure = How sure are we
how-sure-intro = What a difference of nothing looks like in this run, and what it could not have seen.
q-noise = The same thing measured twice
q-smallest = Smallest difference it could have seen
q-rounds = Rounds
q-disturbed = Disturbed
q-drift = Drift of the machine
no-control = there was no control, so the noise of this run is not known
noise-excludes =
    the baseline against itself: { $ratio }; what of that is bias beyond doubt is in every interval
noise-includes = the baseline against itself: { $ratio }; as it should be, 1 is inside
# (median, worst)
smallest-seen =
    { $median } in the median comparison of two variants, { $worst } in the least certain one
process-sets =
    { $n ->
        [one] { $n } set of fresh processes
       *[other] { $n } sets of fresh processes
    }
# (rounds, sets, why)
rounds-ended = { $rounds } in { $sets }; it ended because { $why }
none-discarded = no block (all arms of a work, back to back) was discarded
# (n, first)
discarded-blocks = blocks discarded and run again: { $n } (first: { $first })
# (samples, rounds, first)
retained-disturbed = ; { $samples } in { $rounds } stayed in (first: { $first })
memory-reads = memory reads
matrix-products = matrix products
# (name, slowest, fastest)
drifted = { $name } { $slowest } to { $fastest } around its median
paused-for = ; paused for { $time } to wait for it
# (halves, paused)
drift-for-all = { $halves }{ $paused }; all arms of a round share it

## Sections: how it was measured

how-measured = How it was measured
how-measured-intro = The machine, the versions and the settings of this run.
f-machine = Machine
f-memory = Memory
f-system = System
f-devices = Devices
f-versions = Versions
f-system-info = System info of llama.cpp
f-rounds = Rounds
f-control = Control (the baseline against itself)
f-verdicts = Verdicts
f-time = Time
f-overhead = Wall time of scoring over the bare forward passes
f-share = Share of the time after loading inside timed samples and warm-up
f-ended = Ended because
f-model = Model
f-configuration = Configuration
f-seed = Seed and salt
f-corpus = Corpus SHA-256
f-plan = Plan SHA-256
f-level = Level
f-started = Started
# (cpu, cores, cpus)
machine = { $cpu }, { $cores } cores, { $cpus } logical CPUs usable
# (all, available)
memory-at-start = { $all }, { $available } available at the start
virtualization = ; virtualization { $name }
governor = ; governor { $name }
# (os, load)
load-at-start = { $os }; load at the start { $load }
cpu-only = CPU only
# (kvant, llama)
versions = kvant { $kvant }; llama.cpp through { $llama }
# (rounds, launches, unused)
rounds-complete =
    { $rounds } complete in { $launches }; every round runs every cell once, in a seeded,
    counter-balanced order{ $unused }
not-used = ; { $samples } outside complete rounds not used
over-all-cells = { $ratio } over all prefill and decode cells
# (region, alpha)
verdict-rule =
    same: interval within { $region } of 1; faster or slower: the whole interval outside it; each by
    itself at { $alpha }
# (wall, loading, timed, warmup, quality)
times =
    { $wall } in all, { $loading } of it loading; timed samples { $timed }, warm-up { $warmup },
    quality { $quality }
# (heads, kv_heads)
heads = { $heads } heads, { $kv_heads } KV heads
# (arch, layers, embd, heads, vocab, ctx)
shape =
    { $arch }, { $layers } layers of { $embd }, { $heads }, vocabulary { $vocab }, trained with
    { $ctx } tokens of context
# (device, sizes, fa)
configuration = device { $device }, { $sizes }, flash attention { $fa }
seed-and = { $seed } and{" "}
repeat = To repeat it
repeat-intro = The command of this run:
data = Data
data-intro = What lies beside this report, for programs and for a closer look.
notes = Notes
d-results = : every figure, with raw samples
d-csv = : one row per cell
d-notebook = : the same tables and charts in Python, with room for conclusions
d-quality = : one row per scored arm and window
d-bench = : rows for compare-llama-bench.py and what else reads llama-bench
d-bench-md = : the same as a table to paste into an issue
d-bench-sql = : the same, for SQLite
d-journal = : what was recorded;{" "}
d-journal-again = {" "}renders it again
d-chart = chart { $name }:{" "}

## Workloads measured on request

# (n_prompt, n_shared)
first-token-of = first token of { $n_prompt } with { $n_shared } in the cache
restoring-state = restoring the state of { $n } tokens
# (n_seq, n_depth)
decode-of = decode of { $n_seq } sequences at depth { $n_depth }
# (n_users, n_prompt, n_gen)
requests-of = requests of { $n_users } users ({ $n_prompt } tokens, answered with { $n_gen })
speculative-at = speculative decoding at depth { $n }

## Workloads measured on request: prefix reuse

prefix-reuse = Prefix reuse
prefix-intro =
    The first token of a follow-up prompt. Cold: the whole prompt is processed. Warm: the cache
    holds its beginning, and only the rest is processed.
h-cached = of these in the cache
# (n, percent)
share-of = { $n } ({ $percent })
h-cold = TTFT cold, ms
h-warm = TTFT warm, ms
h-times-sooner = times sooner
# (n_prompt, n_shared, variant, factor, warm, cold)
prefix-sooner =
    A follow-up prompt of { $n_prompt } tokens, { $n_shared } of them in the cache, gets its first
    token from { $variant } { $factor } sooner: { $warm } ms instead of { $cold }.
# (model, n_prompt)
c-prefix = { $model }: first token of { $n_prompt }, by what is not in the cache
c-prefix-sub =
    Lower is better. Median and its 95 % interval; both axes are logarithmic; at the right end
    nothing is cached.
a-left = prompt tokens left to process

## Workloads measured on request: several sequences at once

batched = Several sequences at once
batched-intro =
    Every step decodes one token of each sequence. Own: each sequence has its own prompt and its own
    part of the cache. Shared: one prompt for all, which is in the cache once.
h-prompt = prompt
h-sequences = sequences
h-tps-all = t/s in all
h-tps-each = t/s each
h-against-one = in all, against one
own = own
shared = shared
# (n_seq, gain, variant, total, each)
batch-gain =
    { $n_seq } sequences at once get { $gain } as many tokens per second from { $variant } as one
    does: { $total } in all, { $each } each.
c-batched = { $model }: decode speed of all sequences together
c-batched-sub = Higher is better. Median and its 95 % interval; dashed: one prompt for all.
a-sequences = sequences at once
series-own = { $arm }, own prompts
series-shared = { $arm }, shared

## Workloads measured on request: states

states = Saving and restoring states
states-intro =
    What the state of a sequence costs to compute from its tokens, to save and to restore. Saving to
    disk includes waiting until the file is there; restoring from disk reads the file (the system
    was asked to forget it), checks that it belongs to this model file and configuration, and
    restores it.
h-compute-ms = compute, ms
h-save-memory = save to memory, ms
h-restore-memory = restore from memory, ms
h-save-disk = save to disk, ms
h-restore-disk = restore from disk, ms
h-times-faster = times faster
# (arm, memory, disk)
state-pays =
    { $arm }: restoring is faster than computing again { $memory } from memory, { $disk } from disk.
wins-everywhere = at every depth measured (from { $from } tokens on)
# (open, from)
wins-between = from somewhere between { $open } and { $from } tokens on
wins-nowhere = at no depth measured (up to { $up_to } tokens)
# (n, mib, variant, memory, disk, even)
state-restored =
    Restoring the state of { $n } tokens ({ $mib } MiB) of { $variant } is { $memory } faster than
    computing it from memory, { $disk } from disk; from disk it is faster { $even }.
c-state = { $model }: computing a state, or restoring it
c-state-sub =
    Lower is better. The baseline; median and its 95 % interval; both axes are logarithmic.
a-state-tokens = tokens in the state
series-computed = computed
series-from-disk = from disk
series-from-memory = from memory

## Workloads measured on request: speculative decoding

speculative = Speculative decoding
# (draft, mib, n)
speculative-intro =
    { $draft } ({ $mib } MiB) drafts { $n } tokens; one pass of the target checks them all and keeps
    those that it would have chosen itself, and gives one more. Always the most likely token; every
    round has prompts of its own. Accepted: share of the drafted tokens, and of the first, the
    second and so on (what follows a rejected one is rejected). Needed: the share at which both
    would be equally fast. Other tokens: where the target alone, after the same text, chooses
    another. A pass of several tokens rounds differently: ties are those whose two logits are no
    further apart than such passes moved the likely tokens of these texts against each other, at
    most (rounding).
no-draft = no model
h-alone = alone, ms per token
h-drafted = with the draft
h-speed-up = speed-up
h-accepted = accepted
h-by-position = by place
h-needed = needed
h-per-pass = tokens per pass
h-in-draft = time in the draft
h-other = other tokens
h-rounding = rounding, logits
# (n, ties, all)
others = { $n } of { $all } (ties: { $ties })
none-would-do = no share would do
# (draft, target, n_depth, factor, verdict)
speculative-pays =
    With { $draft } as its draft, { $target } generates at depth { $n_depth } at { $factor } the
    speed of { $target } alone: { $verdict }.
# (accepted, per_pass, needed)
draft-accepted =
    The target accepts { $accepted } of the drafted tokens, { $per_pass } tokens a pass; needed:
    { $needed }.
c-speculative = { $model }: greedy generation with a draft
c-speculative-sub =
    Lower is better. Draft: { $draft }. Median and its 95 % interval; both axes are logarithmic.

## Workloads measured on request: requests

requests = Users and their requests
# (n_prompt, n_gen)
requests-intro =
    Each user sends a request of { $n_prompt } tokens, waits for the whole answer of { $n_gen }
    tokens, and sends the next at once. All share one cache, and each pass of the model takes the
    next token of every answer and the prompts that wait, as llama-server does. Latency: from
    sending a request to the end of its answer; TTFT: to its first token. Percentiles are over all
    requests of all rounds, their intervals over rounds; n/a where too few requests lie beyond.
h-users = users
h-per-minute = requests per minute
h-latency = latency { $quantile }, ms
h-request-ttft = TTFT { $quantile }, ms
h-requests = requests timed
# (variant, n_prompt, n_gen, n_users, per_minute, latency)
requests-answered =
    { $variant } answers { $per_minute } requests per minute ({ $n_prompt } tokens, answered with
    { $n_gen }) to { $n_users } users at once{ $latency }.
half-within = ; half of the answers take no longer than { $ms } ms
c-requests = { $model }: requests per minute
# (n_prompt, n_gen)
c-requests-sub =
    Higher is better. { $n_prompt } tokens, answered with { $n_gen }; all users together; median and
    its 95 % interval.
c-latency = { $model }: time to a whole answer
# (n_prompt, n_gen)
c-latency-sub =
    Lower is better. { $n_prompt } tokens, answered with { $n_gen }; half of the requests take no
    longer; with its 95 % interval.
a-users = users at once
a-latency = p50 of latency, ms
series-alone = { $variant } alone
series-drafted = { $variant }, drafted

## Workloads measured on request: a conversation

chat = A conversation
# (n_system, n_turns, n_prompt, n_gen)
chat-intro =
    One conversation in one cache: a system prompt of { $n_system } tokens, then { $n_turns } turns of
    { $n_prompt } tokens from the user and an answer of { $n_gen }. Each turn processes only what is
    new. TTFT: from what the user says to the first token of the answer; t/s: the rest of it. The
    ratio is that of the whole conversation.
h-turn = turn
h-said-before = tokens before
h-conversation = conversation, ms

## Charts

c-decode = { $model }: decode speed against context
c-decode-sub =
    Higher is better. Median and its 95 % interval; arms stand side by side at each depth.
c-prefill = { $model }: prefill speed against prompt length
c-prefill-sub =
    Higher is better. Median and its 95 % interval; arms stand side by side at each length.
c-ttft = { $model }: time to first token
c-ttft-sub = Lower is better. Median and its 95 % interval; both axes are logarithmic.
c-reuse = { $model }: one more token, with and without KV reuse
c-reuse-sub =
    Lower is better. Both axes are logarithmic; hollow marks are extrapolated from prefill.
c-kld-size = { $model }: divergence against size
c-kld-sub =
    Lower is closer to the baseline. Mean and its 95 % interval over windows; both axes are
    logarithmic.
# (model, n_ctx)
c-kld-position = { $model }: divergence by position in a window of { $n_ctx }
c-pareto = { $model }: speed, divergence and size
c-pareto-sub = Right and down is better; area: size of the file; dashes: what nothing else beats.
a-decode-at = decode, tokens per second ({ $work })
# (arm, mib)
pareto-label = { $arm }, { $mib } MiB
pareto-decode = decode: { $rate } t/s
pareto-kld = KLD: { $nats } nats
pareto-file = file: { $mib } MiB
# (rounds, windows)
rounds-and-windows = { $rounds }, { $windows }
c-rounds = { $model }: every round, relative to the median
c-rounds-sub =
    Speed of { $work } and of the machine's own kernels, 100 is each one's median. What moves
    together is drift.
a-relative = per cent of the median
c-memory = { $model }: resident memory
c-memory-sub = Lower is better. Each arm in a process of its own; the mark is the peak.
a-cached = tokens in the cache
a-tps = tokens per second
a-prompt = prompt tokens
a-ms = milliseconds
a-before = tokens before it
a-ms-per-token = milliseconds per token
a-size = model file, MiB
a-kld = mean KL divergence, nats
a-before-predicted = tokens before the predicted one
a-round = round
p-file = model file (RssFile)
p-kv = KV cache
p-other = other (RssAnon less KV)
p-peak = peak
# (variant, kv)
series-kv = { $variant }, KV { $kv }
series-with = { $variant } with
series-without = { $variant } without
windows =
    { $n ->
        [one] { $n } window
       *[other] { $n } windows
    }
tip-extrapolated = { $tip }, extrapolated from prefill

## What a run recorded

ended-precise = every arm reached the target precision
ended-all = all planned chunks were scored
ended-spent = the time or the text was spent
# (file, what)
passed-over-file = { $file } ({ $what })
# (file, what, detail)
passed-over-because = { $file } ({ $what }: { $detail })
file-kind =
    { $kind ->
        [model] a language model
        [projector] the vision or audio part of a model
        [imatrix] an importance matrix
        [adapter] a LoRA adapter
        [draft] a draft model
        [heads] layers of a model without the rest of it
        [vocabulary] a vocabulary
        [encoder] a model that generates no text
        [other_model] another model
        [parts_missing] a split model that is not whole
        [unusable] not usable
       *[other] no GGUF file
    }
quantized-by = by { $who }
imatrix = imatrix { $what }
imatrix-from = from { $dataset }
imatrix-chunks = { $n } chunks
imatrix-entries = { $n } entries

## What disturbed a sample

disturbed-cpu = other programs left it { $percent } % of its CPU time
disturbed-steal = the hypervisor withheld { $percent } % of the machine's CPU time
disturbed-quota = the CPU quota held it back { $percent } % of the time
disturbed-suspended = the machine was suspended for { $seconds } s
disturbed-faults = { $n } page faults were read from a disk

## Warnings: what, and what to do

warn-unused-instructions =
    this build leaves { $names } of the CPU unused, so speeds are lower than they could be; rebuild
    with RUSTFLAGS="-C target-cpu=native" and without SOURCE_DATE_EPOCH
# (needed, limit)
warn-not-resident =
    all models together need { $needed } MiB and { $limit } MiB may be used, so every round loads
    them in turn; close other programs or compare fewer variants for steadier figures
# (n_depth, n_ctx_train)
warn-beyond-trained =
    depth { $n_depth } is beyond the { $n_ctx_train } tokens the model was trained with, so its text
    there may be poor; use --depths to stay below
# (variant, from)
warn-requantized-baseline =
    { $variant } was made from a { $from } file and has the quality of { $from }; pass the published
    { $variant } to compare quality
# (variants, n, from)
warn-requantized =
    { $variants } { $n ->
        [one] was
       *[other] were
    } made from a { $from } file and cannot be more exact than it; pass the published files to compare
    those
# (files, n)
warn-passed-over =
    passed over { $files }{ $n ->
        [0] {""}
       *[other] {" "}and { $n } more
    }; name a file to measure it
# (load, cpus)
warn-busy =
    the machine was busy at the start (load { $load } on { $cpus } CPUs), so intervals may be wide;
    stop other programs and run again
# (threads, cpus)
warn-too-many-threads =
    { $threads } threads share { $cpus } CPUs, and every operation of llama.cpp waits for the last
    of its threads, so these speeds are far below what the machine can do; use --threads { $cpus }
    or fewer
warn-random-weights =
    the weights are random, in the shape of { $shape }: speed and memory are the model's, its text
    means nothing, and its quality is not measured
warn-fake-engine =
    these numbers come from kvant's scripted test engine, not from a model; do not use them
warn-handicap =
    the control was made slower by { $share } on purpose, to calibrate kvant; its figures are no
    measurements
# (model, why)
warn-builtin =
    this is kvant's tiny built-in model, not { $model }, which could not be had ({ $why }); its
    figures say little about other models: mend that and run again, or name a .gguf file
# (kv, k, v)
warn-nothing-rotated =
    llama.cpp rotates nothing in a cache of this model with or without { $kv } (quantized heads of a
    multiple of 64 elements only; its K has { $k }, V { $v }), so both are the same; leave it out
warn-nothing-drafts =
    nothing here can draft for the baseline, so speculative decoding was left out; compare a smaller
    variant too, or name a file with --draft
warn-one-client =
    a server of llama.cpp's RPC backend takes one client at a time, so every round loads the models
    in turn, over the network; give it time with --budget
# (count, shards)
warn-shards-missing =
    of { $count } shards these are missing: { $shards }; what they hold is not in this report: run
    them and merge again
# (count, shards)
warn-shards-unfinished =
    of { $count } shards these were cut short: { $shards }; complete them with --resume and merge
    again
# (missing, unfinished)
warn-shards-both = { $missing }; and { $unfinished }
# (variant, fallback, tensors)
warn-fallback =
    { $fallback } of { $tensors } tensors of { $variant } have another type than the label says,
    because their rows do not fit its blocks; judge it by its bits per weight

## The page

pg-skip = Skip to the report
pg-sections = Sections
pg-theme = Light / dark
pg-copy = Copy
pg-copied = Copied
pg-filter = Filter rows
pg-filter-of = Filter rows: { $title }
# (cpu, rounds, launches, started)
pg-where = { $cpu }. { $rounds } in { $launches }, { $started }.
# (version, run)
pg-made-by =
    Made by kvant { $version } from the journal of run { $run }. Charts: point at a mark, or press
    Tab and the arrow keys, for its interval and n.

## The notebook

nb-title = { $model }: notebook of the run
nb-intro =
    Everything below comes from `results.json` beside this file; its fields are described in
    `docs/results.schema.json` of kvant. Run all cells from top to bottom: pandas and matplotlib are
    all they need.
nb-conclusion = What the report says
nb-variants = Variants
nb-speed = Speed
nb-speed-note =
    Medians in tokens per second with 95 % intervals; ratios are paired within rounds, above 1 is
    faster than the baseline.
nb-decode = Decode speed against context
nb-reuse = What a token costs without KV reuse
nb-memory = Memory
nb-quality = Quality
nb-quality-note =
    Mean KL divergence from the baseline and change in perplexity; intervals are over windows of
    text.
nb-samples = Samples round by round
nb-samples-note =
    All arms of a round share what the machine did then: lines that move together are drift, not
    differences between arms.
nb-own = Your conclusions
nb-own-note =
    Which variant, with which KV cache, on this machine? What does it cost in quality? How sure are
    you, and what could this run not tell?
nb-none = nothing measured

## Several runs on one page

s-title = { $n } runs beside each other
# (number, model, cpu, said)
s-said = Run { $number }, { $model } on { $cpu }: { $said }
s-untested =
    Between runs nothing is tested: they were measured at different times. For two of them, kvant
    diff gives ratios with intervals.
s-runs = The runs
s-h-number = no.
s-h-run = run
s-h-control = A/A control
s-variants = Variants
s-variants-intro =
    KV type of each run's baseline, medians with [95 % intervals]. Ratios and verdicts are those
    within a run, against its own baseline.
s-speed-intro = Tokens per second of what at least two runs measured, one column per run.
s-h-tps = { $number }, t/s
s-chart = Decode speed against context
s-chart-sub = Higher is better. Medians with 95 % intervals; a colour per run, by its number.
# (number, variant)
s-line = { $number }: { $variant }

## Two runs beside each other, and rows of llama-bench

# (a, b)
d-title = { $b } against { $a }
# (a, b)
d-unpaired =
    Ratios are the speed of B ({ $b }) over the speed of A ({ $a }), above 1 is faster. They are not
    paired: the two were measured at different times, so what else changed on the machine is in the
    ratio and not in its interval.
d-no-significance =
    { $name } comes from llama-bench, which measures one arm after the other: its spread says little
    of how far the machine moved meanwhile, so no interval and no verdict is given.
d-other-machine = The two ran on different machines: ratios compare machines as well.
d-incomplete = { $name } did not run to its end.
d-config = What changed in the configuration
d-config-same = Nothing changed among the { $n } settings compared.
d-config-others = { $n } further settings are the same.
d-speed = Speed
d-only = Only in { $name }:{" "}
d-nothing-shared =
    The two have no measured cell in common: no variant with the same KV type did the same work in
    both.
d-h-setting = setting
d-h-a = A: { $name }
d-h-b = B: { $name }
d-h-a-tps = A, t/s
d-h-b-tps = B, t/s
d-h-ratio = B over A
d-h-n = n (A, B)
# (all, faster, slower, same, open)
d-counts =
    Of { $all } cells in both, B is faster in { $faster }, slower in { $slower } and the same in
    { $same }; for { $open } it cannot be told.
d-counts-bare = { $all } cells are in both; no verdicts.
# (arm, work, ratio)
d-worst = Largest loss: { $arm } in { $work }, { $ratio }.
# (arm, work, ratio)
d-best = Largest gain: { $arm } in { $work }, { $ratio }.
d-quality-intro =
    Perplexities are those of all windows a run scored; their change is paired by window, over those
    that both scored, with a 95 % interval over windows. KLD is the divergence from each run's own
    baseline.
d-other-texts =
    The two scored other texts, or split them otherwise: their perplexities are not compared.
# (n, lower, higher)
d-ppl-counts =
    Of { $n } perplexities in both, B's is lower (better) in { $lower } and higher in { $higher } by
    more than its interval; the rest shows no such change.
d-h-a-ppl = A, PPL
d-h-b-ppl = B, PPL
d-h-ppl-change = PPL, B to A
d-h-a-kld = A, KLD
d-h-b-kld = B, KLD
d-h-n-windows = windows (A, B, both)
d-s-model = model
d-s-sha = SHA-256 of { $variant }
d-s-cores = cores / CPUs
d-s-memory = memory
d-s-os = system
d-s-virtualization = virtualization
d-s-governor = governor
d-s-level = level
d-s-seed = seed
d-s-rounds = rounds
d-s-launches = launches
d-s-started = started
d-s-absent = none
# (limit, arm, work, ratio)
d-fail-on = --fail-on { $limit }: { $arm } in { $work } is at { $ratio } of its speed
h-kvant = Made by kvant.
b-title = llama-bench: { $name }
b-rows = Rows of llama-bench
b-note =
    Measured by llama-bench, one arm after the other: mean and standard deviation of its
    repetitions. Differences between rows are not tested, because the machine may have moved between
    them.
b-h-model = model
b-h-threads = threads
rows =
    { $n ->
        [one] { $n } row
       *[other] { $n } rows
    }
# (rows, models, cpu)
b-conclusion =
    { $rows } of { $models } on { $cpu }; llama-bench gives no basis for saying which is faster.

## A mix and its proof

# (model, mix)
m-title = { $model }: { $mix }
m-proof = Proof
m-recipe = Recipe
m-files = Files
m-run = run of the proof
m-again = The same tensors with llama.cpp
m-picture = Types of tensors by layer
m-h-ppl = PPL
m-h-decode = decode, t/s
m-h-kld-share = the mix's KLD / its
m-h-decode-share = the mix's decode / its
m-h-kind = tensors
m-h-types = types, from the first layer on
# (mix, size, limit)
m-too-large = { $mix } is { $size } and not at most { $limit }.
# (verdict, mix, rival, ratio, reference, share, n)
m-against =
    { $verdict ->
        [less] { $mix } loses less than { $rival }
        [more] { $mix } loses more than { $rival }
       *[open] { $mix } is not shown to lose less or more than { $rival }
    }: { $ratio } of its divergence from { $reference } at { $share } of its size, on { $n ->
        [one] { $n } chunk
       *[other] { $n } chunks
    }
    of text that nothing was chosen with.
# (kld, most)
m-loss-open = Its divergence, { $kld } nats, is not shown to be at most { $most }.
# (speed, rate, least)
m-decodes =
    { $speed ->
        [slow]
            It decodes { $rate } t/s, not { $least }: no file that was found does, and this one is the
            nearest.
       *[enough] It decodes { $rate } t/s; at least { $least } were asked for.
    }
# (speed, mix, own, least, other, size, rate, kld)
m-use-other =
    { $speed ->
        [slow] { $mix } decodes { $own } t/s, not { $least }.
       *[enough] { $mix } decodes { $own } t/s; at least { $least } were asked for.
    } Use { $other } ({ $size }): it decodes { $rate } t/s, with a divergence of { $kld } nats.
# (verdict, mix, rival, ratio)
m-as-fast =
    { $verdict ->
        [found] It is as fast: { $mix } decodes at { $ratio } of { $rival }'s speed.
        [slower] It is slower: { $mix } decodes at { $ratio } of { $rival }'s speed; --min-decode asks for speed.
        [faster] It is faster too: { $mix } decodes at { $ratio } of { $rival }'s speed.
       *[none]
            No file was found that is shown to lose less than { $rival } and to decode as fast:
            { $mix } decodes at { $ratio } of its speed.
    }
# (reference, given)
m-source =
    The source is quantized already: { $reference } was made from its { $given } and lies on that
    grid, so { $given } hardly loses anything against it, and every other comparison of types of 4
    bits is skewed.
# (given, size)
m-given-larger = { $given } itself, { $size }, is larger than was asked for.
# (given, size, ratio, mix)
m-beats-given =
    Against { $given } itself ({ $size }), { $mix } has { $ratio } of its divergence.
# (given, size)
m-use-given =
    Use { $given } itself ({ $size }): nothing made from it is shown to be better at this size.
# (sum, n, text, whole, off)
m-sum =
    The sum of what the groups lose alone predicted a divergence of { $sum } nats on { $n ->
        [one] { $n } chunk
       *[other] { $n } chunks
    }
    of { $text }; the whole has { $whole } ({ $off }).
# (predicted, measured)
m-predicted-speed =
    This machine's profile predicted { $predicted } t/s of decode; it does { $measured }.
m-corrected = Groups were measured again around a first choice.
m-no-imatrix = No importance matrix was used.
# (n, text)
m-imatrix-gathered = { $n } chunks of { $text }
m-imatrix-file = the file { $name }
# (what, known, all)
m-imatrix =
    Weights were weighed with an importance matrix from { $what }, which knows { $known } of
    { $all } matrices.
m-unmeasured =
    { $n ->
        [one]
            { $n } candidate was not measured within the budget: its loss was expected from the
            errors of its weights.
       *[other]
            { $n } candidates were not measured within the budget: their losses were expected from
            the errors of their weights.
    }

## Builds, and the gate

builds = Builds
builds-intro =
    What each executable was built with, and what it does to speed. The same file in two of them
    differs by their kernels alone.
# (build, base, kld, share)
kernels =
    { $build } diverges from { $base } by { $kld } nats, with the same top token in { $share } of
    places.
h-build = build
h-flags = built with
h-instructions = system info of llama.cpp
h-against = against { $build }
d-gate = : whether the second build passes, for a pull request
d-junit = : the same, for what runs the tests
# (candidate, base)
g-title-failed = Failed: { $candidate } against { $base }
# (candidate, base)
g-title-passed = Passed: { $candidate } against { $base }
# (candidate, base)
g-title-open = Passed, with too little known: { $candidate } against { $base }
# (candidate, base)
g-title-unmeasured = Not measured: { $candidate } against { $base }
g-h-tps = { $build }, t/s
# (candidate, base)
g-h-ratio = { $candidate } over { $base }
# (arm, work)
g-what = { $work } of { $arm }
# (what, candidate, ratio, base)
g-slower = { $what }: { $candidate } runs at { $ratio } of the speed of { $base }.
# (candidate, base, kld, n_ctx)
g-kld-failed =
    { $candidate } computes something else than { $base }: its KL divergence is { $kld } nats in
    windows of { $n_ctx } tokens.
# (candidate, base, kld, n_ctx)
g-kld-passed =
    { $candidate } computes the same as { $base }: its KL divergence is { $kld } nats in windows of
    { $n_ctx } tokens.
# (candidate, base, kld, n_ctx)
g-kld-open =
    It cannot be told whether { $candidate } computes something else than { $base }: its KL divergence
    is { $kld } nats in windows of { $n_ctx } tokens. A longer --text tells more.
# (what, conditions)
g-open =
    It cannot be told of { $what } whether the gate fails ({ $conditions }). That does not fail it; a
    longer --budget tells more.
g-passed = Nothing fails the gate ({ $conditions }), and it is known well enough to be ruled out.
# (what, why)
g-unmeasured = Not measured: { $what }. { $why }
g-within = within the margin
# (conditions, n, time)
g-rule =
    The gate fails on { $conditions }, and only where the interval leaves no doubt. Measured in { $n ->
        [one] one pair of launches
       *[other] { $n } pairs of launches
    } in opposite orders, { $time }; the ends of an interval are bounds that hold for all works
    and looks together in 95 of 100 gates.
