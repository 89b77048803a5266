-- Undoes a plain insert that collided.
rollback to savepoint plain
