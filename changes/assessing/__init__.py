"""Assessing changes: what the CMDB says of their effect, the questionnaire, the score with its reasons (CHG-02)."""
