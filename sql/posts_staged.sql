-- Which posts are staged.
select uri from stage_posts
