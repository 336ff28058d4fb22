"""Files that partners drop: each document becomes a message of the channel, and the sender gets its acknowledgement."""
