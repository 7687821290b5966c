//! The `engagement` command.
use datafusion_engagement::enrichment::{Enrichment, Overrides};
use datafusion_engagement::run;
#[tokio::main]
async fn main() -> std::process::ExitCode {
    let args: Vec<String> = std::env::args().collect();
    let overrides = Overrides {
        as_of: None,
        output: args.iter().position(|a| a == "--output").map(|i| args[i + 1].clone().into()),
    };
    let r = async {
        let e = Enrichment::open_with(&args[2], &overrides)?;
        run::run(&e, &run::Silent).await
    }
    .await;
    match r {
        Ok(report) => {
            println!("{report:#?}");
            std::process::ExitCode::SUCCESS
        }
        Err(e) => {
            eprintln!("error: {e}");
            std::process::ExitCode::from(e.exit_code())
        }
    }
}
