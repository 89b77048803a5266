-- Staging for the second keys whose holder must be chosen again in this transaction: two live
-- records share the key, or did, or a record has moved away from it. Keys may stand twice. Of kind
-- 'reactions': the actors and posts of likes, reposts and bookmarks, of whom other rows follow.
create temp table stage_contested (
    kind text not null,
    key1 text not null,
    key2 text not null
) on commit delete rows
