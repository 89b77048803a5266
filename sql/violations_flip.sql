-- Turns a flag of posts over where it is wrong. A post may be another repo's, whose transaction may be
-- changing it and wait for our rows of counts: that one judges it too once it has them, and then sees what
-- we commit, so it is passed over here.
-- In: $1 posts. Under the lock of posts' flags, so that of those who turn them none passes over another's.
update posts set {flag} = not {flag}
where uri = any (array(
    select p.uri from posts p
    where p.uri = any ($1::text[]) and p.{flag} <> {judged}
    order by p.uri collate "C"
    for no key update skip locked
))
