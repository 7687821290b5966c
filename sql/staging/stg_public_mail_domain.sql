-- One row per domain of a public mail provider: that of the enrichment file, or of the list that ships with the
-- project. Its addresses say nothing about a company.
select domain
from input_public_mail_domains
