drop table invoicing.pdfs;
