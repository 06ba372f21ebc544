"""A whole incident through the generated Python client: ``python life.py PORTAL DESK_TOKEN ENGINEER_TOKEN``."""

import sys

from itsm_client import AuthenticatedClient
from itsm_client.api.incidents import incidents_comment_create, incidents_create, incidents_list, incidents_read
from itsm_client.api.incidents_actions import incidents_assign, incidents_claim, incidents_resolve, incidents_start
from itsm_client.models import (
    IncidentsAssignBody,
    IncidentsClaimBody,
    IncidentsCommentCreateJsonBody,
    IncidentsCreateJsonBody,
    IncidentsResolveJsonBody,
    IncidentsStartBody,
)
from itsm_client.models.incidents_list_expand_item import IncidentsListExpandItem as Expand
from itsm_client.models.incidents_list_state_item import IncidentsListStateItem as State
from itsm_client.models.problem_details import ProblemDetails


def main(portal: str, desk_token: str, engineer_token: str) -> None:
    """Register, assign, claim, start, reply, resolve; read it, find it, be refused."""
    desk, engineer = (AuthenticatedClient(base_url=portal, token=token) for token in (desk_token, engineer_token))
    made = incidents_create.sync(
        client=desk, body=IncidentsCreateJsonBody(summary="Disk full", impact="I4", source="phone")
    )
    number = made.number
    incidents_assign.sync(number, client=desk, body=IncidentsAssignBody(group="host"))
    seen = incidents_read.sync_detailed(number, client=engineer)
    claimed = incidents_claim.sync(
        number,
        client=engineer,
        body=IncidentsClaimBody(),
        if_match=seen.headers["ETag"],
        idempotency_key=f"c-{number}",
    )
    assert claimed.assignee.username == "engineer", claimed
    stale = incidents_start.sync(number, client=engineer, body=IncidentsStartBody(), if_match=seen.headers["ETag"])
    assert isinstance(stale, ProblemDetails), stale
    assert stale.status == 412, stale
    incidents_start.sync(number, client=engineer, body=IncidentsStartBody())
    said = incidents_comment_create.sync(number, client=engineer, body=IncidentsCommentCreateJsonBody(text="On it."))
    assert said.text == "On it.", said
    body = IncidentsResolveJsonBody(cause="Logs", handling="Rotated", close_code="tier1", verified_how="tested")
    resolved = incidents_resolve.sync(number, client=engineer, body=body)
    assert resolved.state.code == "resolved", resolved
    found = incidents_list.sync(client=desk, state=[State.RESOLVED], expand=[Expand.DESCRIPTION])
    sys.stdout.write(" ".join([number, found.results[0].number, found.results[0].impact.code]))


if __name__ == "__main__":
    main(*sys.argv[1:])
