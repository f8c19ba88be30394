"""Products: what is sold, in which unit and at which list price."""
