-- What became of the rows of the inputs: one row per source and disposition that occurs.
select source, disposition, rows
from disposition
