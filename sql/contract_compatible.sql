-- Out: the oldest schema version whose forebay can work with this schema. The table is there from
-- version 4 on.
select oldest from forebay.compatible
