"""A local Telegram Bot API server: bots talk to it by base URL, people through the `/sandbox` routes."""
