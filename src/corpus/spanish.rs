//! Spanish documents, built like the English ones.

use super::grammar::{Facts, Grammar};
use super::names::{self, Person};
use super::rng::Rng;
use super::spanish_words::{CUENTO, PALABRAS};
use super::sums::{self, Line};

static GRAMMAR: Grammar = Grammar(&[CUENTO, PALABRAS]);

type Genre = fn(&mut Rng) -> String;

const GENRES: &[Genre] = &[story, story, dialogue, letter, report, invoice, recipe, diary, lesson];

/// One Spanish document.
pub(super) fn document(rng: &mut Rng) -> String {
    let text = GENRES[rng.below(GENRES.len())](rng);
    // The contractions of Spanish: a + el, de + el.
    text.replace(" a el ", " al ")
        .replace(" de el ", " del ")
        .replace("Debajo de el ", "Debajo del ")
}

fn common(rng: &mut Rng) -> Facts {
    let (g, empty) = (&GRAMMAR, Facts::default());
    let mut facts = Facts::default();
    let is_feminine = rng.chance(50);
    let (thing, adj) = if is_feminine {
        ("cosa_f", "adj_f")
    } else {
        ("cosa_m", "adj_m")
    };
    let noun = g.say(rng, &empty, thing);
    facts.set("obj", format!("{noun} {}", g.say(rng, &empty, adj)));
    facts.set("cosa", noun);
    facts.set("el", if is_feminine { "la" } else { "el" });
    facts.set("un", if is_feminine { "una" } else { "un" });
    facts.set("lo", if is_feminine { "la" } else { "lo" });
    facts.set("pronobj", if is_feminine { "ella" } else { "él" });
    for (key, rule) in [
        ("moneda", "moneda"),
        ("tienda1", "tienda"),
        ("calle1", "calle"),
        ("cuarto1", "cuarto"),
        ("rio", "rio"),
        ("escondite1", "escondite"),
        ("apodo1", "apodo"),
        ("animal1", "animal"),
        ("mes1", "mes"),
        ("dia1", "dia"),
        ("cosas1", "cosas"),
        ("producto1", "producto"),
        ("util1", "util"),
        ("plato1", "plato"),
    ] {
        let value = g.say(rng, &empty, rule);
        facts.set(key, value);
    }
    facts.set("pueblo", names::lugar(rng));
    facts.set("otro", names::lugar(rng));
    facts.set("codigo", names::code(rng));
    let (price, gain, fee) = (rng.range(12, 180), rng.range(5, 90), rng.range(2, 9));
    let (n1, n2) = (rng.range(3, 60), rng.range(3, 60));
    for (key, value) in [
        ("precio", price),
        ("ganancia", gain),
        ("reventa", price + gain),
        ("oferta", price - rng.range(2, 10)),
        ("gasto", fee),
        ("devolucion", price - fee),
        ("n1", n1),
        ("n2", n2),
        ("nsuma", n1 + n2),
        ("hora", rng.range(2, 11)),
        ("dianum", rng.range(2, 28)),
        ("anio", rng.range(1860, 2020)),
        ("anios", rng.range(4, 40)),
        ("minutos", rng.range(10, 60)),
        ("minutos2", rng.range(3, 15)),
    ] {
        facts.set(key, value);
    }
    facts
}

fn speakers(rng: &mut Rng, facts: &mut Facts) -> Vec<Person> {
    let mut cast = names::people(rng, 2);
    cast.push(names::man_beside(rng, &cast));
    for (key, value) in [
        ("A", cast[0].first.as_str()),
        ("Aap", &cast[0].last),
        ("B", &cast[1].first),
        ("Bap", &cast[1].last),
        ("rival", &cast[2].first),
        ("heroe", &cast[0].first),
        ("apellido", &cast[0].last),
        ("amiga", &cast[1].first),
        ("pron", if cast[0].is_female { "ella" } else { "él" }),
        ("querido", if cast[1].is_female { "Querida" } else { "Querido" }),
        ("querido2", if cast[0].is_female { "Querida" } else { "Querido" }),
    ] {
        facts.set(key, value);
    }
    let trade = GRAMMAR.say(
        rng,
        &Facts::default(),
        if cast[0].is_female { "oficio_f" } else { "oficio_m" },
    );
    facts.set("oficio", trade);
    cast
}

fn story(rng: &mut Rng) -> String {
    let g = &GRAMMAR;
    let mut facts = common(rng);
    speakers(rng, &mut facts);
    let title = g.fill(rng, &facts, "{^el} {obj} de {pueblo}");
    let mut scenery = g.deck(rng, "escena");
    let n_scene = 2 + rng.below(3);
    let mut paragraphs = vec![format!(
        "{} {}",
        g.say(rng, &facts, "principio"),
        g.deal(rng, &facts, &mut scenery, n_scene)
    )];
    let n_events = 3 + rng.below(4);
    for beat in rng.sample(g.rule("suceso"), n_events) {
        let first = g.fill(rng, &facts, beat);
        let n = 1 + rng.below(2);
        paragraphs.push(
            format!("{first} {}", g.deal(rng, &facts, &mut scenery, n))
                .trim_end()
                .to_string(),
        );
    }
    let n_search = 2 + rng.below(3);
    paragraphs.push(g.several(rng, &facts, "busqueda", n_search));
    paragraphs.push(
        format!(
            "{} {}",
            g.say(rng, &facts, "hallazgo"),
            g.deal(rng, &facts, &mut scenery, 1)
        )
        .trim_end()
        .to_string(),
    );
    paragraphs.push(g.say(rng, &facts, "final"));
    format!("{title}\n\n{}", paragraphs.join("\n\n"))
}

fn dialogue(rng: &mut Rng) -> String {
    let g = &GRAMMAR;
    let mut facts = common(rng);
    speakers(rng, &mut facts);
    let mut lines = vec![g.fill(
        rng,
        &facts,
        "{A} y {B} se encontraron en {cuarto} de la vieja casa de {pueblo} un {dia}, {momento}. {B} traía {un} {obj}.",
    )];
    let mut small = rng.sample(g.rule("charla"), 5);
    let mut business = rng.sample(g.rule("negocio"), 5);
    while !business.is_empty() || !small.is_empty() {
        let from_business = small.is_empty() || (!business.is_empty() && rng.chance(55));
        if let Some(template) = if from_business { business.pop() } else { small.pop() } {
            lines.push(g.fill(rng, &facts, template));
        }
    }
    for template in rng.sample(g.rule("repaso"), 3) {
        lines.push(g.fill(rng, &facts, template));
    }
    lines.push(
        g.fill(
            rng,
            &facts,
            "Entonces {B} tomó {el} {cosa}, se despidió de {A} y volvió a {otro} bajo la {tiempo}.",
        )
        .replace("bajo la sol", "bajo el sol"),
    );
    lines.join("\n\n")
}

fn letter(rng: &mut Rng) -> String {
    let g = &GRAMMAR;
    let mut facts = common(rng);
    speakers(rng, &mut facts);
    let head = g.fill(rng, &facts, "{pueblo}, {dianum} de {mes1} de {anio}\n\n{querido} {B}:");
    let (n1, n2) = (1 + rng.below(3), 2 + rng.below(2));
    let first = format!(
        "{} {}",
        g.say(rng, &facts, "cartauno"),
        g.several(rng, &facts, "cartamas", n1)
    );
    let second = format!(
        "{} {}",
        g.say(rng, &facts, "cartados"),
        g.several(rng, &facts, "cartamas", n2)
    );
    let ask = g.say(rng, &facts, "cartafin");
    let sign = g.fill(rng, &facts, "{despedida},\n{A} {Aap}");
    let reply = g.fill(
        rng,
        &facts,
        "{otro}, {dia}\n\n{querido2} {A}:\n\nHe recibido tu carta del {dianum} de {mes1}. Dices que {el} {obj} con el número {codigo} costó {precio} {moneda}: lo recuerdo bien, aquel día había {tiempo}. {cartamas} En cuanto a {rival}, no digas nada de {el} {cosa} por ahora.\n\n{despedida},\n{B} {Bap}",
    );
    let letter = format!("{head}\n\n{first}\n\n{second}\n\n{ask}\n\n{sign}");
    if rng.chance(60) {
        format!("{letter}\n\n{reply}")
    } else {
        letter
    }
}

fn report(rng: &mut Rng) -> String {
    let g = &GRAMMAR;
    let mut facts = common(rng);
    let name = format!(
        "{} {}",
        names::surname(rng),
        rng.pick(&["y Compañía", "Hermanos", "e Hijas", "S. A.", "Cooperativa"])
    );
    let (staff, year) = (rng.range(20, 400), rng.range(1900, 2020));
    let (n1, n2) = (rng.range(3, 40), rng.range(3, 60));
    for (key, value) in [
        ("n1", n1),
        ("n2", n2),
        ("nsuma", n1 + n2),
        ("personal", staff),
        ("personaldespues", staff + n1),
        ("fundada", year - rng.range(5, 60)),
        ("anio", year),
    ] {
        facts.set(key, value);
    }
    facts.set("empresa", &name);
    let (months, start, n_months) = (g.rule("mes"), rng.below(7), 4 + rng.below(3));
    let rows: Vec<(&str, i64)> = (0..n_months).map(|i| (months[start + i], rng.range(20, 980))).collect();
    let coin = facts.get("moneda").unwrap_or_default().to_string();
    let table = rows
        .iter()
        .map(|(m, v)| format!("| {m} | {v} |"))
        .collect::<Vec<_>>()
        .join("\n");
    let (best, worst) = (sums::largest(&rows), sums::smallest(&rows));
    let total: i64 = rows.iter().map(|(_, v)| v).sum();
    let n_more = 2 + rng.below(3);
    format!(
        "{name}: {year} en cifras\n\n{} {}\n\n| Mes | Ventas en miles de {coin} |\n|---|---|\n{table}\n\nEl mejor mes fue {} con {} y el peor {} con {}, una diferencia de {}. {}\n\nEn total, {name} vendió por {total} mil {coin} en estos {n_months} meses. {}",
        g.say(rng, &facts, "informe"),
        g.several(rng, &facts, "informemas", 2),
        best.0, best.1, worst.0, worst.1, best.1 - worst.1,
        g.several(rng, &facts, "informemas", n_more),
        g.several(rng, &facts, "informefin", 2),
    )
}

fn invoice(rng: &mut Rng) -> String {
    let g = &GRAMMAR;
    let mut facts = common(rng);
    speakers(rng, &mut facts);
    let n_lines = 4 + rng.below(4);
    let (thing, adj) = if rng.chance(50) {
        ("cosa_f", "adj_f")
    } else {
        ("cosa_m", "adj_m")
    };
    let lines: Vec<Line> = rng
        .sample(g.rule(thing), n_lines)
        .into_iter()
        .map(|noun| Line {
            name: format!("{noun} {}", g.say(rng, &facts, adj)),
            count: rng.range(2, 12),
            price: rng.range(3, 60),
        })
        .collect();
    let bill = sums::bill(&lines, [5, 10, 20, 25][rng.below(4)]);
    let paid = rng.range(1, bill.total - 1);
    facts.set("pagado", paid);
    facts.set("deuda", bill.total - paid);
    facts.set("total", bill.total);
    let head = g.fill(rng, &facts, "Factura {codigo}\nTienda: {tienda1} de {calle1}, {pueblo}\nCliente: {A} {Aap}, {otro}\nFecha: {dianum} de {mes1} de {anio}\nPrecios en {moneda}.");
    let first = &lines[0];
    let close = g.fill(
        rng,
        &facts,
        "De las {total} {moneda}, {A} pagó {pagado} el {dia1} y todavía debe {deuda}. —Llevaré las {deuda} {moneda} a {calle1} antes de fin de {mes1} —escribió detrás de la factura {codigo}. {cartamas}",
    );
    let coin = facts.get("moneda").unwrap_or_default();
    format!(
        "{head}\n\n{}\n\nSuma: {}\nDescuento del {} %: {}\nTotal: {} {coin}\n\nLas {} unidades de «{}» a {} cada una hicieron {}. {}\n\n{close}",
        sums::table(&lines, ["Artículo", "Unidades", "Precio", "Importe"]),
        bill.subtotal, bill.percent, bill.discount, bill.total, first.count, first.name, first.price, first.count * first.price,
        sums::dearest(&lines).map_or(String::new(), |l| format!("El mayor importe fue {}, el de «{}».", l.count * l.price, l.name)),
    )
}

fn recipe(rng: &mut Rng) -> String {
    let g = &GRAMMAR;
    let mut facts = common(rng);
    speakers(rng, &mut facts);
    let (solids, liquids) = (rng.sample(g.rule("verdura"), 3), rng.sample(g.rule("liquido"), 2));
    for (key, value) in [
        ("i1", solids[0]),
        ("i2", solids[1]),
        ("i3", solids[2]),
        ("i4", liquids[0]),
        ("i5", liquids[1]),
    ] {
        facts.set(key, value);
    }
    let (persons, factor) = (rng.range(2, 6), rng.range(2, 4));
    let grams: Vec<i64> = (0..3).map(|_| rng.range(4, 60) * 10).collect();
    let list = |factor: i64| {
        (0..3)
            .map(|i| format!("- {} g de {}", grams[i] * factor, solids[i]))
            .collect::<Vec<_>>()
            .join("\n")
    };
    let n_steps = 5 + rng.below(3);
    let steps: Vec<String> = rng
        .sample(g.rule("pasos"), n_steps)
        .iter()
        .enumerate()
        .map(|(i, t)| format!("{}. {}", i + 1, g.fill(rng, &facts, t)))
        .collect();
    format!(
        "{} de {} con {}\n\n{}\n\nPara {persons} personas:\n{}\n- un poco de {}\n- un poco de {}\n\n{}\n\nPara {} personas, {factor} veces más:\n{}\n\n{}",
        sums::title(facts.get("plato1").unwrap_or_default()), solids[0], solids[1],
        g.say(rng, &facts, "historiaplato"),
        list(1), liquids[0], liquids[1],
        steps.join("\n"),
        persons * factor,
        list(factor),
        g.fill(rng, &facts, "{B} dice que {minutos} minutos bastan; {A} espera hasta que las {i3} estén en su punto."),
    )
}

fn diary(rng: &mut Rng) -> String {
    let g = &GRAMMAR;
    let mut facts = common(rng);
    speakers(rng, &mut facts);
    let (months, weekdays) = (g.rule("mes"), g.rule("dia"));
    let (month, mut day, mut weekday) = (months[rng.below(12)], rng.range(1, 9) as usize, rng.below(7));
    let mut entries = vec![g.fill(rng, &facts, "Diario de {A} {Aap}, {pueblo}, {anio}")];
    let n_days = 5 + rng.below(5);
    let mut thoughts = g.deck(rng, "diario");
    for i in 0..n_days {
        let n = 1 + rng.below(3);
        let mut text = format!(
            "{} {}",
            g.say(rng, &facts, "cadadia"),
            g.deal(rng, &facts, &mut thoughts, n)
        )
        .trim_end()
        .to_string();
        if i == 1 {
            text.push_str(&g.fill(
                rng,
                &facts,
                " He comprado {un} {obj} a {rival} por {precio} {moneda}; detrás pone {codigo}.",
            ));
        } else if i + 2 == n_days {
            text.push_str(&g.fill(rng, &facts, " He vendido {el} {cosa} en {otro} por {reventa}, o sea, {ganancia} {moneda} más de las {precio} que le di a {rival}."));
        }
        entries.push(format!(
            "{}, {day} de {month}\n{text}",
            super::grammar::capitalise(weekdays[weekday])
        ));
        let step = 1 + rng.below(2);
        day += step;
        weekday = (weekday + step) % 7;
    }
    entries.join("\n\n")
}

fn lesson(rng: &mut Rng) -> String {
    let g = &GRAMMAR;
    let facts = common(rng);
    let n = 4 + rng.below(3);
    let cast = names::people(rng, n);
    let nouns = rng.sample(g.rule("cosa_m"), n);
    let mut told = Vec::new();
    let mut asked = Vec::new();
    for (person, noun) in cast.iter().zip(nouns) {
        let (first, last, town, age) = (&person.first, &person.last, names::lugar(rng), rng.range(19, 80));
        let trade = g.say(rng, &facts, if person.is_female { "oficio_f" } else { "oficio_m" });
        let thing = format!("{noun} {}", g.say(rng, &facts, "adj_m"));
        told.push(g.fill(rng, &facts, &format!("{first} {last} es {trade} en {town}. A los {age} años todavía guarda un {thing} en {{cuarto}}. El {{dia}} come {{comida}} y bebe {{bebida}}.")));
        asked.push((format!("¿Dónde vive {first}?"), format!("En {town}.")));
        asked.push((
            format!("¿Cuántos años tiene {first}?"),
            format!("{age}. Dentro de diez años tendrá {}.", age + 10),
        ));
        asked.push((
            format!("¿Quién tiene el {thing}?"),
            format!("{first} {last}, de profesión {trade}."),
        ));
    }
    let n_asked = 5 + rng.below(4);
    let quiz: Vec<String> = rng
        .sample(&(0..asked.len()).collect::<Vec<_>>(), n_asked)
        .iter()
        .map(|i| format!("P: {}\nR: {}", asked[*i].0, asked[*i].1))
        .collect();
    format!(
        "Lee el texto y responde a las preguntas.\n\n{}\n\n{}",
        told.join("\n\n"),
        quiz.join("\n\n")
    )
}
