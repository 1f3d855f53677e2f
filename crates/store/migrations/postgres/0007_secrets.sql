-- When each secret of a key was last found valid, so that one sees when nobody uses an old one any more. It is folded from
-- journals, and no change. Its twin is migrations/sqlite/0007_secrets.sql.
ALTER TABLE key_secrets ADD COLUMN last_verified_at BIGINT;
