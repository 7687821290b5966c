-- One row per source (mail, meetings, contacts, domains) and disposition that occurs; rows counts the input rows. A
-- row of domains is a value in a domain column of the accounts.
-- If $min_people is above 1, mail and meetings have no rows: what is used, less what is published about accounts, is about
-- the others, and each number changes with every row that arrives, which can be about one person.
select source, disposition, rows
from disposition
where $min_people = 1 or source in ('contacts', 'domains')
