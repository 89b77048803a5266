-- What a plain insert is undone to, should it collide.
savepoint plain
