"""The dashboard: server-made pages for the people who look after customer experience."""
