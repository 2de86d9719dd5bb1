"""Connections and addresses, as the report tells them."""
