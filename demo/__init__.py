"""The data of the demonstration, and what is shipped as reference."""
