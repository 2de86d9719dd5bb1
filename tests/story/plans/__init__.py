"""Plans made of bundles."""
