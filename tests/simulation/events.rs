//! What the program logs while it is simulated: by computer and virtual time, in order.

use std::{
    cell::RefCell,
    collections::BTreeMap,
    fmt::{self, Write},
    rc::Rc,
    time::Duration,
};

use tracing::{
    Event as Logged, Level, Subscriber,
    field::{Field, Visit},
};
use tracing_subscriber::layer::{Context, Layer};

/// One line of a log.
#[derive(Debug, Clone)]
pub(crate) struct Event {
    /// Since the beginning of the simulation.
    pub(crate) at: Duration,
    /// The computer on which it was said; none for the simulation itself.
    pub(crate) computer: &'static str,
    pub(crate) text: String,
    pub(crate) fields: BTreeMap<&'static str, String>,
}

impl Event {
    pub(crate) fn field(&self, name: &str) -> &str {
        self.fields.get(name).map_or("", String::as_str)
    }
}

impl fmt::Display for Event {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let seconds = self.at.as_secs();
        let (hours, minutes) = (seconds / 3_600, seconds / 60 % 60);
        let thousandths = self.at.subsec_millis();
        write!(formatter, "{hours}:{minutes:02}:{:02}.{thousandths:03} ", seconds % 60)?;
        write!(formatter, "{:<7} {}", self.computer, self.text)?;
        self.fields.iter().try_for_each(|(name, value)| write!(formatter, " {name}={value}"))
    }
}

/// All that was logged on this thread since [`Events::begin`]. Clones are the same.
#[derive(Debug, Clone, Default)]
pub(crate) struct Events(Rc<RefCell<State>>);

#[derive(Debug, Default)]
struct State {
    lines: Vec<Event>,
    begun: Option<tokio::time::Instant>,
    computer: &'static str,
}

thread_local! {
    static NOW: RefCell<Option<Events>> = const { RefCell::new(None) };
}

impl Events {
    /// Lines of this thread come here from now on; the clock of the simulation begins.
    pub(crate) fn begin() -> Self {
        let events = Self::default();
        events.0.borrow_mut().begun = Some(tokio::time::Instant::now());
        NOW.set(Some(events.clone()));
        events
    }

    /// Whoever speaks next does so on this computer.
    pub(crate) fn on(computer: &'static str) {
        NOW.with_borrow(|now| {
            if let Some(events) = now {
                events.0.borrow_mut().computer = computer;
            }
        });
    }

    /// The simulation itself says something.
    pub(crate) fn say(&self, text: String) {
        let mut state = self.0.borrow_mut();
        let at = state.elapsed();
        state.lines.push(Event { at, computer: "-", text, fields: BTreeMap::new() });
    }

    /// Since the beginning.
    pub(crate) fn elapsed(&self) -> Duration {
        self.0.borrow().elapsed()
    }

    /// The lines from this one on.
    pub(crate) fn since(&self, line: usize) -> Vec<Event> {
        self.0.borrow().lines.get(line..).unwrap_or_default().to_vec()
    }

    /// The last lines, for whoever wants to know what happened.
    pub(crate) fn last(&self, count: usize) -> String {
        let state = self.0.borrow();
        let from = state.lines.len().saturating_sub(count);
        let lines: Vec<_> = state.lines[from..].iter().map(ToString::to_string).collect();
        lines.join("\n")
    }
}

impl State {
    fn elapsed(&self) -> Duration {
        self.begun.map(|begun| begun.elapsed()).unwrap_or_default()
    }
}

/// Passes on what is logged on threads that are simulated.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Collector;

impl<S: Subscriber> Layer<S> for Collector {
    fn on_event(&self, logged: &Logged<'_>, _context: Context<'_, S>) {
        if *logged.metadata().level() > Level::INFO {
            return;
        }
        NOW.with_borrow(|now| {
            let Some(events) = now else { return };
            let mut visitor = Read::default();
            logged.record(&mut visitor);
            let mut state = events.0.borrow_mut();
            let (at, computer) = (state.elapsed(), state.computer);
            state.lines.push(Event { at, computer, text: visitor.text, fields: visitor.fields });
        });
    }
}

#[derive(Default)]
struct Read {
    text: String,
    fields: BTreeMap<&'static str, String>,
}

impl Visit for Read {
    fn record_str(&mut self, field: &Field, value: &str) {
        if field.name() == "message" {
            value.clone_into(&mut self.text);
        } else {
            self.fields.insert(field.name(), value.to_owned());
        }
    }

    fn record_debug(&mut self, field: &Field, value: &dyn fmt::Debug) {
        let mut text = String::new();
        // A text takes everything.
        let _ = write!(text, "{value:?}");
        self.record_str(field, &text);
    }
}
