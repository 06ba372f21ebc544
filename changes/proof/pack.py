"""The proof pack of a change: one archive that says everything and verifies itself (CHG-07).

The same state of a change gives the same bytes. The manifest names the digest (SHA-256) of every file and is sealed by
the portal's key: whoever has the archive can compare the digests, and only the portal that made it confirms the seal.
Files are stored as they are, not compressed: written again from its files, an archive must be the same byte by byte.
"""

from __future__ import annotations

import hashlib
import io
import json
import struct
import zipfile
import zlib
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

from django.conf import settings
from django.core.serializers.json import DjangoJSONEncoder
from django.core.signing import Signer
from django.utils import timezone, translation
from django.utils.crypto import constant_time_compare
from django.utils.translation import gettext as _

from accounts.models import User
from approvals.content import digest_of
from approvals.models import ApprovalRound
from changes.approving import PURPOSE
from changes.models import Change
from changes.proof.around import board_of, edits_of, files_of, sent_about, told_to
from changes.proof.forms import order_of, record_of
from changes.proof.papers import order_pdf, record_pdf
from tickets.files.attachments import MAX_TICKET_BYTES
from tickets.forms import json_value

MANIFEST = "manifest.json"
#: What is larger, or has more files, is none of ours.
MOST_BYTES, MOST_FILES = MAX_TICKET_BYTES + 50_000_000, 3000
#: What reading an archive raises that is none of ours.
UNREADABLE = (
    *(KeyError, ValueError, TypeError, AttributeError, EOFError, OSError, NotImplementedError, RuntimeError),
    *(zipfile.BadZipFile, struct.error, zlib.error),
)
#: All files have this date, so that nothing but content makes a difference.
DATED = (1980, 1, 1, 0, 0, 0)


def pack_of(change: Change, user: User) -> bytes:
    """The archive of ``change``, with the items that ``user`` sees."""
    with translation.override(settings.LANGUAGE_CODE), timezone.override(settings.TIME_ZONE):  # whoever reads it
        files, attached = files_of(change)
        said = {**_contents(change, user), "attachments": attached}
        files |= {f"{name}.json": _written(data) for name, data in said.items()}
        files |= {"record.pdf": record_pdf(change, user, printed=_("From the proof pack"))}
        files |= {"items.pdf": order_pdf(change, user, printed=_("From the proof pack"))}
    sealed = {"change": change.number, "files": {name: _sha256(data) for name, data in sorted(files.items())}}
    return _archived({**files, MANIFEST: _written({**sealed, "seal": _seal(sealed)})})


def _archived(files: dict[str, bytes]) -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        for name, data in sorted(files.items()):
            archive.writestr(zipfile.ZipInfo(name, DATED), data)
    return buffer.getvalue()


def _written(data: Any) -> bytes:
    return json.dumps(data, ensure_ascii=False, indent=1, sort_keys=True, cls=DjangoJSONEncoder).encode()


def _sha256(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()


def _seal(said: dict[str, Any]) -> str:
    return Signer(salt="changes.proof").signature(_written(said).decode())


def _contents(change: Change, user: User) -> dict[str, Any]:
    rounds = ApprovalRound.objects.filter(ticket=change.pk, purpose=PURPOSE).order_by("number")
    ordered = order_of(change, user)
    return {
        "change": {**_row(change), "items": [line.item.identifier for line in ordered]},
        "record": [
            {"part": title, "lines": [[one["label"], one["value"]] for one in lines]}
            for title, lines in _record(change, user)
        ],
        "rounds": [_round(made) for made in rounds.prefetch_related("decisions__person", "decisions__for_person")],
        "assessments": [_row(one) for one in change.assessments.order_by("at", "pk")],
        "interruptions": [{**_row(one), "by": one.by and one.by.username} for one in change.interruptions.all()],
        "collisions": [_row(one) for one in change.collision_readings.order_by("at", "pk")],
        "overrides": [{**_row(one), "person": one.person.username} for one in change.overrides.order_by("at", "pk")],
        "steps": [{**_row(step), "person": step.person.username if step.person else None} for step in _steps(change)],
        "differences": [_difference(line) for line in ordered],
        "timeline": [_entry(entry) for entry in change.timeline.select_related("actor").order_by("at", "pk")],
        "edits": edits_of(change),
        "board": board_of(change),
        "told": told_to(change),
        **sent_about(change),
    }


def _record(change: Change, user: User) -> Iterable[tuple[str, Any]]:
    return [
        (str(title), [{**one, "value": _text(one["value"])} for one in lines])
        for title, lines in record_of(change, user)
    ]


def _text(value: Any) -> str:
    return "" if value is None else str(value)


def _steps(change: Change) -> Iterable[Any]:
    return change.steps.select_related("person").order_by("position")


def _row(row: Any) -> dict[str, Any]:
    """Its columns with their values; references by their stable code."""
    names = [column.name for column in row._meta.concrete_fields]
    return {name: json_value(getattr(row, name)) for name in names if name not in SKIPPED}


#: Columns that say nothing to anybody outside the database.
SKIPPED = frozenset({"ticket_ptr", "id", "change", "version", "search_public", "search_internal", "person", "by"})


def _round(made: ApprovalRound) -> dict[str, Any]:
    decisions = [
        {
            "person": one.person.username,
            "for_person": one.for_person.username if one.for_person else None,
            "step": one.step_id and one.step.position,
            "verdict": one.verdict,
            "reason": one.reason,
            "at": one.at,
            "via": one.via,
            "digest": one.digest,
        }
        for one in made.decisions.all()
    ]
    return {
        **{name: getattr(made, name) for name in ("number", "outcome", "asked_at", "ended_at", "text", "policy")},
        "content": made.content,
        "digest": made.digest,
        "decisions": decisions,
    }


def _difference(line: Any) -> dict[str, Any]:
    written = [
        {"at": one.at, "by": one.by, "fields": [[f.label, f.before, f.after] for f in one.fields]}
        for one in line.written
    ]
    return {"item": line.item.identifier, "written": written}


def _entry(entry: Any) -> dict[str, Any]:
    return {
        "at": entry.at,
        "actor": entry.actor.username if entry.actor else None,
        "action": entry.action,
        "from": entry.state_from,
        "to": entry.state_to,
        "changes": entry.changes,
        "text": entry.text,
        "data": entry.data,
    }


@dataclass(frozen=True)
class Verdict:
    """What checking an archive found; ``wrong``: what does not fit, in words; nothing: it is genuine."""

    change: str = ""
    files: int = 0
    decisions: int = 0
    wrong: list[str] = field(default_factory=list)

    @property
    def genuine(self) -> bool:
        """Whether all of it fits."""
        return not self.wrong


def verify(data: bytes) -> Verdict:
    """Check an archive: every file as the manifest says and no other, the seal, each decision's content and digest."""
    try:
        files = _read(data)
        manifest = json.loads(files.pop(MANIFEST))
        said = {"change": manifest["change"], "files": dict(manifest["files"])}
        wrong = _wrong_files(files, said["files"])
        rounds = [] if wrong else json.loads(files["rounds.json"])
        wrong += _wrong_rounds(rounds)
        seal = str(manifest["seal"])
    except UNREADABLE:
        return Verdict(wrong=[_("This is no proof pack of a change.")])
    if not constant_time_compare(seal, _seal(said)):
        wrong.append(_("The seal is not this portal's."))
    if not wrong and _archived({**files, MANIFEST: _written({**said, "seal": seal})}) != data:
        wrong.append(_("The archive holds bytes beside its files, or was packed anew."))
    decisions = sum(len(one["decisions"]) for one in rounds)
    return Verdict(str(manifest["change"]), len(files), decisions, wrong)


def _read(data: bytes) -> dict[str, bytes]:
    """The files of the archive. Raises ValueError for one that is too large."""
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        infos = archive.infolist()
        if len(infos) > MOST_FILES or sum(info.file_size for info in infos) > MOST_BYTES:
            raise ValueError("too large")
        return {info.filename: _content(archive, info) for info in infos}


def _content(archive: zipfile.ZipFile, info: zipfile.ZipInfo) -> bytes:
    try:
        return archive.read(info)
    except zipfile.BadZipFile:  # its checksum differs, and so does its digest
        return b""


def _wrong_files(files: dict[str, bytes], digests: dict[str, str]) -> list[str]:
    altered = [name for name, digest in sorted(digests.items()) if name in files and _sha256(files[name]) != digest]
    missing, more = sorted(digests.keys() - files.keys()), sorted(files.keys() - digests.keys())
    return [
        *(_("%(file)s was altered.") % {"file": name} for name in altered),
        *(_("%(file)s is missing.") % {"file": name} for name in missing),
        *(_("%(file)s does not belong to it.") % {"file": name} for name in more),
    ]


def _wrong_rounds(rounds: list[dict[str, Any]]) -> list[str]:
    """Rounds whose digest is not that of their content, or whose decisions are of another content."""
    return [
        _("The decisions of round %(number)s are not of its content.") % {"number": made["number"]}
        for made in rounds
        if digest_of(made["content"]) != made["digest"]
        or any(one["digest"] != made["digest"] for one in made["decisions"])
    ]
