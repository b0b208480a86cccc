//! The signs and colours of a plan.

use anstyle::{AnsiColor, Style};

use crate::plan::{Action, ActionKind};

use super::{changes::DiffLine, sort::Sort};

/// The sign in front of an action: what it does at a glance.
pub(super) fn sign_of(action: &Action) -> char {
    if action.alters() { '~' } else { sign(action.kind) }
}

/// The sign of a kind of action, where that does not find anything that is there.
pub fn sign(kind: ActionKind) -> char {
    match Sort::of_kind(kind) {
        _ if kind == ActionKind::ValidateContent => '?',
        Sort::Create => '+',
        Sort::Change => '~',
        Sort::Remove => '-',
        Sort::Verify => '?',
        Sort::Synchronize | Sort::Distribute => '>',
    }
}

/// Colours carry nothing that the text does not say.
#[derive(Debug, Clone, Copy)]
pub(super) struct Paint {
    pub(super) coloured: bool,
}

impl Paint {
    fn with(self, style: Style, text: &str) -> String {
        if self.coloured && !text.is_empty() {
            format!("{style}{text}{style:#}")
        } else {
            text.to_owned()
        }
    }

    pub(super) fn bold(self, text: &str) -> String {
        self.with(Style::new().bold(), text)
    }

    pub(super) fn dim(self, text: &str) -> String {
        self.with(Style::new().dimmed(), text)
    }

    pub(super) fn yellow(self, text: &str) -> String {
        self.with(AnsiColor::Yellow.on_default(), text)
    }

    pub(super) fn sign(self, sign: char, text: &str) -> String {
        self.with(style(sign), text)
    }

    /// A line of a diff, without its end: the words that differ stand out.
    pub(super) fn line(self, line: &DiffLine) -> String {
        let DiffLine { sign, parts, remark } = line;
        let mut text = String::new();
        let style = style(*sign);
        // The sign, and whatever follows it with the same look.
        let mut pending = if parts.is_empty() { String::new() } else { format!("{sign} ") };
        for part in parts {
            if part.differs {
                text += &self.with(style, &std::mem::take(&mut pending));
                text += &self.with(style.bold().invert(), &part.text);
            } else {
                pending += &part.text;
            }
        }
        text += &self.with(style, &pending);
        if let Some(remark) = remark {
            text += if parts.is_empty() { "  " } else { "  # " };
            text += &self.dim(remark);
        }
        text
    }
}

fn style(sign: char) -> Style {
    match sign {
        '+' => AnsiColor::Green.on_default(),
        '-' => AnsiColor::Red.on_default(),
        '~' => AnsiColor::Yellow.on_default(),
        ' ' => Style::new(),
        _ => AnsiColor::Cyan.on_default(),
    }
}
