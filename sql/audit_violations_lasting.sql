-- Whether the gate of a post p's thread has none of the rules that are judged once: whom its owner follows
-- and who is on a list changes later, and nothing follows from that. A part of the statement that finds.
not exists (
    select from thread_gates g
    where g.post_uri = coalesce(p.root_uri, p.parent_uri) and (g.allow_following or g.allow_list_members)
)
