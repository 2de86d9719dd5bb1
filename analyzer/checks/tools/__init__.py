"""What the checks of all subjects share."""
