## Numbers and the phrases around them

language = Español
decimal-sign = ,
ends = [{ $lo }; { $hi }]
na = n/d
baseline = referencia
the-baseline = la referencia
itself = la referencia contra sí misma
worse-by = peor en { $ends } de PPL
cant-tell-yet = no se puede saber ({ $more })
some-more-rounds =
    { $n ->
        [one] alrededor de { $n } ronda más
       *[other] unas { $n } rondas más
    }
over-100-more = más de 100 rondas más
arm-with-kv = { $variant } con KV { $kv }
prefill-of = prefill de { $n } tokens
decode-at = decodificación a profundidad { $n }
no-reuse-at = decodificación sin reutilizar KV a profundidad { $n }
list-comma = ,{" "}
and-last = { $most } y { $last }
rounds =
    { $n ->
        [one] { $n } ronda
       *[other] { $n } rondas
    }
launches =
    { $n ->
        [one] { $n } lanzamiento
       *[other] { $n } lanzamientos
    }
cells =
    { $n ->
        [one] { $n } celda
       *[other] { $n } celdas
    }
samples =
    { $n ->
        [one] { $n } muestra
       *[other] { $n } muestras
    }
disturbed-samples =
    { $n ->
        [one] { $n } muestra perturbada
       *[other] { $n } muestras perturbadas
    }
faster = más rápida
slower = más lenta
same = igual
cant-tell = no se puede saber
indistinguishable = indistinguible
worse = peor
stopped-precision = todas las razones principales alcanzaron la precisión buscada
stopped-budget = se agotó el tiempo previsto
stopped-rounds = se hicieron todas las rondas previstas
stopped-interrupt = se interrumpió
stopped-failures = no quedó ninguna celda que medir
stopped-decided = la recomendación quedó decidida
stopped-short = el diario quedó cortado; continúelo con --resume

## The answer: conclusion, banners, closing sentences, the table of the terminal

cut-short-banner =
    La ejecución quedó cortada: sus cifras vienen de las rondas completas. Continúela con --resume.
interrupted-banner =
    La ejecución se interrumpió: sus cifras vienen de las rondas completas. Continúela con --resume.
broken-banner = Con archivos dañados, y por eso nunca la respuesta: { $arms } ({ $reason }).
quality-not-measured = En esta ejecución no se midió cuánta calidad cuestan los tipos menores.
quality-said = { $name } ({ $verdict })
kv-named = KV { $kv }
quality-of-variants = Calidad frente a { $baseline }, en ventanas de { $n_ctx } tokens: { $list }.
quality-of-kv =
    Calidad de los tipos de KV con { $baseline }, en ventanas de { $n_ctx } tokens: { $list }.
nothing-measured-failed = No se midió nada: fallaron { $n } de { $cells }.
nothing-measured = No se midió nada: no se completó ninguna ronda.
kv-ratio = { $ratio } con { $variant } ({ $verdict })
kv-effect =
    Una caché KV { $kv }{ $size } deja la velocidad de decodificación a profundidad { $n_depth } en
    { $effects }.
kv-size = {" "}ocupa { $own } en lugar de { $f16 } y
moves-one =
    { $arm } en { $work } es { $slowest }x cuando la máquina fue más lenta ({ $with }) y
    { $fastest }x cuando fue más rápida
moving =
    No es igual en esta máquina en todo momento: { $list }. Las razones de aquí son las de la
    máquina tal como estaba.
open-one = { $arm } en { $work } ({ $ratio })
open-others = {" "}y { $n } más
would-settle = ; para { $what }: { $rounds }{ $time }
settle-it = saberlo
settle-half = saber la mitad
unsettled = No se pudo saber: { $list }{ $others }{ $settle }.
not-measured-of =
    { $n ->
        [one] { $n } de { $cells } no se midió; los motivos están más abajo.
       *[other] { $n } de { $cells } no se midieron; los motivos están más abajo.
    }
at-prompt = con { $n } tokens
at-depth = a profundidad { $n }
ratio-here = { $ratio } { $setting }
fastest-everywhere =
    Según las estimaciones, { $name } es la que más rápido { $work ->
        [prefill] hace el prefill con cualquier longitud
       *[other] decodifica en todos los contextos
    }: { $ratios } respecto a { $baseline }; { $rate } t/s { $setting }.
pair-here = { $ratio } { $setting } ({ $verdict })
against-next-everywhere = { $name } frente a { $second }, la siguiente: { $pairs }.
setting-prompt = Con un prompt de { $n } tokens
setting-depth = A profundidad { $n }
nobody-ahead = { $setting }, ninguna variante supera a { $baseline }: { $next }.
leads = { $setting }, { $lead } ({ $rate } t/s){ $runner_up }.
against-next = ; frente a { $second }, la siguiente: { $ratio } ({ $verdict })
speed-against =
    { $name } { $work ->
        [prefill] hace el prefill
       *[other] decodifica
    } { $verdict ->
        [faster] más rápido que { $baseline }: { $ratio }
        [slower] más lento que { $baseline }: { $ratio }
        [same] igual de rápido que { $baseline }: { $ratio }
       *[cant_tell] a { $ratio } la velocidad de { $baseline }: no se puede saber si hay diferencia
    }
warning-line = aviso: { $text }
not-measured-line = sin medir: { $what } ({ $kind }): { $reason }
terminal-intro = Tokens por segundo; la razón es la de { $work }.
terminal-composed = {" "}+: cota, sin evaluar.
terminal-untold = {" "}El informe avisa de { $n } más.
terminal-more-arms = {" "}El informe tiene { $n } configuraciones más.
terminal-one-more-arm = {" "}El informe tiene una configuración más.
terminal-run-report = Para usarla: kvant report RUN --emit llama-server.
terminal-run-triage = Para usarla: la misma orden con --emit llama-server.
# (n_launches, n_rounds)
terminal-launches = Certeza: intervalos del 95 %, de { $n_launches } y { $n_rounds }.
# (baseline, ratio, bias)
terminal-bias = Certeza: { $baseline } contra sí misma dio { $ratio }; cada intervalo es un { $bias } más ancho.
# (baseline, ratio)
terminal-control = Certeza: { $baseline } contra sí misma dio { $ratio }; lo justo es 1.
terminal-versus = vs { $baseline } [95 %]

## The recommendation

which-one = Cuál usar
which-intro-fastest =
    Se busca la más rápida { $request } de las que respetan los límites: { $limits }.
which-intro-exact =
    Se busca la más exacta de las que respetan los límites ({ $limits }); entre igual de exactas, la
    más rápida { $request }.
no-limits = ninguno, salvo caber en la memoria
regret-note =
    La cota vale al 95 % para todas las candidatas juntas, con { $n_launches } de procesos nuevos y
    { $n_rounds }; las razones de la tabla valen al 95 % cada una por sí sola.
composed-note =
    La calidad marcada con + se compone de la de los pesos y la de los tipos de KV, medidas por
    separado: su intervalo es una cota.
predicted-intro =
    Previsto antes de medir, por los tipos de tensores de cada archivo y lo que esta máquina hace
    con esos pesos, junto a lo medido:
h-predicted-tps = t/s previstos
h-measured-tps = t/s medidos
h-predicted-peak = pico previsto
h-measured-peak = pico medido
off-by = { $value } ({ $percent })
left-out-intro = Sin medir, por lo previsto:
h-why = motivo
out-does-not-fit = necesita unos { $needed } y hay { $there } libres
out-over-limit = necesita unos { $needed }, mucho más que { $limit }
out-too-slow = decodifica a unos { $rate } t/s, mucho menos que { $least }
out-no-time = { $time } s eran pocos para ella
take =
    Use { $arm }: ninguna otra candidata que respete los límites es más de un { $percent } más
    rápida { $request }.
take-fastest =
    Use { $arm }: ninguna otra candidata que respete los límites es más rápida { $request }.
take-only = Use { $arm }: es la única candidata que respeta los límites.
take-alone = Use { $arm }: es la única candidata.
take-unmeasured = Use { $arm }: parece la más rápida, pero no se midió junto a todas las demás.
take-unsettled =
    Use { $arm }: puede ser hasta un { $percent } más lenta que la mejor { $request }{ $more }.
more-brings = ; midiendo { $time } más quedaría en torno al { $percent } (kvant triage --more)
in-decode = al decodificar
for-request = con peticiones de { $n_prompt } + { $n_gen } tokens
for-purpose = con peticiones de { $n_prompt } + { $n_gen } tokens ({ $purpose })
good = Igual de buenas: { $names }.
good-prompt = Igual de buenas: { $names }; sus prompts tardan menos.
good-quality = Igual de buenas: { $names }; es la que menos diverge de la referencia.
good-memory = Igual de buenas: { $names }; es la que menos memoria ocupa.
limit-open = Aún no se puede saber si respeta los límites: { $checks }.
others-open = De otras queda por saber si respetan los límites: { $list }.
waits = { $arm } ({ $checks })
fact-sentence = Resultado: { $facts }.
alternative = { $arm }: { $facts }{ $wins }.
choice-with = ; la elegida con { $flag }
less-memory = { $bytes } menos de memoria
more-memory = { $bytes } más de memoria
# (flag, arm, facts)
terminal-other = Con { $flag }: { $arm } ({ $facts }).
bytes-more = { $bytes } más
bytes-less = { $bytes } menos
percent-faster = un { $percent } más rápida
percent-slower = un { $percent } más lenta
about-as-fast = casi igual de rápida
kld-of = KLD { $nats }
flips = difiere uno de cada { $n } tokens más probables
other-purpose =
    Para { $purpose } ({ $request } tokens) la elegida es { $arm }: frente a ella, { $why }.
by-use = Según el uso: { $list }.
choice-for = { $arm } para { $uses }
prefills-at = los prompts van a { $factor }
decodes-at = la decodificación va a { $factor }
purposes-intro = La elegida para cada tipo habitual de petición, tokens de prompt + respuesta:
purposes-between =
    Los tiempos marcados con ~ toman el del prompt de las dos longitudes medidas a su alrededor.
h-purpose = uso
h-request = petición
h-choice = elegida
h-regret = otra puede ser más rápida en
h-request-time = tiempo de una petición
no-choice = ninguna respeta los límites
up-to = hasta un { $percent }
approximately = ~ { $time }
none-meets = Ninguna variante respeta los límites.
closest-is = { $arm } es la que más se acerca: { $missed }.
fact-decode = { $rate } t/s al decodificar a profundidad { $n_depth }
fact-users = { $rate } t/s para cada uno de { $n } usuarios
fact-ratio = { $ratio } la velocidad de { $baseline }
fact-ram = { $bytes } de memoria como máximo
fact-quality = perplejidad { $change } y KLD { $kld } frente a { $baseline }
fact-baseline = la referencia de calidad
fact-unscored = calidad sin medir (--quality off)
fact-open = calidad por saber (no se evaluó ningún texto)
lim =
    { $on ->
        [decode_tps] al menos { $value } t/s al decodificar
        [prefill_tps] al menos { $value } t/s en el prefill
        [ttft_ns] primer token en { $value } ms como máximo
        [ram_bytes] como máximo { $value } de memoria
        [device_bytes] como máximo { $value } en el dispositivo
        [n_ctx] un contexto de { $value } tokens
        [ppl] como máximo { $value } más de perplejidad
       *[kld] una KLD de como máximo { $value } nats
    }
limit-of-users = { $n } usuarios a la vez
seen =
    { $on ->
        [decode_tps] decodificación { $seen } t/s frente a { $value }
        [prefill_tps] prefill { $seen } t/s frente a { $value }
        [ttft_ns] primer token { $seen } ms frente a { $value }
        [ram_bytes] memoria { $seen } frente a { $value }
        [device_bytes] memoria { $seen } frente a { $value }
        [n_ctx] sitio para { $seen } tokens frente a { $value }
        [ppl] perplejidad { $seen } frente a { $value }
       *[kld] KLD { $seen } frente a { $value }
    }
not-seen = sin medir
too-few = { $value } (muy pocos fragmentos para un intervalo)
h-speed-against = velocidad frente a { $lead }
h-quality-loss = KLD, nats
h-limits = límites
h-choice-if = la elegida con
l-broken = dañado
l-met = respetados
the-choice = la elegida
chosen = { $arm } (la elegida)
context-that-fits =
    El mayor contexto de { $arm } que cabe en la memoria disponible al empezar: { $n } tokens.
beyond-training = {" "}El modelo se entrenó con { $n }.
running = Cómo usarla
running-intro =
    La misma elección en otros programas, con el archivo, los hilos, los lotes y la caché de esta
    ejecución y el contexto del modelo. `kvant report RUN --emit PROGRAM` imprime cualquiera de
    ellas.

## Sections: titles, introductions, heads of columns

title = { $model }: qué variante, con qué caché KV
conclusion = Respuesta

## Sections: heads of columns

h-variant = variante
h-kv = KV
h-size = tamaño, MiB
h-compression = compresión
h-ppl-change = cambio de PPL
h-decode-tps = decodificación, t/s ({ $work })
h-prefill-tps = prefill, t/s ({ $work })
h-ttft = TTFT, ms ({ $work })
h-peak = memoria máxima, MiB
h-holds = contiene
h-bpw = bits por peso
h-prefill-ratio = razón de prefill
h-decode-ratio = razón de decodificación
h-decode-verdict = veredicto de decodificación
h-weights = pesos
h-kv-type = tipo de KV
h-kv-mib = caché KV, MiB
h-mean-kld = KLD media, nats
h-kld-median = KLD mediana
h-kld-p99 = KLD p99
h-kld-p999 = KLD p99,9
h-same-top = mismo token más probable
h-dp-rms = RMS delta-p
h-verdict = veredicto
h-tokens = tokens
h-not-measured = sin medir
h-arm = configuración
h-window = ventana
h-outcome = resultado
h-reason = motivo
h-work = trabajo
h-before = texto anterior
h-next = el texto sigue con
h-expects = { $own } espera (en { $other })
h-tps = t/s
h-mad = MAD de las muestras
h-n-prompt = n_prompt
h-depth = profundidad
h-ttft-ms = TTFT, ms
h-itl = intervalo entre tokens, ms: p50
device-memory = { $measured } (previsto { $predicted })
h-gpu-joule-per-token = J por token (GPU)
h-ratio = razón con la referencia
h-with-reuse = con reutilización, ms por token
h-without-reuse = sin ella, ms por token
h-times-longer = veces más lento
h-no-reuse-kind = sin reutilización
h-buffers = pesos por búfer
h-kv-cache = caché KV
h-compute = cálculo
h-peak-resident = máximo residente
h-predicted = previsto
h-n-ctx-fits = n_ctx que cabe
h-device = dispositivo
h-file = archivo
h-label = su propia etiqueta
h-tensors = tensores por tipo
h-fallback = sustituidos
h-params = parámetros
h-origin = origen
h-question = pregunta
h-answer = respuesta
of = { $n } de { $all }
reference = referencia

## Sections: variants and KV types

variants = F16, 8 bits y 4 bits
variants-intro =
    Qué contiene cada variante y cómo se compara con { $baseline } en tamaño y velocidad. Tipo de KV
    { $kv } en todo; medianas con [intervalos del 95 %]; las razones se emparejan dentro de cada
    ronda, por encima de 1 es más rápida.
kv-types = Tipos de caché KV
kv-types-intro =
    Qué hace una caché KV más pequeña con la velocidad, la memoria y la calidad.
    Velocidad relativa a los mismos pesos con una caché KV de tipo { $reference } y el mismo ajuste
    de flash attention: por encima de 1 es más rápida; prefill de un prompt tan largo como la
    profundidad. La caché KV y la memoria máxima son las de un contexto de { $n_ctx } tokens. La
    calidad se mide frente a la referencia, en la ventana más cercana a la profundidad.

## Sections: quality

quality = Calidad
quality-intro =
    Cuánto pierde cada variante y cada tipo de KV frente a la referencia.
    La segunda mitad de cada ventana de texto se predice, token a token, como hace llama-perplexity;
    los intervalos son sobre ventanas, porque los tokens vecinos no son independientes. KLD: cuánto
    se apartan las probabilidades de las de la referencia, 0 es igual. Indistinguible: KLD menor que
    0,01 y el mismo token más probable en el 98 % de los lugares; dentro de esa zona nada se ordena.
    La PPL varía entre textos mucho más que entre variantes: lo que las compara es el cambio, que va
    emparejado; el intervalo de la propia PPL está en quality.csv.
windows-of = Ventanas de { $n } tokens
ended-because = Terminó porque { $why }.
scored-text = { $name } ({ $n } tokens, SHA-256 { $sha })
texts-scored = Texto: { $list }.
with-bos = Cada ventana empieza con el token BOS del vocabulario.
without-bos = Las ventanas no empiezan con el token BOS del vocabulario.
first-chunk = { $arm } (primer fragmento)
precise-after = { $tokens } (precisa tras { $n })
not-scored = Sin evaluar:
no-time-to-score =
    no hubo tiempo, o el texto tiene menos de dos ventanas así; use --level full o un --budget mayor
arm-left = no puede ser la elegida y se retiró antes de su primera muestra
no-round-completed = la ejecución terminó antes de su primera ronda completa
parts-from = Dónde se aparta { $arm } de { $baseline }
but-indistinguishable = { $arm }, indistinguible en conjunto,
parts-intro =
    Los lugares de mayor divergencia, con la probabilidad de cada token en su propio modelo y en el
    otro.

## Sections: context, reuse, memory, files

context = Latencia y velocidad según el contexto
context-intro = Con qué rapidez se escriben los tokens y se leen los prompts según crece el contexto.
decode = Decodificación
prefill = Prefill
reuse = Con y sin reutilización de KV
reuse-intro =
    Lo que cuesta un token más con la caché KV, y cuando cada token recalcula todo el prefijo (como
    hace `use_cache=False`).
extrapolated-note =
    Extrapolado: el recálculo no se cronometró a esta profundidad; lo representa el tiempo de
    prefill de esos tokens.
not-measured = sin medir
extrapolated = extrapolado
timed = medido
memory = Memoria
memory-intro =
    Cuánta memoria ocupó cada configuración y el mayor contexto que aún cabría.
    MiB, cada configuración en un proceso propio. RssFile es el archivo del modelo mapeado (el
    sistema puede descartarlo y releerlo), RssAnon el resto: caché KV, búferes de cálculo y pesos
    reempaquetados. El búfer de cálculo es lo que llama.cpp reserva; lo que nada usa todavía no está
    residente. Previsto: el máximo, antes de medir. n_ctx que cabe: en la memoria disponible al
    empezar, según el máximo medido; el modelo puede estar entrenado con menos.
energy = Energía y coste
energy-intro =
    Cuánta energía cuesta un token.
    Julios: lo que consumieron los procesadores (y la memoria, si tiene contador) mientras se medían
    los tokens, incluido todo lo demás que se ejecutaba allí; n/d si esta máquina no lo dice.
cost-intro =
    Coste: del tiempo que tardan un millón de tokens, a { $price } por hora y con una sola petición
    a la vez.
h-joule = J por token ({ $work })
h-cost = coste por millón de tokens ({ $work })
files = Archivos
files-intro =
    Qué es cada archivo, leído del propio archivo y no de su nombre. SHA-256 completo en
    results.json.
made-from = hecho a partir de { $file } ({ $ftype })
made-from-quantized = hecho a partir de { $file } ({ $ftype }, ya cuantizado)
n-parts = { $n } partes
as-given = tal como se dio
failures = Celdas que no se midieron
failures-intro = Lo que estaba previsto y no tiene resultado, y por qué.

## Sections: how sure

how-sure = Cuánta certeza hay
how-sure-intro =
    Qué aspecto tiene en esta ejecución una diferencia que no existe, y qué no habría podido detectar.
q-noise = Lo mismo medido dos veces
q-smallest = Menor diferencia que habría detectado
q-rounds = Rondas
q-disturbed = Perturbaciones
q-drift = Deriva de la máquina
no-control = no hubo control, así que el ruido de esta ejecución no se conoce
noise-excludes =
    la referencia contra sí misma: { $ratio }; la parte que sin duda es sesgo está incluida en todos
    los intervalos
noise-includes = la referencia contra sí misma: { $ratio }; como debe ser, el 1 está dentro
smallest-seen =
    { $median } en la comparación mediana de dos variantes, { $worst } en la menos segura
process-sets =
    { $n ->
        [one] { $n } grupo de procesos nuevos
       *[other] { $n } grupos de procesos nuevos
    }
rounds-ended = { $rounds } en { $sets }; terminó porque { $why }
none-discarded = ningún bloque (todas las configuraciones de un trabajo, seguidas) quedó anulado
discarded-blocks = bloques anulados y repetidos: { $n } (primero: { $first })
retained-disturbed = ; { $samples } en { $rounds } se quedaron (primera: { $first })
memory-reads = lectura de memoria
matrix-products = productos de matrices
drifted = { $name } de { $slowest } a { $fastest } respecto a su mediana
paused-for = ; se esperó { $time }
drift-for-all = { $halves }{ $paused }; todas las configuraciones de una ronda la comparten

## Sections: how it was measured

how-measured = Cómo se midió
how-measured-intro = La máquina, las versiones y los ajustes de esta ejecución.
f-machine = Máquina
f-memory = Memoria
f-system = Sistema
f-devices = Dispositivos
f-versions = Versiones
f-system-info = Información de sistema de llama.cpp
f-rounds = Rondas
f-control = Control (la referencia contra sí misma)
f-verdicts = Veredictos
f-time = Tiempo
f-overhead = Tiempo de evaluación respecto a las pasadas solas
f-share = Parte del tiempo tras la carga dentro de muestras y calentamiento
f-ended = Terminó porque
f-model = Modelo
f-configuration = Configuración
f-seed = Semilla y sal
f-corpus = SHA-256 del corpus
f-plan = SHA-256 del plan
f-level = Nivel
f-started = Comenzó
machine = { $cpu }, { $cores } núcleos, { $cpus } CPU lógicas utilizables
memory-at-start = { $all }, { $available } disponibles al empezar
virtualization = ; virtualización { $name }
governor = ; gobernador { $name }
load-at-start = { $os }; carga al empezar { $load }
cpu-only = solo CPU
versions = kvant { $kvant }; llama.cpp mediante { $llama }
rounds-complete =
    { $rounds } completas en { $launches }; cada ronda ejecuta cada celda una vez, en un orden
    contrabalanceado y reproducible con la semilla{ $unused }
not-used = ; no se usan { $samples } fuera de rondas completas
over-all-cells = { $ratio } sobre todas las celdas de prefill y decodificación
verdict-rule =
    igual: intervalo a menos de { $region } de 1; más rápida o más lenta: todo el intervalo fuera de
    esa zona; cada una por sí sola al { $alpha }
times =
    { $wall } en total, { $loading } de carga; muestras { $timed }, calentamiento { $warmup },
    calidad { $quality }
heads = { $heads } cabezas, { $kv_heads } cabezas KV
shape =
    { $arch }, { $layers } capas de { $embd }, { $heads }, vocabulario de { $vocab }, entrenado con
    { $ctx } tokens de contexto
configuration = dispositivo { $device }, { $sizes }, flash attention { $fa }
seed-and = { $seed } y{" "}
repeat = Para repetirlo
repeat-intro = La orden de esta ejecución:
data = Datos
data-intro = Lo que hay junto a este informe, para programas y para mirar más de cerca.
notes = Notas
d-results = : todas las cifras, con las muestras en bruto
d-csv = : una fila por celda
d-notebook = : las mismas tablas y gráficos en Python, con sitio para conclusiones
d-quality = : una fila por configuración y ventana evaluadas
d-bench = : filas para compare-llama-bench.py y lo demás que lee llama-bench
d-bench-md = : las mismas como tabla para pegar en un issue
d-bench-sql = : las mismas, para SQLite
d-journal = : lo que se registró;{" "}
d-journal-again = {" "}vuelve a generar el informe
d-chart = gráfico { $name }:{" "}

## Workloads measured on request

first-token-of = primer token de { $n_prompt } con { $n_shared } en la caché
restoring-state = restauración del estado de { $n } tokens
decode-of = decodificación de { $n_seq } secuencias a profundidad { $n_depth }
requests-of = peticiones de { $n_users } usuarios ({ $n_prompt } tokens, respuestas de { $n_gen })
speculative-at = decodificación especulativa a profundidad { $n }

## Workloads measured on request: prefix reuse

prefix-reuse = Reutilización de un prefijo
prefix-intro =
    El primer token de un prompt que continúa otro. En frío: se procesa todo el prompt. En caliente:
    la caché tiene su principio y solo se procesa el resto.
h-cached = de ellos en la caché
share-of = { $n } ({ $percent })
h-cold = TTFT en frío, ms
h-warm = TTFT en caliente, ms
h-times-sooner = veces antes
prefix-sooner =
    Con un prompt de { $n_prompt } tokens, { $n_shared } de ellos en la caché, { $variant } da el
    primer token { $factor } antes: { $warm } ms en lugar de { $cold }.
c-prefix = { $model }: primer token de { $n_prompt }, según lo que no está en la caché
c-prefix-sub =
    Menos es mejor. Mediana con su intervalo del 95 %; ejes logarítmicos; a la derecha no hay nada
    en la caché.
a-left = tokens del prompt por procesar

## Workloads measured on request: several sequences at once

batched = Varias secuencias a la vez
batched-intro =
    Cada paso decodifica un token de cada secuencia. Propio: cada secuencia tiene su prompt y su
    parte de la caché. Común: un prompt para todas, que está una sola vez en la caché.
h-prompt = prompt
h-sequences = secuencias
h-tps-all = t/s en total
h-tps-each = t/s cada una
h-against-one = en total, frente a una
own = propio
shared = común
batch-gain =
    Con { $n_seq } secuencias a la vez, { $variant } da { $gain } los tokens por segundo de una
    sola: { $total } en total, { $each } cada una.
c-batched = { $model }: velocidad de decodificación de todas las secuencias juntas
c-batched-sub = Más es mejor. Mediana con su intervalo del 95 %; a trazos: un prompt para todas.
a-sequences = secuencias a la vez
series-own = { $arm }, propios
series-shared = { $arm }, común

## Workloads measured on request: states

states = Guardar y restaurar estados
states-intro =
    Lo que cuesta calcular el estado de una secuencia a partir de sus tokens, guardarlo y
    restaurarlo. Guardarlo en disco incluye esperar a que el archivo esté allí; restaurarlo de disco
    lee el archivo (se pidió al sistema que lo olvidara), comprueba que es de este archivo de modelo
    y esta configuración, y lo restaura.
h-compute-ms = calcularlo, ms
h-save-memory = guardar en memoria, ms
h-restore-memory = restaurar de memoria, ms
h-save-disk = guardar en disco, ms
h-restore-disk = restaurar de disco, ms
h-times-faster = veces más rápido
state-pays =
    { $arm }: restaurar es más rápido que volver a calcular { $memory } desde memoria, { $disk }
    desde disco.
wins-everywhere = a toda profundidad medida (desde { $from } tokens)
wins-between = a partir de algún punto entre { $open } y { $from } tokens
wins-nowhere = a ninguna profundidad medida (hasta { $up_to } tokens)
state-restored =
    Restaurar el estado de { $n } tokens ({ $mib } MiB) de { $variant } es { $memory } más rápido
    que calcularlo desde memoria, { $disk } desde disco; desde disco es más rápido { $even }.
c-state = { $model }: calcular un estado, o restaurarlo
c-state-sub =
    Menos es mejor. La referencia; mediana con su intervalo del 95 %; ambos ejes son logarítmicos.
a-state-tokens = tokens en el estado
series-computed = calculado
series-from-disk = desde disco
series-from-memory = desde memoria

## Workloads measured on request: speculative decoding

speculative = Decodificación especulativa
speculative-intro =
    { $draft } ({ $mib } MiB) propone { $n } tokens; una pasada del modelo objetivo los comprueba
    todos, conserva los que él mismo habría elegido y da uno más. Siempre el token más probable;
    cada ronda tiene prompts propios. Aceptados: parte de los tokens propuestos, y del primero, del
    segundo, etc. (lo que sigue a uno rechazado se rechaza). Necesario: la parte con la que ambos
    serían igual de rápidos. Tokens distintos: donde el objetivo solo, tras el mismo texto, elige
    otro. Una pasada de varios tokens redondea de otra manera: son empates si sus dos logits no
    distan más de lo que tales pasadas movieron los tokens probables de estos textos unos respecto a
    otros, como máximo (redondeo).
no-draft = ningún modelo
h-alone = solo, ms por token
h-drafted = con borrador
h-speed-up = aceleración
h-accepted = aceptados
h-by-position = por posición
h-needed = necesario
h-per-pass = tokens por pasada
h-in-draft = tiempo en el borrador
h-other = tokens distintos
h-rounding = redondeo, logits
others = { $n } de { $all } (empates: { $ties })
none-would-do = ninguna parte bastaría
speculative-pays =
    Con { $draft } como borrador, { $target } genera a profundidad { $n_depth } a { $factor } la
    velocidad de { $target } solo: { $verdict }.
draft-accepted =
    Acepta el { $accepted } de los tokens propuestos, { $per_pass } tokens por pasada; necesario:
    { $needed }.
c-speculative = { $model }: generación con un borrador
c-speculative-sub =
    Menos es mejor. Borrador: { $draft }. Mediana con su intervalo del 95 %; ambos ejes son
    logarítmicos.

## Workloads measured on request: requests

requests = Usuarios y sus peticiones
requests-intro =
    Cada usuario envía una petición de { $n_prompt } tokens, espera la respuesta completa de
    { $n_gen } tokens y envía enseguida la siguiente. Todos comparten una caché, y cada pasada del
    modelo toma el siguiente token de cada respuesta y los prompts que esperan, como hace
    llama-server. Latencia: desde que se envía una petición hasta el final de su respuesta; TTFT:
    hasta su primer token. Los percentiles son sobre todas las peticiones de todas las rondas, sus
    intervalos sobre rondas; n/d si hay demasiado pocas más allá.
h-users = usuarios
h-per-minute = peticiones por minuto
h-latency = latencia { $quantile }, ms
h-request-ttft = TTFT { $quantile }, ms
h-requests = peticiones medidas
requests-answered =
    { $variant } responde { $per_minute } peticiones por minuto ({ $n_prompt } tokens, respuestas de
    { $n_gen }) a { $n_users } usuarios a la vez{ $latency }.
half-within = ; la mitad de las respuestas no tarda más de { $ms } ms
c-requests = { $model }: peticiones por minuto
c-requests-sub =
    Más es mejor. { $n_prompt } tokens, respuestas de { $n_gen }; todos los usuarios juntos; mediana
    con su intervalo del 95 %.
c-latency = { $model }: tiempo hasta la respuesta completa
c-latency-sub =
    Menos es mejor. { $n_prompt } tokens, respuestas de { $n_gen }; la mitad no tarda más; con su
    intervalo del 95 %.
a-users = usuarios a la vez
a-latency = p50 de la latencia, ms
series-alone = { $variant } solo
series-drafted = { $variant }, borrador

## Workloads measured on request: a conversation

chat = Una conversación
chat-intro =
    Una conversación en una caché: un prompt de sistema de { $n_system } tokens y después { $n_turns }
    turnos de { $n_prompt } tokens del usuario y una respuesta de { $n_gen }. Cada turno procesa solo lo
    nuevo. TTFT: desde lo que dice el usuario hasta el primer token de la respuesta; t/s: el resto. La
    razón es la de toda la conversación.
h-turn = turno
h-said-before = tokens anteriores
h-conversation = conversación, ms

## Charts

c-decode = { $model }: velocidad de decodificación según el contexto
c-decode-sub =
    Más es mejor. Mediana con su intervalo del 95 %; las configuraciones están lado a lado en cada
    profundidad.
c-prefill = { $model }: velocidad de prefill según la longitud del prompt
c-prefill-sub =
    Más es mejor. Mediana con su intervalo del 95 %; las configuraciones están lado a lado en cada
    longitud.
c-ttft = { $model }: tiempo hasta el primer token
c-ttft-sub = Menos es mejor. Mediana con su intervalo del 95 %; ambos ejes son logarítmicos.
c-reuse = { $model }: un token más, con y sin reutilización de KV
c-reuse-sub =
    Menos es mejor. Ambos ejes son logarítmicos; las marcas huecas se extrapolan del prefill.
c-kld-size = { $model }: divergencia según el tamaño
c-kld-sub =
    Menos es más cerca de la referencia. Media e intervalo del 95 % sobre ventanas; ejes
    logarítmicos.
c-kld-position = { $model }: divergencia según la posición en una ventana de { $n_ctx }
c-pareto = { $model }: velocidad, divergencia y tamaño
c-pareto-sub =
    Mejor a la derecha y abajo; área: tamaño del archivo; trazos: lo que nada supera.
a-decode-at = decodificación, tokens por segundo ({ $work })
pareto-label = { $arm }, { $mib } MiB
pareto-decode = decodificación: { $rate } t/s
pareto-kld = KLD: { $nats } nats
pareto-file = archivo: { $mib } MiB
rounds-and-windows = { $rounds }, { $windows }
c-rounds = { $model }: cada ronda, respecto a la mediana
c-rounds-sub =
    Velocidad de { $work } y de los kernels de prueba de la máquina; 100 es la mediana de cada uno.
    Lo que se mueve junto es deriva.
a-relative = por ciento de la mediana
c-memory = { $model }: memoria residente
c-memory-sub = Menos es mejor. Cada configuración en un proceso propio; la marca es el máximo.
a-cached = tokens en la caché
a-tps = tokens por segundo
a-prompt = tokens del prompt
a-ms = milisegundos
a-before = tokens anteriores
a-ms-per-token = milisegundos por token
a-size = archivo del modelo, MiB
a-kld = divergencia KL media, nats
a-before-predicted = tokens antes del predicho
a-round = ronda
p-file = archivo del modelo (RssFile)
p-kv = caché KV
p-other = otros (RssAnon sin KV)
p-peak = máximo
series-kv = { $variant }, KV { $kv }
series-with = { $variant } con
series-without = { $variant } sin
windows =
    { $n ->
        [one] { $n } ventana
       *[other] { $n } ventanas
    }
tip-extrapolated = { $tip }, extrapolado del prefill

## What a run recorded

ended-precise = todas las configuraciones alcanzaron la precisión buscada
ended-all = se evaluaron todos los fragmentos previstos
ended-spent = se agotó el tiempo o el texto
passed-over-file = { $file } ({ $what })
passed-over-because = { $file } ({ $what }: { $detail })
file-kind =
    { $kind ->
        [model] un modelo de lenguaje
        [projector] la parte de visión o audio de un modelo
        [imatrix] una matriz de importancia
        [adapter] un adaptador LoRA
        [draft] un modelo borrador
        [heads] capas de un modelo sin el resto
        [vocabulary] un vocabulario
        [encoder] un modelo que no genera texto
        [other_model] otro modelo
        [parts_missing] un modelo dividido e incompleto
        [unusable] no se puede usar
       *[other] no es un archivo GGUF
    }
quantized-by = por { $who }
imatrix = matriz de importancia { $what }
imatrix-from = de { $dataset }
imatrix-chunks = { $n } fragmentos
imatrix-entries = { $n } entradas

## What disturbed a sample

disturbed-cpu = otros programas le dejaron el { $percent } % de su tiempo de CPU
disturbed-steal = el hipervisor retuvo el { $percent } % del tiempo de CPU de la máquina
disturbed-quota = la cuota de CPU la frenó el { $percent } % del tiempo
disturbed-suspended = la máquina estuvo suspendida { $seconds } s
disturbed-faults = { $n } fallos de página se leyeron de un disco

## Warnings: what, and what to do

warn-unused-instructions =
    este binario no usa { $names } de la CPU y las velocidades son menores de lo posible; compílelo
    de nuevo con RUSTFLAGS="-C target-cpu=native" y sin SOURCE_DATE_EPOCH
warn-not-resident =
    todos los modelos juntos necesitan { $needed } MiB y pueden usarse { $limit } MiB, así que cada
    ronda los carga por turnos; cierre otros programas o compare menos variantes para tener cifras
    más estables
warn-beyond-trained =
    la profundidad { $n_depth } supera los { $n_ctx_train } tokens con los que se entrenó el modelo
    y su texto puede ser malo allí; use --depths para quedar por debajo
warn-requantized-baseline =
    { $variant } se hizo a partir de un archivo { $from } y tiene la calidad de { $from }; dé
    { $variant } publicada para comparar calidad
warn-requantized =
    { $variants } { $n ->
        [one] se hizo a partir de un archivo { $from } y no puede
       *[other] se hicieron a partir de un archivo { $from } y no pueden
    } superar su exactitud; dé los archivos publicados para compararlos
warn-passed-over =
    se omitieron { $files }{ $n ->
        [0] {""}
       *[other] {" "}y { $n } más
    }; nombre un archivo para medirlo
warn-busy =
    la máquina estaba ocupada al empezar (carga { $load } en { $cpus } CPU) y los intervalos pueden
    ser anchos; cierre otros programas y repita
warn-too-many-threads =
    { $threads } hilos comparten { $cpus } CPU, y cada operación de llama.cpp espera al último de
    sus hilos, así que estas velocidades quedan muy por debajo de lo que la máquina puede; use
    --threads { $cpus } o menos
warn-random-weights =
    los pesos son aleatorios, con la forma de { $shape }: velocidad y memoria son las del modelo, su
    texto no significa nada y su calidad no se mide
warn-fake-engine = estas cifras vienen del motor de pruebas de kvant, no de un modelo; no las use
warn-handicap =
    el control se frenó adrede en { $share } para calibrar kvant; sus cifras no son mediciones
warn-builtin =
    este es el modelo diminuto incluido en kvant, no { $model }, que no se pudo obtener ({ $why });
    sus cifras dicen poco de otros modelos: resuélvalo y repita, o nombre un archivo .gguf
warn-nothing-rotated =
    llama.cpp no rota nada en una caché de este modelo, con { $kv } o sin ella (solo cabezas
    cuantizadas de un múltiplo de 64 elementos; aquí K tiene { $k } y V { $v }), así que son lo
    mismo; omítala
warn-nothing-drafts =
    nada puede proponer tokens a la referencia y se omitió la decodificación especulativa; compare
    también una variante menor, o nombre un archivo con --draft
warn-one-client =
    un servidor RPC de llama.cpp atiende a un cliente a la vez, así que cada ronda carga los modelos
    por turnos, por la red; déle tiempo con --budget
warn-shards-missing =
    de { $count } partes faltan estas: { $shards }; lo que contienen no está en este informe:
    ejecútelas y vuelva a unir
warn-shards-unfinished =
    de { $count } partes se interrumpieron estas: { $shards }; complételas con --resume y vuelva a
    unir
warn-shards-both = { $missing }; y { $unfinished }
warn-fallback =
    { $fallback } de { $tensors } tensores de { $variant } tienen otro tipo que el de la etiqueta,
    porque sus filas no caben en sus bloques; júzguela por sus bits por peso

## The page

pg-skip = Ir al informe
pg-sections = Secciones
pg-theme = Claro / oscuro
pg-copy = Copiar
pg-copied = Copiado
pg-filter = Filtrar filas
pg-filter-of = Filtrar filas: { $title }
pg-where = { $cpu }. { $rounds } en { $launches }, { $started }.
pg-made-by =
    Hecho por kvant { $version } a partir del diario de la ejecución { $run }. Gráficos: señale una
    marca, o pulse Tab y las flechas, para ver su intervalo y n.

## The notebook

nb-title = { $model }: cuaderno de la ejecución
nb-intro =
    Todo lo que sigue viene de `results.json`, junto a este archivo; sus campos se describen en
    `docs/results.schema.json` de kvant. Ejecute todas las celdas de arriba abajo: solo hacen falta
    pandas y matplotlib.
nb-conclusion = Lo que dice el informe
nb-variants = Variantes
nb-speed = Velocidad
nb-speed-note =
    Medianas en tokens por segundo con intervalos del 95 %; las razones se emparejan dentro de cada
    ronda, por encima de 1 es más rápida que la referencia.
nb-decode = Velocidad de decodificación según el contexto
nb-reuse = Lo que cuesta un token sin reutilizar KV
nb-memory = Memoria
nb-quality = Calidad
nb-quality-note =
    Divergencia KL media respecto a la referencia y cambio de perplejidad; los intervalos son sobre
    ventanas de texto.
nb-samples = Muestras ronda a ronda
nb-samples-note =
    Todas las configuraciones de una ronda comparten lo que hizo la máquina entonces: líneas que se
    mueven juntas son deriva, no diferencias entre configuraciones.
nb-own = Sus conclusiones
nb-own-note =
    ¿Qué variante, con qué caché KV, en esta máquina? ¿Qué cuesta en calidad? ¿Con cuánta certeza, y
    qué no pudo decir esta ejecución?
nb-none = nada medido

## Several runs on one page

s-title = { $n } ejecuciones, una junto a otra
s-said = Ejecución { $number }, { $model } en { $cpu }: { $said }
s-untested =
    Entre ejecuciones no se contrasta nada: se midieron en momentos distintos. Para dos de ellas,
    kvant diff da razones con intervalos.
s-runs = Las ejecuciones
s-h-number = n.º
s-h-run = ejecución
s-h-control = control A/A
s-variants = Variantes
s-variants-intro =
    Tipo de KV de la referencia de cada ejecución, medianas con [intervalos del 95 %]. Razones y
    veredictos son los de dentro de una ejecución, frente a su propia referencia.
s-speed-intro =
    Tokens por segundo de lo que midieron al menos dos ejecuciones, una columna por ejecución.
s-h-tps = { $number }, t/s
s-chart = Velocidad de decodificación según el contexto
s-chart-sub =
    Más es mejor. Medianas con intervalos del 95 %; un color por ejecución, según su número.
s-line = { $number }: { $variant }

## Two runs beside each other, and rows of llama-bench

d-title = { $b } frente a { $a }
d-unpaired =
    Las razones son la velocidad de B ({ $b }) entre la de A ({ $a }); por encima de 1 es más
    rápida. No están emparejadas: se midieron en momentos distintos, así que lo demás que cambió en
    la máquina está en la razón y no en su intervalo.
d-no-significance =
    { $name } viene de llama-bench, que mide una configuración tras otra: su dispersión dice poco de
    cuánto se movió la máquina entretanto, así que no se da ningún intervalo ni veredicto.
d-other-machine = Se ejecutaron en máquinas distintas: las razones comparan también las máquinas.
d-incomplete = { $name } no llegó a su fin.
d-config = Qué cambió en la configuración
d-config-same = Nada cambió entre los { $n } ajustes comparados.
d-config-others = Otros { $n } ajustes son iguales.
d-speed = Velocidad
d-only = Solo en { $name }:{" "}
d-nothing-shared =
    No tienen ninguna celda medida en común: ninguna variante con el mismo tipo de KV hizo el mismo
    trabajo en ambas.
d-h-setting = ajuste
d-h-a = A: { $name }
d-h-b = B: { $name }
d-h-a-tps = A, t/s
d-h-b-tps = B, t/s
d-h-ratio = B entre A
d-h-n = n (A, B)
d-counts =
    De { $all } celdas presentes en ambas, B es más rápida en { $faster }, más lenta en { $slower }
    e igual en { $same }; de { $open } no se puede saber.
d-counts-bare = { $all } celdas están en ambas; sin veredictos.
d-worst = Mayor pérdida: { $arm } en { $work }, { $ratio }.
d-best = Mayor ganancia: { $arm } en { $work }, { $ratio }.
d-quality-intro =
    Las perplejidades son las de todas las ventanas que puntuó una ejecución; su cambio está
    emparejado por ventana, sobre las que ambas puntuaron, con un intervalo del 95 % sobre ventanas.
    La KLD es la divergencia respecto a la referencia de cada ejecución.
d-other-texts =
    Puntuaron textos distintos, o los dividieron de otro modo: sus perplejidades no se comparan.
d-ppl-counts =
    De { $n } perplejidades presentes en ambas, la de B es menor (mejor) en { $lower } y mayor en
    { $higher } por más que su intervalo; el resto no muestra tal cambio.
d-h-a-ppl = A, PPL
d-h-b-ppl = B, PPL
d-h-ppl-change = PPL, B frente a A
d-h-a-kld = A, KLD
d-h-b-kld = B, KLD
d-h-n-windows = ventanas (A, B, ambas)
d-s-model = modelo
d-s-sha = SHA-256 de { $variant }
d-s-cores = núcleos / CPU
d-s-memory = memoria
d-s-os = sistema
d-s-virtualization = virtualización
d-s-governor = gobernador
d-s-level = nivel
d-s-seed = semilla
d-s-rounds = rondas
d-s-launches = lanzamientos
d-s-started = comenzó
d-s-absent = ninguno
d-fail-on = --fail-on { $limit }: { $arm } en { $work } está a { $ratio } de su velocidad
h-kvant = Hecho por kvant.
b-title = llama-bench: { $name }
b-rows = Filas de llama-bench
b-note =
    Medido por llama-bench, una configuración tras otra: media y desviación típica de sus
    repeticiones. Las diferencias entre filas no se contrastan, porque la máquina pudo moverse entre
    ellas.
b-h-model = modelo
b-h-threads = hilos
rows =
    { $n ->
        [one] { $n } fila
       *[other] { $n } filas
    }
b-conclusion =
    { $rows } de { $models } en { $cpu }; llama-bench no da base para decir cuál es más rápida.

## A mix and its proof

m-title = { $model }: { $mix }
m-proof = Prueba
m-recipe = Receta
m-files = Archivos
m-run = ejecución que lo prueba
m-again = Los mismos tensores con llama.cpp
m-picture = Tipos de los tensores por capa
m-h-ppl = PPL
m-h-decode = decodificación, t/s
m-h-kld-share = KLD de la mezcla / la suya
m-h-decode-share = decodificación de la mezcla / la suya
m-h-kind = tensores
m-h-types = tipos, desde la primera capa
m-too-large = { $mix } ocupa { $size } y no { $limit } como máximo.
m-against =
    { $verdict ->
        [less] { $mix } pierde menos que { $rival }
        [more] { $mix } pierde más que { $rival }
       *[open] No queda demostrado que { $mix } pierda menos ni más que { $rival }
    }: { $ratio } de su divergencia respecto a { $reference } con el { $share } de su tamaño, en
    { $n ->
        [one] { $n } fragmento
       *[other] { $n } fragmentos
    } de un texto con el que no se eligió nada.
m-loss-open =
    No queda demostrado que su divergencia, { $kld } nats, sea como máximo { $most }.
m-decodes =
    { $speed ->
        [slow]
            Decodifica { $rate } t/s y no { $least }: ningún archivo hallado lo consigue, y este es el que
            más se acerca.
       *[enough] Decodifica { $rate } t/s; se pedían al menos { $least }.
    }
m-use-other =
    { $speed ->
        [slow] { $mix } decodifica { $own } t/s, no { $least }.
       *[enough] { $mix } decodifica { $own } t/s; se pedían al menos { $least }.
    } Use { $other } ({ $size }): decodifica { $rate } t/s, con una divergencia de { $kld } nats.
m-as-fast =
    { $verdict ->
        [found] Es igual de rápido: { $mix } decodifica a { $ratio } de la velocidad de { $rival }.
        [slower] Es más lento: { $mix } decodifica a { $ratio } de la velocidad de { $rival }; --min-decode pide velocidad.
        [faster] También es más rápido: { $mix } decodifica a { $ratio } de la velocidad de { $rival }.
       *[none]
            No se halló ningún archivo del que quede demostrado que pierda menos que { $rival } y
            decodifique igual de rápido: { $mix } decodifica a { $ratio } de su velocidad.
    }
m-source =
    La fuente ya está cuantizada: { $reference } se hizo a partir de su { $given } y está en esa
    rejilla, así que { $given } apenas pierde nada frente a él, y toda otra comparación de tipos de
    4 bits queda sesgada.
m-given-larger = El propio { $given }, { $size }, es mayor de lo que se pidió.
m-beats-given =
    Frente al propio { $given } ({ $size }), { $mix } tiene { $ratio } de su divergencia.
m-use-given =
    Use el propio { $given } ({ $size }): no queda demostrado que nada hecho a partir de él sea
    mejor con este tamaño.
m-sum =
    La suma de lo que pierde cada grupo por separado predijo una divergencia de { $sum } nats en
    { $n ->
        [one] { $n } fragmento
       *[other] { $n } fragmentos
    } de { $text }; el conjunto tiene { $whole } ({ $off }).
m-predicted-speed =
    El perfil de esta máquina predijo { $predicted } t/s al decodificar; son { $measured }.
m-corrected = Los grupos se midieron de nuevo en torno a una primera elección.
m-no-imatrix = No se usó ninguna matriz de importancia.
m-imatrix-gathered = { $n } fragmentos de { $text }
m-imatrix-file = el archivo { $name }
m-imatrix =
    Los pesos se ponderaron con una matriz de importancia obtenida de { $what }, que conoce
    { $known } de { $all } matrices.
m-unmeasured =
    { $n ->
        [one]
            { $n } candidato no se midió dentro del presupuesto: su pérdida se estimó por los errores
            de sus pesos.
       *[other]
            { $n } candidatos no se midieron dentro del presupuesto: sus pérdidas se estimaron por
            los errores de sus pesos.
    }

## Compilaciones y control

builds = Compilaciones
builds-intro =
    Con qué se compiló cada ejecutable, y qué efecto tiene en la velocidad. El mismo archivo en dos de
    ellos difiere solo por sus kernels.
kernels =
    { $build } diverge de { $base } en { $kld } nats, con el mismo token más probable en { $share } de
    las posiciones.
h-build = compilación
h-flags = opciones de compilación
h-instructions = información de llama.cpp
h-against = frente a { $build }
d-gate = : si la segunda compilación se aprueba, para una petición de cambios
d-junit = : lo mismo, para lo que ejecuta las pruebas
g-title-failed = No aprobada: { $candidate } frente a { $base }
g-title-passed = Aprobada: { $candidate } frente a { $base }
g-title-open = Aprobada, aunque se sabe demasiado poco: { $candidate } frente a { $base }
g-title-unmeasured = Sin medir: { $candidate } frente a { $base }
g-h-tps = { $build }, t/s
g-h-ratio = { $candidate } respecto de { $base }
g-what = { $work } de { $arm }
g-slower = { $what }: { $candidate } va a { $ratio } de la velocidad de { $base }.
g-kld-failed =
    { $candidate } calcula otra cosa que { $base }: su divergencia KL es de { $kld } nats en ventanas
    de { $n_ctx } tokens.
g-kld-passed =
    { $candidate } calcula lo mismo que { $base }: su divergencia KL es de { $kld } nats en ventanas de
    { $n_ctx } tokens.
g-kld-open =
    No se puede saber si { $candidate } calcula otra cosa que { $base }: su divergencia KL es de
    { $kld } nats en ventanas de { $n_ctx } tokens. Un --text más largo dice más.
g-open =
    No se puede saber si { $what } incumple el control ({ $conditions }). Eso no lo suspende; un
    --budget mayor dice más.
g-passed = Nada incumple el control ({ $conditions }), y se sabe lo suficiente para descartarlo.
g-unmeasured = Sin medir: { $what }. { $why }
g-within = dentro del margen
g-rule =
    El control se suspende por { $conditions }, y solo donde el intervalo no deja dudas. Medido en { $n ->
        [one] un par de lanzamientos
       *[other] { $n } pares de lanzamientos
    } en órdenes opuestos, { $time }; los extremos de un intervalo son cotas que valen para
    todos los trabajos y miradas a la vez en 95 de cada 100 controles.
