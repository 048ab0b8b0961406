//! Reaching the servers of llama.cpp's RPC backend.

use std::net::{TcpStream, ToSocketAddrs};
use std::time::Duration;

/// Longest wait for a server.
const PATIENCE: Duration = Duration::from_secs(5);

/// Whether somebody listens at `host:port`; otherwise why not, in words.
pub(crate) fn check_server(endpoint: &str) -> Result<(), String> {
    let addresses = endpoint.to_socket_addrs().map_err(|e| format!("no address ({e})"))?;
    let mut why = "no address".to_owned();
    for address in addresses {
        match TcpStream::connect_timeout(&address, PATIENCE) {
            Ok(_) => return Ok(()),
            Err(e) => why = e.to_string(),
        }
    }
    Err(why)
}
