-- The indexes to be made again, and whether each is there already: the AppView may have made it. Those of
-- tables that are written to while counts are added up come last, since that would be waited for; the
-- largest tables come first of the others.
select i.name, i.definition, to_regclass(format('public.%I', i.name)) is not null
from forebay.bulk_indexes i
cross join lateral (select substring(i.definition from ' ON (\S+) USING ')) as t (name)
order by coalesce(t.name = any (array['public.post_aggregations', 'public.posts', 'public.thread_contexts',
                                      'public.feed_generators', 'public.labeler_services']), false),
         pg_relation_size(to_regclass(t.name)) desc nulls last, i.name
