"""My day: what waits for the signed-in user."""
