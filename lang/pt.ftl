## Numbers and the phrases around them

language = Português
decimal-sign = ,
ends = [{ $lo }; { $hi }]
na = n/d
baseline = referência
the-baseline = a referência
itself = a referência contra si mesma
worse-by = pior em { $ends } de PPL
cant-tell-yet = inconclusivo ({ $more })
some-more-rounds =
    { $n ->
        [one] cerca de { $n } rodada a mais
       *[other] cerca de { $n } rodadas a mais
    }
over-100-more = mais de 100 rodadas adicionais
arm-with-kv = { $variant } com KV { $kv }
prefill-of = prefill de { $n } tokens
decode-at = decodificação na profundidade { $n }
no-reuse-at = decodificação sem reutilizar o KV na profundidade { $n }
list-comma = ,{" "}
and-last = { $most } e { $last }
rounds =
    { $n ->
        [one] { $n } rodada
       *[other] { $n } rodadas
    }
launches =
    { $n ->
        [one] { $n } inicialização
       *[other] { $n } inicializações
    }
cells =
    { $n ->
        [one] { $n } célula
       *[other] { $n } células
    }
samples =
    { $n ->
        [one] { $n } amostra
       *[other] { $n } amostras
    }
disturbed-samples =
    { $n ->
        [one] { $n } amostra perturbada
       *[other] { $n } amostras perturbadas
    }
faster = mais rápida
slower = mais lenta
same = igual
cant-tell = inconclusivo
indistinguishable = indistinguível
worse = pior
stopped-precision = todas as razões principais atingiram a precisão desejada
stopped-budget = o tempo previsto se esgotou
stopped-rounds = todas as rodadas previstas foram feitas
stopped-interrupt = foi interrompida
stopped-failures = não restou nenhuma célula para medir
stopped-decided = a recomendação ficou decidida
stopped-short = o diário ficou incompleto; continue com --resume

## The answer: conclusion, banners, closing sentences, the table of the terminal

cut-short-banner =
    A execução ficou incompleta: os números vêm das rodadas completas. Continue com --resume.
interrupted-banner =
    A execução foi interrompida: os números vêm das rodadas completas. Continue com --resume.
broken-banner = Com arquivos danificados e, por isso, nunca a resposta: { $arms } ({ $reason }).
quality-not-measured = Quanto os tipos menores custam em qualidade não foi medido nesta execução.
quality-said = { $name } ({ $verdict })
kv-named = KV { $kv }
quality-of-variants =
    Qualidade em relação a { $baseline }, em janelas de { $n_ctx } tokens: { $list }.
quality-of-kv =
    Qualidade dos tipos de KV com { $baseline }, em janelas de { $n_ctx } tokens: { $list }.
nothing-measured-failed = Nada foi medido: { $n } de { $cells } falharam.
nothing-measured = Nada foi medido: nenhuma rodada foi concluída.
kv-ratio = { $ratio } com { $variant } ({ $verdict })
kv-effect =
    Um cache KV { $kv }{ $size } deixa a velocidade de decodificação na profundidade { $n_depth } em
    { $effects }.
kv-size = {" "}ocupa { $own } em vez de { $f16 } e
moves-one =
    { $arm } em { $work } é { $slowest }x quando a máquina esteve mais lenta ({ $with }) e
    { $fastest }x quando esteve mais rápida
moving =
    Não é igual nesta máquina em todos os momentos: { $list }. As razões aqui são as da máquina como
    ela estava.
open-one = { $arm } em { $work } ({ $ratio })
open-others = {" "}e mais { $n }
would-settle = ; para { $what }: { $rounds }{ $time }
settle-it = saber
settle-half = saber a metade
unsettled = Inconclusivo: { $list }{ $others }{ $settle }.
not-measured-of =
    { $n ->
        [one] { $n } de { $cells } não foi medida; os motivos estão abaixo.
       *[other] { $n } de { $cells } não foram medidas; os motivos estão abaixo.
    }
at-prompt = com { $n } tokens
at-depth = na profundidade { $n }
ratio-here = { $ratio } { $setting }
fastest-everywhere =
    Pelas estimativas, { $name } é a que { $work ->
        [prefill] faz o prefill mais rápido em todos os comprimentos
       *[other] decodifica mais rápido em todos os contextos
    }: { $ratios } em relação a { $baseline }; { $rate } t/s { $setting }.
pair-here = { $ratio } { $setting } ({ $verdict })
against-next-everywhere = { $name } em relação a { $second }, a seguinte: { $pairs }.
setting-prompt = Com um prompt de { $n } tokens
setting-depth = Na profundidade { $n }
nobody-ahead = { $setting }, nenhuma variante supera { $baseline }: { $next }.
leads = { $setting }, { $lead } ({ $rate } t/s){ $runner_up }.
against-next = ; em relação a { $second }, a seguinte: { $ratio } ({ $verdict })
speed-against =
    { $name } { $work ->
        [prefill] faz o prefill
       *[other] decodifica
    } { $verdict ->
        [faster] mais rápido que { $baseline }: { $ratio }
        [slower] mais lento que { $baseline }: { $ratio }
        [same] tão rápido quanto { $baseline }: { $ratio }
       *[cant_tell] a { $ratio } a velocidade de { $baseline }: não se sabe se há diferença
    }
warning-line = aviso: { $text }
not-measured-line = não medido: { $what } ({ $kind }): { $reason }
terminal-intro = Tokens por segundo; a razão é a de { $work }.
terminal-composed = {" "}+: um limite, não avaliado.
terminal-untold = {" "}O relatório traz mais { $n } avisos.
terminal-more-arms = {" "}O relatório tem mais { $n } configurações.
terminal-one-more-arm = {" "}O relatório tem mais uma configuração.
terminal-run-report = Para usá-la: kvant report RUN --emit llama-server.
terminal-run-triage = Para usá-la: o mesmo comando com --emit llama-server.
# (n_launches, n_rounds)
terminal-launches = Certeza: intervalos de 95 %, de { $n_launches } e { $n_rounds }.
# (baseline, ratio, bias)
terminal-bias = Certeza: { $baseline } contra si mesma deu { $ratio }; por isso cada intervalo é { $bias } mais largo.
# (baseline, ratio)
terminal-control = Certeza: { $baseline } contra si mesma deu { $ratio }; o certo é 1.
terminal-versus = vs { $baseline } [95 %]

## The recommendation

which-one = Qual usar
which-intro-fastest =
    Procura-se a mais rápida { $request } entre as que respeitam os limites: { $limits }.
which-intro-exact =
    Procura-se a mais exata entre as que respeitam os limites ({ $limits }); entre as igualmente
    exatas, a mais rápida { $request }.
no-limits = nenhum, exceto caber na memória
regret-note =
    O limite superior vale a 95 % para todas as candidatas em conjunto, com { $n_launches } de
    processos novos e { $n_rounds }; as razões da tabela valem a 95 % cada uma por si.
composed-note =
    A qualidade marcada com + foi composta da qualidade dos pesos e da dos tipos de KV, medidas
    separadamente: seu intervalo é um limite.
predicted-intro =
    Previsto antes da execução, pelos tipos de tensores de cada arquivo e pelo que esta máquina faz
    com esses pesos, ao lado do que foi medido:
h-predicted-tps = t/s previstos
h-measured-tps = t/s medidos
h-predicted-peak = pico previsto
h-measured-peak = pico medido
off-by = { $value } ({ $percent })
left-out-intro = Não medidas, pelo que foi previsto:
h-why = motivo
out-does-not-fit = precisa de cerca de { $needed } e há { $there } disponíveis
out-over-limit = precisa de cerca de { $needed }, muito mais que { $limit }
out-too-slow = decodifica a cerca de { $rate } t/s, muito menos que { $least }
out-no-time = { $time } s eram pouco para ela
take =
    Use { $arm }: nenhuma outra candidata que respeite os limites é mais de { $percent } mais rápida
    { $request }.
take-fastest =
    Use { $arm }: nenhuma outra candidata que respeite os limites é mais rápida { $request }.
take-only = Use { $arm }: é a única candidata que respeita os limites.
take-alone = Use { $arm }: é a única candidata.
take-unmeasured =
    Use { $arm }: parece ser a mais rápida, mas não foi medida ao lado de todas as outras.
take-unsettled =
    Use { $arm }: pode ser até { $percent } mais lenta que a melhor { $request }{ $more }.
more-brings = ; medir por mais { $time } levaria isso a cerca de { $percent } (kvant triage --more)
in-decode = na decodificação
for-request = em requisições de { $n_prompt } + { $n_gen } tokens
for-purpose = em requisições de { $n_prompt } + { $n_gen } tokens ({ $purpose })
good = Igualmente boas: { $names }.
good-prompt = Igualmente boas: { $names }; os prompts dela levam menos tempo.
good-quality = Igualmente boas: { $names }; ela é a que menos diverge da referência.
good-memory = Igualmente boas: { $names }; ela é a que ocupa menos memória.
limit-open = Ainda não se sabe se ela respeita os limites: { $checks }.
others-open = De outras ainda não se sabe se respeitam os limites: { $list }.
waits = { $arm } ({ $checks })
fact-sentence = Resultado: { $facts }.
alternative = { $arm }: { $facts }{ $wins }.
choice-with = ; a escolhida com { $flag }
less-memory = { $bytes } a menos de memória
more-memory = { $bytes } a mais de memória
# (flag, arm, facts)
terminal-other = Com { $flag }: { $arm } ({ $facts }).
bytes-more = { $bytes } a mais
bytes-less = { $bytes } a menos
percent-faster = { $percent } mais rápida
percent-slower = { $percent } mais lenta
about-as-fast = quase tão rápida
kld-of = KLD { $nats }
flips = um em cada { $n } tokens mais prováveis difere
other-purpose =
    Para { $purpose } ({ $request } tokens) a escolhida é { $arm }: em relação a ela, { $why }.
by-use = Conforme o uso: { $list }.
choice-for = { $arm } para { $uses }
prefills-at = os prompts rodam a { $factor }
decodes-at = a decodificação roda a { $factor }
purposes-intro = A escolhida para cada tipo comum de requisição, em tokens de prompt + resposta:
purposes-between =
    Os tempos marcados com ~ usam, para o prompt, os dos dois comprimentos medidos mais próximos.
h-purpose = uso
h-request = requisição
h-choice = escolhida
h-regret = outra pode ser mais rápida em
h-request-time = tempo de uma requisição
no-choice = nenhuma respeita os limites
up-to = até { $percent }
approximately = ~ { $time }
none-meets = Nenhuma variante respeita os limites.
closest-is = { $arm } é a que chega mais perto: { $missed }.
fact-decode = { $rate } t/s na decodificação com profundidade { $n_depth }
fact-users = { $rate } t/s para cada um de { $n } usuários
fact-ratio = { $ratio } a velocidade de { $baseline }
fact-ram = { $bytes } de memória no pico
fact-quality = perplexidade { $change } e KLD { $kld } em relação a { $baseline }
fact-baseline = a referência de qualidade
fact-unscored = qualidade não medida (--quality off)
fact-open = qualidade ainda desconhecida (nenhum texto foi avaliado)
lim =
    { $on ->
        [decode_tps] pelo menos { $value } t/s na decodificação
        [prefill_tps] pelo menos { $value } t/s no prefill
        [ttft_ns] primeiro token em até { $value } ms
        [ram_bytes] no máximo { $value } de memória
        [device_bytes] no máximo { $value } no dispositivo
        [n_ctx] um contexto de { $value } tokens
        [ppl] no máximo { $value } a mais de perplexidade
       *[kld] uma KLD de no máximo { $value } nats
    }
limit-of-users = { $n } usuários ao mesmo tempo
seen =
    { $on ->
        [decode_tps] decodificação { $seen } t/s para um limite de { $value }
        [prefill_tps] prefill { $seen } t/s para um limite de { $value }
        [ttft_ns] primeiro token { $seen } ms para um limite de { $value }
        [ram_bytes] memória { $seen } para um limite de { $value }
        [device_bytes] memória { $seen } para um limite de { $value }
        [n_ctx] espaço para { $seen } tokens para um limite de { $value }
        [ppl] perplexidade { $seen } para um limite de { $value }
       *[kld] KLD { $seen } para um limite de { $value }
    }
not-seen = não medido
too-few = { $value } (trechos de menos para um intervalo)
h-speed-against = velocidade em relação a { $lead }
h-quality-loss = KLD, nats
h-limits = limites
h-choice-if = a escolhida com
l-broken = danificado
l-met = respeitados
the-choice = a escolhida
chosen = { $arm } (a escolhida)
context-that-fits =
    O maior contexto de { $arm } que cabe na memória disponível no início: { $n } tokens.
beyond-training = {" "}O modelo foi treinado com { $n }.
running = Como usá-la
running-intro =
    A mesma escolha em outros programas, com o arquivo, as threads, os lotes e o cache desta
    execução e o contexto do modelo. `kvant report RUN --emit PROGRAM` imprime qualquer uma delas.

## Sections: titles, introductions, heads of columns

title = { $model }: qual variante, com qual cache KV
conclusion = Resposta

## Sections: heads of columns

h-variant = variante
h-kv = KV
h-size = tamanho, MiB
h-compression = compressão
h-ppl-change = variação da PPL
h-decode-tps = decodificação, t/s ({ $work })
h-prefill-tps = prefill, t/s ({ $work })
h-ttft = TTFT, ms ({ $work })
h-peak = pico de memória, MiB
h-holds = contém
h-bpw = bits por peso
h-prefill-ratio = razão de prefill
h-decode-ratio = razão de decodificação
h-decode-verdict = veredito da decodificação
h-weights = pesos
h-kv-type = tipo de KV
h-kv-mib = cache KV, MiB
h-mean-kld = KLD média, nats
h-kld-median = KLD mediana
h-kld-p99 = KLD p99
h-kld-p999 = KLD p99,9
h-same-top = mesmo token mais provável
h-dp-rms = RMS delta-p
h-verdict = veredito
h-tokens = tokens
h-not-measured = não medido
h-arm = configuração
h-window = janela
h-outcome = resultado
h-reason = motivo
h-work = trabalho
h-before = texto anterior
h-next = o texto continua com
h-expects = { $own } espera (em { $other })
h-tps = t/s
h-mad = MAD das amostras
h-n-prompt = n_prompt
h-depth = profundidade
h-ttft-ms = TTFT, ms
h-itl = intervalo entre tokens, ms: p50
device-memory = { $measured } (previsto { $predicted })
h-gpu-joule-per-token = J por token (GPU)
h-ratio = razão com a referência
h-with-reuse = com reutilização, ms por token
h-without-reuse = sem ela, ms por token
h-times-longer = vezes mais tempo
h-no-reuse-kind = sem reutilização
h-buffers = pesos por buffer
h-kv-cache = cache KV
h-compute = cálculo
h-peak-resident = pico residente
h-predicted = previsto
h-n-ctx-fits = n_ctx que cabe
h-device = dispositivo
h-file = arquivo
h-label = seu próprio rótulo
h-tensors = tensores por tipo
h-fallback = substituídos
h-params = parâmetros
h-origin = origem
h-question = pergunta
h-answer = resposta
of = { $n } de { $all }
reference = referência

## Sections: variants and KV types

variants = F16, 8 bits e 4 bits
variants-intro =
    O que cada variante contém e como se compara com { $baseline } em tamanho e velocidade. Tipo de
    KV { $kv } em tudo; medianas com [intervalos de 95 %]; as razões são pareadas dentro das
    rodadas, acima de 1 é mais rápida.
kv-types = Tipos de cache KV
kv-types-intro =
    O que um cache KV menor faz com a velocidade, a memória e a qualidade.
    Velocidade relativa aos mesmos pesos com um cache KV { $reference }, com a mesma configuração de
    flash attention: acima de 1 é mais rápida; prefill de um prompt tão longo quanto a profundidade.
    O cache KV e o pico de memória são os de um contexto de { $n_ctx } tokens. A qualidade é em
    relação à referência, na janela mais próxima da profundidade.

## Sections: quality

quality = Qualidade
quality-intro =
    Quanto cada variante e cada tipo de KV perde em relação à referência.
    A segunda metade de cada janela de texto é prevista, token a token, como faz o llama-perplexity;
    os intervalos são sobre as janelas, pois tokens vizinhos não são independentes. KLD: quanto as
    probabilidades se afastam das da referência, 0 é igual. Indistinguível: KLD abaixo de 0,01 e o
    mesmo token mais provável em 98 % das posições; dentro dessa zona nada é ordenado.
    A PPL varia entre textos muito mais do que entre variantes: o que as compara é a mudança, que é
    pareada; o intervalo da própria PPL está em quality.csv.
windows-of = Janelas de { $n } tokens
ended-because = Terminou porque { $why }.
scored-text = { $name } ({ $n } tokens, SHA-256 { $sha })
texts-scored = Texto: { $list }.
with-bos = Cada janela começa com o token BOS do vocabulário.
without-bos = As janelas não começam com o token BOS do vocabulário.
first-chunk = { $arm } (primeiro trecho)
precise-after = { $tokens } (precisa após { $n })
not-scored = Não avaliadas:
no-time-to-score =
    não houve tempo, ou o texto tem menos de duas dessas janelas; use --level full ou um --budget
    maior
arm-left = não pode ser a escolhida e saiu antes de sua primeira amostra
no-round-completed = a execução terminou antes de sua primeira rodada completa
parts-from = Onde { $arm } diverge de { $baseline }
but-indistinguishable = { $arm }, indistinguível no conjunto,
parts-intro =
    As posições de maior divergência, com a probabilidade de cada token em seu próprio modelo e no
    outro.

## Sections: context, reuse, memory, files

context = Latência e vazão conforme o contexto
context-intro = Com que rapidez os tokens são escritos e os prompts lidos à medida que o contexto cresce.
decode = Decodificação
prefill = Prefill
reuse = Com e sem reutilização do KV
reuse-intro =
    Quanto custa mais um token com o cache KV, e quando cada token recalcula todo o prefixo (como
    faz `use_cache=False`).
extrapolated-note =
    Extrapolado: o recálculo não foi cronometrado nesta profundidade; o tempo de prefill desses
    tokens o representa.
not-measured = não medido
extrapolated = extrapolado
timed = cronometrado
memory = Memória
memory-intro =
    Quanta memória cada configuração ocupou e o maior contexto que ainda caberia.
    MiB, cada configuração em um processo próprio. RssFile é o arquivo do modelo mapeado (o sistema
    pode descartá-lo e relê-lo), RssAnon o resto: cache KV, buffers de cálculo e pesos
    reempacotados. O buffer de cálculo é o que o llama.cpp reserva; as partes que nada usa ainda não
    são residentes. Previsto: o pico, antes da execução. n_ctx que cabe: na memória disponível no
    início, pelo pico medido; o modelo pode ter sido treinado com menos.
energy = Energia e custo
energy-intro =
    Quanta energia um token consome.
    Joules: o que os processadores (e a memória, quando há contador) consumiram enquanto os tokens
    eram cronometrados, com tudo o mais que rodava ali; n/d quando esta máquina não informa.
cost-intro =
    Custo: do tempo que um milhão de tokens leva, a { $price } por hora e com uma requisição por
    vez.
h-joule = J por token ({ $work })
h-cost = custo por milhão de tokens ({ $work })
files = Arquivos
files-intro =
    O que é cada arquivo, lido do próprio arquivo e não de seu nome. SHA-256 completo em
    results.json.
made-from = feito a partir de { $file } ({ $ftype })
made-from-quantized = feito a partir de { $file } ({ $ftype }, já quantizado)
n-parts = { $n } partes
as-given = como foi fornecido
failures = Células que não foram medidas
failures-intro = O que estava previsto e não tem resultado, e por quê.

## Sections: how sure

how-sure = Quanta certeza há
how-sure-intro =
    Que aspecto tem nesta execução uma diferença que não existe, e o que ela não poderia ter visto.
q-noise = A mesma coisa medida duas vezes
q-smallest = Menor diferença que poderia ter visto
q-rounds = Rodadas
q-disturbed = Perturbações
q-drift = Deriva da máquina
no-control = não houve controle, portanto o ruído desta execução não é conhecido
noise-excludes =
    a referência contra si mesma: { $ratio }; o que disso é viés sem dúvida está em todos os
    intervalos
noise-includes = a referência contra si mesma: { $ratio }; como deve ser, 1 está dentro
smallest-seen = { $median } na comparação mediana de duas variantes, { $worst } na menos certa
process-sets =
    { $n ->
        [one] { $n } conjunto de processos novos
       *[other] { $n } conjuntos de processos novos
    }
rounds-ended = { $rounds } em { $sets }; terminou porque { $why }
none-discarded = nenhum bloco (todas as configurações de um trabalho, em sequência) foi anulado
discarded-blocks = blocos anulados e repetidos: { $n } (primeiro: { $first })
retained-disturbed = ; { $samples } em { $rounds } permaneceram (primeira: { $first })
memory-reads = leitura de memória
matrix-products = produtos de matrizes
drifted = { $name } de { $slowest } a { $fastest } em torno da mediana
paused-for = ; pausa de { $time } para esperar por ela
drift-for-all = { $halves }{ $paused }; todas as configurações de uma rodada a compartilham

## Sections: how it was measured

how-measured = Como foi medido
how-measured-intro = A máquina, as versões e as configurações desta execução.
f-machine = Máquina
f-memory = Memória
f-system = Sistema
f-devices = Dispositivos
f-versions = Versões
f-system-info = Informações de sistema do llama.cpp
f-rounds = Rodadas
f-control = Controle (a referência contra si mesma)
f-verdicts = Vereditos
f-time = Tempo
f-overhead = Tempo de avaliação em relação às passadas puras
f-share = Parte do tempo após o carregamento dentro de amostras e aquecimento
f-ended = Terminou porque
f-model = Modelo
f-configuration = Configuração
f-seed = Semente e sal
f-corpus = SHA-256 do corpus
f-plan = SHA-256 do plano
f-level = Nível
f-started = Início
machine = { $cpu }, { $cores } núcleos, { $cpus } CPUs lógicas utilizáveis
memory-at-start = { $all }, { $available } disponíveis no início
virtualization = ; virtualização { $name }
governor = ; governador { $name }
load-at-start = { $os }; carga no início { $load }
cpu-only = só CPU
versions = kvant { $kvant }; llama.cpp por meio de { $llama }
rounds-complete =
    { $rounds } completas em { $launches }; cada rodada executa cada célula uma vez, em ordem
    contrabalanceada e reproduzível pela semente{ $unused }
not-used = ; { $samples } fora de rodadas completas não usadas
over-all-cells = { $ratio } sobre todas as células de prefill e decodificação
verdict-rule =
    igual: intervalo a menos de { $region } de 1; mais rápida ou mais lenta: todo o intervalo fora
    dessa zona; cada uma por si a { $alpha }
times =
    { $wall } no total, { $loading } de carregamento; amostras { $timed }, aquecimento { $warmup },
    qualidade { $quality }
heads = { $heads } cabeças, { $kv_heads } cabeças KV
shape =
    { $arch }, { $layers } camadas de { $embd }, { $heads }, vocabulário de { $vocab }, treinado com
    { $ctx } tokens de contexto
configuration = dispositivo { $device }, { $sizes }, flash attention { $fa }
seed-and = { $seed } e{" "}
repeat = Para repetir
repeat-intro = O comando desta execução:
data = Dados
data-intro = O que há ao lado deste relatório, para programas e para olhar mais de perto.
notes = Notas
d-results = : todos os números, com as amostras brutas
d-csv = : uma linha por célula
d-notebook = : as mesmas tabelas e gráficos em Python, com espaço para conclusões
d-quality = : uma linha por configuração e janela avaliadas
d-bench = : linhas para o compare-llama-bench.py e o que mais lê o llama-bench
d-bench-md = : as mesmas como tabela para colar em uma issue
d-bench-sql = : as mesmas, para SQLite
d-journal = : o que foi registrado;{" "}
d-journal-again = {" "}gera o relatório de novo
d-chart = gráfico { $name }:{" "}

## Workloads measured on request

first-token-of = primeiro token de { $n_prompt } com { $n_shared } no cache
restoring-state = restauração do estado de { $n } tokens
decode-of = decodificação de { $n_seq } sequências na profundidade { $n_depth }
requests-of = requisições de { $n_users } usuários ({ $n_prompt } tokens, respostas de { $n_gen })
speculative-at = decodificação especulativa na profundidade { $n }

## Workloads measured on request: prefix reuse

prefix-reuse = Reutilização de um prefixo
prefix-intro =
    O primeiro token de um prompt que continua outro. A frio: o prompt inteiro é processado. A
    quente: o cache já tem o começo, e só o resto é processado.
h-cached = destes no cache
share-of = { $n } ({ $percent })
h-cold = TTFT a frio, ms
h-warm = TTFT a quente, ms
h-times-sooner = vezes antes
prefix-sooner =
    Com um prompt de { $n_prompt } tokens, { $n_shared } deles no cache, { $variant } dá o primeiro
    token { $factor } mais cedo: { $warm } ms em vez de { $cold }.
c-prefix = { $model }: primeiro token de { $n_prompt }, conforme o que não está no cache
c-prefix-sub =
    Menos é melhor. Mediana e seu intervalo de 95 %; os dois eixos são logarítmicos; na extremidade
    direita nada está no cache.
a-left = tokens do prompt a processar

## Workloads measured on request: several sequences at once

batched = Várias sequências ao mesmo tempo
batched-intro =
    Cada passo decodifica um token de cada sequência. Próprio: cada sequência tem seu prompt e sua
    parte do cache. Comum: um prompt para todas, que está no cache uma única vez.
h-prompt = prompt
h-sequences = sequências
h-tps-all = t/s no total
h-tps-each = t/s cada uma
h-against-one = no total, em relação a uma
own = próprio
shared = comum
batch-gain =
    Com { $n_seq } sequências ao mesmo tempo, { $variant } dá { $gain } os tokens por segundo de uma
    só: { $total } no total, { $each } cada uma.
c-batched = { $model }: velocidade de decodificação de todas as sequências juntas
c-batched-sub = Mais é melhor. Mediana e seu intervalo de 95 %; tracejado: um prompt para todas.
a-sequences = sequências ao mesmo tempo
series-own = { $arm }, próprios
series-shared = { $arm }, comum

## Workloads measured on request: states

states = Salvar e restaurar estados
states-intro =
    Quanto custa calcular o estado de uma sequência a partir de seus tokens, salvá-lo e restaurá-lo.
    Salvar em disco inclui esperar até o arquivo estar lá; restaurar do disco lê o arquivo (pediu-se
    ao sistema que o esquecesse), verifica se é deste arquivo de modelo e desta configuração, e o
    restaura.
h-compute-ms = calcular, ms
h-save-memory = salvar na memória, ms
h-restore-memory = restaurar da memória, ms
h-save-disk = salvar em disco, ms
h-restore-disk = restaurar do disco, ms
h-times-faster = vezes mais rápido
state-pays =
    { $arm }: restaurar é mais rápido que calcular de novo { $memory } a partir da memória,
    { $disk } a partir do disco.
wins-everywhere = em todas as profundidades medidas (a partir de { $from } tokens)
wins-between = a partir de algum ponto entre { $open } e { $from } tokens
wins-nowhere = em nenhuma profundidade medida (até { $up_to } tokens)
state-restored =
    Restaurar o estado de { $n } tokens ({ $mib } MiB) de { $variant } é { $memory } mais rápido que
    calculá-lo a partir da memória, { $disk } a partir do disco; do disco é mais rápido { $even }.
c-state = { $model }: calcular um estado ou restaurá-lo
c-state-sub =
    Menos é melhor. A referência; mediana e seu intervalo de 95 %; os dois eixos são logarítmicos.
a-state-tokens = tokens no estado
series-computed = calculado
series-from-disk = do disco
series-from-memory = da memória

## Workloads measured on request: speculative decoding

speculative = Decodificação especulativa
speculative-intro =
    { $draft } ({ $mib } MiB) propõe { $n } tokens; uma passada do modelo-alvo verifica todos,
    mantém os que ele mesmo teria escolhido e dá mais um. Sempre o token mais provável; cada rodada
    tem prompts próprios. Aceitos: parte dos tokens propostos, e do primeiro, do segundo etc. (o que
    vem depois de um rejeitado é rejeitado). Necessário: a parte com a qual os dois seriam
    igualmente rápidos. Tokens diferentes: onde o alvo sozinho, após o mesmo texto, escolhe outro.
    Uma passada de vários tokens arredonda de outra forma: são empates aqueles cujos dois logits não
    distam mais do que tais passadas deslocaram, no máximo, os tokens prováveis destes textos uns em
    relação aos outros (arredondamento).
no-draft = nenhum modelo
h-alone = sozinho, ms por token
h-drafted = com o rascunho
h-speed-up = aceleração
h-accepted = aceitos
h-by-position = por posição
h-needed = necessário
h-per-pass = tokens por passada
h-in-draft = tempo no rascunho
h-other = tokens diferentes
h-rounding = arredondamento, logits
others = { $n } de { $all } (empates: { $ties })
none-would-do = nenhuma parte bastaria
speculative-pays =
    Com { $draft } como rascunho, { $target } gera na profundidade { $n_depth } a { $factor } a
    velocidade de { $target } sozinho: { $verdict }.
draft-accepted =
    O alvo aceita { $accepted } dos tokens propostos, { $per_pass } tokens por passada; necessário:
    { $needed }.
c-speculative = { $model }: geração gulosa com um rascunho
c-speculative-sub =
    Menos é melhor. Rascunho: { $draft }. Mediana e seu intervalo de 95 %; os dois eixos são
    logarítmicos.

## Workloads measured on request: requests

requests = Usuários e suas requisições
requests-intro =
    Cada usuário envia uma requisição de { $n_prompt } tokens, espera a resposta completa de
    { $n_gen } tokens e envia a seguinte imediatamente. Todos compartilham um cache, e cada passada
    do modelo pega o próximo token de cada resposta e os prompts que esperam, como faz o
    llama-server. Latência: do envio de uma requisição até o fim de sua resposta; TTFT: até seu
    primeiro token. Os percentis são sobre todas as requisições de todas as rodadas, seus intervalos
    sobre as rodadas; n/d onde há poucas requisições além deles.
h-users = usuários
h-per-minute = requisições por minuto
h-latency = latência { $quantile }, ms
h-request-ttft = TTFT { $quantile }, ms
h-requests = requisições medidas
requests-answered =
    { $variant } responde a { $per_minute } requisições por minuto ({ $n_prompt } tokens, respostas
    de { $n_gen }) de { $n_users } usuários ao mesmo tempo{ $latency }.
half-within = ; metade das respostas não leva mais que { $ms } ms
c-requests = { $model }: requisições por minuto
c-requests-sub =
    Mais é melhor. { $n_prompt } tokens, respostas de { $n_gen }; todos os usuários juntos; mediana
    e seu intervalo de 95 %.
c-latency = { $model }: tempo até a resposta completa
c-latency-sub =
    Menos é melhor. { $n_prompt } tokens, respostas de { $n_gen }; metade das requisições não leva
    mais; com seu intervalo de 95 %.
a-users = usuários ao mesmo tempo
a-latency = p50 da latência, ms
series-alone = { $variant } sozinho
series-drafted = { $variant }, com rascunho

## Workloads measured on request: a conversation

chat = Uma conversa
chat-intro =
    Uma conversa em um cache: um prompt de sistema de { $n_system } tokens e depois { $n_turns }
    turnos de { $n_prompt } tokens do usuário e uma resposta de { $n_gen }. Cada turno processa só o
    que é novo. TTFT: da fala do usuário até o primeiro token da resposta; t/s: o resto dela. A
    razão é a da conversa inteira.
h-turn = turno
h-said-before = tokens anteriores
h-conversation = conversa, ms

## Charts

c-decode = { $model }: velocidade de decodificação conforme o contexto
c-decode-sub =
    Mais é melhor. Mediana e seu intervalo de 95 %; as configurações ficam lado a lado em cada
    profundidade.
c-prefill = { $model }: velocidade de prefill conforme o comprimento do prompt
c-prefill-sub =
    Mais é melhor. Mediana e seu intervalo de 95 %; as configurações ficam lado a lado em cada
    comprimento.
c-ttft = { $model }: tempo até o primeiro token
c-ttft-sub = Menos é melhor. Mediana e seu intervalo de 95 %; os dois eixos são logarítmicos.
c-reuse = { $model }: mais um token, com e sem reutilização do KV
c-reuse-sub =
    Menos é melhor. Os dois eixos são logarítmicos; marcas vazadas são extrapoladas do prefill.
c-kld-size = { $model }: divergência conforme o tamanho
c-kld-sub =
    Menos é mais perto da referência. Média e seu intervalo de 95 % sobre as janelas; os dois eixos
    são logarítmicos.
c-kld-position = { $model }: divergência por posição em uma janela de { $n_ctx }
c-pareto = { $model }: velocidade, divergência e tamanho
c-pareto-sub =
    Melhor à direita e abaixo; área: tamanho do arquivo; traços: o que nada supera.
a-decode-at = decodificação, tokens por segundo ({ $work })
pareto-label = { $arm }, { $mib } MiB
pareto-decode = decodificação: { $rate } t/s
pareto-kld = KLD: { $nats } nats
pareto-file = arquivo: { $mib } MiB
rounds-and-windows = { $rounds }, { $windows }
c-rounds = { $model }: cada rodada, em relação à mediana
c-rounds-sub =
    Velocidade de { $work } e dos kernels de teste da máquina; 100 é a mediana de cada um. O que se
    move junto é deriva.
a-relative = por cento da mediana
c-memory = { $model }: memória residente
c-memory-sub = Menos é melhor. Cada configuração em um processo próprio; a marca é o pico.
a-cached = tokens no cache
a-tps = tokens por segundo
a-prompt = tokens do prompt
a-ms = milissegundos
a-before = tokens anteriores
a-ms-per-token = milissegundos por token
a-size = arquivo do modelo, MiB
a-kld = divergência KL média, nats
a-before-predicted = tokens antes do previsto
a-round = rodada
p-file = arquivo do modelo (RssFile)
p-kv = cache KV
p-other = outros (RssAnon menos o KV)
p-peak = pico
series-kv = { $variant }, KV { $kv }
series-with = { $variant } com
series-without = { $variant } sem
windows =
    { $n ->
        [one] { $n } janela
       *[other] { $n } janelas
    }
tip-extrapolated = { $tip }, extrapolado do prefill

## What a run recorded

ended-precise = todas as configurações atingiram a precisão desejada
ended-all = todos os trechos previstos foram avaliados
ended-spent = o tempo ou o texto se esgotou
passed-over-file = { $file } ({ $what })
passed-over-because = { $file } ({ $what }: { $detail })
file-kind =
    { $kind ->
        [model] um modelo de linguagem
        [projector] a parte de visão ou áudio de um modelo
        [imatrix] uma matriz de importância
        [adapter] um adaptador LoRA
        [draft] um modelo de rascunho
        [heads] camadas de um modelo sem o resto dele
        [vocabulary] um vocabulário
        [encoder] um modelo que não gera texto
        [other_model] outro modelo
        [parts_missing] um modelo dividido e incompleto
        [unusable] não utilizável
       *[other] não é um arquivo GGUF
    }
quantized-by = por { $who }
imatrix = matriz de importância { $what }
imatrix-from = de { $dataset }
imatrix-chunks = { $n } trechos
imatrix-entries = { $n } entradas

## What disturbed a sample

disturbed-cpu = outros programas deixaram a ela { $percent } % de seu tempo de CPU
disturbed-steal = o hipervisor reteve { $percent } % do tempo de CPU da máquina
disturbed-quota = a cota de CPU a freou { $percent } % do tempo
disturbed-suspended = a máquina ficou suspensa por { $seconds } s
disturbed-faults = { $n } faltas de página foram lidas de um disco

## Warnings: what, and what to do

warn-unused-instructions =
    este binário não usa { $names } da CPU, e as velocidades são menores do que poderiam ser;
    compile de novo com RUSTFLAGS="-C target-cpu=native" e sem SOURCE_DATE_EPOCH
warn-not-resident =
    todos os modelos juntos precisam de { $needed } MiB e { $limit } MiB podem ser usados, por isso
    cada rodada os carrega um por vez; feche outros programas ou compare menos variantes para ter
    números mais estáveis
warn-beyond-trained =
    a profundidade { $n_depth } passa dos { $n_ctx_train } tokens com que o modelo foi treinado, e
    seu texto ali pode ser ruim; use --depths para ficar abaixo
warn-requantized-baseline =
    { $variant } foi feita a partir de um arquivo { $from } e tem a qualidade de { $from }; forneça
    { $variant } publicada para comparar qualidade
warn-requantized =
    { $variants } { $n ->
        [one] foi feita a partir de um arquivo { $from } e não pode
       *[other] foram feitas a partir de um arquivo { $from } e não podem
    } superar sua exatidão; forneça os arquivos publicados para compará-los
warn-passed-over =
    foram deixados de fora { $files }{ $n ->
        [0] {""}
       *[other] {" "}e mais { $n }
    }; nomeie um arquivo para medi-lo
warn-busy =
    a máquina estava ocupada no início (carga { $load } em { $cpus } CPUs), e os intervalos podem
    ser largos; feche outros programas e repita
warn-too-many-threads =
    { $threads } threads dividem { $cpus } CPUs, e cada operação do llama.cpp espera a última de
    suas threads, por isso estas velocidades ficam muito abaixo do que a máquina pode; use --threads
    { $cpus } ou menos
warn-random-weights =
    os pesos são aleatórios, com a forma de { $shape }: velocidade e memória são as do modelo, seu
    texto não significa nada e sua qualidade não é medida
warn-fake-engine = estes números vêm do motor de testes do kvant, não de um modelo; não os use
warn-handicap =
    o controle foi freado de propósito em { $share } para calibrar o kvant; seus números não são
    medições
warn-builtin =
    este é o modelo minúsculo embutido no kvant, não { $model }, que não pôde ser obtido ({ $why });
    seus números dizem pouco sobre outros modelos: resolva isso e repita, ou nomeie um arquivo .gguf
warn-nothing-rotated =
    o llama.cpp não rotaciona nada em um cache deste modelo, com { $kv } ou sem (só cabeças
    quantizadas de um múltiplo de 64 elementos; aqui K tem { $k } e V { $v }), portanto os dois são
    iguais; omita-o
warn-nothing-drafts =
    nada aqui pode propor tokens para a referência, e a decodificação especulativa foi omitida;
    compare também uma variante menor, ou nomeie um arquivo com --draft
warn-one-client =
    um servidor RPC do llama.cpp atende um cliente por vez, por isso cada rodada carrega os modelos
    um por vez, pela rede; dê tempo com --budget
warn-shards-missing =
    de { $count } partes faltam estas: { $shards }; o que elas contêm não está neste relatório:
    execute-as e junte de novo
warn-shards-unfinished =
    de { $count } partes estas ficaram incompletas: { $shards }; complete-as com --resume e junte de
    novo
warn-shards-both = { $missing }; e { $unfinished }
warn-fallback =
    { $fallback } de { $tensors } tensores de { $variant } têm outro tipo que não o do rótulo,
    porque suas linhas não cabem nos blocos dele; avalie pelos bits por peso

## The page

pg-skip = Ir para o relatório
pg-sections = Seções
pg-theme = Claro / escuro
pg-copy = Copiar
pg-copied = Copiado
pg-filter = Filtrar linhas
pg-filter-of = Filtrar linhas: { $title }
pg-where = { $cpu }. { $rounds } em { $launches }, { $started }.
pg-made-by =
    Feito pelo kvant { $version } a partir do diário da execução { $run }. Gráficos: aponte para uma
    marca, ou pressione Tab e as setas, para ver seu intervalo e n.

## The notebook

nb-title = { $model }: caderno da execução
nb-intro =
    Tudo o que segue vem de `results.json`, ao lado deste arquivo; seus campos estão descritos em
    `docs/results.schema.json` do kvant. Execute todas as células de cima para baixo: bastam pandas
    e matplotlib.
nb-conclusion = O que o relatório diz
nb-variants = Variantes
nb-speed = Velocidade
nb-speed-note =
    Medianas em tokens por segundo com intervalos de 95 %; as razões são pareadas dentro das
    rodadas, acima de 1 é mais rápida que a referência.
nb-decode = Velocidade de decodificação conforme o contexto
nb-reuse = Quanto custa um token sem reutilizar o KV
nb-memory = Memória
nb-quality = Qualidade
nb-quality-note =
    Divergência KL média em relação à referência e variação da perplexidade; os intervalos são sobre
    as janelas de texto.
nb-samples = Amostras rodada a rodada
nb-samples-note =
    Todas as configurações de uma rodada compartilham o que a máquina fez naquele momento: linhas
    que se movem juntas são deriva, não diferenças entre configurações.
nb-own = Suas conclusões
nb-own-note =
    Qual variante, com qual cache KV, nesta máquina? Quanto custa em qualidade? Quanta certeza há, e
    o que esta execução não pôde dizer?
nb-none = nada medido

## Several runs on one page

s-title = { $n } execuções lado a lado
s-said = Execução { $number }, { $model } em { $cpu }: { $said }
s-untested =
    Entre execuções nada é testado: foram medidas em momentos diferentes. Para duas delas, kvant
    diff dá razões com intervalos.
s-runs = As execuções
s-h-number = n.º
s-h-run = execução
s-h-control = controle A/A
s-variants = Variantes
s-variants-intro =
    Tipo de KV da referência de cada execução, medianas com [intervalos de 95 %]. Razões e vereditos
    são os de dentro de uma execução, em relação à sua própria referência.
s-speed-intro =
    Tokens por segundo do que pelo menos duas execuções mediram, uma coluna por execução.
s-h-tps = { $number }, t/s
s-chart = Velocidade de decodificação conforme o contexto
s-chart-sub =
    Mais é melhor. Medianas com intervalos de 95 %; uma cor por execução, conforme seu número.
s-line = { $number }: { $variant }

## Two runs beside each other, and rows of llama-bench

d-title = { $b } em relação a { $a }
d-unpaired =
    As razões são a velocidade de B ({ $b }) dividida pela de A ({ $a }); acima de 1 é mais rápida.
    Elas não são pareadas: as duas foram medidas em momentos diferentes, portanto o que mais mudou
    na máquina está na razão e não em seu intervalo.
d-no-significance =
    { $name } vem do llama-bench, que mede uma configuração após a outra: sua dispersão diz pouco
    sobre quanto a máquina variou nesse meio-tempo, por isso não se dá intervalo nem veredito.
d-other-machine = As duas rodaram em máquinas diferentes: as razões comparam também as máquinas.
d-incomplete = { $name } não chegou ao fim.
d-config = O que mudou na configuração
d-config-same = Nada mudou entre os { $n } ajustes comparados.
d-config-others = Outros { $n } ajustes são iguais.
d-speed = Velocidade
d-only = Só em { $name }:{" "}
d-nothing-shared =
    As duas não têm nenhuma célula medida em comum: nenhuma variante com o mesmo tipo de KV fez o
    mesmo trabalho nas duas.
d-h-setting = ajuste
d-h-a = A: { $name }
d-h-b = B: { $name }
d-h-a-tps = A, t/s
d-h-b-tps = B, t/s
d-h-ratio = B sobre A
d-h-n = n (A, B)
d-counts =
    De { $all } células nas duas, B é mais rápida em { $faster }, mais lenta em { $slower } e igual
    em { $same }; em { $open } o resultado é inconclusivo.
d-counts-bare = { $all } células estão nas duas; sem vereditos.
d-worst = Maior perda: { $arm } em { $work }, { $ratio }.
d-best = Maior ganho: { $arm } em { $work }, { $ratio }.
d-quality-intro =
    As perplexidades são as de todas as janelas que uma execução avaliou; sua variação é pareada por
    janela, sobre as que ambas avaliaram, com um intervalo de 95 % sobre as janelas. A KLD é a
    divergência em relação à referência de cada execução.
d-other-texts =
    As duas avaliaram textos diferentes, ou os dividiram de outra forma: suas perplexidades não são
    comparadas.
d-ppl-counts =
    De { $n } perplexidades nas duas, a de B é menor (melhor) em { $lower } e maior em { $higher }
    por mais que seu intervalo; o resto não mostra tal variação.
d-h-a-ppl = A, PPL
d-h-b-ppl = B, PPL
d-h-ppl-change = PPL, B em relação a A
d-h-a-kld = A, KLD
d-h-b-kld = B, KLD
d-h-n-windows = janelas (A, B, ambas)
d-s-model = modelo
d-s-sha = SHA-256 de { $variant }
d-s-cores = núcleos / CPUs
d-s-memory = memória
d-s-os = sistema
d-s-virtualization = virtualização
d-s-governor = governador
d-s-level = nível
d-s-seed = semente
d-s-rounds = rodadas
d-s-launches = inicializações
d-s-started = início
d-s-absent = nenhum
d-fail-on = --fail-on { $limit }: { $arm } em { $work } está a { $ratio } de sua velocidade
h-kvant = Feito pelo kvant.
b-title = llama-bench: { $name }
b-rows = Linhas do llama-bench
b-note =
    Medido pelo llama-bench, uma configuração após a outra: média e desvio padrão de suas
    repetições. Diferenças entre linhas não são testadas, porque a máquina pode ter variado entre
    elas.
b-h-model = modelo
b-h-threads = threads
rows =
    { $n ->
        [one] { $n } linha
       *[other] { $n } linhas
    }
b-conclusion =
    { $rows } de { $models } em { $cpu }; o llama-bench não dá base para dizer qual é mais rápida.

## A mix and its proof

m-title = { $model }: { $mix }
m-proof = Prova
m-recipe = Receita
m-files = Arquivos
m-run = execução que o comprova
m-again = Os mesmos tensores com o llama.cpp
m-picture = Tipos dos tensores por camada
m-h-ppl = PPL
m-h-decode = decodificação, t/s
m-h-kld-share = KLD da mistura / a deste
m-h-decode-share = decodificação da mistura / a deste
m-h-kind = tensores
m-h-types = tipos, a partir da primeira camada
m-too-large = { $mix } ocupa { $size }, e não { $limit } no máximo.
m-against =
    { $verdict ->
        [less] { $mix } perde menos que { $rival }
        [more] { $mix } perde mais que { $rival }
       *[open] Não está demonstrado que { $mix } perca menos nem mais que { $rival }
    }: { $ratio } da divergência dele em relação a { $reference } com { $share } do tamanho dele, em
    { $n ->
        [one] { $n } trecho
       *[other] { $n } trechos
    } de um texto com o qual nada foi escolhido.
m-loss-open = Não está demonstrado que sua divergência, { $kld } nats, seja de no máximo { $most }.
m-decodes =
    { $speed ->
        [slow]
            Decodifica { $rate } t/s, e não { $least }: nenhum arquivo encontrado consegue, e este é o que
            mais se aproxima.
       *[enough] Decodifica { $rate } t/s; pediam-se pelo menos { $least }.
    }
m-use-other =
    { $speed ->
        [slow] { $mix } decodifica { $own } t/s, não { $least }.
       *[enough] { $mix } decodifica { $own } t/s; pediam-se pelo menos { $least }.
    } Use { $other } ({ $size }): decodifica { $rate } t/s, com uma divergência de { $kld } nats.
m-as-fast =
    { $verdict ->
        [found] É tão rápido quanto: { $mix } decodifica a { $ratio } da velocidade de { $rival }.
        [slower] É mais lento: { $mix } decodifica a { $ratio } da velocidade de { $rival }; --min-decode pede velocidade.
        [faster] Também é mais rápido: { $mix } decodifica a { $ratio } da velocidade de { $rival }.
       *[none]
            Não foi encontrado nenhum arquivo que comprovadamente perca menos que { $rival } e
            decodifique tão rápido: { $mix } decodifica a { $ratio } da velocidade dele.
    }
m-source =
    A fonte já está quantizada: { $reference } foi feito a partir do { $given } dela e está nessa
    grade, portanto { $given } quase não perde nada em relação a ele, e qualquer outra comparação de
    tipos de 4 bits fica distorcida.
m-given-larger = O próprio { $given }, { $size }, é maior do que o pedido.
m-beats-given =
    Diante do próprio { $given } ({ $size }), { $mix } tem { $ratio } da divergência dele.
m-use-given =
    Use o próprio { $given } ({ $size }): não está demonstrado que algo feito a partir dele seja
    melhor neste tamanho.
m-sum =
    A soma do que cada grupo perde sozinho previu uma divergência de { $sum } nats em { $n ->
        [one] { $n } trecho
       *[other] { $n } trechos
    }
    de { $text }; o conjunto tem { $whole } ({ $off }).
m-predicted-speed =
    O perfil desta máquina previu { $predicted } t/s na decodificação; são { $measured }.
m-corrected = Os grupos foram medidos de novo em torno de uma primeira escolha.
m-no-imatrix = Nenhuma matriz de importância foi usada.
m-imatrix-gathered = { $n } trechos de { $text }
m-imatrix-file = o arquivo { $name }
m-imatrix =
    Os pesos foram ponderados com uma matriz de importância obtida de { $what }, que conhece
    { $known } de { $all } matrizes.
m-unmeasured =
    { $n ->
        [one]
            { $n } candidato não foi medido dentro do orçamento: sua perda foi estimada pelos erros
            de seus pesos.
       *[other]
            { $n } candidatos não foram medidos dentro do orçamento: suas perdas foram estimadas
            pelos erros de seus pesos.
    }

## Compilações e controle

builds = Compilações
builds-intro =
    Com que cada executável foi compilado, e o que isso faz com a velocidade. O mesmo arquivo em dois
    deles difere só pelos kernels.
kernels =
    { $build } diverge de { $base } em { $kld } nats, com o mesmo token mais provável em { $share } das
    posições.
h-build = compilação
h-flags = opções de compilação
h-instructions = informação do llama.cpp
h-against = em relação a { $build }
d-gate = : se a segunda compilação é aprovada, para um pedido de mudança
d-junit = : o mesmo, para o que executa os testes
g-title-failed = Reprovada: { $candidate } em relação a { $base }
g-title-passed = Aprovada: { $candidate } em relação a { $base }
g-title-open = Aprovada, mas sabe-se muito pouco: { $candidate } em relação a { $base }
g-title-unmeasured = Sem medição: { $candidate } em relação a { $base }
g-h-tps = { $build }, t/s
g-h-ratio = { $candidate } sobre { $base }
g-what = { $work } de { $arm }
g-slower = { $what }: { $candidate } vai a { $ratio } da velocidade de { $base }.
g-kld-failed =
    { $candidate } calcula algo diferente de { $base }: sua divergência KL é de { $kld } nats em
    janelas de { $n_ctx } tokens.
g-kld-passed =
    { $candidate } calcula o mesmo que { $base }: sua divergência KL é de { $kld } nats em janelas de
    { $n_ctx } tokens.
g-kld-open =
    Não se pode saber se { $candidate } calcula algo diferente de { $base }: sua divergência KL é de
    { $kld } nats em janelas de { $n_ctx } tokens. Um --text mais longo diz mais.
g-open =
    Não se pode saber se { $what } reprova no controle ({ $conditions }). Isso não o reprova; um
    --budget maior diz mais.
g-passed = Nada reprova no controle ({ $conditions }), e sabe-se o bastante para descartá-lo.
g-unmeasured = Sem medição: { $what }. { $why }
g-within = dentro da margem
g-rule =
    O controle reprova por { $conditions }, e só onde o intervalo não deixa dúvida. Medido em { $n ->
        [one] um par de lançamentos
       *[other] { $n } pares de lançamentos
    } em ordens opostas, { $time }; os extremos de um intervalo são limites que valem para
    todos os trabalhos e olhadas juntos em 95 de cada 100 controles.
