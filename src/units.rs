//! Numbers to text, text to numbers.
