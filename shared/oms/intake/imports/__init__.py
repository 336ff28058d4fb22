"""Bulk import: a file of orders, cut into chunks that are taken in side by side, with a result for each order."""
