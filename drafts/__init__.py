"""What people typed and did not send yet, kept on the server (UX-02)."""
