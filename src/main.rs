//! The `engagement` command: sets the global allocator and starts the command line of the library.

#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

fn main() -> std::process::ExitCode {
    datafusion_engagement::cli::main()
}
