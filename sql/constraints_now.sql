-- Checks what deferrable constraints have to say of a part of the transaction. At the commit it
-- would be too late to find the row that they refuse.
set constraints all immediate
