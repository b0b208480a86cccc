-- Messages are kept for ninety days.
CREATE INDEX status_message_at ON status_message (at);
