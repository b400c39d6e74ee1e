-- What was seen of a call is written every two seconds: last_seen_at is in no index, so that such a write is to the row alone.
drop index voice.live_calls_over;
create index live_calls_ended on voice.live_calls (ended_at) where state <> 1;
