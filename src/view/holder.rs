//! Who keeps a hierarchy, and what one that waits for its turn says.

use jiff::Timestamp;

use crate::model::{HeldBy, Holder};

use super::{plain::plain, status::second};

/// Who keeps the hierarchy, and whether it lives, as a line; nothing of a command that ends by itself.
pub fn held_by_text(held: &HeldBy, now: Timestamp) -> String {
    let HeldBy { holder, alive_at } = held;
    if !holder.stays {
        return String::new();
    }
    let silent = match held.silent_for(now) {
        Some(_) => format!(", without a sign of life since {}", second(*alive_at)),
        None => String::new(),
    };
    format!("Kept by {} since {}{silent}\n", holder_name(holder), second(holder.since))
}

/// Another process keeps the hierarchy; this one waits.
pub fn waiting_text(held: &HeldBy) -> String {
    let HeldBy { holder, .. } = held;
    format!(
        "waiting: {} keeps this hierarchy since {}; this one takes over when it ends\n",
        holder_name(holder),
        second(holder.since)
    )
}

/// The process that keeps the hierarchy gives no sign of life any more.
pub fn silent_text(HeldBy { holder, alive_at }: &HeldBy) -> String {
    let id = holder.process_id;
    format!(
        "{} has given no sign of life since {}: it was stopped or hangs, or its disk does. It still \
         holds the hierarchy: let it go on (`kill -CONT {id}` on {host}), or end it (`kill -9 {id}`) and \
         this one takes over\n",
        holder_name(holder),
        second(*alive_at),
        host = plain(&holder.host),
    )
}

/// It does again.
pub fn alive_text(HeldBy { holder, .. }: &HeldBy) -> String {
    format!("{} gives signs of life again\n", holder_name(holder))
}

/// A process that stays, for people.
pub fn holder_name(Holder { command, host, process_id, .. }: &Holder) -> String {
    format!("`headwater {}` (process {process_id} on {})", plain(command), plain(host))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_holder_is_named_and_its_silence_told() {
        let at = |second| Timestamp::from_second(second).unwrap();
        let holder = Holder {
            command: "controller".to_owned(),
            host: "cen-srv\u{1b}".to_owned(),
            process_id: 17,
            since: at(0),
            stays: true,
            reconciles: true,
        };
        let mut held = HeldBy { holder, alive_at: at(60) };
        assert_eq!(
            held_by_text(&held, at(70)),
            "Kept by `headwater controller` (process 17 on cen-srv\\u{1b}) since 1970-01-01 00:00:00Z\n"
        );
        assert!(
            held_by_text(&held, at(90))
                .ends_with(", without a sign of life since 1970-01-01 00:01:00Z\n")
        );
        held.holder.stays = false;
        assert_eq!(held_by_text(&held, at(70)), "");
    }
}
