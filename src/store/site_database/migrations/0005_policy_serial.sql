-- The serial number of the policy of the site's clients: grows with each change, never twice the same.
ALTER TABLE site ADD COLUMN policy_serial INTEGER NOT NULL DEFAULT 0;
