"""What runs, called by what, allowed to do what."""
