drop table voice.live_calls;
