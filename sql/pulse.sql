-- Whether the server takes no writes: a standby after a failover, or set read-only.
select current_setting('transaction_read_only')::bool
