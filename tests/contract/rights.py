"""Who may do what with a ticket of each kind in which state, written by hand from the requirements (TKT-06).

The generated tables say what the declarations say; these say what was asked for. A row is an action in some states,
with the requirement that it follows and a cross for everybody who may. They stand for roles: ``engineer`` has the
ticket, ``engineer2`` is of the same group, whose lead is ``lead``; ``expert`` is of another one. Where the
requirements leave it open, such as who may correct a text, those may who work on the ticket or dispatch.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from functools import cached_property


@dataclass(frozen=True, kw_only=True)
class Rights:
    """The table of a kind. ``people``: who stands in which column; ``sets``: names of several states together."""

    kind: str
    people: str
    table: str
    sets: Mapping[str, str] = field(default_factory=dict)

    @cached_property
    def columns(self) -> dict[str, str]:
        """Names of people by the letter of their column."""
        return dict(pair.split("=") for pair in self.people.split())

    def rows(self, every: Iterable[str]) -> Iterator[tuple[str, str, frozenset[str]]]:
        """(action, state, who may) of every row and each of its states; ``every`` state there is stands for "any".

        Raises ValueError for a row that is no row.
        """
        sets = {"any": " ".join(every), **self.sets}
        columns, *rows = filter(str.strip, self.table.splitlines())
        people = [self.columns[letter] for letter in columns.split()]
        for row in rows:
            action, states, _why, *marks = row.split()
            may = frozenset(who for who, mark in zip(people, marks, strict=True) if mark == "x")
            yield from ((action, state, may) for state in sets.get(states, states).replace(",", " ").split())


INCIDENT = Rights(
    kind="incident",
    people="r=requester c=colleague d=desk a=engineer m=engineer2 e=expert l=lead i=manager L=leader A=admin",
    sets={
        "live": "registered assigned in_progress pending",
        "held": "assigned in_progress pending",
        "given": "assigned in_progress pending resolved closed",
        "first": "registered assigned",
        "worked": "assigned in_progress",
    },
    table="""
                                                      r c d a m e l i L A
assign                  registered           INC-05   · · x · · · · x · x
assign                  assigned             INC-05   · · x · · · x x · x
claim                   assigned             INC-06   · · · x x · x · · ·
unclaim                 assigned             INC-05   · · · x · · · · · ·
start                   registered           INC-05   · · x · · · · · · ·
start                   assigned             INC-05   · · · x x · x · · ·
resolve                 in_progress          INC-07   · · · x x · x · · ·
wait                    in_progress          INC-05   · · · x x · x · · ·
resume                  pending              INC-05   · · x x x · x x · x
return_to_desk          worked               INC-05   · · x x x · x x · x
hand_over               worked               INC-05   · · x x x · x x · x
escalate                worked               INC-13   · · x x x · x x · x
close                   resolved             INC-08   · · x · · · · x · x
close_confirmed         resolved             INC-08   · · x · · · · x · x
confirm                 resolved             INC-08   x · · · · · · · · ·
not_solved              resolved             INC-12   x · x · · · · x · x
reject                  first                INC-03   · · x · · · · x · x
withdraw                first                INC-08   x · · · · · · · · ·
check_priority          registered           INC-04   · · x · · · · x · x
change_priority         registered           INC-04   · · · · · · · · · ·
change_priority         held                 INC-04   · · · · · · x x · x
propose_priority        registered           INC-04   · · · · · · · · · ·
propose_priority        held                 INC-04   · · x x x · · · · ·
approve_priority        registered           INC-04   · · · · · · · x · x
approve_priority        held                 INC-04   · · · · · · x x · x
decline_priority        registered           INC-04   · · · · · · · x · x
decline_priority        held                 INC-04   · · · · · · x x · x
edit                    registered           TKT-02   · · x · · · · x · x
edit                    held                 TKT-02   · · x x x · x x · x
mark_duplicate          registered           INC-11   · · x · · · · x · x
mark_duplicate          held                 INC-11   · · x x x · x x · x
unmark_duplicate        registered           INC-11   · · x · · · · x · x
unmark_duplicate        given                INC-11   · · x x x · x x · x
call_vendor             held                 INC-14   · · · x x · x · · ·
record_vendor_response  held                 INC-14   · · · x x · x · · ·
record_vendor_arrival   held                 INC-14   · · · x x · x · · ·
record_vendor_answer    held                 INC-14   · · · x x · x · · ·
record_remote_consent   held                 INC-15   · · · x x · x · · ·
record_on_site          held                 INC-15   · · · x x · x · · ·
confirm_backup          held                 INC-15   · · · x x · x · · ·
record_talk             registered           INC-21   · · x · · · · x · x
record_talk             held                 INC-21   · · x x x · x x · x
rate                    closed               INC-10   x · · · · · · · · ·
acknowledge             registered           INC-13   · · x · · · · x · x
acknowledge             held                 INC-13   · · x x x · x x · x
agree_time              registered           INC-19   · · x · · · · x · x
agree_time              held                 INC-19   · · x x x · x x · x
take_command            live                 MAJ-01   · · · · · · · x · x
hand_over_command       live                 MAJ-01   · · · · · · · x · x
call_in                 registered           MAJ-02   · · · · · · · x · x
call_in                 held                 MAJ-02   · · · · · · x x · x
answer_coming           live                 MAJ-02   · · · · · · · · · ·
answer_cannot           live                 MAJ-02   · · · · · · · · · ·
join_call               live                 MAJ-02   · · · · · · · · · ·
record_call_answer      registered           MAJ-02   · · · · · · · x · x
record_call_answer      held                 MAJ-02   · · · · · · x x · x
escalate_to_leadership  registered           MAJ-02   · · · · · · · x · x
escalate_to_leadership  held                 MAJ-02   · · · · · · x x · x
log_communication       registered           MAJ-01   · · x · · · · x · x
log_communication       held                 MAJ-01   · · x x x · x x · x
raise_problem           any                  INC-17   · · x x x x x x · x
join_problem            any                  INC-17   · · x x x x x x · x
take_known_error        registered           PRB-05   · · x · · · · x · x
take_known_error        held                 PRB-05   · · x x x · x x · x
drop_known_error        registered           PRB-05   · · · · · · · · · ·
drop_known_error        held                 PRB-05   · · · x x · x · · ·
raise_change            any                  CHG-01   · · x x x x x x · x
judge_change            registered           INC-20   · · x · · · · x · x
judge_change            given                INC-20   · · x x x · x x · x
add_task                registered           TSK-01   · · x · · · · x · x
add_task                held                 TSK-01   · · x x x · x x · x
comment                 any                  TKT-03   x x x x x x x x x x
note                    any                  TKT-03   · · x x x x x x x x
log_time                any                  TKT-11   · · x x x x x x x x
urge                    any                  TKT-10   x x x x x · x x x x
watch                   any                  TKT-10   x x x x x x x x x x
unwatch                 any                  TKT-10   x x x x x x x x x x
link                    any                  TKT-04   · · x x x x x x x x
unlink                  any                  TKT-04   · · x x x x x x x x
add_items               registered           CMDB-09  · · x · · · · x · x
add_items               given                CMDB-09  · · x x x · x x · x
remove_items            registered           CMDB-09  · · x · · · · x · x
remove_items            given                CMDB-09  · · x x x · x x · x
""",
)

PROBLEM = Rights(
    kind="problem",
    people="r=requester d=desk a=engineer m=engineer2 e=expert l=lead P=pm S=ps i=manager L=leader A=admin",
    sets={
        "worked": "assigned investigating known_error proposed approved implementing pending",
        "live": "registered assigned investigating known_error proposed approved implementing pending",
        "held": "assigned investigating known_error proposed approved implementing pending resolved reviewed",
        "given": "assigned investigating known_error proposed approved implementing pending resolved reviewed closed",
        "found": "known_error proposed approved implementing",
        "solved": "resolved reviewed closed",
        "begun": "assigned investigating",
        "early": "registered assigned investigating",
        "before": "known_error proposed approved",
        "waits": "investigating known_error implementing",
    },
    table="""
                                                      r d a m e l P S i L A
assign                  early                PRB-03   · · · · · · x · · · x
investigate             assigned             PRB-03   · · x x · x x · · · x
return_to_manager       begun                PRB-03   · · · · · x x · · · x
confirm_cause           investigating        PRB-03   · · · · · x x · · · x
investigate_again       found                PRB-03   · · · · · x x · · · x
propose                 known_error          PRB-06   · · x x · x x · · · x
invite                  registered           PRB-10   · · · · · · x · · · x
invite                  worked               PRB-10   · · · · · x x · · · x
discuss                 registered           PRB-10   · · · · · · x · · · x
discuss                 worked               PRB-10   · · · · · x x · · · x
implement               approved             PRB-06   · · · · · x x · · · x
resolve                 implementing         PRB-06   · · · · · x x · · · x
edit                    registered           PRB-03   · · · · · · x · · · x
edit                    worked               PRB-03   · · · · · x x · · · x
record_workaround       registered           PRB-05   · · · · · · x · · · x
record_workaround       worked               PRB-05   · · x x · x x · · · x
publish                 registered           PRB-05   · · · · · · x · · · x
publish                 held                 PRB-05   · · · · · x x · · · x
withdraw                registered           PRB-05   · · · · · · x · · · x
withdraw                given                PRB-05   · · · · · x x · · · x
tell_incidents          registered           PRB-05   · · · · · · x · · · x
tell_incidents          held                 PRB-05   · · · · · x x · · · x
accept_risk             before               PRB-03   · · · · · · x · · · x
keep_workaround         before               PRB-03   · · · · · · x · · · x
review                  resolved             PRB-07   · · · · · x x · · · x
close                   reviewed             PRB-08   · · · · · x x · · · x
reopen                  solved               PRB-07   · · · · · x x · · · x
mark_duplicate          live                 PRB-03   · · · · · · x · · · x
cancel                  live                 PRB-03   · · · · · · x · · · x
wait                    waits                PRB-03   · · x x · x x · · · x
resume                  pending              PRB-03   · · x x · x x · · · x
raise_change            any                  CHG-01   · x x x x x x · x · x
judge_change            registered           INC-20   · · · · · · x · · · x
judge_change            given                INC-20   · · x x · x x · · · x
comment                 any                  TKT-03   · x x x x x x x x x x
note                    any                  TKT-03   · x x x x x x x x x x
log_time                any                  TKT-11   · x x x x x x x x x x
urge                    any                  TKT-10   · x x x · x · · x x x
watch                   any                  TKT-10   · x x x x x x x x x x
unwatch                 any                  TKT-10   · x x x x x x x x x x
link                    any                  TKT-04   · x x x x x x x x x x
unlink                  any                  TKT-04   · x x x x x x x x x x
add_items               registered           CMDB-09  · · · · · · x · · · x
add_items               given                CMDB-09  · · x x · x x · · · x
remove_items            registered           CMDB-09  · · · · · · x · · · x
remove_items            given                CMDB-09  · · x x · x x · · · x
""",
)

CHANGE = Rights(
    kind="change",
    people="r=requester d=desk a=engineer m=engineer2 l=lead C=changer K=config O=operator B=approver L=leader "
    "i=manager A=admin",
    sets={
        "planned": "draft submitted accepted assessed approving scheduled",
        "ended": "implemented backed_out reviewed",
        "checked": "submitted accepted assessed",
        "over": "reviewed closed",
        "done": "implemented backed_out",
    },
    table="""
                                                      r d a m l C K O B L i A
submit                  draft                CHG-02   · · x x x x · · · · · ·
accept                  submitted            CHG-02   · · · · · x · · · · · ·
send_back               checked              CHG-02   · · · · · x · · · · · ·
reject                  checked              CHG-02   · · · · · x · · · · · ·
assess                  accepted,assessed    CHG-02   · · · · · x · · · · · ·
ask_approval            checked              CHG-03   · · x x x x · · · · · ·
withdraw_question       approving            CHG-03   · · x x x x · · · · · ·
cancel                  planned              CHG-02   · · x x x x · · · · · ·
choose_implementers     planned              CHG-02   · · x x x x · · · · · ·
start                   scheduled            CHG-06   · · x x x · · · · · · ·
report_step             implementing         CHG-06   · · x x x · · · · · · ·
go                      implementing         CHG-06   · · x x x x · · · · · ·
no_go                   implementing         CHG-06   · · x x x x · · · · · ·
back_out_step           implementing         CHG-06   · · x x x · · · · · · ·
implement               implementing         CHG-06   · · x x x · · · · · · ·
back_out_now            implementing         CHG-06   · · x x x · · · · · · ·
complete_record         ended                CHG-02   · · x x x x · · · · · ·
close                   reviewed             CHG-07   · · x x x · · · · · · ·
attribute_incident      implementing,implemented,backed_out,reviewed,closed CHG-07   · · x x x x · · · · · ·
prepare_value           planned              CHG-08   · · x x x x · · · · · ·
prepare_item            planned              CHG-08   · · x x x x · · · · · ·
prepare_relation        planned              CHG-08   · · x x x x · · · · · ·
drop_edit               planned              CHG-08   · · x x x x · · · · · ·
apply_edits             implementing,implemented,backed_out,reviewed CHG-08   · · x x x · · · · · · ·
settle_difference       ended                CHG-08   · · x x x x · · · · · ·
send_notice             ended                CMDB-06  · · x x x x · · · · · ·
order_update            ended                CMDB-06  · · · · · x x · · · · x
return_order            ended                CMDB-06  · · · · · · x · · · · x
confirm_result          implemented          CHG-07   · · x x x x · · · · · ·
review                  done                 CHG-07   · · x x x x · · · · · ·
review_in_full          over                 CHG-07   · · · · · x · · · · · ·
correct_interruption    over                 CHG-07   · · · · · x · · · · · ·
edit                    planned              CHG-01   · · x x x x · · · · · ·
override_collisions     planned              CHG-05   · · · · · x · · · · · ·
add_step                planned              CHG-06   · · x x x x · · · · · ·
edit_step               planned              CHG-06   · · x x x x · · · · · ·
remove_step             planned              CHG-06   · · x x x x · · · · · ·
add_items               planned              CHG-01   · · x x x x · · · · · ·
add_items_by_query      planned              CHG-01   · · x x x x · · · · · ·
remove_items            planned              CHG-01   · · x x x x · · · · · ·
remove_items_by_query   planned              CHG-01   · · x x x x · · · · · ·
write_to_affected       planned              CHG-04   · · x x x x · · · · · ·
report_delay            scheduled,implementing CHG-04   · · x x x x · · · · · ·
comment                 any                  TKT-03   · x x x x x x x x x x x
note                    any                  TKT-03   · x x x x x x x · x x x
log_time                any                  TKT-11   · x x x x x x x · x x x
urge                    any                  TKT-10   · x x x x · · · · x x x
watch                   any                  TKT-10   · x x x x x x x x x x x
unwatch                 any                  TKT-10   · x x x x x x x x x x x
link                    any                  TKT-04   · x x x x x x x · x x x
unlink                  any                  TKT-04   · x x x x x x x · x x x
""",
)

TASK = Rights(
    kind="task",
    people="r=requester d=desk a=engineer m=engineer2 e=expert l=lead i=manager L=leader A=admin",
    sets={
        "live": "queued assigned in_progress",
        "begun": "assigned in_progress",
        "given": "queued assigned in_progress finished cancelled",
    },
    table="""
                                                      r d a m e l i L A
assign                  registered           TSK-01   · x · · · · x · x
claim                   begun                INC-06   · · x x · x · · ·
unclaim                 assigned             TSK-01   · · x · · · · · ·
start                   registered           TSK-01   · x · · · · · · ·
start                   assigned             TSK-01   · · x x · x · · ·
hand_over               live                 TSK-01   · x x x · x x · x
finish                  in_progress          TSK-01   · · x x · x · · ·
cancel                  registered           TSK-02   · x · · · · x · x
cancel                  live                 TSK-02   · x x x · x x · x
comment                 any                  TKT-03   · x x x x x x x x
note                    any                  TKT-03   · x x x x x x x x
log_time                any                  TKT-11   · x x x x x x x x
urge                    any                  TKT-10   · x x x · x x x x
watch                   any                  TKT-10   · x x x x x x x x
unwatch                 any                  TKT-10   · x x x x x x x x
link                    any                  TKT-04   · x x x x x x x x
unlink                  any                  TKT-04   · x x x x x x x x
add_items               registered           CMDB-09  · x · · · · x · x
add_items               given                CMDB-09  · x x x · x x · x
remove_items            registered           CMDB-09  · x · · · · x · x
remove_items            given                CMDB-09  · x x x · x x · x
""",
)

#: An incident of the highest priority, in progress: ``manager`` commands, ``expert`` was called in.
EMERGENCY = Rights(
    kind="incident",
    people="r=requester d=desk a=engineer m=engineer2 e=expert o=other_engineer l=lead i=manager L=leader",
    table="""
                                                      r d a m e o l i L
take_command            in_progress          MAJ-01   · · · · · · · x ·
hand_over_command       in_progress          MAJ-01   · · · · · · · x ·
call_in                 in_progress          MAJ-02   · · · · · · x x ·
record_call_answer      in_progress          MAJ-02   · · · · · · x x ·
answer_coming           in_progress          MAJ-02   · · · · x · · · ·
answer_cannot           in_progress          MAJ-02   · · · · x · · · ·
join_call               in_progress          MAJ-02   · · · · x · · · ·
escalate_to_leadership  in_progress          MAJ-02   · · · · · · x x ·
log_communication       in_progress          MAJ-01   · x x x · · x x ·
resolve                 in_progress          INC-07   · · x x · · x · ·
""",
)

#: An incident in progress, to which the supplier of ``vendor`` was called.
SUPPLIER = Rights(
    kind="incident",
    people="r=requester d=desk a=engineer m=engineer2 l=lead v=vendor",
    table="""
                                                      r d a m l v
record_vendor_response  in_progress          INC-14   · · x x x x
record_vendor_arrival   in_progress          INC-14   · · x x x x
record_vendor_answer    in_progress          INC-14   · · x x x x
call_vendor             in_progress          INC-14   · · x x x ·
resolve                 in_progress          INC-07   · · x x x ·
hand_over               in_progress          INC-05   · x x x x ·
note                    in_progress          TKT-03   · x x x x ·
comment                 in_progress          INC-14   x x x x x ·
urge                    in_progress          TKT-10   x x x x x ·
""",
)

#: What concerns many: written and ended by whoever may announce.
ANNOUNCEMENT = Rights(
    kind="announcement",
    people="r=requester d=desk a=engineer i=manager C=changer L=leader A=admin",
    sets={"kept": "draft ended"},
    table="""
                                                      r d a i C L A
edit                    any                  MAJ-03   · · · x x · x
publish                 kept                 MAJ-03   · · · x x · x
end                     published            MAJ-03   · · · x x · x
discard                 draft                MAJ-03   · · · x x · x
""",
)

RIGHTS = (INCIDENT, PROBLEM, CHANGE, TASK)
