"""A second kind of ticket that lives in the tests only: adding a kind touches nothing in ``tickets/``.

This package is all there is to it. Numbers, the door, the trigger, the timeline, endpoints and pages
come by themselves.
"""
