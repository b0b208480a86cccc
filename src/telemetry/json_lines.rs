//! Logs as lines of JSON, for programs.

use std::fmt;

use serde_json::{Map, Value};
use tracing::{
    Event, Subscriber,
    field::{Field, Visit},
};
use tracing_subscriber::{
    fmt::{
        FmtContext, FormatEvent, FormattedFields,
        format::{JsonFields, Writer},
    },
    registry::{LookupSpan, Scope},
};

use crate::clock;

/// Events as lines of JSON. What spans know stands beside the fields of the event, so that whoever looks
/// for a `trace_id` finds it at the same place in every line.
pub(super) struct JsonLines;

impl<S: Subscriber + for<'a> LookupSpan<'a>> FormatEvent<S, JsonFields> for JsonLines {
    fn format_event(
        &self,
        context: &FmtContext<'_, S, JsonFields>,
        mut writer: Writer<'_>,
        event: &Event<'_>,
    ) -> fmt::Result {
        let mut fields = Map::new();
        for span in context.event_scope().into_iter().flat_map(Scope::from_root) {
            let extensions = span.extensions();
            let known = extensions.get::<FormattedFields<JsonFields>>();
            if let Some(Ok(known)) = known.map(|it| serde_json::from_str::<Map<_, _>>(it)) {
                fields.extend(known);
            }
        }
        let mut said = Said { message: String::new(), fields };
        event.record(&mut said);
        let metadata = event.metadata();
        let (level, target) = (metadata.level().as_str(), metadata.target());
        writer.write_str(&json_line(level, target, said.message, said.fields))
    }
}

/// What an event says.
struct Said {
    message: String,
    fields: Map<String, Value>,
}

impl Said {
    fn add(&mut self, field: &Field, value: impl Into<Value>) {
        self.fields.insert(field.name().to_owned(), value.into());
    }
}

impl Visit for Said {
    fn record_debug(&mut self, field: &Field, value: &dyn fmt::Debug) {
        if field.name() == "message" {
            self.message = format!("{value:?}");
        } else {
            self.add(field, format!("{value:?}"));
        }
    }

    fn record_str(&mut self, field: &Field, value: &str) {
        self.add(field, value);
    }

    fn record_bool(&mut self, field: &Field, value: bool) {
        self.add(field, value);
    }

    fn record_u64(&mut self, field: &Field, value: u64) {
        self.add(field, value);
    }

    fn record_i64(&mut self, field: &Field, value: i64) {
        self.add(field, value);
    }

    fn record_f64(&mut self, field: &Field, value: f64) {
        self.add(field, value);
    }
}

/// A line. The first four names are its own: a field of such a name is not believed.
fn json_line(level: &str, target: &str, message: String, fields: Map<String, Value>) -> String {
    let mut line = fields;
    for (name, value) in [
        ("time", clock::now().to_string()),
        ("level", level.to_owned()),
        ("message", message),
        ("target", target.to_owned()),
    ] {
        line.insert(name.to_owned(), value.into());
    }
    format!("{}\n", Value::Object(line))
}

#[cfg(test)]
mod tests {
    use std::{
        io,
        sync::{Arc, Mutex},
    };

    use serde_json::json;

    use super::*;

    #[derive(Clone, Default)]
    struct Written(Arc<Mutex<Vec<u8>>>);

    impl io::Write for Written {
        fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
            self.0.lock().unwrap().write(bytes)
        }

        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }

    #[test]
    fn a_line_of_json_has_what_the_spans_around_it_know() {
        let written = Written::default();
        let writer = written.clone();
        let subscriber = tracing_subscriber::fmt()
            .fmt_fields(JsonFields::new())
            .event_format(JsonLines)
            .with_writer(move || writer.clone())
            .finish();
        tracing::subscriber::with_default(subscriber, || {
            let _trace = tracing::error_span!("trace", trace_id = "4bf9", site = "outer").entered();
            let _agent = tracing::info_span!("agent", site = %"inner", level = "forged").entered();
            tracing::warn!(bytes = 7_u64, done = true, "a \"line\"\nand {}", "more");
        });
        let bytes = written.0.lock().unwrap().clone();
        let text = String::from_utf8(bytes).unwrap();
        assert_eq!(text.lines().count(), 1);
        let mut line: Value = serde_json::from_str(&text).unwrap();
        assert!(line["time"].take().as_str().unwrap().ends_with('Z'));
        let expected = json!({
            "time": null, "level": "WARN", "message": "a \"line\"\nand more",
            "target": module_path!(), "trace_id": "4bf9", "site": "inner", "bytes": 7, "done": true,
        });
        assert_eq!(line, expected);
    }
}
