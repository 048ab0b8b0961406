//! A server that speaks the Hub's protocol on this machine, and misbehaves as told.
//!
//! The listing of a revision, `resolve` for HEAD and GET with ETag, X-Linked-ETag, X-Linked-Size and X-Repo-Commit,
//! the redirect to another host that keeps the bytes, and ranges there.

use sha2::{Digest, Sha256};
use std::collections::BTreeMap;
use std::io::{BufRead, BufReader, Write};
use std::net::{TcpListener, TcpStream};
use std::sync::{Arc, Mutex};
use std::thread;
use std::time::Duration;

pub const REPO: &str = "test/tiny-GGUF";
pub const COMMIT: &str = "0123456789abcdef0123456789abcdef01234567";

/// How the server misbehaves.
#[derive(Clone, Default)]
pub struct Faults {
    /// Status of the next so many listings.
    pub listing: Option<(u16, u32)>,
    /// Status of the next so many downloads.
    pub download: Option<(u16, u32)>,
    /// What comes with such a status: an error code, a wait.
    pub with: Vec<(&'static str, &'static str)>,
    /// Every download breaks off after so many bytes.
    pub cut_after: Option<usize>,
    /// Every download breaks off at this byte of the file.
    pub cut_at: Option<usize>,
    /// Content-Length and body are shorter than the file by this.
    pub shorter: usize,
    /// A byte of the file is wrong.
    pub flips: bool,
    /// What comes instead of the file.
    pub page: Option<&'static str>,
    /// Ranges are not understood.
    pub ignores_ranges: bool,
    /// Pause after each eighth of the body.
    pub pause: Duration,
    /// Length in the listing instead of the file's.
    pub claims: Option<u64>,
    /// The listing says nothing of LFS.
    pub hides_lfs: bool,
    /// The listing has names only.
    pub hides_sizes: bool,
    /// A file's address says nothing of what it redirects to.
    pub hides_links: bool,
    /// ETag instead of the hash.
    pub etag: Option<&'static str>,
    /// Commit instead of [`COMMIT`].
    pub commit: Option<&'static str>,
    /// Addresses of this repository lead to [`REPO`]: it was renamed.
    pub renamed: Option<&'static str>,
    /// Files need this token; the listing does not.
    pub gated: Option<&'static str>,
}

/// A request that came in.
#[derive(Clone, Debug)]
pub struct Seen {
    pub method: String,
    pub path: String,
    pub host: String,
    pub range: Option<String>,
    pub authorization: Option<String>,
}

struct State {
    /// By `owner/name/file`.
    files: BTreeMap<String, Vec<u8>>,
    faults: Mutex<Faults>,
    seen: Mutex<Vec<Seen>>,
    n_body_bytes: Mutex<usize>,
    port: u16,
}

/// A file of a repository: its path and its bytes.
pub type File<'a> = (&'a str, Vec<u8>);

/// The server; it ends with the test's process.
pub struct HubServer {
    state: Arc<State>,
}

pub fn sha256(bytes: &[u8]) -> String {
    Sha256::digest(bytes).iter().map(|b| format!("{b:02x}")).collect()
}

impl HubServer {
    /// Serves these files of [`REPO`].
    pub fn start(files: &[File<'_>]) -> HubServer {
        HubServer::start_all(&[(REPO, files)])
    }

    /// Serves the files of several repositories.
    pub fn start_all(repos: &[(&str, &[File<'_>])]) -> HubServer {
        let listener = TcpListener::bind("127.0.0.1:0").expect("a free port");
        let state = Arc::new(State {
            files: repos
                .iter()
                .flat_map(|(repo, files)| {
                    files
                        .iter()
                        .map(move |(name, bytes)| (format!("{repo}/{name}"), bytes.clone()))
                })
                .collect(),
            faults: Mutex::new(Faults::default()),
            seen: Mutex::new(Vec::new()),
            n_body_bytes: Mutex::new(0),
            port: listener.local_addr().expect("bound").port(),
        });
        let shared = Arc::clone(&state);
        thread::spawn(move || {
            for stream in listener.incoming().flatten() {
                let state = Arc::clone(&shared);
                // A client that goes away is no failure of the server.
                thread::spawn(move || drop(state.serve(stream)));
            }
        });
        HubServer { state }
    }

    pub fn endpoint(&self) -> String {
        format!("http://127.0.0.1:{}", self.state.port)
    }

    pub fn set(&self, faults: Faults) {
        *self.state.faults.lock().expect("no panic") = faults;
    }

    /// Requests since the last call.
    pub fn seen(&self) -> Vec<Seen> {
        std::mem::take(&mut self.state.seen.lock().expect("no panic"))
    }

    /// Bytes of files sent since the last call.
    pub fn n_body_bytes(&self) -> usize {
        std::mem::take(&mut self.state.n_body_bytes.lock().expect("no panic"))
    }
}

impl State {
    fn serve(&self, mut stream: TcpStream) -> std::io::Result<()> {
        let seen = read_request(&stream)?;
        self.seen.lock().expect("no panic").push(seen.clone());
        let faults = self.faults.lock().expect("no panic").clone();
        let path = seen.path.split('?').next().unwrap_or("").to_owned();
        if let Some(old) = faults.renamed.filter(|old| path.contains(&format!("/{old}/"))) {
            let to = seen.path.replacen(old, REPO, 1);
            return answer(&mut stream, 307, &[("Location", to)], b"");
        }
        if let Some(rest) = path.strip_prefix("/api/models/") {
            let repo: Vec<&str> = rest.split('/').take(2).collect();
            return self.listing(&mut stream, &faults, &repo.join("/"));
        }
        if let Some(sha) = path.strip_prefix("/cdn/") {
            return self.download(&mut stream, &faults, &seen, sha);
        }
        let file = path
            .split_once("/resolve/")
            .and_then(|(repo, rest)| Some((repo, rest.split_once('/')?.1)))
            .and_then(|(repo, file)| {
                self.files
                    .get(format!("{repo}/{file}").replace("%20", " ").trim_start_matches('/'))
            });
        let Some(bytes) = file else {
            return answer(&mut stream, 404, &[], b"Entry not found");
        };
        let is_allowed = |token: &str| seen.authorization.as_deref() == Some(&*format!("Bearer {token}"));
        if faults.gated.is_some_and(|token| !is_allowed(token)) {
            return answer(&mut stream, 403, &[("X-Error-Code", "GatedRepo".to_owned())], b"gated");
        }
        let sha = sha256(bytes);
        let etag = faults.etag.map_or(sha.clone(), str::to_owned);
        let mut headers = vec![
            (
                "Location",
                format!("http://localhost:{}/cdn/{sha}?signature=secret", self.port),
            ),
            ("X-Repo-Commit", COMMIT.to_owned()),
            ("ETag", format!("\"{etag}\"")),
        ];
        if !faults.hides_links {
            headers.push(("X-Linked-ETag", format!("\"{etag}\"")));
            headers.push(("X-Linked-Size", bytes.len().to_string()));
        }
        answer(&mut stream, 302, &headers, b"")
    }

    /// Takes one of the failures that are left.
    fn strikes(&self, of: fn(&mut Faults) -> &mut Option<(u16, u32)>) -> Option<u16> {
        let mut faults = self.faults.lock().expect("no panic");
        let (status, left) = of(&mut faults).as_mut().filter(|(_, left)| *left > 0)?;
        *left -= 1;
        Some(*status)
    }

    fn listing(&self, stream: &mut TcpStream, faults: &Faults, repo: &str) -> std::io::Result<()> {
        if let Some(status) = self.strikes(|faults| &mut faults.listing) {
            return fail(stream, status, faults);
        }
        let own = self.files.iter();
        let own = own.filter_map(|(name, bytes)| Some((name.strip_prefix(repo)?.strip_prefix('/')?, bytes)));
        let siblings: Vec<_> = own
            .map(|(name, bytes)| {
                if faults.hides_sizes {
                    return serde_json::json!({"rfilename": name});
                }
                let size = faults.claims.unwrap_or(bytes.len() as u64);
                let lfs = serde_json::json!({"sha256": sha256(bytes), "size": size, "pointerSize": 134});
                let lfs = if faults.hides_lfs { serde_json::Value::Null } else { lfs };
                serde_json::json!({"rfilename": name, "size": size, "lfs": lfs})
            })
            .collect();
        let body = serde_json::json!({"sha": faults.commit.unwrap_or(COMMIT), "siblings": siblings});
        answer(stream, 200, &[], body.to_string().as_bytes())
    }

    fn download(&self, stream: &mut TcpStream, faults: &Faults, seen: &Seen, sha: &str) -> std::io::Result<()> {
        if let Some(status) = self.strikes(|faults| &mut faults.download) {
            return fail(stream, status, faults);
        }
        if let Some(page) = faults.page {
            return answer(stream, 200, &[("Content-Type", "text/html".into())], page.as_bytes());
        }
        let Some(whole) = self.files.values().find(|bytes| sha256(bytes) == sha) else {
            return answer(stream, 404, &[], b"");
        };
        let mut bytes = whole.clone();
        if faults.flips {
            let middle = bytes.len() / 2;
            bytes[middle] ^= 1;
        }
        bytes.truncate(bytes.len() - faults.shorter);
        let range = seen.range.as_deref().filter(|_| !faults.ignores_ranges);
        let (start, end) = range.map_or((0, bytes.len()), |range| parse_range(range, bytes.len()));
        if start >= bytes.len() {
            return answer(stream, 416, &[], b"");
        }
        let total = bytes.len();
        let mut head = match range {
            Some(_) => format!(
                "HTTP/1.1 206 Partial Content\r\nContent-Range: bytes {start}-{}/{total}\r\n",
                end - 1
            ),
            None => "HTTP/1.1 200 OK\r\n".to_owned(),
        };
        head.push_str(&format!("Content-Length: {}\r\nConnection: close\r\n\r\n", end - start));
        stream.write_all(head.as_bytes())?;
        let limit = faults.cut_after.map_or(end, |n| end.min(start + n));
        let limit = faults.cut_at.map_or(limit, |at| limit.min(at.max(start)));
        for chunk in bytes[start..limit].chunks((total / 8).max(1)) {
            stream.write_all(chunk)?;
            *self.n_body_bytes.lock().expect("no panic") += chunk.len();
            thread::sleep(faults.pause);
        }
        stream.flush()
    }
}

fn read_request(stream: &TcpStream) -> std::io::Result<Seen> {
    let mut lines = BufReader::new(stream).lines();
    let first = lines.next().unwrap_or(Ok(String::new()))?;
    let mut words = first.split(' ');
    let mut seen = Seen {
        method: words.next().unwrap_or("").to_owned(),
        path: words.next().unwrap_or("").to_owned(),
        host: String::new(),
        range: None,
        authorization: None,
    };
    for line in lines {
        let line = line?;
        let Some((name, value)) = line.split_once(": ") else {
            break;
        };
        match name.to_ascii_lowercase().as_str() {
            "host" => seen.host = value.to_owned(),
            "range" => seen.range = Some(value.to_owned()),
            "authorization" => seen.authorization = Some(value.to_owned()),
            _ => {}
        }
    }
    Ok(seen)
}

/// `bytes=5-` or `bytes=5-9` as a half-open range.
fn parse_range(range: &str, len: usize) -> (usize, usize) {
    let (start, end) = range.trim_start_matches("bytes=").split_once('-').expect("a range");
    let end = end.parse().map_or(len, |last: usize| len.min(last + 1));
    (start.parse().expect("a number"), end)
}

fn fail(stream: &mut TcpStream, status: u16, faults: &Faults) -> std::io::Result<()> {
    let headers = faults.with.iter().map(|(name, value)| (*name, (*value).to_owned()));
    answer(
        stream,
        status,
        &headers.collect::<Vec<_>>(),
        b"<html>an error page</html>",
    )
}

fn answer(stream: &mut TcpStream, status: u16, headers: &[(&str, String)], body: &[u8]) -> std::io::Result<()> {
    let mut head = format!(
        "HTTP/1.1 {status} X\r\nContent-Length: {}\r\nConnection: close\r\n",
        body.len()
    );
    for (name, value) in headers {
        head.push_str(&format!("{name}: {value}\r\n"));
    }
    stream.write_all(head.as_bytes())?;
    stream.write_all(b"\r\n")?;
    stream.write_all(body)?;
    stream.flush()
}
