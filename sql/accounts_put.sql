-- Records what the network says of accounts; content is not touched.
-- In: stage_records of kind 'accounts'. Conflict key: did. Who wins: the later position.
insert into forebay.accounts (did, active, status, position, tie)
select did, flag_a, name, position, tie from stage_records where kind = 'accounts'
order by did collate "C"
on conflict (did) do update
set active = excluded.active, status = excluded.status,
    position = excluded.position, tie = excluded.tie
where (accounts.position, accounts.tie) < (excluded.position, excluded.tie)
