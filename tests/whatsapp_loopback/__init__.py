"""A WhatsApp server on the loopback interface, that the unmodified neonize library talks to. See README.md."""
