//! Paths as a journal keeps them: absolute, with `~` for the user's home, so that a report that is passed on does not name its user. A shell
//! reads them as they are; other programs get them whole.

use std::path::{Path, PathBuf};

/// The path for a journal.
pub fn shortened(path: &Path) -> String {
    shortened_in(path, std::env::home_dir().as_deref())
}

pub fn whole(path: &str) -> PathBuf {
    whole_in(path, std::env::home_dir().as_deref())
}

fn shortened_in(path: &Path, home: Option<&Path>) -> String {
    let path = std::path::absolute(path).unwrap_or_else(|_| path.to_owned());
    let home = home.filter(|home| home.parent().is_some());
    match home.and_then(|home| path.strip_prefix(home).ok()) {
        Some(inside) => Path::new("~").join(inside).display().to_string(),
        None => path.display().to_string(),
    }
}

fn whole_in(path: &str, home: Option<&Path>) -> PathBuf {
    match (path.strip_prefix("~/"), home) {
        (Some(inside), Some(home)) => home.join(inside),
        _ => PathBuf::from(path),
    }
}

#[cfg(test)]
mod tests {
    use super::{shortened_in, whole_in};
    use std::path::Path;

    #[test]
    fn a_home_is_not_named_and_comes_back() {
        let home = Some(Path::new("/home/ana"));
        let file = Path::new("/home/ana/my models/a.gguf");
        assert_eq!(shortened_in(file, home), "~/my models/a.gguf");
        assert_eq!(whole_in("~/my models/a.gguf", home), file);
        for elsewhere in ["/srv/a.gguf", "/home/anabel/a.gguf"] {
            assert_eq!(shortened_in(Path::new(elsewhere), home), elsewhere);
            assert_eq!(whole_in(elsewhere, home), Path::new(elsewhere));
        }
        assert_eq!(shortened_in(Path::new("/a.gguf"), Some(Path::new("/"))), "/a.gguf");
        assert!(Path::new(&shortened_in(Path::new("a.gguf"), None)).is_absolute());
    }
}
