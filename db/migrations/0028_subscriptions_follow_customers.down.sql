alter table subscriptions.subscriptions drop column is_held_with_customer;
