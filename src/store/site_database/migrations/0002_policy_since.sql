-- When the policy of the site's clients, or the catalog that they scan for, changed last.
ALTER TABLE site ADD COLUMN policy_since TEXT;
