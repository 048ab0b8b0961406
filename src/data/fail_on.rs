//! Conditions on which a comparison fails (`--fail-on`).

use crate::units::parse_percent;
use serde::{Deserialize, Serialize};
use std::fmt;
use std::str::FromStr;

/// What must not be.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum FailOn {
    /// Slower by this share or more, e.g. 0.05.
    Slower(f64),
    /// A mean KL divergence of more than this, nats.
    Kld(f64),
}

impl FromStr for FailOn {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let wrong = || format!("'{text}' is no condition: write e.g. slower:5% or kld:1e-4");
        if let Some(most) = text.strip_prefix("kld:") {
            let most: f64 = most.parse().map_err(|_| wrong())?;
            return match most >= 0.0 && most.is_finite() {
                true => Ok(FailOn::Kld(most)),
                false => Err(wrong()),
            };
        }
        let limit = text.strip_prefix("slower:").ok_or_else(wrong)?;
        let slower = parse_percent(limit).map_err(|_| wrong())?;
        match (0.0..1.0).contains(&slower) {
            true => Ok(FailOn::Slower(slower)),
            false => Err(format!(
                "'{text}' is out of range: use 0% or more and less than 100%, e.g. slower:5%"
            )),
        }
    }
}

impl fmt::Display for FailOn {
    /// As it may be written.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            FailOn::Slower(share) => write!(f, "slower:{}%", (share * 1e6).round() / 1e4),
            FailOn::Kld(most) => write!(f, "kld:{most}"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::FailOn;

    #[test]
    fn a_condition_is_read_or_refused() {
        let read = |text: &str| text.parse::<FailOn>();
        assert_eq!(read("slower:5%"), Ok(FailOn::Slower(0.05)));
        assert_eq!(read("slower:0%"), Ok(FailOn::Slower(0.0)));
        assert_eq!(read("kld:1e-4"), Ok(FailOn::Kld(1e-4)));
        for bad in [
            "5%",
            "slower",
            "slower:5",
            "slower:100%",
            "faster:5%",
            "kld:-1",
            "kld:x",
            "",
        ] {
            assert!(read(bad).expect_err(bad).contains("slower:5%"), "{bad}");
        }
        for text in ["slower:7%", "slower:0.5%", "kld:0.0001"] {
            assert_eq!(read(text).expect(text).to_string(), text);
        }
    }
}
