-- Takes the reactions, of which none is left, from viewer states that the AppView's flags keep. After
-- viewer_states_remove.sql, in a statement of its own: a flag that was set meanwhile kept its row.
-- In: {touched}.
update post_viewer_states v
set like_uri = null, repost_uri = null, bookmarked = false, updated_at = now()
where v.ctid = any (array({left}))
  and (v.like_uri is not null or v.repost_uri is not null or v.bookmarked)
