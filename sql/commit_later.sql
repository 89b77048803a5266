-- Lets this transaction's commit return before the log is flushed: a later commit flushes it too.
set local synchronous_commit = off
