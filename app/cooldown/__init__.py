"""Who was asked lately, and is left in peace."""
