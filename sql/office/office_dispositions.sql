-- One row per source (mail, meetings, contacts) and disposition that occurs; rows counts the input rows.
select source, disposition, rows
from disposition
