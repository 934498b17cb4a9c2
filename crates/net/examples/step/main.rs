//! Times training steps (forward, backward, SGD) and a probe with statistics.
//!
//! - `cargo run --release -p evenkeel-net --example step [THREADS [NAME]]` prints a table of the
//!   rows whose name contains NAME: medians, with the rate of the matrix products' arithmetic.
//! - `... step case threads=2 seconds=1 net=residual inputs=16 width=16 depth=10000 outputs=10
//!   batch=64 [update=none] [taps=all] [recompute=nothing]` times one network and prints every step's time, and what
//!   it took of memory, as JSON.
//! - `... step product THREADS` prints the rate of a large matrix product, as JSON.

#![allow(clippy::print_stdout, reason = "tables and JSON are what this is for")]

mod case;
mod images;
mod measure;
mod memory;
mod product;
mod table;

use std::error::Error;

use case::Case;

fn main() -> Result<(), Box<dyn Error>> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    match arguments.first().map(String::as_str) {
        Some("case") => one(&arguments[1..]),
        Some("product") => {
            let threads = arguments.get(1).map_or(Ok(1), |text| text.parse())?;
            println!("{{\"flops\": {:e}}}", product::rate(threads));
            Ok(())
        }
        _ => table::print(&arguments),
    }
}

/// Times the case that the arguments describe.
fn one(arguments: &[String]) -> Result<(), Box<dyn Error>> {
    let case = Case::parse(arguments)?;
    let threads = case::number(arguments, "threads")?;
    let seconds = case::number(arguments, "seconds")? as f64;
    let found = measure::run(&case, threads, seconds)?;
    let times: Vec<String> = found.times.iter().map(|t| format!("{t:e}")).collect();
    println!(
        "{{\"times\": [{}], \"arena_bytes\": {}, \"planned_bytes\": {}, \"growth_bytes\": {}}}",
        times.join(", "),
        found.arena,
        found.planned,
        found
            .growth
            .map_or("null".to_owned(), |bytes| bytes.to_string()),
    );
    Ok(())
}
