//! English documents. Every one fixes its facts first and comes back to them later, so that context pays.

use super::english_lines::{STORY, TALK};
use super::english_words::WORDS;
use super::grammar::{Facts, Grammar};
use super::names::{self, Person};
use super::rng::Rng;
use super::sums::{self, Line};

static STORY_GRAMMAR: Grammar = Grammar(&[STORY, WORDS]);
static TALK_GRAMMAR: Grammar = Grammar(&[TALK, WORDS]);

type Genre = fn(&mut Rng) -> String;

const GENRES: &[Genre] = &[
    story, story, dialogue, letter, report, invoice, life, recipe, diary, lesson, story,
];

/// One English document.
pub(super) fn document(rng: &mut Rng) -> String {
    GENRES[rng.below(GENRES.len())](rng)
}

fn pronouns(person: &Person) -> (&'static str, &'static str, &'static str) {
    if person.is_female {
        ("she", "her", "her")
    } else {
        ("he", "him", "his")
    }
}

/// What every genre may mention: things, places, prices and sums that hold for the whole document.
fn common(rng: &mut Rng, grammar: &Grammar) -> Facts {
    let mut facts = Facts::default();
    let empty = Facts::default();
    for (key, rule) in [
        ("coin", "coin"),
        ("noun1", "noun"),
        ("room1", "room"),
        ("street", "street"),
        ("shopkind", "shopkind"),
        ("river", "river"),
        ("hiding", "hiding"),
        ("petkind", "animal"),
        ("pet", "petname"),
        ("trade1", "trade"),
        ("ftrade", "trade"),
        ("month1", "month"),
        ("day1", "weekday"),
        ("subject1", "subject"),
        ("product1", "product"),
        ("tool1", "tool"),
        ("dish1", "dish"),
    ] {
        let value = grammar.say(rng, &empty, rule);
        facts.set(key, value);
    }
    let noun = facts.get("noun1").unwrap_or_default().to_string();
    facts.set("obj", format!("{} {noun}", grammar.say(rng, &empty, "adj")));
    facts.set("town", names::town(rng));
    facts.set("othertown", names::town(rng));
    facts.set("code", names::code(rng));
    let (price, gain, fee) = (rng.range(12, 180), rng.range(5, 90), rng.range(2, 9));
    facts.set("price", price);
    facts.set("gain", gain);
    facts.set("resale", price + gain);
    facts.set("offer", price - rng.range(2, 10));
    facts.set("fee", fee);
    facts.set("refund", price - fee);
    facts.set("left", rng.range(3, 60));
    let (n1, n2) = (rng.range(3, 60), rng.range(3, 60));
    facts.set("n1", n1);
    facts.set("n2", n2);
    facts.set("nsum", n1 + n2);
    facts.set("hour", rng.range(2, 11));
    facts.set("dayno", rng.range(2, 28));
    facts.set("year", rng.range(1860, 2020));
    facts.set("years", rng.range(4, 40));
    facts.set("mins", rng.range(10, 60));
    facts.set("mins2", rng.range(3, 15));
    facts
}

/// Binds the two speakers or correspondents of a document, and a third person they talk about.
fn speakers(rng: &mut Rng, facts: &mut Facts) -> Vec<Person> {
    let mut cast = names::people(rng, 2);
    cast.push(names::man_beside(rng, &cast));
    facts.set("A", &cast[0].first);
    facts.set("Alast", &cast[0].last);
    let (he, _, his) = pronouns(&cast[0]);
    facts.set("Ahe", he);
    facts.set("Ahis", his);
    facts.set("B", &cast[1].first);
    facts.set("Blast", &cast[1].last);
    facts.set("Btitle", if cast[1].is_female { "Mrs" } else { "Mr" });
    facts.set("rival", &cast[2].first);
    cast
}

fn story(rng: &mut Rng) -> String {
    let g = &STORY_GRAMMAR;
    let mut facts = common(rng, g);
    let cast = names::people(rng, 2);
    let rival = names::man_beside(rng, &cast);
    let (he, him, his) = pronouns(&cast[0]);
    for (key, value) in [
        ("hero", cast[0].first.as_str()),
        ("surname", &cast[0].last),
        ("he", he),
        ("him", him),
        ("his", his),
        ("friend", &cast[1].first),
        ("fhe", pronouns(&cast[1]).0),
        ("rival", &rival.first),
    ] {
        facts.set(key, value);
    }
    let trade = g.say(rng, &facts, "trade");
    facts.set("trade", trade);
    let title = format!(
        "The {} of {}",
        sums::title(facts.get("obj").unwrap_or_default()),
        facts.get("town").unwrap_or_default()
    );
    let mut scenery = g.deck(rng, "setting");
    let n_opening = 2 + rng.below(3);
    let mut paragraphs = vec![format!(
        "{} {}",
        g.say(rng, &facts, "opening"),
        g.deal(rng, &facts, &mut scenery, n_opening)
    )];
    let n_events = 3 + rng.below(5);
    for beat in rng.sample(g.rule("event"), n_events) {
        let first = g.fill(rng, &facts, beat);
        let n = 1 + rng.below(2);
        paragraphs.push(
            format!("{first} {}", g.deal(rng, &facts, &mut scenery, n))
                .trim_end()
                .to_string(),
        );
    }
    let n_search = 3 + rng.below(3);
    paragraphs.push(g.several(rng, &facts, "search", n_search));
    paragraphs.push(
        format!(
            "{} {}",
            g.say(rng, &facts, "finding"),
            g.deal(rng, &facts, &mut scenery, 1)
        )
        .trim_end()
        .to_string(),
    );
    paragraphs.push(g.say(rng, &facts, "ending"));
    format!("{title}\n\n{}", paragraphs.join("\n\n"))
}

fn dialogue(rng: &mut Rng) -> String {
    let g = &TALK_GRAMMAR;
    let mut facts = common(rng, g);
    speakers(rng, &mut facts);
    let place = g.say(rng, &facts, "room");
    let mut lines = vec![g.fill(
        rng,
        &facts,
        &format!("{{A}} and {{B}} met in the {place} of the old house in {{town}} on {{a weekday}}, {{time}}. {{B}} had brought {{a obj}}."),
    )];
    let mut small = rng.sample(g.rule("smalltalk"), 5);
    let mut business = rng.sample(g.rule("business"), 6);
    while !business.is_empty() || !small.is_empty() {
        let from_business = small.is_empty() || (!business.is_empty() && rng.chance(55));
        if let Some(template) = if from_business { business.pop() } else { small.pop() } {
            lines.push(g.fill(rng, &facts, template));
        }
    }
    for template in rng.sample(g.rule("recall"), 3) {
        lines.push(g.fill(rng, &facts, template));
    }
    lines.push(g.fill(
        rng,
        &facts,
        "Then {B} took the {noun1}, said goodbye to {A} and walked back to {othertown} through the {weather}.",
    ));
    lines.join("\n\n")
}

fn letter(rng: &mut Rng) -> String {
    let g = &TALK_GRAMMAR;
    let mut facts = common(rng, g);
    speakers(rng, &mut facts);
    let head = g.fill(rng, &facts, "{street}, {town}\n{dayno} {month1} {year}\n\n{greeting},");
    let (n1, n2) = (2 + rng.below(3), 2 + rng.below(3));
    let first = format!(
        "{} {}",
        g.say(rng, &facts, "lettertop"),
        g.several(rng, &facts, "lettermore", n1)
    );
    let second = format!(
        "{} {}",
        g.say(rng, &facts, "lettermid"),
        g.several(rng, &facts, "lettermore", n2)
    );
    let ask = g.say(rng, &facts, "letterask");
    let sign = g.fill(rng, &facts, "{lettersign},\n{A} {Alast}");
    let reply = g.fill(
        rng,
        &facts,
        "{othertown}, {a weekday}\n\nDear {A},\n\nyour letter of {dayno} {month1} made me {feeling}. You write that the {obj} with the number {code} cost {price} {coin}: I remember it well, it was {weather} that day. {lettermore} As for {rival}, say nothing about the {noun1} for now.\n\n{lettersign},\n{B} {Blast}",
    );
    let letter = format!("{head}\n\n{first}\n\n{second}\n\n{ask}\n\n{sign}");
    if rng.chance(60) {
        format!("{letter}\n\n{reply}")
    } else {
        letter
    }
}

fn company(rng: &mut Rng, g: &Grammar) -> String {
    format!(
        "{} {}",
        names::surname(rng),
        g.say(rng, &Facts::default(), "kindofcompany")
    )
}

fn report(rng: &mut Rng) -> String {
    let g = &TALK_GRAMMAR;
    let mut facts = common(rng, g);
    speakers(rng, &mut facts);
    let (staff, n1, year) = (rng.range(20, 400), rng.range(3, 40), rng.range(1900, 2020));
    let name = company(rng, g);
    for (key, value) in [
        ("n1", n1),
        ("staff", staff),
        ("staffafter", staff + n1),
        ("founded", year - rng.range(5, 60)),
        ("year", year),
    ] {
        facts.set(key, value);
    }
    let n2: i64 = rng.range(3, 60);
    facts.set("n2", n2);
    facts.set("nsum", n1 + n2);
    facts.set("company", &name);
    let months = g.rule("month");
    let start = rng.below(7);
    let n_months = 4 + rng.below(3);
    let rows: Vec<(&str, i64)> = (0..n_months).map(|i| (months[start + i], rng.range(20, 980))).collect();
    let n_mid = 3 + rng.below(3);
    let coin = facts.get("coin").unwrap_or_default().to_string();
    let table = rows
        .iter()
        .map(|(m, v)| format!("| {m} | {v} |"))
        .collect::<Vec<_>>()
        .join("\n");
    let (best, worst) = (sums::largest(&rows), sums::smallest(&rows));
    let total: i64 = rows.iter().map(|(_, v)| v).sum();
    format!(
        "{name}: {year} in figures\n\n{} {}\n\n| Month | Sales in thousands of {coin} |\n|---|---|\n{table}\n\nThe best month was {} with {} and the weakest {} with {}, a difference of {}. {}\n\nIn all, {name} sold for {total} thousand {coin} in these {n_months} months. {}",
        g.say(rng, &facts, "reporttop"),
        g.several(rng, &facts, "reportmid", 2),
        best.0, best.1, worst.0, worst.1, best.1 - worst.1,
        g.several(rng, &facts, "reportmid", n_mid),
        g.several(rng, &facts, "reportend", 2),
    )
}

fn invoice(rng: &mut Rng) -> String {
    let g = &TALK_GRAMMAR;
    let mut facts = common(rng, g);
    speakers(rng, &mut facts);
    let seller = company(rng, g);
    facts.set("company", &seller);
    let n_lines = 4 + rng.below(4);
    let lines: Vec<Line> = rng
        .sample(g.rule("noun"), n_lines)
        .into_iter()
        .map(|noun| Line {
            name: format!("{} {noun}", g.say(rng, &facts, "adj")),
            count: rng.range(2, 12),
            price: rng.range(3, 60),
        })
        .collect();
    let bill = sums::bill(&lines, [5, 10, 20, 25][rng.below(4)]);
    let paid = rng.range(1, bill.total - 1);
    facts.set("paid", paid);
    facts.set("owed", bill.total - paid);
    facts.set("total", bill.total);
    let head = g.fill(rng, &facts, "Invoice {code}\nSeller: {company}, {street}, {town}\nBuyer: {A} {Alast}, {othertown}\nDate: {dayno} {month1} {year}\nAll prices in {coin}.");
    let table = sums::table(&lines, ["Item", "Number", "Price", "Sum"]);
    let first = &lines[0];
    let story = g.fill(
        rng,
        &facts,
        "{A} counted everything twice {time}. {B}, {a trade}, who had carried the boxes from {town} to {othertown}, wanted {drink} and got {food}. {lettermore}",
    );
    let close = g.fill(
        rng,
        &facts,
        "Of the {total} {coin} {A} paid {paid} on {day1} and still owes {owed}. \"I will bring the {owed} {coin} to {street} before the end of {month1},\" {Ahe} wrote on the back of invoice {code}.",
    );
    let coin = facts.get("coin").unwrap_or_default();
    format!(
        "{head}\n\n{table}\n\nSubtotal: {}\nDiscount of {} %: {}\nTotal: {} {coin}\n\n{story}\n\nThe {} pieces of \"{}\" at {} each made {}. {}\n\n{close}",
        bill.subtotal, bill.percent, bill.discount, bill.total, first.count, first.name, first.price, first.count * first.price,
        sums::dearest(&lines).map_or(String::new(), |l| format!("The largest sum on the list was {} for \"{}\".", l.count * l.price, l.name)),
    )
}

fn life(rng: &mut Rng) -> String {
    let g = &TALK_GRAMMAR;
    let mut facts = common(rng, g);
    speakers(rng, &mut facts);
    let born = rng.range(1780, 1930);
    let (age_moved, age_died) = (rng.range(15, 27), rng.range(52, 94));
    for (key, value) in [
        ("born", born),
        ("agemoved", age_moved),
        ("moved", born + age_moved),
        ("married", born + age_moved + rng.range(2, 14)),
        ("agedied", age_died),
        ("died", born + age_died),
    ] {
        facts.set(key, value);
    }
    let n_told = 4 + rng.below(4);
    let mut middle = g.several(rng, &facts, "life3", n_told);
    if rng.chance(50) {
        middle.push_str(&g.fill(
            rng,
            &facts,
            "\n\nA neighbour, {rival}, told this story: {lettermore} {lettermore}",
        ));
    }
    format!(
        "{}\n\n{}\n\n{}\n\n{middle}\n\n{}",
        g.fill(rng, &facts, "{A} {Alast}"),
        g.say(rng, &facts, "life1"),
        g.say(rng, &facts, "life2"),
        g.say(rng, &facts, "life4"),
    )
}

fn recipe(rng: &mut Rng) -> String {
    let g = &TALK_GRAMMAR;
    let mut facts = common(rng, g);
    speakers(rng, &mut facts);
    let solids = rng.sample(g.rule("ingredient"), 3);
    let liquids = rng.sample(g.rule("liquid"), 2);
    for (key, value) in [
        ("i1", solids[0]),
        ("i2", solids[1]),
        ("i3", solids[2]),
        ("i4", liquids[0]),
        ("i5", liquids[1]),
    ] {
        facts.set(key, value);
    }
    let persons = rng.range(2, 6);
    let grams: Vec<i64> = (0..3).map(|_| rng.range(4, 60) * 10).collect();
    let spoons: Vec<i64> = (0..2).map(|_| rng.range(1, 6)).collect();
    let list = |factor: i64| -> String {
        let mut rows: Vec<String> = (0..3)
            .map(|i| format!("- {} g of {}", grams[i] * factor, solids[i]))
            .collect();
        rows.extend((0..2).map(|i| format!("- {} spoons of {}", spoons[i] * factor + 1, liquids[i])));
        rows.join("\n")
    };
    let n_steps = 5 + rng.below(3);
    let steps: Vec<String> = rng
        .sample(g.rule("cook"), n_steps)
        .iter()
        .enumerate()
        .map(|(i, t)| format!("{}. {}", i + 1, g.fill(rng, &facts, t)))
        .collect();
    let factor = rng.range(2, 4);
    format!(
        "{} {} with {}\n\n{}\n\nFor {persons} people:\n{}\n\n{}\n\nFor {} people take {factor} times as much of the rest:\n{}\n\n{}",
        sums::title(solids[0]), facts.get("dish1").unwrap_or_default(), solids[1],
        g.say(rng, &facts, "cookstory"),
        list(1),
        steps.join("\n"),
        persons * factor,
        (0..3).map(|i| format!("- {} g of {}", grams[i] * factor, solids[i])).collect::<Vec<_>>().join("\n"),
        g.fill(rng, &facts, "{B} says that {mins} minutes are enough; {A} waits until the {i3} are done and the {weather} has passed."),
    )
}

fn diary(rng: &mut Rng) -> String {
    let g = &TALK_GRAMMAR;
    let mut facts = common(rng, g);
    speakers(rng, &mut facts);
    let months = g.rule("month");
    let weekdays = g.rule("weekday");
    let (month, mut day, mut weekday) = (months[rng.below(12)], rng.range(1, 9) as usize, rng.below(7));
    let mut entries = vec![g.fill(rng, &facts, "Diary of {A} {Alast}, {town}, {year}")];
    let n_days = 5 + rng.below(5);
    let mut thoughts = g.deck(rng, "diary");
    for i in 0..n_days {
        let n = 1 + rng.below(3);
        let mut text = format!(
            "{} {}",
            g.say(rng, &facts, "daily"),
            g.deal(rng, &facts, &mut thoughts, n)
        )
        .trim_end()
        .to_string();
        if i == 1 {
            text.push_str(&g.fill(
                rng,
                &facts,
                " Bought {a obj} from {rival} for {price} {coin}; on the back it says {code}.",
            ));
        } else if i + 2 == n_days {
            text.push_str(&g.fill(rng, &facts, " Sold the {noun1} in {othertown} for {resale}, that is {gain} {coin} more than the {price} I gave {rival}."));
        }
        entries.push(format!("{}, {day} {month}\n{text}", weekdays[weekday]));
        let step = 1 + rng.below(2);
        day += step;
        weekday = (weekday + step) % 7;
    }
    entries.join("\n\n")
}

/// Facts about several people, then questions that can only be answered by looking back.
fn lesson(rng: &mut Rng) -> String {
    let g = &TALK_GRAMMAR;
    let facts = common(rng, g);
    let n = 4 + rng.below(3);
    let cast = names::people(rng, n);
    let trades = rng.sample(g.rule("trade"), n);
    let nouns = rng.sample(g.rule("noun"), n);
    let mut told = Vec::new();
    let mut asked = Vec::new();
    for ((person, trade), noun) in cast.iter().zip(trades).zip(nouns) {
        let (he, _, his) = pronouns(person);
        let (town, age, adj) = (names::town(rng), rng.range(19, 80), g.say(rng, &facts, "adj"));
        let (first, thing) = (&person.first, super::grammar::with_article(&adj));
        told.push(format!(
            "{first} {} is {} from {town}. At {age}, {he} still keeps {thing} {noun} in {his} {}. {}",
            person.last,
            super::grammar::with_article(trade),
            g.say(rng, &facts, "room"),
            g.fill(
                rng,
                &facts,
                &format!("{{^weekday}} is {his} free day, and then {he} eats {{food}} and drinks {{drink}}.")
            ),
        ));
        asked.push((format!("Where does {first} come from?"), format!("From {town}.")));
        asked.push((
            format!("How old is {first}?"),
            format!("{age}. In ten years {he} will be {}.", age + 10),
        ));
        asked.push((
            format!("Who has the {adj} {noun}?"),
            format!("{first} {}, the {trade}.", person.last),
        ));
    }
    let n_asked = 5 + rng.below(4);
    let quiz: Vec<String> = rng
        .sample(&(0..asked.len()).collect::<Vec<_>>(), n_asked)
        .iter()
        .map(|i| format!("Q: {}\nA: {}", asked[*i].0, asked[*i].1))
        .collect();
    format!(
        "Read the text and answer the questions.\n\n{}\n\n{}",
        told.join("\n\n"),
        quiz.join("\n\n")
    )
}
