//! The user's token: where it was found, whether it can be one, and whether it may travel.

use crate::catalog::error::CatalogError;
use std::env;
use std::path::PathBuf;

/// What became of the token. Nothing prints its text.
pub(in crate::catalog) enum Token {
    Absent,
    /// The site has nothing to do with the Hub, and gets none.
    NotAsked,
    /// It goes with every request to the endpoint; `origin` says for people where it was found.
    Sent {
        text: String,
        origin: String,
    },
    Withheld {
        origin: String,
        why: &'static str,
    },
    Malformed {
        origin: String,
    },
}

impl Token {
    /// HF_TOKEN or the file of Python's library, for requests to an endpoint that is private or not.
    pub(in crate::catalog) fn of_user(file: Option<PathBuf>, is_implicit: bool, is_private: bool) -> Token {
        let filled = |text: String| Some(text.trim().to_owned()).filter(|text| !text.is_empty());
        // Bytes that are no text make a malformed token, not an absent one.
        let given = env::var_os("HF_TOKEN").and_then(|text| filled(text.to_string_lossy().into_owned()));
        let stored = || {
            let file = file?;
            let text = String::from_utf8_lossy(&std::fs::read(&file).ok()?).into_owned();
            Some((filled(text)?, format!("the token in {}", file.display())))
        };
        let found = given.map(|text| (text, "HF_TOKEN".to_owned())).or_else(stored);
        found.map_or(Token::Absent, |(text, origin)| {
            Token::of_text(text, origin, is_implicit, is_private)
        })
    }

    fn of_text(text: String, origin: String, is_implicit: bool, is_private: bool) -> Token {
        if !is_implicit {
            let why = "HF_HUB_DISABLE_IMPLICIT_TOKEN is set";
            return Token::Withheld { origin, why };
        }
        if !text.chars().all(|c| c.is_ascii_graphic()) {
            return Token::Malformed { origin };
        }
        if !is_private {
            let why = "the endpoint is plain HTTP to another machine";
            return Token::Withheld { origin, why };
        }
        Token::Sent { text, origin }
    }

    /// An error when what was given cannot be a token.
    pub(in crate::catalog) fn check(&self) -> Result<(), CatalogError> {
        match self {
            Token::Malformed { origin } => Err(CatalogError::Input(format!(
                "{origin} holds a space, a line break or something else that no token has; set it again, or remove it (public models need none)"
            ))),
            _ => Ok(()),
        }
    }

    pub(in crate::catalog) fn sent(&self) -> Option<&str> {
        match self {
            Token::Sent { text, .. } => Some(text),
            _ => None,
        }
    }

    pub(super) fn bearer(&self) -> Option<String> {
        self.sent().map(|text| format!("Bearer {text}"))
    }

    /// Where one was found that did not reach the Hub, and why.
    pub(super) fn withheld(&self) -> Option<String> {
        match self {
            Token::Withheld { origin, why } => Some(format!("{origin} was not sent, because {why}")),
            _ => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_token_stays_here_where_others_could_read_it() {
        let token = Token::of_text("hf_secret".to_owned(), "HF_TOKEN".to_owned(), true, false);
        assert_eq!(
            (token.bearer(), token.check()),
            (None, Ok(())),
            "public models need none"
        );
        let why = "HF_TOKEN was not sent, because the endpoint is plain HTTP to another machine";
        assert_eq!(token.withheld().as_deref(), Some(why));
    }
}
