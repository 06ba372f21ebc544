"""The run sheet that several people work at, also on a phone that has no network for a while (CHG-06)."""
