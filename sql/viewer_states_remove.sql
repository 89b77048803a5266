-- Removes the viewer states of which nothing is left, neither a reaction nor a flag of the AppView's.
-- In: {touched}.
delete from post_viewer_states v
where v.ctid = any (array({left}))
  and not (v.thread_muted or v.reply_disabled or v.embedding_disabled or v.pinned)
