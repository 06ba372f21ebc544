"""The change advisory board: meetings with an agenda, presence, decisions and minutes (CHG-02, CHG-03)."""
