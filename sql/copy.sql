-- Copies a buffer into its staging table. In: PostgreSQL's binary COPY format.
copy {stage} from stdin (format binary)
