-- One row with one value: an address book with every seen domain in place of an address. It maps a domain to its
-- company; a domain without a company is mapped to nobody, so that its parents do not count.
select address_book(domain, company_no, domain) as book
from company_domain
