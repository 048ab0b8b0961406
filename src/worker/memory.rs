//! Memory of this process as the kernel counts it: resident anonymous and file-backed bytes now, and the peak.

use crate::data::MemoryReading;
use crate::engine::EngineError;

/// Reads `/proc/self/status`.
pub(super) fn reading(device_bytes: Option<u64>) -> Result<MemoryReading, EngineError> {
    let status = std::fs::read_to_string("/proc/self/status")
        .map_err(|e| EngineError::Refused(format!("cannot read the memory of the worker: {e}")))?;
    parse(&status, device_bytes)
        .ok_or_else(|| EngineError::Refused("the kernel does not tell the memory of the worker".to_owned()))
}

fn parse(status: &str, device_bytes: Option<u64>) -> Option<MemoryReading> {
    let bytes = |key: &str| {
        let line = status
            .lines()
            .find_map(|line| line.strip_prefix(key)?.strip_prefix(':'))?;
        let kib: u64 = line.trim().strip_suffix("kB")?.trim().parse().ok()?;
        Some(kib * 1024)
    };
    Some(MemoryReading {
        rss_anon_bytes: bytes("RssAnon")?,
        rss_file_bytes: bytes("RssFile")?,
        rss_bytes_max: bytes("VmHWM")?,
        device_bytes,
    })
}

#[cfg(test)]
mod tests {
    use super::parse;

    #[test]
    fn kib_become_bytes_and_a_missing_line_is_no_reading() {
        let status = "Name:\tkvant\nVmHWM:\t    2048 kB\nRssAnon:\t     10 kB\nRssFile:\t      4 kB\n";
        let reading = parse(status, None).expect("complete");
        assert_eq!(
            (reading.rss_anon_bytes, reading.rss_file_bytes, reading.rss_bytes_max),
            (10_240, 4_096, 2_097_152)
        );
        assert!(parse("VmHWM:\t 1 kB\n", None).is_none());
    }
}
