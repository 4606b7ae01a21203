//! The configuration file: parsed, checked as a whole, explained. Knows nothing of devices or members.
