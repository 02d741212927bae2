"""What can be seen. Every table here can be thrown away, and rebuilt from the events."""
