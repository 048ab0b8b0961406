//! The parts of documents that are counted or put together from many: whole numbers, and every printed sum is right.

use super::document::Document;

impl Document<'_> {
    /// Two kinds of lines, interleaved: each keeps its order.
    pub(super) fn mix(&mut self, key: &str, small: (i64, &str), business: (i64, &str)) {
        let mut small = self.draw(small.1, small.0);
        let mut business = self.draw(business.1, business.0);
        let mut lines = Vec::new();
        while !business.is_empty() || !small.is_empty() {
            let from_business = small.is_empty() || (!business.is_empty() && self.rng.chance(55));
            let template = if from_business { business.pop() } else { small.pop() };
            lines.extend(template.map(|template| self.fill(&template)));
        }
        self.set(key, lines.join("\n\n"));
    }

    /// A number for each of some months: `rows` of a table with their `total` and number (`nrows`), the `best` month with
    /// the `most`, the `worst` with the `least`; of equals the first.
    pub(super) fn sales(&mut self, months: &str) {
        let months = self.words(months);
        let (start, n) = (self.rng.below(7), 4 + self.rng.below(3));
        let rows: Vec<(&String, i64)> = months[start..][..n]
            .iter()
            .map(|month| (month, self.rng.range(20, 980)))
            .collect();
        let lines: Vec<String> = rows.iter().map(|(month, n)| format!("| {month} | {n} |")).collect();
        self.set("rows", lines.join("\n"));
        self.set("nrows", n);
        self.set("total", rows.iter().map(|(_, n)| n).sum::<i64>());
        if let Some((best, most)) = rows.iter().rev().max_by_key(|(_, n)| *n) {
            self.set("best", best);
            self.set("most", most);
        }
        if let Some((worst, least)) = rows.iter().min_by_key(|(_, n)| *n) {
            self.set("worst", worst);
            self.set("least", least);
        }
    }

    /// A bill of `n` different things (a fact), named by the template: `rows`, `subtotal`, `percent` and `discount` (rounded
    /// down to a whole coin), `total`; of its first line `item`, `count`, `each` and `made`; `dearest` and what it made,
    /// the `most`.
    pub(super) fn bill(&mut self, rule: &str, template: &str) {
        let n = self.fact("n").parse().unwrap_or(0);
        let mut lines = Vec::new();
        for it in self.draw(rule, n) {
            self.set("it", it);
            let name = self.fill(template);
            let (count, price) = (self.rng.range(2, 12), self.rng.range(3, 60));
            lines.push((name, count, price, count * price));
        }
        let rows: Vec<String> = lines
            .iter()
            .map(|(name, count, price, sum)| format!("| {name} | {count} | {price} | {sum} |"))
            .collect();
        self.set("rows", rows.join("\n"));
        let subtotal: i64 = lines.iter().map(|line| line.3).sum();
        let percent = [5, 10, 20, 25][self.rng.below(4)];
        let discount = subtotal * percent / 100;
        for (key, value) in [
            ("subtotal", subtotal),
            ("percent", percent),
            ("discount", discount),
            ("total", subtotal - discount),
        ] {
            self.set(key, value);
        }
        if let Some((name, count, price, sum)) = lines.first() {
            self.set("item", name);
            self.set("count", count);
            self.set("each", price);
            self.set("made", sum);
        }
        if let Some((name, _, _, sum)) = lines.iter().rev().max_by_key(|line| line.3) {
            self.set("dearest", name);
            self.set("most", sum);
        }
    }

    /// The `entries` of a diary: texts `day`, dated by `entry`; on the second day something is `bought`, on the last but one
    /// `sold`.
    pub(super) fn days(&mut self, months: &str, weekdays: &str, deck: &str) {
        let (months, weekdays) = (self.words(months), self.words(weekdays));
        let month = &months[self.rng.below(12)];
        let (mut day, mut weekday) = (self.rng.range(1, 9) as usize, self.rng.below(7));
        let n_days = 5 + self.rng.below(5);
        self.shuffle(deck);
        let mut entries = Vec::new();
        for i in 0..n_days {
            let n = self.rng.range(1, 3);
            self.set("n", n);
            let mut text = self.text("day").trim_end().to_owned();
            if i == 1 {
                text.push_str(&self.text("bought"));
            } else if i + 2 == n_days {
                text.push_str(&self.text("sold"));
            }
            self.set("dmonth", month);
            self.set("dweekday", &weekdays[weekday]);
            self.set("dday", day);
            self.set("dtext", text);
            entries.push(self.text("entry"));
            let n_days = 1 + self.rng.below(2);
            day += n_days;
            weekday = (weekday + n_days) % 7;
        }
        self.set("entries", entries.join("\n\n"));
    }

    /// What is `told` of `n` people (a fact), each with a word of their own of every rule, and what is `asked` about them: some of
    /// the texts `ask1` to `ask3`. Each is `P`; the steps `pupil` add facts.
    pub(super) fn quiz(&mut self, rules: &[&str]) {
        let n: usize = self.fact("n").parse().unwrap_or(0);
        let cast: Vec<String> = (0..n).map(|i| format!("P{i}")).collect();
        cast.iter().for_each(|key| self.person(key, false));
        let words: Vec<Vec<String>> = rules.iter().map(|rule| self.draw(rule, n as i64)).collect();
        let (mut told, mut asked) = (Vec::new(), Vec::new());
        for (i, key) in cast.iter().enumerate() {
            for part in ["", "last", "_sex"] {
                let value = self.fact(&format!("{key}{part}")).to_owned();
                self.set(&format!("P{part}"), value);
            }
            for (rule, words) in rules.iter().zip(&words) {
                self.set(&format!("p{rule}"), &words[i]);
            }
            self.perform("pupil");
            told.push(self.text("told"));
            asked.extend(["ask1", "ask2", "ask3"].map(|name| self.text(name)));
        }
        let n_asked = 5 + self.rng.below(4);
        let asked = self.rng.sample(&asked, n_asked);
        self.set("told", told.join("\n\n"));
        self.set("asked", asked.join("\n\n"));
    }
}
