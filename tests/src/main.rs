//! The gateway as the end-to-end tests start it: the same entry point, built with this package.

fn main() -> std::process::ExitCode {
    turnstile_gateway::cli::main()
}
