-- What a tried row is undone to.
savepoint each
