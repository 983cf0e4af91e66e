"""The Kafka door: takes what connections write to their topics, and fills their inboxes."""
