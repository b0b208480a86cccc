//! Electronic mail: a message as bytes (RFC 5322, RFC 2047), and the replies of a mail server
//! (RFC 5321).

use base64::{Engine as _, engine::general_purpose::STANDARD};
use jiff::{Timestamp, fmt::rfc2822};

use crate::model::MailAddress;

/// The longest line of a reply, in bytes: four times what servers may send.
pub const LONGEST_LINE: usize = 2_048;

/// The most lines of a reply.
pub const MOST_LINES: usize = 100;

/// As many bytes of a subject stand in one encoded word, which may have 75 letters.
const BYTES_OF_A_WORD: usize = 42;

/// As many letters of base64 stand on a line.
const LETTERS_OF_A_LINE: usize = 76;

/// A message of plain text.
#[derive(Debug, Clone, Copy)]
pub struct MailMessage<'a> {
    /// Who it comes from.
    pub from: &'a MailAddress,
    /// Who gets it.
    pub to: &'a [MailAddress],
    /// The same when it is sent again: letters, digits and `-`.
    pub id: &'a str,
    /// When it was written.
    pub at: Timestamp,
    /// What it is about, on one line.
    pub subject: &'a str,
    /// What it says.
    pub text: &'a str,
}

impl MailMessage<'_> {
    /// The message as it goes to a mail server. No line begins with a dot, so none has to be doubled.
    pub fn to_bytes(self) -> Vec<u8> {
        let Self { from, to, id, at, subject, text } = self;
        let to: Vec<&str> = to.iter().map(MailAddress::as_str).collect();
        let domain = from.as_str().rsplit('@').next().unwrap_or_default();
        let date = rfc2822::DateTimePrinter::new().timestamp_to_string(&at).unwrap_or_default();
        let subject = encoded_words(subject);
        let mut message = format!(
            "Date: {date}\r\nFrom: {from}\r\nTo: {}\r\nMessage-ID: <{id}@{domain}>\r\n\
             Subject: {subject}\r\nAuto-Submitted: auto-generated\r\nMIME-Version: 1.0\r\n\
             Content-Type: text/plain; charset=utf-8\r\n\
             Content-Transfer-Encoding: base64\r\n\r\n",
            to.join(",\r\n ")
        )
        .into_bytes();
        let body = STANDARD.encode(text.replace('\n', "\r\n"));
        for line in body.as_bytes().chunks(LETTERS_OF_A_LINE) {
            message.extend_from_slice(line);
            message.extend_from_slice(b"\r\n");
        }
        message
    }
}

/// A text as encoded words, whatever stands in it.
fn encoded_words(text: &str) -> String {
    let mut words = Vec::new();
    let mut word = String::new();
    for letter in text.chars() {
        if word.len() + letter.len_utf8() > BYTES_OF_A_WORD {
            words.push(std::mem::take(&mut word));
        }
        word.push(letter);
    }
    words.push(word);
    let words = words.iter().map(|word| format!("=?utf-8?B?{}?=", STANDARD.encode(word)));
    words.collect::<Vec<_>>().join("\r\n ")
}

/// What a mail server has replied.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct MailReply {
    /// The code, three digits.
    pub code: u16,
    /// What stands behind it, line by line.
    pub lines: Vec<String>,
}

/// What a mail server has sent is no reply.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("what the mail server has replied is not SMTP")]
pub struct NoReply;

impl MailReply {
    /// Adds a line; whether it is the last one.
    ///
    /// # Errors
    ///
    /// It is none of the same reply, or there are too many.
    pub fn add(&mut self, line: &[u8]) -> Result<bool, NoReply> {
        let line = line.strip_suffix(b"\n").unwrap_or(line);
        let line = line.strip_suffix(b"\r").unwrap_or(line);
        let (code, rest) = line.split_at_checked(3).ok_or(NoReply)?;
        if self.lines.len() >= MOST_LINES || !code.iter().all(u8::is_ascii_digit) {
            return Err(NoReply);
        }
        let code = code.iter().fold(0, |code, digit| code * 10 + u16::from(digit - b'0'));
        let (last, rest) = match rest.split_first() {
            None => (true, rest),
            Some((b' ', rest)) => (true, rest),
            Some((b'-', rest)) => (false, rest),
            Some(_) => return Err(NoReply),
        };
        if !(200..600).contains(&code) || (!self.lines.is_empty() && self.code != code) {
            return Err(NoReply);
        }
        self.code = code;
        self.lines.push(String::from_utf8_lossy(rest).into_owned());
        Ok(last)
    }

    /// Whether the server says that it can do something, in its reply to `EHLO`.
    pub fn offers(&self, keyword: &str) -> bool {
        self.words_of(keyword).is_some()
    }

    /// Whether the server takes a way to log in.
    pub fn offers_login(&self, mechanism: &str) -> bool {
        let words = self.words_of("AUTH");
        words.is_some_and(|mut words| words.any(|it| it.eq_ignore_ascii_case(mechanism)))
    }

    fn words_of(&self, keyword: &str) -> Option<impl Iterator<Item = &str>> {
        // The first line greets.
        self.lines.iter().skip(1).find_map(|line| {
            let mut words = line.split_ascii_whitespace();
            words.next()?.eq_ignore_ascii_case(keyword).then_some(words)
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_message_has_no_line_that_means_something_to_the_server() {
        let subject = format!("Störung\r\nBcc: {}", "é".repeat(100));
        let to = ["a@b.example".parse().unwrap(), "c@d.example".parse().unwrap()];
        let message = MailMessage {
            from: &"headwater@contoso.example".parse().unwrap(),
            to: &to,
            id: "0-1",
            at: Timestamp::UNIX_EPOCH,
            subject: &subject,
            text: &format!("one\n.\n{}\n", "x".repeat(1_000)),
        };
        let text = String::from_utf8(message.to_bytes()).unwrap();
        let lines: Vec<&str> = text.split("\r\n").collect();
        assert!(lines.iter().all(|it| it.is_ascii() && it.len() <= 78 && !it.starts_with('.')));
        assert!(!text.replace("\r\n", "").contains(['\r', '\n']));
        assert!(!text.contains("Bcc"));
        assert_eq!(lines[0], "Date: Thu, 1 Jan 1970 00:00:00 -0000");
        assert_eq!(lines[2..4], ["To: a@b.example,", " c@d.example"]);
        assert_eq!(lines[4], "Message-ID: <0-1@contoso.example>");
        let body = text.split_once("\r\n\r\n").unwrap().1.replace("\r\n", "");
        let body = String::from_utf8(STANDARD.decode(body).unwrap()).unwrap();
        assert!(body.starts_with("one\r\n.\r\nxxx"));
        let subject = text.split_once("Subject: ").unwrap().1.split_once("\r\nAuto").unwrap().0;
        let words = subject.split("\r\n ").map(|word| {
            let word = word.strip_prefix("=?utf-8?B?").unwrap().strip_suffix("?=").unwrap();
            String::from_utf8(STANDARD.decode(word).unwrap()).unwrap()
        });
        assert_eq!(words.collect::<String>(), message.subject);
    }

    #[test]
    fn replies_are_read_line_by_line() {
        let mut reply = MailReply::default();
        assert_eq!(reply.add(b"250-mail.example at your service\r\n"), Ok(false));
        assert_eq!(reply.add(b"250-AUTH LOGIN plain\r\n"), Ok(false));
        assert_eq!(reply.add(b"250 STARTTLS"), Ok(true));
        assert_eq!(reply.code, 250);
        assert!(reply.offers("starttls") && !reply.offers("mail.example") && !reply.offers("SIZE"));
        assert!(reply.offers_login("PLAIN") && !reply.offers_login("CRAM-MD5"));
        assert_eq!(MailReply::default().add(b"354\n"), Ok(true));
    }

    #[test]
    fn what_is_no_reply_is_refused() {
        for line in [&b""[..], b"25", b"2x0 a", b"250_a", b"150 a", b"999 a", b"\xff\xff\xff a"] {
            assert_eq!(MailReply::default().add(line), Err(NoReply), "{line:?}");
        }
        let mut reply = MailReply::default();
        assert_eq!(reply.add(b"250-a"), Ok(false));
        assert_eq!(reply.add(b"251 a"), Err(NoReply));
        let mut reply = MailReply::default();
        for _ in 0..MOST_LINES {
            assert_eq!(reply.add(b"250-a"), Ok(false));
        }
        assert_eq!(reply.add(b"250 a"), Err(NoReply));
    }
}
