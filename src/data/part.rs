//! The names of the parts of a split model, as llama.cpp writes and looks for them: `NAME-00001-of-00003.gguf`.

use std::path::{Path, PathBuf};

#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct PartName {
    /// What all parts share: their folder and the beginning of their names.
    pub stem: String,
    /// Which part, from 1.
    pub index: u32,
    pub count: u32,
    /// `.gguf`, in the case of the file.
    ending: String,
}

impl PartName {
    /// Reads a file name or path; `None` for the name of a whole file.
    pub fn parse(file: &str) -> Option<PartName> {
        let at = file.len().checked_sub(".gguf".len())?;
        let (name, ending) = (file.get(..at)?, file.get(at..)?);
        let (rest, count) = name.rsplit_once("-of-")?;
        let (stem, index) = rest.rsplit_once('-')?;
        let number = |text: &str| {
            let is_number = text.len() == 5 && text.bytes().all(|b| b.is_ascii_digit());
            is_number.then(|| text.parse().ok()).flatten()
        };
        let (index, count) = (number(index)?, number(count)?);
        let is_part = ending.eq_ignore_ascii_case(".gguf") && !stem.is_empty() && index > 0 && index <= count;
        is_part.then(|| PartName {
            stem: stem.to_owned(),
            index,
            count,
            ending: ending.to_owned(),
        })
    }

    pub fn parse_path(path: &Path) -> Option<PartName> {
        PartName::parse(&path.file_name()?.to_string_lossy())
    }

    /// The names of all parts, in order.
    pub fn all(&self) -> impl Iterator<Item = String> + '_ {
        let (stem, count, ending) = (&self.stem, self.count, &self.ending);
        (1..=count).map(move |index| format!("{stem}-{index:05}-of-{count:05}{ending}"))
    }

    /// The files of the model that `path` is, or is a part of, in order. Only names are looked at.
    pub fn files_of(path: &Path) -> Vec<PathBuf> {
        match PartName::parse_path(path) {
            Some(part) => part.all().map(|name| path.with_file_name(name)).collect(),
            None => vec![path.to_owned()],
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parts_are_told_by_their_names() {
        let part = PartName::parse("BF16/m-Q8_0-00002-of-00003.gguf").expect("a part");
        assert_eq!((part.stem.as_str(), part.index, part.count), ("BF16/m-Q8_0", 2, 3));
        let all: Vec<String> = part.all().collect();
        assert_eq!(all[0], "BF16/m-Q8_0-00001-of-00003.gguf");
        assert_eq!((all.len(), all[1].as_str()), (3, "BF16/m-Q8_0-00002-of-00003.gguf"));
        let files = PartName::files_of(Path::new("/x/m-00001-of-00002.GGUF"));
        assert_eq!(files[1], Path::new("/x/m-00002-of-00002.GGUF"));
        for whole in [
            "m-Q8_0.gguf",
            "m-00004-of-00003.gguf",
            "m-00000-of-00003.gguf",
            "m-1-of-3.gguf",
            "-00001-of-00002.gguf",
            "m-00001-of-00002.bin",
            "ü-of-.gguf",
            "",
        ] {
            assert_eq!(PartName::parse(whole), None, "{whole}");
        }
        assert_eq!(PartName::files_of(Path::new("a/m.gguf")), [Path::new("a/m.gguf")]);
    }
}
