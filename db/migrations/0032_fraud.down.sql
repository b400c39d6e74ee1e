drop table voice.fraud_alerts, voice.fraud_seeds, voice.fraud_hours, voice.fraud_use, voice.fraud_permits, voice.fraud_rules;
