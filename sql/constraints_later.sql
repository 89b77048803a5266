-- Lets deferrable constraints wait until the end of a part of the transaction: within it rows are
-- deleted and inserted again.
set constraints all deferred
