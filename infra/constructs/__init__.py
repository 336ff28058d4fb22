"""House law as code: every queue has a dead-letter queue, every function its own role, every table a backup."""
