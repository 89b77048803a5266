-- Undoes a tried row, and the error that it may have given.
rollback to savepoint each
