//! How wide a text is, without knowing the reader's typefaces: never wider than it is taken for.

/// Hundredths of the size, for the ASCII letters from the space to `~`: the wider of `DejaVu` Sans and
/// Arial. Nearly everything that readers have is narrower than `DejaVu`.
const REGULAR: [u8; 95] = [
    32, 41, 46, 84, 64, 96, 78, 28, 40, 40, 50, 84, 32, 37, 32, 34, 64, 64, 64, 64, 64, 64, 64, 64,
    64, 64, 34, 34, 84, 84, 84, 56, 102, 69, 69, 73, 78, 67, 62, 78, 76, 30, 50, 67, 56, 87, 75,
    79, 67, 79, 73, 67, 62, 74, 69, 99, 69, 67, 69, 40, 34, 40, 84, 56, 50, 62, 64, 55, 64, 62, 36,
    64, 64, 28, 28, 58, 28, 98, 64, 62, 64, 64, 42, 53, 40, 64, 60, 82, 60, 60, 53, 64, 34, 64, 84,
];
/// The same for their bold faces.
const BOLD: [u8; 95] = [
    35, 46, 53, 84, 70, 101, 88, 31, 46, 46, 53, 84, 38, 42, 38, 37, 70, 70, 70, 70, 70, 70, 70,
    70, 70, 70, 40, 40, 84, 84, 84, 62, 100, 78, 77, 74, 84, 69, 69, 83, 84, 38, 56, 78, 64, 100,
    84, 86, 74, 86, 78, 73, 69, 82, 78, 111, 78, 73, 73, 46, 37, 46, 84, 56, 50, 68, 72, 60, 72,
    68, 44, 72, 72, 35, 35, 67, 35, 105, 72, 69, 72, 72, 50, 60, 48, 72, 66, 93, 65, 66, 59, 72,
    37, 72, 84,
];
/// A letter of a typeface in which all are alike.
const FIXED: i32 = 62;
/// A letter of the alphabets that these typefaces have.
const ALPHABETIC: i32 = 125;
/// Any other, as a typeface may have it that was asked for help.
const OTHER: i32 = 160;

/// A typeface in a size.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::view) struct Font {
    /// Pixels.
    pub(in crate::view) size: i32,
    /// The name of its class in the style sheet.
    pub(super) class: &'static str,
    bold: bool,
    fixed: bool,
}

/// The heading of the drawing.
pub(in crate::view) const HEADING: Font = Font { size: 20, class: "h", bold: true, fixed: false };
/// The title of a group.
pub(super) const GROUP: Font = Font { size: 18, class: "g", bold: true, fixed: false };
/// The title of a group in a large drawing.
pub(super) const LARGE: Font = Font { size: 30, class: "x", bold: true, fixed: false };
/// The title of a node.
pub(in crate::view) const TITLE: Font = Font { size: 13, class: "b", bold: true, fixed: false };
/// A name that people type.
pub(in crate::view) const NAME: Font = Font { size: 13, class: "m", bold: false, fixed: true };
/// What else there is to say.
pub(in crate::view) const TEXT: Font = Font { size: 12, class: "t", bold: false, fixed: false };
/// What stands at edges and in badges.
pub(in crate::view) const LABEL: Font = Font { size: 11, class: "l", bold: true, fixed: false };

impl Font {
    /// At least as wide as a text is, in pixels.
    pub(in crate::view) fn width(self, text: &str) -> i32 {
        let hundredths =
            text.chars().fold(0_i32, |sum, letter| sum.saturating_add(self.of(letter)));
        hundredths.saturating_mul(self.size) / 100 + 1
    }

    /// The distance between two lines.
    pub(in crate::view) const fn line(self) -> i32 {
        self.size + 4
    }

    fn of(self, letter: char) -> i32 {
        let widths = if self.bold { &BOLD } else { &REGULAR };
        let place = usize::try_from(u32::from(letter)).ok().and_then(|it| it.checked_sub(32));
        match (letter, place.and_then(|place| widths.get(place))) {
            (_, Some(_)) if self.fixed => FIXED,
            (_, Some(width)) => i32::from(*width),
            ('·' | '–', _) => 50,
            ('…' | '→' | '×', _) => 100,
            ('\u{a0}'..'\u{530}', _) => ALPHABETIC,
            _ => OTHER,
        }
    }

    /// As much of a text as is no wider than that, with a sign that something is missing.
    pub(in crate::view) fn cut(self, text: &str, widest: i32) -> String {
        if self.width(text) <= widest {
            return text.to_owned();
        }
        let mut left = widest.saturating_mul(100) / self.size - self.of('…') - 100 / self.size - 1;
        let mut short = String::new();
        for letter in text.chars() {
            left -= self.of(letter);
            if left < 0 {
                break;
            }
            short.push(letter);
        }
        short.push('…');
        short
    }

    /// A text on at most `most` lines that are no wider than that, broken between words.
    pub(in crate::view) fn wrap(self, text: &str, widest: i32, most: usize) -> Vec<String> {
        let mut lines = vec![String::new()];
        for word in text.split(' ') {
            let full = lines.len() >= most;
            let Some(line) = lines.last_mut() else { break };
            let longer = if line.is_empty() { word.to_owned() } else { format!("{line} {word}") };
            if line.is_empty() || full || self.width(&longer) <= widest {
                *line = longer;
            } else {
                lines.push(word.to_owned());
            }
        }
        lines.iter().map(|line| self.cut(line, widest)).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn texts_are_cut_where_they_would_be_too_wide() {
        assert_eq!(NAME.cut("ams-dp1", 100), "ams-dp1");
        for font in [HEADING, GROUP, TITLE, NAME, TEXT, LABEL] {
            let long = "a rather long text, with ä, 中 and 🙂".repeat(3);
            for widest in 30..300 {
                let cut = font.cut(&long, widest);
                assert!(cut.ends_with('…') && font.width(&cut) <= widest, "{cut}: {widest}");
            }
        }
    }

    #[test]
    fn texts_are_broken_between_words() {
        let text = "pulls from 1 ams-dp2, 1 ams-dp3, 2 ams-dp1";
        assert_eq!(TEXT.wrap(text, 1000, 3), [text]);
        let lines = TEXT.wrap(text, 150, 3);
        assert_eq!(lines, ["pulls from 1 ams-dp2, 1", "ams-dp3, 2 ams-dp1"]);
        assert!(TEXT.wrap(text, 90, 2)[1].ends_with('…'));
        assert_eq!(TEXT.wrap("", 10, 2), [""]);
    }
}
