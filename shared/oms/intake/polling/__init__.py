"""Asking channels for their orders: the net under what they send, and the only way for those who send nothing."""
