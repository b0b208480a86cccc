//! Texts that need quotation marks although YAML 1.2 lets them stand: readers of YAML 1.1 take `no`
//! for a boolean and `2026-01-02` for a date, and people do not see what turns the direction of
//! writing.

use std::net::Ipv4Addr;

use serde_yaml::Value as Yaml;

/// Words that YAML 1.1 takes for something else, in any case, and the two signs that merge maps and
/// stand for a default there.
const WORDS: [&str; 12] =
    ["y", "n", "yes", "no", "on", "off", "true", "false", "null", "~", "<<", "="];

/// Ends a mark, after its number.
const MARK_END: char = 'x';

/// A value as YAML, with quotation marks wherever a text could be taken for something else.
pub(super) fn to_yaml(mut value: Yaml) -> String {
    let mut written = Vec::new();
    // A word that occurs nowhere stands for each text until the rest is written.
    let plainly = written_plainly(&value);
    let mut mark = "quoted".to_owned();
    while plainly.contains(&mark) {
        mark.push('-');
    }
    take_out(&mut value, &mark, &mut written);
    if written.is_empty() {
        return plainly;
    }
    let template = written_plainly(&value);
    let mut text = String::with_capacity(plainly.len());
    let mut parts = template.split(&mark);
    text.push_str(parts.next().unwrap_or_default());
    for (part, written) in parts.zip(&written) {
        text.push_str(written);
        text.push_str(part.split_once(MARK_END).map_or(part, |(_, rest)| rest));
    }
    text
}

fn written_plainly(value: &Yaml) -> String {
    // Texts, numbers and maps with text keys: nothing of it can fail.
    serde_yaml::to_string(value).unwrap_or_default()
}

/// Puts a mark in the place of each text that needs quotation marks, in the order in which they are
/// written. Calls itself no deeper than the types are.
fn take_out(value: &mut Yaml, mark: &str, written: &mut Vec<String>) {
    match value {
        Yaml::String(text) if needs_quotation(text) => {
            *text = leave_mark(text, mark, written);
        }
        Yaml::Sequence(items) => items.iter_mut().for_each(|item| take_out(item, mark, written)),
        Yaml::Mapping(fields) => {
            for (mut key, mut value) in std::mem::take(fields) {
                if let Yaml::String(text) = &mut key
                    && needs_quotation(text)
                {
                    *text = leave_mark(text, mark, written);
                }
                take_out(&mut value, mark, written);
                fields.insert(key, value);
            }
        }
        _ => {}
    }
}

/// The mark for a text: each another one, because two keys of a map may not be the same.
fn leave_mark(text: &str, mark: &str, written: &mut Vec<String>) -> String {
    written.push(quoted(text));
    format!("{mark}{}{MARK_END}", written.len())
}

fn needs_quotation(text: &str) -> bool {
    WORDS.iter().any(|word| text.eq_ignore_ascii_case(word))
        || like_a_number(text)
        || like_a_date(text)
        || text.chars().any(is_invisible)
}

/// In any base, with the `_` and `:` of YAML 1.1, or with an exponent. An address of a computer is
/// none.
fn like_a_number(text: &str) -> bool {
    let digits = |text: &str| {
        text.bytes().all(|it| it.is_ascii_digit() || b"_.:,".contains(&it))
            && text.bytes().any(|it| it.is_ascii_digit())
    };
    let unsigned = text.strip_prefix(['-', '+']).unwrap_or(text);
    let lower = unsigned.to_ascii_lowercase();
    let in_base = |prefix: &str| {
        lower.strip_prefix(prefix).is_some_and(|rest| {
            !rest.is_empty() && rest.bytes().all(|it| it.is_ascii_hexdigit() || it == b'_')
        })
    };
    let exponent = || {
        lower.split_once('e').is_some_and(|(number, exponent)| {
            let exponent = exponent.strip_prefix(['-', '+']).unwrap_or(exponent);
            digits(number) && exponent.bytes().all(|it| it.is_ascii_digit())
        })
    };
    let number = digits(&lower) || ["0x", "0o", "0b"].into_iter().any(in_base) || exponent();
    number && text.parse::<Ipv4Addr>().is_err()
}

/// A date, with or without a time.
fn like_a_date(text: &str) -> bool {
    let bytes = text.as_bytes();
    let year = bytes.get(..4).is_some_and(|it| it.iter().all(u8::is_ascii_digit));
    let sign = |it: &u8| it.is_ascii_digit() || b"-:.+TtZz ".contains(it);
    year && bytes.get(4) == Some(&b'-') && bytes.iter().all(sign)
}

/// Whether a letter cannot be seen, or moves those that can: controls but for the end of a line,
/// marks of direction, and what has no width.
pub(super) fn is_invisible(letter: char) -> bool {
    letter.is_control() && letter != '\n'
        || matches!(
            letter,
            '\u{ad}' | '\u{34f}' | '\u{61c}' | '\u{115f}' | '\u{1160}' | '\u{17b4}' | '\u{17b5}'
                | '\u{180b}'..='\u{180f}' | '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}'
                | '\u{2060}'..='\u{206f}' | '\u{3164}' | '\u{fe00}'..='\u{fe0f}' | '\u{feff}'
                | '\u{ffa0}' | '\u{fff0}'..='\u{fffb}' | '\u{e0000}'..='\u{e0fff}'
        )
}

/// In single quotation marks, or in double ones with escapes where something cannot be seen.
fn quoted(text: &str) -> String {
    if !text.chars().any(is_invisible) {
        return format!("'{}'", text.replace('\'', "''"));
    }
    let mut quoted = String::from('"');
    for letter in text.chars() {
        match letter {
            '"' | '\\' => quoted.extend(['\\', letter]),
            '\n' => quoted.push_str("\\n"),
            _ if is_invisible(letter) => quoted.push_str(&escaped(letter)),
            _ => quoted.push(letter),
        }
    }
    quoted.push('"');
    quoted
}

/// A letter as YAML escapes it.
pub(super) fn escaped(letter: char) -> String {
    let number = u32::from(letter);
    if number > 0xffff { format!("\\U{number:08X}") } else { format!("\\u{number:04X}") }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn yaml(value: serde_json::Value) -> String {
        to_yaml(serde_yaml::to_value(value).unwrap())
    }

    #[test]
    fn words_numbers_and_dates_of_yaml_1_1_are_quoted() {
        for text in [
            "no",
            "NO",
            "y",
            "N",
            "Off",
            "on",
            "yes",
            "true",
            "Null",
            "~",
            "12",
            "012",
            "1_000",
            "12:30:45",
            "0x1F",
            "0b1",
            "1e3",
            "+1.5",
            ".5",
            "2026-01-02",
            "<<",
            "=",
            "2026-01-02T03:04:05Z",
        ] {
            assert_eq!(yaml(json!({ "a": text })), format!("a: '{text}'\n"));
        }
        for text in [
            "north",
            "one",
            "e3",
            "CEN00001",
            "10.0.0.1",
            "server.contoso.example",
            "a.b:80",
            "28bc880e-0592-4cbf-8f95-c79b17911d5f",
            "2026-branch",
            "x1",
        ] {
            assert_eq!(yaml(json!({ "a": text })), format!("a: {text}\n"));
        }
    }

    #[test]
    fn what_cannot_be_seen_is_escaped() {
        let text = "quoted. \u{202e}\"evil\\\u{2066}\n\u{200b}\u{e0041}\u{1b}";
        assert_eq!(
            yaml(json!({ "a": text })),
            "a: \"quoted. \\u202E\\\"evil\\\\\\u2066\\n\\u200B\\U000E0041\\u001B\"\n"
        );
    }

    #[test]
    fn whatever_is_written_is_read_back() {
        let value = json!({
            "no": ["off", {"on": "it's", "12": 12, "y": "n", "quoted": "quoted-."}],
            "quoted.": "\u{202e}'\"", "2026-01-02": true, "text": "1\n2\n", "null": null,
        });
        let text = yaml(value.clone());
        assert_eq!(serde_yaml::from_str::<serde_json::Value>(&text).unwrap(), value, "{text}");
        assert!(text.contains("- 'off'\n") && text.contains("'no':\n"), "{text}");
    }
}
