"""get_nbd_info, step by step over the database."""
