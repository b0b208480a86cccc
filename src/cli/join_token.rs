//! `headwater join-token`: lets the agent of one site system join, once.

use std::path::Path;

use anyhow::anyhow;
use clap::Args;

use super::{ExitCode, Failure, OutputFormat, Printer, agents, operation};
use crate::{
    clock,
    model::{Interval, Name},
    view::{JoinTokenView, join_token_json},
};

/// The longest time that a token may wait: whoever finds it later shall find nothing of use.
const LONGEST: Interval = Interval::days(7);

/// What `headwater join-token` is given.
#[derive(Debug, Clone, Args)]
#[command(
    after_help = "Exit codes: 0 made, 1 the data directory cannot be used, 2 the command line \
                  is wrong\n\n\
                  Example: headwater join-token sea-dp --valid 4h > token, then on that computer: \
                  headwater agent --name sea-dp --listen 0.0.0.0:8550 --join-token-file token"
)]
pub struct Arguments {
    /// The name of the site system.
    name: Name,
    /// For how long the token is good, at most 7d.
    #[arg(long, value_name = "DURATION", default_value = "1h")]
    valid: Interval,
    /// How results are printed.
    #[arg(long, value_enum, default_value_t, value_name = "FORMAT")]
    output: OutputFormat,
}

pub(super) async fn run(
    arguments: &Arguments,
    data: &Path,
    printer: &mut Printer,
) -> Result<ExitCode, Failure> {
    let Arguments { name, valid, output } = arguments;
    if *valid > LONGEST || valid.as_seconds() == 0 {
        let error = anyhow!("`--valid` is for more than nothing and at most for {LONGEST}");
        return Err(Failure::new(ExitCode::Usage, error));
    }
    let data = agents::to_change(data)?;
    let made = data.agents().make_token(name, valid.duration(), clock::now());
    let token = made.await.map_err(operation)?;
    let text = token.to_text();
    printer.result(&match output {
        OutputFormat::Text => format!("{text}\n"),
        OutputFormat::Json => {
            join_token_json(&JoinTokenView { name, token: &text, ends: token.ends() })
        }
    })?;
    printer.message(&format!(
        "good once, until {}: carry it to the computer of `{name}` where nobody else reads it, and \
         start `headwater agent --name {name} --join-token-file FILE` there\n",
        token.ends()
    ))?;
    Ok(ExitCode::Success)
}
