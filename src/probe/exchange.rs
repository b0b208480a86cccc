//! One HTTP request and what comes back, over any stream: HTTP or not, and never much of it.

use std::io;

use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};

/// As much of an answer is read. The longest that is of use says how an update point authorizes, and
/// has less than 2 KB.
const MOST_BYTES: usize = 64 << 10;

/// A request of a look.
#[derive(Debug, Clone, Default)]
pub(super) struct Request<'a> {
    pub(super) method: &'a str,
    pub(super) path: &'a str,
    /// Host and port as declared.
    pub(super) host: &'a str,
    pub(super) headers: &'a [(&'a str, &'a str)],
    pub(super) body: &'a [u8],
}

/// What came back.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Heard {
    /// An HTTP answer.
    Answer(Answer),
    /// The beginning of a TLS record: an alert about what it takes for nonsense.
    Tls,
    /// Something else.
    Noise,
    /// Nothing: it hung up.
    Nothing,
}

/// An HTTP answer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Answer {
    pub(super) status: u16,
    pub(super) location: Option<String>,
    pub(super) body: Vec<u8>,
}

/// Sends a request and reads the answer.
pub(super) async fn exchange(
    stream: &mut (impl AsyncRead + AsyncWrite + Unpin),
    request: &Request<'_>,
) -> Heard {
    let Request { method, path, host, headers, body } = request;
    let length = body.len().to_string();
    let length = (!body.is_empty()).then_some(("Content-Length", length.as_str()));
    let further: String = headers
        .iter()
        .copied()
        .chain(length)
        .flat_map(|(name, value)| [name, ": ", value, "\r\n"])
        .collect();
    let text = format!(
        "{method} {path} HTTP/1.1\r\nHost: {host}\r\nUser-Agent: headwater/{}\r\nAccept: */*\r\n\
         Connection: close\r\n{further}\r\n",
        env!("CARGO_PKG_VERSION")
    );
    let mut bytes = text.into_bytes();
    bytes.extend_from_slice(body);
    // Who hangs up before the end may have answered all the same.
    let _ = stream.write_all(&bytes).await;
    let _ = stream.flush().await;
    let received =
        receive(stream, *method == "HEAD").await.unwrap_or_else(|(received, _)| received);
    understand(&received)
}

/// Reads until the answer is complete, nothing more comes, or it is enough.
async fn receive(
    stream: &mut (impl AsyncRead + Unpin),
    head_only: bool,
) -> Result<Vec<u8>, (Vec<u8>, io::Error)> {
    let mut received = Vec::with_capacity(4 << 10);
    while received.len() < MOST_BYTES && !complete(&received, head_only) {
        let mut piece = [0; 4 << 10];
        match stream.read(&mut piece).await {
            Ok(0) => break,
            Ok(length) => received.extend_from_slice(&piece[..length]),
            Err(error) => return Err((received, error)),
        }
    }
    Ok(received)
}

fn complete(received: &[u8], head_only: bool) -> bool {
    // What is neither HTTP nor about to become it need not be read to its end.
    let beginning = &received[..received.len().min(5)];
    if !b"HTTP/".starts_with(beginning) {
        return true;
    }
    let Some((head, body)) = parts(received) else { return false };
    let length = header(head, "content-length").and_then(|it| it.parse::<usize>().ok());
    head_only || length.is_some_and(|length| body.len() >= length)
}

fn parts(received: &[u8]) -> Option<(&str, &[u8])> {
    let end = received.windows(4).position(|it| it == b"\r\n\r\n")?;
    Some((std::str::from_utf8(&received[..end]).ok()?, &received[end + 4..]))
}

fn header<'a>(head: &'a str, wanted: &str) -> Option<&'a str> {
    let mut fields = head.split("\r\n").skip(1).filter_map(|line| line.split_once(':'));
    fields.find(|(name, _)| name.eq_ignore_ascii_case(wanted)).map(|(_, value)| value.trim())
}

fn understand(received: &[u8]) -> Heard {
    match received {
        [] => return Heard::Nothing,
        // A record of type alert or handshake, of SSL 3.0 or TLS.
        [21 | 22, 3, 0..=4, ..] => return Heard::Tls,
        _ => {}
    }
    let answer = || {
        let (head, body) = parts(received)?;
        let status = head.strip_prefix("HTTP/")?.split(' ').nth(1)?;
        let status = status.parse().ok().filter(|status| (100..=999).contains(status))?;
        let chunked = header(head, "transfer-encoding").is_some_and(|it| it.contains("chunked"));
        Some(Answer {
            status,
            location: header(head, "location").map(str::to_owned),
            body: if chunked { unchunked(body) } else { body.to_vec() },
        })
    };
    answer().map_or(Heard::Noise, Heard::Answer)
}

/// A body that came in chunks, as far as it came.
fn unchunked(mut rest: &[u8]) -> Vec<u8> {
    let mut body = Vec::new();
    while let Some(end) = rest.windows(2).position(|it| it == b"\r\n") {
        let size = std::str::from_utf8(&rest[..end]).unwrap_or_default();
        let size = size.split(';').next().unwrap_or_default().trim();
        let Ok(size) = usize::from_str_radix(size, 16) else { break };
        rest = &rest[end + 2..];
        body.extend_from_slice(&rest[..size.min(rest.len())]);
        let Some(after) = size.checked_add(2).and_then(|next| rest.get(next..)) else { break };
        rest = after;
        if size == 0 {
            break;
        }
    }
    body
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn answers_are_told_from_everything_else() {
        let status = |bytes: &[u8]| match understand(bytes) {
            Heard::Answer(answer) => answer.status,
            _ => 0,
        };
        assert_eq!(status(b"HTTP/1.1 403 Forbidden\r\nContent-Length: 0\r\n\r\n"), 403);
        assert_eq!(status(b"HTTP/1.0 200\r\n\r\n"), 200);
        assert_eq!(understand(b""), Heard::Nothing);
        assert_eq!(understand(&[21, 3, 1, 0, 2, 2, 70]), Heard::Tls);
        let noise: [&[u8]; 6] = [
            b"SSH-2.0-OpenSSH_9.2\r\n",
            b"HTTP/1.1 abc\r\n\r\n",
            b"HTTP/1.1 99999999999 x\r\n\r\n",
            b"HTTP/1.1 200 OK\r\n",
            b"HTTP/",
            b"\xff\xfe",
        ];
        for noise in noise {
            assert_eq!(understand(noise), Heard::Noise, "{noise:?}");
        }
    }

    #[test]
    fn chunks_are_put_together_as_far_as_they_came() {
        assert_eq!(unchunked(b"3\r\nabc\r\n2;x=y\r\nde\r\n0\r\n\r\n"), b"abcde");
        assert_eq!(unchunked(b"ff\r\nabc"), b"abc");
        for wrong in [&b"x\r\nabc"[..], b"", b"ffffffffffffffff\r\n", b"-1\r\na"] {
            assert_eq!(unchunked(wrong), b"", "{wrong:?}");
        }
    }
}
