-- Keeps a plain insert.
release savepoint plain
