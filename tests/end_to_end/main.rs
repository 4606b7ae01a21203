//! End-to-end tests: the real program on real pseudo-terminals, sockets, files and signals.
