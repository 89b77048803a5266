-- Keeps rows that went straight into their tables.
release savepoint straight
