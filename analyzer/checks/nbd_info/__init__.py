"""What get_nbd_info answers, and why it answers nothing."""
