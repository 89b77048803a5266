-- Whether the batch changed likes of what counts its own: feed generators and labelers.
select exists (
    select from stage_deltas
    where likes <> 0
      and split_part(uri, '/', 4) in ('app.bsky.feed.generator', 'app.bsky.labeler.service')
)
