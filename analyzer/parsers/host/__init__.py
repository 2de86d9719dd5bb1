"""What a host says of itself: packages, services, alerts, certificates' files."""
