//! Seeded synthetic prompts and texts.
