-- Copies rows into a staging table, or straight into a table of the AppView. In: PostgreSQL's binary
-- COPY format; {into} is the table, with its columns if they are not all of them.
copy {into} from stdin (format binary)
