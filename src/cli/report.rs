//! `kernsmith report RUN|BATCH`: pages and tables for showing around. Reads only; a run may be going on meanwhile.

use std::path::PathBuf;

use clap::{Args, ValueEnum};

use super::exit::{Exit, Failed};
use super::workshop::store_failed;
use super::{Places, say};
use crate::report::{self, ReportError};
use crate::store::{BatchId, RunId, Store};

/// Arguments.
#[derive(Args)]
pub struct Report {
    /// Run (r12) or batch (b3)
    subject: String,
    /// Only this format
    #[arg(long, value_enum, value_name = "FORMAT")]
    format: Option<Format>,
    /// Folder for the files [default: reports/ in the results folder]
    #[arg(long, value_name = "DIR")]
    output: Option<PathBuf>,
    /// Print to standard output instead (needs --format)
    #[arg(long, requires = "format", conflicts_with = "output")]
    stdout: bool,
}

/// What to write.
#[derive(Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Format {
    /// One self-contained page
    Html,
    /// Tables and text
    Md,
    /// One row a candidate (run), or one row a run (batch)
    Csv,
}

impl Format {
    fn extension(self) -> &'static str {
        match self {
            Self::Html => "html",
            Self::Md => "md",
            Self::Csv => "csv",
        }
    }
}

/// Runs the command.
pub async fn report(places: &Places, args: Report) -> Result<Exit, Failed> {
    let store = Store::open_read_only(&places.results).await.map_err(store_failed)?;
    let formats = args.format.map_or(vec![Format::Html, Format::Md, Format::Csv], |f| vec![f]);
    let mut texts = Vec::new();
    if args.subject.starts_with('b') {
        let batch: BatchId = args.subject.parse().map_err(store_failed)?;
        let data = report::batch_data(&store, batch).await.map_err(store_failed)?;
        for format in formats {
            texts.push((
                format,
                match format {
                    Format::Html => report::batch_html(&data).map_err(failed)?,
                    Format::Md => report::batch_markdown(&data),
                    Format::Csv => report::batch_csv(&data),
                },
            ));
        }
    } else {
        let run: RunId = args.subject.parse().map_err(store_failed)?;
        let data = report::run_data(&store, run).await.map_err(store_failed)?;
        for format in formats {
            texts.push((
                format,
                match format {
                    Format::Html => report::run_html(&data).map_err(failed)?,
                    Format::Md => report::run_markdown(&data),
                    Format::Csv => report::candidates_csv(std::slice::from_ref(&data)),
                },
            ));
        }
    }
    let folder = args.output.unwrap_or_else(|| places.results.join("reports"));
    for (format, text) in texts {
        if args.stdout {
            say(text.trim_end());
            continue;
        }
        let path = folder.join(format!("{}.{}", args.subject, format.extension()));
        report::write(&path, &text).map_err(failed)?;
        say(&path.display().to_string());
    }
    Ok(Exit::Done)
}

fn failed(error: ReportError) -> Failed {
    match error {
        ReportError::Template(_) => Failed::bug(error),
        _ => Failed::usage(error),
    }
}
