"""Actions, forms and parts that any kind may take."""
