drop index voice.call_legs_by_time;
alter table voice.call_legs drop column carrier, drop column pdd_ms;
