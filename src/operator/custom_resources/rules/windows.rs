//! Of maintenance windows (WINDOW).

use super::{Rule, texts};

pub(super) fn rules() -> Vec<Rule> {
    vec![
        Rule::new("spec.schedule", texts::FIVE_FIELDS, texts::NO_CRON.0).help(texts::NO_CRON.1),
        Rule::new(
            "spec.duration",
            "!self.matches('^0+[smhd]$')",
            "a window of 0 seconds never opens",
        )
        .help("write how long it is open, such as `6h`"),
    ]
}
