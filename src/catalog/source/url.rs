//! Files at plain addresses: `https://host/folder/model.gguf`.
//!
//! Nothing but models.toml tells a hash beforehand. Where it has none, a file is what the server announced by its length and ETag, which
//! are asked for again at the end, and a sound GGUF file; its hash is in the report, as of every file.

use super::kind::{with_parts, Given, Kind, Known, Listed, Source, Tools};
use crate::catalog::error::{CatalogError, FetchError};
use crate::catalog::event::Event;
use crate::catalog::fetching::Fetching;
use crate::catalog::hash::sha256_hex;
use crate::catalog::names;
use crate::catalog::only::Only;
use crate::catalog::web::{address, escape_path, header, number, Client, Download, RangeFile, Token};
use crate::gguf::Gguf;
use std::fs;
use std::path::PathBuf;
use std::rc::Rc;

/// Folder of the store.
const FOLDER: &str = "urls";

pub(super) const KIND: Kind = Kind {
    name: "url",
    keys: &["url"],
    is_pinned: false,
    open: |fields| {
        let url = fields.text("url", |url| check(&format!("{}/", url.trim_end_matches('/'))))?;
        Ok(Rc::new(Url {
            base: format!("{}/", url.trim_end_matches('/')),
            files: fields.some_files()?,
        }))
    },
    read: |given| {
        let is_url = given.starts_with("https://") || given.starts_with("http://");
        is_url.then(|| read(given))
    },
};

#[derive(Debug)]
struct Url {
    /// With `/` at the end.
    base: String,
    files: Vec<Listed>,
}

/// What a server says of a file before it sends it.
#[derive(PartialEq)]
struct Announced {
    bytes: u64,
    tag: Option<String>,
}

fn check(base: &str) -> Result<(), String> {
    match address(base) {
        Some(uri)
            if uri
                .authority()
                .is_some_and(|authority| authority.as_str().contains('@')) =>
        {
            Err("holds a name or a password, which would stand in reports; leave it out".into())
        }
        Some(_) => Ok(()),
        None => Err("is no http or https address of a file".into()),
    }
}

/// `https://host/folder/model.gguf`.
fn read(given: &str) -> Result<Given, CatalogError> {
    // As the Hub's pages have it.
    let path = given.trim_end_matches("?download=true");
    let (base, file) = path.rsplit_once('/').unwrap_or((path, ""));
    let base = format!("{base}/");
    let wrong = |why: String| {
        let given = names::shown(path.split('?').next().unwrap_or(path));
        CatalogError::Input(format!("{given}: {why}; write https://host/folder/model.gguf"))
    };
    if path.contains('?') {
        let why =
            "has a query, which may be a signature and would stand in reports; fetch it yourself and name the file";
        return Err(wrong(why.into()));
    }
    check(&base).map_err(wrong)?;
    // Names are escaped when they are asked for.
    let file = file.replace("%20", " ");
    names::check_file(&file).map_err(wrong)?;
    if !file.to_ascii_lowercase().ends_with(".gguf") {
        return Err(wrong("does not end in .gguf".into()));
    }
    let named = Listed {
        file: file.clone(),
        ..Listed::default()
    };
    Ok(Given {
        name: None,
        only: Some(Only::File(file)),
        source: Rc::new(Url {
            base,
            files: with_parts(&[named], |_| None),
        }),
    })
}

impl Url {
    fn client(&self, tools: Tools<'_>) -> Result<Client, FetchError> {
        // Scheme, nothing between two slashes, and host.
        let origin: Vec<&str> = self.base.split('/').take(3).collect();
        let client = Client {
            endpoint: origin.join("/"),
            token: Rc::new(Token::NotAsked),
            web: tools.web.clone(),
        };
        tools.web.check_online(client.host())?;
        Ok(client)
    }

    fn url(&self, file: &str) -> String {
        format!("{}{}", self.base, escape_path(file))
    }

    /// Where a file lies once it is here.
    fn path(&self, file: &str, tools: Tools<'_>) -> PathBuf {
        let folder = &sha256_hex(self.base.as_bytes())[..32];
        tools.store.root().join(FOLDER).join(folder).join(file)
    }

    fn files(&self, tools: Tools<'_>) -> Vec<Listed> {
        let path = |name: &str| Some(self.path(name, tools)).filter(|path| path.is_file());
        let mut files = with_parts(&self.files, path);
        files.dedup_by(|a, b| a.file == b.file);
        files
    }

    fn ask(&self, file: &str, client: &Client) -> Result<Announced, FetchError> {
        let answer = client.head(&self.url(file), file, 10)?;
        let bytes = number(answer.headers(), "content-length")
            .filter(|bytes| *bytes > 0)
            .ok_or_else(|| {
                FetchError::failed(format!(
                    "{} gives no length of {}, so it cannot be checked; fetch it yourself and name the file",
                    client.host(),
                    names::shown(file)
                ))
            })?;
        let tag = header(answer.headers(), "etag").or_else(|| header(answer.headers(), "last-modified"));
        Ok(Announced {
            bytes,
            tag: tag.map(str::to_owned),
        })
    }
}

impl Source for Url {
    fn label(&self) -> String {
        self.base.clone()
    }

    fn argument(&self, file: &str) -> String {
        format!("{}{file}", self.base)
    }

    fn declared(&self) -> &[Listed] {
        &self.files
    }

    fn local(&self, tools: Tools<'_>) -> Result<Known, CatalogError> {
        Ok(Known::all(self.files(tools).into_iter()))
    }

    fn list(&self, tools: Tools<'_>) -> Result<Vec<Listed>, FetchError> {
        let client = self.client(tools)?;
        let mut files = self.files(tools);
        for file in files.iter_mut().filter(|file| file.bytes.is_none()) {
            file.bytes = Some(self.ask(&file.file, &client)?.bytes);
        }
        Ok(files)
    }

    fn header(&self, file: &Listed, keeps_head: bool, tools: Tools<'_>) -> Result<(Gguf, Vec<u8>), FetchError> {
        let client = self.client(tools)?;
        let bytes = self.ask(&file.file, &client)?.bytes;
        RangeFile::new(client, self.url(&file.file), file.file.clone(), bytes).gguf(&self.location(file), keeps_head)
    }

    fn fetch(&self, file: &Listed, tools: Tools<'_>, fetching: &mut Fetching<'_, '_>) -> Result<PathBuf, FetchError> {
        let client = self.client(tools)?;
        let name = &file.file;
        let path = self.path(name, tools);
        let announced = self.ask(name, &client)?;
        let _lock = fetching.lock(&tools.store.lock_path(&sha256_hex(self.url(name).as_bytes())), name)?;
        // Another process may have been faster.
        if path.is_file() {
            return Ok(path);
        }
        if let Some(pinned) = file.bytes.filter(|bytes| *bytes != announced.bytes) {
            let sent = announced.bytes;
            let why = format!("{name}: {} sends {sent} bytes instead of {pinned}", client.host());
            return Err(FetchError::failed(
                why + "; use another source, or correct `bytes` in models.toml",
            ));
        }
        // What is there of another state of the file is another file.
        let state = format!(
            "{}\n{}\n{}",
            self.url(name),
            announced.bytes,
            announced.tag.as_deref().unwrap_or("")
        );
        let partial = path.with_file_name(format!("{}.incomplete", &sha256_hex(state.as_bytes())[..32]));
        path.parent()
            .map_or(Ok(()), fs::create_dir_all)
            .map_err(|e| fetching.unwritable(&path, e))?;
        let download = Download {
            client: &client,
            url: &self.url(name),
            file: name,
            bytes: announced.bytes,
            sha256: file.sha256.as_deref(),
            partial: &partial,
        };
        let sha256 = download.run(fetching)?;
        let is_same = file.sha256.is_some() || self.ask(name, &client)? == announced;
        let sound = Gguf::open(&partial).map_err(|e| e.problem.to_string());
        if let (false, _) | (_, Err(_)) = (is_same, &sound) {
            let _ = fs::remove_file(&partial);
            let why = sound
                .err()
                .unwrap_or("was changed while it was fetched; try again".into());
            return Err(FetchError::failed(format!("{name}: {why}")));
        }
        tools.store.adopt(&partial, &path, &sha256)?;
        (fetching.progress)(&Event::Fetched {
            file: name,
            from: client.host(),
            bytes: announced.bytes,
        });
        Ok(path)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_are_read_and_secrets_refused() {
        let given = read("https://host.example/a/m%20x-Q8_0.gguf?download=true").expect("an address");
        assert_eq!(given.source.label(), "https://host.example/a/");
        assert_eq!(given.only, Some(Only::File("m x-Q8_0.gguf".into())));
        assert_eq!(given.source.argument("m.gguf"), "https://host.example/a/m.gguf");
        for bad in [
            "https://",
            "https://h",
            "https://h/m.bin",
            "http:///m.gguf",
            "https://u:p@h/m.gguf",
            "https://h/a b/m.gguf",
            "https://h/m.gguf?sig=secret",
        ] {
            let error = read(bad).err().expect(bad);
            assert_eq!(error.exit_code(), 2, "{bad}");
            assert!(!error.to_string().contains("secret"), "{error}");
        }
    }
}
