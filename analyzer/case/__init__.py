"""What was read: facts and events of all reports, put together and dated."""
