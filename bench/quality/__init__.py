"""How right and how fast what the portal finds is: known errors, trends, collisions."""
