//! From a command line of the plugin to its exit code.

use super::{Plugin, PluginCommand, approve, plan, ready, status, suspend, sync};
use crate::{
    cli::{
        ExitCode, Printer,
        run::{block_on, ended},
    },
    telemetry::{self, LogFormat},
};

/// Runs a command of the plugin, and says what went wrong, once.
pub(in crate::cli) fn run(plugin: Plugin) -> ExitCode {
    let Plugin { cluster, command } = plugin;
    let mut printer = Printer::new(cluster.color, LogFormat::Text);
    telemetry::start(printer.messages_coloured(), LogFormat::Text);
    let choice = cluster.choice();
    let to = &mut printer;
    let result = match command {
        PluginCommand::Status(arguments) => block_on(status::run(&arguments, &choice, to)),
        PluginCommand::Plan(arguments) => plan::run(&arguments, &choice, to),
        PluginCommand::Approve(arguments) => block_on(approve::run(&arguments, &choice, to)),
        PluginCommand::Sync(arguments) => block_on(sync::run(&arguments, &choice, to)),
        PluginCommand::Suspend(arguments) => {
            block_on(suspend::run(&arguments.objects, true, &choice, to))
        }
        PluginCommand::Resume(arguments) => {
            block_on(suspend::run(&arguments.objects, false, &choice, to))
        }
        PluginCommand::Ready(arguments) => block_on(ready::run(&arguments, choice, to)),
    };
    ended(result, &mut printer)
}
