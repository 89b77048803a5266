-- What contested records of {table} point at: their counts follow. In: $1 the first keys.
select distinct key2 from forebay.duplicates where kind = '{table}' and key1 = any ($1::text[])
