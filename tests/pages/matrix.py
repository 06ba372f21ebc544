"""The answer of every address to GET, for everybody.

A snapshot to be read in reviews: a changed line is a change of who sees what. 404 never reveals whether a record
exists; 403 says that the person's roles do not include the page; 405 that the address only takes POST.
"""

from __future__ import annotations

#: Columns. "anonymous" is not signed in; the others are people of ``tests.factories.World``.
PEOPLE = (
    "anonymous",
    "nobody",
    "requester",
    "colleague",
    "requester2",
    "vendor",
    "engineer",
    "lead",
    "desk",
    "manager",
    "admin",
)
#: Addresses that have tests of their own.
ELSEWHERE = ("admin:", "api", "healthz")

_ROWS = """
csp-report                             -        405 405 405 405 405 405 405 405 405 405 405
account_login                          -        200 302 302 302 302 302 302 302 302 302 302
account_logout                         -        302 200 200 200 200 200 200 200 200 200 200
account_inactive                       -        200 200 200 200 200 200 200 200 200 200 200
account_signup                         -        200 302 302 302 302 302 302 302 302 302 302
account_reauthenticate                 -        302 403 403 403 403 403 403 403 403 403 403
account_email                          -        302 302 302 302 302 302 302 302 302 302 302
account_email_verification_sent        -        200 200 200 200 200 200 200 200 200 200 200
account_change_password                -        302 302 302 302 302 302 302 302 302 302 302
account_set_password                   -        302 200 200 200 200 200 200 200 200 200 200
account_reset_password                 -        200 200 200 200 200 200 200 200 200 200 200
account_confirm_login_code             -        302 302 302 302 302 302 302 302 302 302 302
account_confirm_email                  -        200 200 200 200 200 200 200 200 200 200 200
account_reset_password_from_key_done   -        200 200 200 200 200 200 200 200 200 200 200
account_reset_password_from_key        -        200 200 200 200 200 200 200 200 200 200 200
account_reset_password_done            -        200 200 200 200 200 200 200 200 200 200 200
mfa_index                              -        302 200 200 200 200 200 200 200 200 200 200
mfa_authenticate                       -        302 302 302 302 302 302 302 302 302 302 302
mfa_reauthenticate                     -        302 403 403 403 403 403 403 403 403 403 403
mfa_activate_totp                      -        302 200 200 200 200 200 200 200 200 200 200
mfa_deactivate_totp                    -        302 404 404 404 404 404 404 404 404 404 404
mfa_view_recovery_codes                -        302 404 404 404 404 404 404 404 404 404 404
mfa_generate_recovery_codes            -        302 200 200 200 200 200 200 200 200 200 200
mfa_download_recovery_codes            -        302 404 404 404 404 404 404 404 404 404 404
set_language                           -        302 302 302 302 302 302 302 302 302 302 302
accounts:profile                       -        302 200 200 200 200 200 200 200 200 200 200
accounts:language                      -        405 405 405 405 405 405 405 405 405 405 405
accounts:theme                         -        302 405 405 405 405 405 405 405 405 405 405
accounts:tokens                        -        302 403 403 403 403 403 403 200 403 403 200
accounts:revoke_token                  -        302 405 405 405 405 405 405 405 405 405 405
notifications:list                     -        302 200 200 200 200 200 200 200 200 200 200
notifications:latest                   -        302 200 200 200 200 200 200 200 200 200 200
notifications:pressing                 -        302 200 200 200 200 200 200 200 200 200 200
notifications:read                     -        302 405 405 405 405 405 405 405 405 405 405
notifications:acknowledge              -        302 405 405 405 405 405 405 405 405 405 405
notifications:open                     -        302 404 404 404 404 404 404 404 404 404 404
notifications:choices                  -        302 200 200 200 200 200 200 200 200 200 200
notifications:receipts                 -        302 403 403 403 403 403 200 200 200 200 200
notifications:undelivered              -        302 403 403 403 403 403 403 403 403 200 200
notifications:undelivered_step         -        302 405 405 405 405 405 405 405 405 405 405
notifications:templates                -        302 403 403 403 403 403 403 200 403 200 200
notifications:template_preview         -        302 405 405 405 405 405 405 405 405 405 405
notifications:template                 -        302 403 403 403 403 403 403 200 403 200 200
notifications:of_ticket                own      302 404 403 403 404 404 200 200 200 200 200
notifications:of_ticket                other    302 404 404 404 403 404 200 200 200 200 200
notifications:of_ticket                missing  302 404 404 404 404 404 404 404 404 404 404
notifications:of_ticket_lines          own      302 404 403 403 404 404 200 200 200 200 200
notifications:of_ticket_lines          other    302 404 404 404 403 404 200 200 200 200 200
notifications:of_ticket_lines          missing  302 404 404 404 404 404 404 404 404 404 404
notifications:answer                   -        410 410 410 410 410 410 410 410 410 410 410
duty:list                              -        302 403 403 403 403 200 200 200 200 200 200
duty:new                               -        302 403 403 403 403 403 403 200 403 403 200
duty:roster                            -        302 403 403 403 403 404 404 404 404 404 404
duty:edit                              -        302 403 403 403 403 404 404 404 404 404 404
duty:step                              -        302 405 405 405 405 405 405 405 405 405 405
duty:propose_swap                      -        302 405 405 405 405 405 405 405 405 405 405
duty:answer_swap                       -        302 405 405 405 405 405 405 405 405 405 405
cmdb:list                              -        302 403 403 403 403 403 200 200 200 200 200
cmdb:new                               -        302 403 403 403 403 403 200 403 403 403 200
cmdb:differences                       -        302 403 403 403 403 403 200 403 403 403 200
cmdb:export                            -        302 403 403 403 403 403 403 200 200 200 200
cmdb:import                            -        302 403 403 403 403 403 403 403 403 403 200
cmdb:classes                           -        302 403 403 403 403 403 403 403 403 403 200
cmdb:decide                            -        302 403 403 403 403 403 403 403 403 403 404
cmdb:class                             -        302 403 403 403 403 403 403 403 403 403 404
cmdb:attribute                         -        302 403 403 403 403 403 403 403 403 403 404
cmdb:relation_types                    -        302 403 403 403 403 403 403 403 403 403 200
cmdb:relation_type                     -        302 403 403 403 403 403 403 403 403 403 404
cmdb:remove_mapping                    -        302 403 403 403 403 403 403 403 403 403 405
cmdb:undo_import                       -        302 403 403 403 403 403 403 403 403 403 405
cmdb:job                               -        302 403 403 403 403 403 403 403 403 403 404
cmdb:compliance                        -        302 403 403 403 403 403 200 200 200 200 200
cmdb:audit_photo                       -        302 403 403 403 403 403 404 404 404 404 404
cmdb:audit_extra_photos                -        302 403 403 403 403 403 405 405 405 405 405
cmdb:audit_extra_photo                 -        302 403 403 403 403 403 404 404 404 404 404
cmdb:item                              -        302 403 403 403 403 403 404 404 404 404 404
cmdb:impact                            -        302 403 403 403 403 403 404 404 404 404 404
cmdb:compare                           -        302 403 403 403 403 403 404 404 404 404 404
cmdb:graph                             -        302 403 403 403 403 403 404 404 404 404 404
cmdb:graph_data                        -        302 403 403 403 403 403 404 404 404 404 404
cmdb:edit                              -        302 403 403 403 403 403 404 403 403 403 404
cmdb:unrelate                          -        302 403 403 403 403 403 404 403 403 403 404
cmdb:life                              -        302 403 403 403 403 403 404 404 404 404 404
cmdb:releases                          -        302 403 403 403 403 403 404 404 404 404 404
cmdb:relate                            -        302 403 403 403 403 403 405 405 405 405 405
cmdb:hand_over                         -        302 403 403 403 403 403 404 404 404 404 404
cmdb:handover                          -        302 404 404 404 404 404 404 404 404 404 404
cmdb:merge                             -        302 403 403 403 403 403 404 403 403 403 404
cmdb:split                             -        302 403 403 403 403 403 404 403 403 403 404
cmdb:take_back                         -        302 403 403 403 403 403 404 403 403 403 404
cmdb:own                               -        302 200 200 200 200 200 302 302 302 302 302
cmdb:own_item                          -        302 404 404 404 404 404 302 302 302 302 302
cmdb:confirm                           -        302 200 200 200 200 200 200 200 200 200 200
cmdb:ending                            -        302 403 403 403 403 403 200 200 200 200 200
cmdb:sources                           -        302 403 403 403 403 403 403 403 403 403 200
cmdb:withdraw_source                   -        302 403 403 403 403 403 403 403 403 403 404
cmdb:put_back_source                   -        302 403 403 403 403 403 403 403 403 403 404
cmdb:health                            -        302 403 403 403 403 403 200 200 200 200 200
cmdb:queries                           -        302 403 403 403 403 403 200 200 200 200 200
cmdb:query                             -        302 403 403 403 403 403 405 405 405 405 405
cmdb:compare_lists                     -        302 403 403 403 403 403 200 200 200 200 200
cmdb:baselines                         -        302 403 403 403 403 403 200 200 200 200 200
cmdb:path                              -        302 403 403 403 403 403 200 200 200 200 200
cmdb:beneath                           -        302 403 403 403 403 403 404 404 404 404 404
cmdb:audits                            -        302 403 403 403 403 403 200 200 200 200 200
cmdb:audit                             -        302 403 403 403 403 403 404 404 404 404 404
cmdb:audit_codes                       -        302 403 403 403 403 403 404 404 404 404 404
cmdb:audit_check                       -        302 403 403 403 403 403 404 403 403 403 404
cmdb:spares                            -        302 403 403 403 403 403 200 200 200 200 200
cmdb:spare                             -        302 403 403 403 403 403 404 404 404 404 404
cmdb:propose                           -        302 403 403 403 403 403 404 404 404 404 404
sla:health                             -        302 403 403 403 403 200 200 200 200 200 200
sla:board                              -        302 403 403 403 403 403 200 200 200 200 200
sla:woken                              -        302 200 200 200 200 200 200 200 200 200 200
sla:calendars                          -        302 403 403 403 403 403 403 200 403 200 200
sla:calendar                           -        302 403 403 403 403 403 403 404 403 404 404
sla:policies                           -        302 403 403 403 403 403 403 200 403 200 200
sla:policy                             -        302 403 403 403 403 403 403 404 403 404 404
sla:trial                              -        302 403 403 403 403 403 403 404 403 404 404
sla:trial_tickets                      -        302 403 403 403 403 403 403 404 403 404 404
sla:counted                            own      302 404 404 404 404 404 200 200 200 200 200
sla:counted                            other    302 404 404 404 404 404 200 200 200 200 200
sla:counted                            missing  302 404 404 404 404 404 404 404 404 404 404
problems:find_incidents                -        302 403 403 403 403 403 200 200 200 200 200
problems:find_problems                 -        302 403 403 403 403 403 200 200 200 200 200
problems:find_known_errors             -        302 403 403 403 403 403 200 200 200 200 200
problems:known_errors                  -        302 403 403 403 403 403 200 200 200 200 200
problems:glossary                      -        302 403 403 403 403 403 200 200 200 200 200
problems:known_error                   missing  302 403 403 403 403 403 404 404 404 404 404
problems:investigation                 missing  302 403 403 403 403 403 404 404 404 404 404
incidents:acceptance                   own      302 404 200 200 404 404 200 200 200 200 200
incidents:acceptance                   other    302 404 404 404 200 404 200 200 200 200 200
incidents:acceptance                   missing  302 404 404 404 404 404 404 404 404 404 404
problems:print                         missing  302 403 403 403 403 403 404 404 404 404 404
problems:incident_meeting              -        302 403 403 403 403 403 200 200 200 200 200
problems:register_table                -        302 403 403 403 403 403 200 200 200 200 200
problems:trends                        -        302 403 403 403 403 403 200 200 200 200 200
problems:trend                         -        302 405 405 405 405 405 405 405 405 405 405
drafts:list                            -        302 200 200 200 200 200 200 200 200 200 200
drafts:count                           -        302 200 200 200 200 200 200 200 200 200 200
drafts:save                            -        302 405 405 405 405 405 405 405 405 405 405
drafts:discard                         -        302 405 405 405 405 405 405 405 405 405 405
drafts:move                            -        302 405 405 405 405 405 405 405 405 405 405
replies:list                           -        302 403 403 403 403 403 200 200 200 200 200
replies:find                           -        302 403 403 403 403 403 200 200 200 200 200
replies:preview                        -        302 403 403 403 403 403 405 405 405 405 405
replies:use                            -        302 403 403 403 403 403 405 405 405 405 405
replies:pick                           -        302 403 403 403 403 403 200 200 200 200 200
replies:new                            -        302 403 403 403 403 403 200 200 200 200 200
replies:edit                           -        302 403 403 403 403 403 404 404 404 404 404
replies:remove                         -        302 403 403 403 403 403 405 405 405 405 405
tickets:home                           -        302 302 302 302 302 302 302 302 302 302 302
tickets:queue                          -        302 302 302 302 302 200 200 200 200 200 200
tickets:portal                         -        302 200 200 200 200 200 200 200 200 200 200
tickets:my                             -        302 302 302 302 302 200 200 200 200 200 200
tickets:portal_find                    -        302 200 200 200 200 200 200 200 200 200 200
tickets:thanks                         own      302 404 200 200 404 404 200 200 200 200 200
tickets:thanks                         other    302 404 404 404 200 404 200 200 200 200 200
tickets:thanks                         missing  302 404 404 404 404 404 404 404 404 404 404
tickets:new_caller                     -        302 403 403 403 403 403 200 403 200 200 200
tickets:find_members                   -        302 200 200 200 200 200 200 200 200 200 200
tickets:hints                          -        302 403 403 403 403 403 200 200 200 200 200
announcements:list                     -        302 200 200 200 200 200 200 200 200 200 200
announcements:new                      -        302 403 403 403 403 403 403 403 403 200 200
announcements:preview                  -        302 405 405 405 405 405 405 405 405 405 405
announcements:edit                     -        302 403 403 403 403 403 403 403 403 404 404
announcements:dismiss                  -        302 405 405 405 405 405 405 405 405 405 405
announcements:step                     -        302 405 405 405 405 405 405 405 405 405 405
tickets:detail                         own      302 404 200 200 404 404 200 200 200 200 200
tickets:detail                         other    302 404 404 404 200 404 200 200 200 200 200
live:updates                           -        302 200 200 200 200 200 200 200 200 200 200
live:ticket                            own      302 404 200 200 404 404 200 200 200 200 200
live:ticket                            other    302 404 404 404 200 404 200 200 200 200 200
live:ticket                            missing  302 404 404 404 404 404 404 404 404 404 404
tickets:detail                         missing  302 404 404 404 404 404 404 404 404 404 404
tickets:around                         own      302 404 403 403 404 404 200 200 200 200 200
tickets:around                         other    302 404 404 404 403 404 200 200 200 200 200
tickets:around                         missing  302 404 404 404 404 404 404 404 404 404 404
tickets:comment                        own      302 405 405 405 405 405 405 405 405 405 405
tickets:comment                        other    302 405 405 405 405 405 405 405 405 405 405
tickets:comment                        missing  302 405 405 405 405 405 405 405 405 405 405
tickets:action                         own      302 404 200 200 404 404 200 200 200 200 200
tickets:action                         other    302 404 404 404 200 404 200 200 200 200 200
tickets:action                         missing  302 404 404 404 404 404 404 404 404 404 404
tickets:file_kinds                     -        302 200 200 200 200 200 200 200 200 200 200
tickets:attachment                     own      302 404 200 200 404 404 200 200 200 200 200
tickets:attachment                     other    302 404 404 404 200 404 200 200 200 200 200
tickets:attachment                     missing  302 404 404 404 404 404 404 404 404 404 404
tickets:preview                        own      302 404 200 200 404 404 200 200 200 200 200
tickets:preview                        other    302 404 404 404 200 404 200 200 200 200 200
tickets:preview                        missing  302 404 404 404 404 404 404 404 404 404 404
tickets:search                         -        302 200 200 200 200 200 200 200 200 200 200
tickets:palette                        -        302 200 200 200 200 200 200 200 200 200 200
tickets:find_people                    -        302 200 200 200 200 200 200 200 200 200 200
tickets:find_colleagues                -        302 403 403 403 403 403 200 200 200 200 200
tickets:find_items                     -        302 200 200 200 200 200 200 200 200 200 200
tickets:caller                         -        302 404 404 404 404 404 404 404 404 404 404
tickets:list                           -        302 302 302 302 302 200 200 200 200 200 200
tickets:filters                        -        302 403 403 403 403 200 200 200 200 200 200
tickets:queue_settings                 -        302 403 403 403 403 405 405 405 405 405 405
tickets:views                          -        302 403 403 403 403 200 200 200 200 200 200
tickets:new_view                       -        302 403 403 403 403 200 200 200 200 200 200
tickets:saved_view                     -        302 403 403 403 403 405 405 405 405 405 405
tickets:bulk                           -        302 403 403 403 403 405 405 405 405 405 405
tickets:undo                           -        302 405 405 405 405 405 405 405 405 405 405
changes:calendar                       -        302 403 403 403 403 200 200 200 200 200 200
changes:run                            -        302 403 403 403 403 404 404 404 404 404 404
changes:run_worker                     -        302 200 200 200 200 200 200 200 200 200 200
changes:recurrences                    -        302 403 403 403 403 403 200 200 200 200 200
changes:recurrence                     -        302 403 403 403 403 403 404 404 404 404 404
changes:edit_recurrence                -        302 403 403 403 403 403 404 404 404 404 404
changes:recurrence_step                -        302 405 405 405 405 405 405 405 405 405 405
changes:add_template                   -        302 403 403 403 403 403 403 403 403 403 200
changes:edit_template                  -        302 403 403 403 403 403 403 403 403 403 404
changes:planned_work                   -        302 200 200 200 200 302 302 302 302 302 302
changes:freezes                        -        302 403 403 403 403 200 200 200 200 200 200
changes:add_freeze                     -        302 403 403 403 403 403 403 403 403 403 200
changes:edit_freeze                    -        302 403 403 403 403 403 403 403 403 403 404
changes:feeds                          -        302 403 403 403 403 200 200 200 200 200 200
changes:revoke_feed                    -        302 405 405 405 405 405 405 405 405 405 405
changes:feed                           -        404 404 404 404 404 404 404 404 404 404 404
changes:move                           -        302 403 403 403 403 404 404 404 404 404 404
changes:slots                          -        302 403 403 403 403 404 404 404 404 404 404
changes:collisions                     -        302 403 403 403 403 404 404 404 404 404 404
changes:find_attributes                -        302 403 403 403 403 404 404 404 404 404 404
changes:register                       -        302 403 403 403 403 403 200 200 200 200 200
changes:unauthorised                   -        302 403 403 403 403 403 200 200 200 200 200
changes:judge                          -        302 403 403 403 403 403 403 403 403 403 404
changes:cab                            -        302 403 403 403 403 403 200 200 200 200 200
changes:meeting                        -        302 403 403 403 403 403 404 404 404 404 404
changes:meeting_step                   -        302 405 405 405 405 405 405 405 405 405 405
changes:vote                           -        302 405 405 405 405 405 405 405 405 405 405
changes:report                         -        302 403 403 403 403 403 200 200 200 200 200
changes:check_proof                    -        302 403 403 403 403 403 200 200 200 200 200
changes:record                         -        302 403 403 403 403 403 404 404 404 404 404
changes:items_order                    -        302 403 403 403 403 403 404 404 404 404 404
changes:proof                          -        302 403 403 403 403 403 404 404 404 404 404
changes:catalogue                      -        302 403 403 403 403 403 200 200 200 200 200
changes:order                          -        302 403 403 403 403 403 404 404 404 404 404
approvals:list                         -        302 200 200 200 200 200 200 200 200 200 200
approvals:decided                      -        302 200 200 200 200 200 200 200 200 200 200
approvals:delegate                     -        302 200 200 200 200 200 200 200 200 200 200
approvals:end_delegation               -        302 405 405 405 405 405 405 405 405 405 405
approvals:detail                       -        302 404 404 404 404 404 404 404 404 404 404
exporting:list                         -        302 403 403 403 403 403 403 200 200 200 200
exporting:ask                          -        302 403 403 403 403 403 403 200 200 200 200
exporting:detail                       -        302 403 403 403 403 403 403 404 404 404 404
exporting:cancel                       -        302 403 403 403 403 403 403 405 405 405 405
exporting:file                         -        302 403 403 403 403 403 403 404 404 404 404
reports:service_reports                -        302 200 200 200 200 200 200 200 200 200 200
reports:service_customers              -        302 403 403 403 403 403 200 200 200 200 200
reports:service_contacts               -        302 403 403 403 403 403 403 403 403 404 404
reports:service_report                 -        302 404 404 404 404 404 404 404 404 404 404
reports:service_file                   -        302 404 404 404 404 404 404 404 404 404 404
reports:service_step                   -        302 405 405 405 405 405 405 405 405 405 405
reports:live                           -        302 403 403 403 403 403 200 200 200 200 200
reports:live_actions                   -        302 403 403 403 403 403 404 404 404 404 404
reports:live_now                       -        302 403 403 403 403 403 200 200 200 200 200
reports:displays                       -        302 403 403 403 403 403 200 200 200 200 200
reports:revoke_display                 -        302 403 403 403 403 403 405 405 405 405 405
reports:wall                           -        404 404 404 404 404 404 404 404 404 404 404
reports:wall_now                       -        404 404 404 404 404 404 404 404 404 404 404
reports:meetings                       -        302 403 403 403 403 403 200 200 200 200 200
reports:schedules                      -        302 403 403 403 403 200 200 200 200 200 200
reports:schedule_new                   -        302 403 403 403 403 404 404 404 404 404 404
reports:schedule                       -        302 403 403 403 403 404 404 404 404 404 404
reports:schedule_edit                  -        302 403 403 403 403 404 404 404 404 404 404
reports:sent_file                      -        302 403 403 403 403 404 404 404 404 404 404
reports:reviews                        -        302 403 403 403 403 403 200 200 200 200 200
reports:own_boards                     -        302 403 403 403 403 403 200 200 200 200 200
reports:own_new                        -        302 403 403 403 403 403 200 200 200 200 200
reports:own                            -        302 403 403 403 403 403 404 404 404 404 404
reports:own_edit                       -        302 403 403 403 403 403 404 404 404 404 404
reports:targets                        -        302 403 403 403 403 403 200 200 200 200 200
reports:target                         -        302 403 403 403 403 403 403 403 403 200 200
reports:boards                         -        302 403 403 403 403 403 302 302 302 302 302
reports:board                          -        302 403 403 403 403 403 200 200 200 200 200
reports:tiles                          -        302 403 403 403 403 403 200 200 200 200 200
reports:known                          -        302 403 403 403 403 403 404 404 404 404 404
reports:process                        -        302 403 403 403 403 403 200 200 200 200 200
reports:process_map                    -        302 403 403 403 403 403 200 200 200 200 200
reports:process_ways                   -        302 403 403 403 403 403 200 200 200 200 200
reports:process_time                   -        302 403 403 403 403 403 200 200 200 200 200
reports:process_hand_overs             -        302 403 403 403 403 403 200 200 200 200 200
reports:xes                            -        302 403 403 403 403 403 403 200 200 200 200
reports:table                          -        302 403 403 403 403 403 200 200 200 200 200
reports:load                           -        302 403 403 403 403 403 200 200 200 200 200
reports:chart                          -        302 403 403 403 403 403 200 200 200 200 200
reports:explain                        -        302 403 403 403 403 403 200 200 200 200 200
reports:file                           -        302 403 403 403 403 403 403 200 200 200 200
tickets:register                       -        302 403 200 200 200 403 200 200 200 200 200
"""

#: (name of the address, subject): answers in the order of ``PEOPLE``. Subject "own" is a ticket of the customer of
#: requester and colleague, "other" one of requester2's.
MATRIX = {
    (name, subject.strip("-")): tuple(int(status) for status in answers)
    for name, subject, *answers in (line.split() for line in _ROWS.strip().splitlines())
}
