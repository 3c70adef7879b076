"""Many scenarios at once: what is uncertain is drawn, equal worlds are solved once, the spread is explained."""
