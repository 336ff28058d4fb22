"""Store and forward: what channels send is archived before it is acknowledged, and worked off from the archive."""
