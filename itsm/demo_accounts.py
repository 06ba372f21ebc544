"""Who can be tried out in a demo: one list for the sign-in page, for ``make run`` and for the README."""

#: User names, in the order in which they are shown; each has the password ``demo``.
DEMO_ACCOUNTS = (
    *("desk", "engineer", "engineer2", "lead", "manager"),
    *("changemanager", "approver", "leader", "configmanager"),
    *("requester", "requester2", "admin"),
)
