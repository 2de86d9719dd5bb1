"""What a control domain holds, and who put it there."""
