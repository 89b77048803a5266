-- An index is there again, in the transaction that has made it. In: $1 its name.
delete from forebay.bulk_indexes where name = $1
