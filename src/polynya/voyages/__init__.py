"""Voyages: any port to any port, any month, any ship, through ice or around it."""
