"""The child process that holds the WhatsApp library: the only place that imports it, and nobody imports this.

The library can take its whole process down, starve it of threads and leak; docs/decisions says what was measured.
"""
