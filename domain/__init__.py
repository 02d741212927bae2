"""What happened, and what is decided. The only room that appends events."""
