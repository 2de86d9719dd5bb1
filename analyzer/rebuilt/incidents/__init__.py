"""What befell hosts, SRs and services."""
