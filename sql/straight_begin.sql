-- What rows that went straight into their tables are undone to, should one collide.
savepoint straight
