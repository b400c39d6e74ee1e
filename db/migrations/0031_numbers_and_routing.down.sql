drop table voice.carriers, voice.sip_users, voice.numbers;
