"""What a device host with the real library does, asked over its socket as an engine asks it."""
