"""What a person can ask for at the terminal: parse, call, print, and decide nothing."""
