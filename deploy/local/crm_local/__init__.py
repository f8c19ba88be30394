"""The one-machine launcher: PostgreSQL, Valkey and every process of Banyan under one supervisor."""
