//! The program `turnstile-gateway`: everything it does is in the library beside it.

fn main() -> std::process::ExitCode {
    turnstile_gateway::cli::main()
}
