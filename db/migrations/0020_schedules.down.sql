drop schema quartz cascade;
drop table platform.schedule_runs;
