"""Baton: the order management system. Start at `wiring/` (what exists) or a context's `service.py` (what it does)."""
