//! What people see while work goes on: bars on a terminal, lines in a pipe; always on standard
//! error.

use std::{
    collections::BTreeMap,
    fmt,
    io::{self, IsTerminal, Write},
    sync::{Arc, Mutex, PoisonError},
    time::{Duration, Instant},
};

use indicatif::{MultiProgress, ProgressBar, ProgressState, ProgressStyle};
use tokio::{
    sync::mpsc::{UnboundedReceiver, UnboundedSender, unbounded_channel},
    task::JoinHandle,
};
use tracing::Instrument;

use crate::{
    apply::{ApplyEvent, Outcome},
    plan::ActionId,
    telemetry,
    view::{outcome_line, plain},
    wire::agent::{Progress as Amount, ProgressUnit},
    world::spawn,
};

/// How often a pipe hears of an action that is still going on.
pub(super) const LINES_EVERY: Duration = Duration::from_secs(5);

/// A bar of updates.
pub(super) const UPDATES: &str = "{bar:30} {pos}/{len} updates, {rate}, {eta} left  {msg}";

/// A bar of bytes.
pub(super) const BYTES: &str = "{bar:30} {bytes}/{total_bytes}, {bytes_per_sec}, {eta} left  {msg}";

/// Shows events until it is ended.
pub(super) struct Progress {
    events: UnboundedSender<ApplyEvent>,
    showing: JoinHandle<()>,
}

/// What was said of actions that were not done: a loop says it once, not every half minute. Clones
/// share it.
#[derive(Debug, Clone, Default)]
pub(super) struct Said(Arc<Mutex<BTreeMap<ActionId, String>>>);

impl Said {
    /// Whether this is news of an action.
    fn is_news(&self, id: &ActionId, outcome: &Outcome) -> bool {
        let mut said = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if matches!(outcome, Outcome::Done(_)) {
            said.remove(id);
            return true;
        }
        let text = format!("{} {}", outcome.word(), outcome.detail());
        said.insert(id.clone(), text.clone()) != Some(text)
    }
}

impl Progress {
    /// Starts showing, in colours or not.
    pub(super) fn start(coloured: bool) -> Self {
        Self::after(Said::default(), coloured)
    }

    /// Starts showing what was not said before.
    pub(super) fn after(said: Said, coloured: bool) -> Self {
        let (events, received) = unbounded_channel();
        let showing = if io::stderr().is_terminal() && !telemetry::is_json() {
            tokio::spawn(on_terminal(received, said, coloured))
        } else {
            // The lines belong to the work that they tell of.
            spawn(in_pipe(received, said).in_current_span())
        };
        Self { events, showing }
    }

    /// Where events are sent.
    pub(super) fn events(&self) -> &UnboundedSender<ApplyEvent> {
        &self.events
    }

    /// Shows what is still to be shown, and ends.
    pub(super) async fn end(self) {
        drop(self.events);
        if let Err(error) = self.showing.await {
            tracing::debug!(%error, "the progress display broke down");
        }
    }
}

async fn in_pipe(mut events: UnboundedReceiver<ApplyEvent>, said: Said) {
    let mut told: BTreeMap<ActionId, Instant> = BTreeMap::new();
    while let Some(event) = events.recv().await {
        let line = match event {
            ApplyEvent::Begun { .. } => continue,
            ApplyEvent::Started(id) => {
                told.insert(id, Instant::now());
                continue;
            }
            ApplyEvent::Progress(id, amount) => {
                let due = told.get(&id).is_none_or(|last| last.elapsed() >= LINES_EVERY);
                if !due {
                    continue;
                }
                told.insert(id.clone(), Instant::now());
                amount_line(&id, amount)
            }
            ApplyEvent::Waiting(id, why) => format!("waiting  {id}: {}", plain(&why)),
            ApplyEvent::Finished(id, outcome) => {
                if !said.is_news(&id, &outcome) {
                    continue;
                }
                outcome_line(&id, outcome.word(), &outcome.detail(), false)
            }
        };
        say(&line);
    }
}

/// Writes a line of progress.
pub(super) fn say(line: &str) {
    if telemetry::is_json() {
        telemetry::log_message(line);
    } else {
        // Nobody reads: then nobody misses it.
        let _ = writeln!(io::stderr(), "{line}");
    }
}

async fn on_terminal(mut events: UnboundedReceiver<ApplyEvent>, said: Said, coloured: bool) {
    let bars = MultiProgress::new();
    let mut all: Option<ProgressBar> = None;
    let mut each: BTreeMap<ActionId, ProgressBar> = BTreeMap::new();
    while let Some(event) = events.recv().await {
        match event {
            ApplyEvent::Begun { actions } => {
                let length = u64::try_from(actions).unwrap_or(u64::MAX);
                let bar = bars.add(ProgressBar::new(length));
                bar.set_style(style("{bar:30} {pos}/{len} actions, {elapsed}, {eta} left"));
                bar.enable_steady_tick(Duration::from_millis(200));
                if let Some(before) = all.replace(bar) {
                    before.finish_and_clear();
                }
            }
            ApplyEvent::Started(id) => {
                let bar = bars.insert(0, ProgressBar::new_spinner());
                bar.set_style(style("{spinner} {msg}"));
                bar.set_message(id.to_string());
                bar.enable_steady_tick(Duration::from_millis(200));
                each.insert(id, bar);
            }
            ApplyEvent::Progress(id, amount) => {
                if let Some(bar) = each.get(&id) {
                    show_amount(bar, amount);
                }
            }
            ApplyEvent::Waiting(id, why) => {
                if let Some(bar) = each.get(&id) {
                    bar.set_message(format!("{id}: {}", plain(&why)));
                }
            }
            ApplyEvent::Finished(id, outcome) => {
                if let Some(bar) = each.remove(&id) {
                    bar.finish_and_clear();
                }
                if said.is_news(&id, &outcome) {
                    let line = outcome_line(&id, outcome.word(), &outcome.detail(), coloured);
                    // A terminal that is gone shows nothing.
                    let _ = bars.println(line);
                }
                if let (Some(bar), Outcome::Done(_)) = (&all, &outcome) {
                    bar.inc(1);
                }
            }
        }
    }
    for bar in each.values().chain(all.iter()) {
        bar.finish_and_clear();
    }
}

fn amount_line(id: &ActionId, amount: Amount) -> String {
    let Amount { done, total, unit } = amount;
    let unit = match unit {
        ProgressUnit::Updates => "updates",
        ProgressUnit::Bytes => "bytes",
    };
    // How much there is in all is not always known.
    let of = if total > 0 { format!(" of {total}") } else { String::new() };
    format!("going on {id}: {done}{of} {unit}")
}

fn show_amount(bar: &ProgressBar, amount: Amount) {
    if amount.total > 0 && bar.length() != Some(amount.total) {
        bar.set_length(amount.total);
        bar.set_style(match amount.unit {
            ProgressUnit::Updates => style(UPDATES),
            ProgressUnit::Bytes => style(BYTES),
        });
    }
    bar.set_position(amount.done);
}

/// A style; one that cannot be read, which a test would find, falls back to the plain one.
pub(super) fn style(template: &str) -> ProgressStyle {
    ProgressStyle::with_template(template)
        .unwrap_or_else(|_| ProgressStyle::default_bar())
        .with_key("rate", |state: &ProgressState, text: &mut dyn fmt::Write| {
            // A rate that cannot be shown is not missed.
            let _ = write!(text, "{:.0}/s", state.per_sec());
        })
}
