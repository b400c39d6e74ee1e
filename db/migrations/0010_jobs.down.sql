drop function platform.claim_job;
drop table platform.job_starts;
drop table platform.jobs;
