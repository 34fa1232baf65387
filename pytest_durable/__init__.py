"""Test Durable Objects and alarms with pytest."""
