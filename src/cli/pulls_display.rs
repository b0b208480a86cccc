//! How followed transfers are shown: bars on a terminal, lines in a pipe.

use std::{
    collections::BTreeMap,
    io::{self, IsTerminal},
    time::Duration,
};

use indicatif::{MultiProgress, ProgressBar};
use jiff::Timestamp;

use super::{OutputFormat, Printer, progress::style};
use crate::{
    model::{Name, PackageId},
    view::{Placement, pull_line, pull_line_json},
};

/// Shows transfers while they go on.
pub(super) enum Display {
    /// Bars, below the lines of those that have ended.
    Bars(Bars),
    /// A line for all that is new.
    Lines(OutputFormat),
}

/// The bars of the transfers that are under way.
#[derive(Default)]
pub(super) struct Bars {
    all: MultiProgress,
    each: BTreeMap<(PackageId, Name), ProgressBar>,
}

impl Display {
    pub(super) fn new(output: OutputFormat) -> Self {
        let terminal = io::stdout().is_terminal() && io::stderr().is_terminal();
        if output == OutputFormat::Text && terminal {
            Self::Bars(Bars::default())
        } else {
            Self::Lines(output)
        }
    }

    /// Shows all transfers, and what is new of them or has ended.
    pub(super) fn show(
        &mut self,
        transfers: &[Placement],
        news: Vec<Placement>,
        now: Timestamp,
        printer: &mut Printer,
    ) -> io::Result<()> {
        match self {
            Self::Bars(bars) => bars.show(transfers, &news, now),
            Self::Lines(OutputFormat::Text) => {
                let lines: String =
                    news.iter().map(|transfer| pull_line(transfer, now) + "\n").collect();
                printer.result(&lines)
            }
            Self::Lines(OutputFormat::Json) => {
                let lines = news.into_iter().map(|transfer| pull_line_json(transfer, now));
                printer.result(&lines.collect::<String>())
            }
        }
    }

    /// A message beside what is shown.
    pub(super) fn message(&self, text: &str, printer: &mut Printer) -> io::Result<()> {
        match self {
            Self::Bars(bars) => bars.all.println(text.trim_end()),
            Self::Lines(_) => printer.message(text),
        }
    }

    /// Nothing is under way any more.
    pub(super) fn end(self, printer: &mut Printer) -> io::Result<()> {
        match self {
            Self::Bars(bars) => bars.all.clear(),
            Self::Lines(OutputFormat::Json) => return Ok(()),
            Self::Lines(OutputFormat::Text) => Ok(()),
        }?;
        printer.result("No transfer is under way.\n")
    }
}

impl Bars {
    fn show(
        &mut self,
        transfers: &[Placement],
        news: &[Placement],
        now: Timestamp,
    ) -> io::Result<()> {
        let mut bars = BTreeMap::new();
        for transfer in transfers {
            let key = (transfer.package.clone(), transfer.distribution_point.clone());
            let bar = self.each.remove(&key).unwrap_or_else(|| {
                let bar = self.all.add(ProgressBar::new_spinner());
                bar.enable_steady_tick(Duration::from_millis(200));
                bar
            });
            if let Some(total) = transfer.bytes_total.filter(|_| transfer.bytes_done.is_some()) {
                bar.set_style(style("{bar:20} {msg}"));
                bar.set_length(total);
                bar.set_position(transfer.bytes_done.unwrap_or_default());
            } else {
                bar.set_style(style("{spinner:>20} {msg}"));
            }
            bar.set_message(pull_line(transfer, now));
            bars.insert(key, bar);
        }
        for bar in std::mem::replace(&mut self.each, bars).into_values() {
            bar.finish_and_clear();
            self.all.remove(&bar);
        }
        for ended in news.iter().filter(|it| !transfers.contains(it)) {
            self.all.println(pull_line(ended, now))?;
        }
        Ok(())
    }
}
