drop index voice.live_calls_ended;
create index live_calls_over on voice.live_calls (last_seen_at) where state <> 1;
