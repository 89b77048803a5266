-- The indexes to be made again, and whether each is there already: the AppView may have made it.
select name, definition, to_regclass(format('public.%I', name)) is not null
from forebay.bulk_indexes order by name
