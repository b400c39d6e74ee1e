drop table invoicing.e_invoices;
