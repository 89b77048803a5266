-- Undoes rows that went straight into their tables, because one collided.
rollback to savepoint straight
