-- The counts are added up, in the transaction that has done it: from now on workers keep them.
update forebay.bulk set counted = true
