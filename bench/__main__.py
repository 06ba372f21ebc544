"""``python -m bench``: load, measure, explain, ask over the network, race, report."""

from __future__ import annotations

import sys
from contextlib import ExitStack
from typing import Any

from bench import against, mailbox, mix, network, races, report, timing, workspaces
from bench.child import Child
from bench.options import Options
from bench.servers import Servers, running_servers
from bench.subjects import SUBJECTS

REQUESTS = 200
COPY = "bench_clocks"
PLANNED, CHECKS = "bench_changes", 300
#: The copy for configuration items, how often each page is asked, and how many old versions of each item are written.
ITEMS, ITEM_ROUNDS, OLD_VERSIONS = "bench_items", 20, 20


def main() -> int:
    """Do everything; return 1 when something is wrong that no noise explains."""
    options = Options.from_environment()
    if options.against:
        return against.compare(options, [subject.key for subject in SUBJECTS if _is_wanted(subject.key, options)])
    found = report.Report()
    with running_servers(options.data_dir) as servers:
        with Child("bench.load.handlers", servers.environment(options.sizes[0])) as child:
            child.ask("build")
        found.loaded = {size: load(servers, size) for size in options.sizes}
        measure(servers, options, found)
        if not options.subjects:
            measure_the_rest(servers, options, found)
    report.show(found)
    say(f"written to {report.write(found, options.report_dir)}")
    return 1 if found.faults() else 0


def measure_the_rest(servers: Servers, options: Options, found: report.Report) -> None:
    """Everything but single requests."""
    ask_over_network(servers, options, found)
    open_workspaces(servers, options, found)
    look_into_problems(servers, options, found)
    look_at_items(servers, options, found)
    check_collisions(servers, options, found)
    look_at_changes(servers, options, found)
    keep_time(servers, options, found)
    largest = servers.environment(options.sizes[-1])
    say("racing")
    found.creators = races.race_creators(largest, options.creators, options.creates)
    found.claimers = races.race_claimers(largest, options.pairs)


def load(servers: Servers, size: int) -> float:
    """Make sure that the database of ``size`` tickets is there; return the seconds that loading took, or 0."""
    if servers.has_database(size):
        with Child("bench.load.handlers", servers.environment(size)) as child:
            if child.ask("is_current"):
                say(f"{size:,} tickets are there")
                return 0
    servers.renew_database(size)
    say(f"loading {size:,} tickets")
    with Child("bench.load.handlers", servers.environment(size)) as child:
        return round(child.ask("load", size=size), 1)


def measure(servers: Servers, options: Options, found: report.Report) -> None:
    """Time all requests at all sizes in turn, and explain their SQL at the largest."""
    say(f"measuring, {options.rounds} rounds")
    keys = [subject.key for subject in SUBJECTS if _is_wanted(subject.key, options)]
    with ExitStack() as stack:
        children = {
            size: stack.enter_context(Child("bench.measure.handlers", servers.environment(size)))
            for size in options.sizes
        }
        found.figures, found.missing = timing.measure(children, keys, options.rounds)
        largest = children[options.sizes[-1]]
        found.plans = {key: largest.ask("explain", key=key) for key in keys if key not in found.missing}


def _is_wanted(key: str, options: Options) -> bool:
    """Whether it is among the chosen; the bare page always is, as the measure of the others."""
    return not options.subjects or key == timing.FLOOR or key.startswith(options.subjects)


def ask_over_network(servers: Servers, options: Options, found: report.Report) -> None:
    """Start the portal on the largest database and let several clients ask it at once."""
    environment = servers.environment(options.sizes[-1])
    with Child("bench.measure.handlers", environment) as child:
        credentials = child.ask("credentials")
        asked = {
            subject.key: child.ask("requests", key=subject.key, count=REQUESTS)
            for subject in SUBJECTS
            if subject.over_network and subject.key not in found.missing
        }
        known = {subject.key for subject in SUBJECTS} - set(found.missing)
        mixed = {key: child.ask("requests", key=key, count=REQUESTS) for key in mix.WEIGHTS if key in known}
    with network.running_portal(environment, servers.data_dir / "log") as portal:
        for key, requests in asked.items():
            say(f"{options.clients} clients: {key}")
            network.throughput(portal.port, requests, credentials, options.clients, 1)  # warm up
            found.throughput[key] = network.throughput(
                portal.port, requests, credentials, options.clients, options.seconds
            )
        say(f"{options.people} people at work for {options.mix_seconds} s")
        found.mix = mix.work_together(portal.port, mixed, credentials, options.people, options.mix_seconds)
        found.memory = portal.memory()


def open_workspaces(servers: Servers, options: Options, found: report.Report) -> None:
    """Keep many workspaces open on each database while tickets change: the cost of live updates by size."""
    for size in options.sizes:
        say(f"{options.workspaces} open workspaces for {options.live_seconds} s, {size:,} tickets")
        environment = servers.environment(size)
        with network.running_portal(environment, servers.data_dir / "log") as portal:
            found.workspaces[size] = workspaces.measure_workspaces(
                portal.live_port,
                environment["DATABASE_URL"],
                environment,
                pages=options.workspaces,
                per_second=options.changes,
                seconds=options.live_seconds,
            )


def look_into_problems(servers: Servers, options: Options, found: report.Report) -> None:
    """On the largest database: how often the right known error is offered, and which planted trends are found."""
    say("known errors and trends")
    with Child("bench.quality.problems.handlers", servers.environment(options.sizes[-1])) as child:
        found.problems = {"offers": child.ask("offers"), "trends": child.ask("trends")}


def look_at_items(servers: Servers, options: Options, found: report.Report) -> None:
    """Pages of configuration items at several sizes of the record, each in a copy of the smallest database."""
    for size in options.item_sizes:
        say(f"{size:,} configuration items")
        servers.copy_database(options.sizes[0], ITEMS)
        environment = servers.environment(options.sizes[0], DATABASE_URL=servers.database_url(ITEMS))
        with Child("bench.quality.items.handlers", environment) as child:
            prepared = child.ask("prepare", items=size)
            found.items[size] = {"prepared": prepared, **child.ask("measure", rounds=min(ITEM_ROUNDS, options.rounds))}
            if size == options.item_sizes[-1]:
                found.item_versions = child.ask("versions", of_each=OLD_VERSIONS)
        servers.drop_database(ITEMS)


def check_collisions(servers: Servers, options: Options, found: report.Report) -> None:
    """A year of changes over many configuration items, in a copy of the smallest database: how long a check takes."""
    say(f"{options.year_of_changes:,} changes over {options.items:,} configuration items")
    servers.copy_database(options.sizes[0], PLANNED)
    environment = servers.environment(options.sizes[0], DATABASE_URL=servers.database_url(PLANNED))
    with Child("bench.quality.collisions.handlers", environment) as child:
        prepared = child.ask("prepare", items=options.items, changes=options.year_of_changes)
        found.collisions = {"prepared_seconds": prepared, **child.ask("check", count=CHECKS)}
    servers.drop_database(PLANNED)


def look_at_changes(servers: Servers, options: Options, found: report.Report) -> None:
    """Pages of changes with a tenth of a year and with all of it planned, each in a copy of the smallest database."""
    for count in (options.year_of_changes // 10, options.year_of_changes):
        say(f"pages among {count:,} changes")
        servers.copy_database(options.sizes[0], PLANNED)
        environment = servers.environment(options.sizes[0], DATABASE_URL=servers.database_url(PLANNED))
        with Child("bench.quality.planned.handlers", environment) as child:
            child.ask("prepare", items=options.items, changes=count)
            found.changes[count] = child.ask("measure", rounds=min(ITEM_ROUNDS, options.rounds))
        servers.drop_database(PLANNED)


def keep_time(servers: Servers, options: Options, found: report.Report) -> None:
    """Clocks of many open tickets, in a copy of the largest database: idle passes, lateness, cost of actions."""
    say(f"{options.clocks:,} open tickets with clocks")
    with Child("bench.clocks.handlers", servers.environment(options.sizes[0])) as child:
        found.clocks["idle_ms_without"] = child.ask("idle", rounds=options.idle_passes)
    servers.copy_database(options.sizes[-1], COPY)
    environment = servers.environment(options.sizes[-1], DATABASE_URL=servers.database_url(COPY))
    with Child("bench.clocks.handlers", environment) as child:
        found.clocks["clocks"] = options.clocks
        found.clocks["prepared_seconds"] = child.ask("prepare", count=options.clocks)
        found.clocks["idle_ms"] = child.ask("idle", rounds=options.idle_passes)
        found.clocks["actions"] = child.ask("actions", rounds=options.lives)
        with network.running_portal(environment, servers.data_dir / "log"):
            paced = options.pace * options.pace_seconds
            say(f"{options.pace} limits a second for {options.pace_seconds} s, then {options.due_at_once} at once")
            found.clocks["paced"] = child.ask("fall_due", count=paced, gap=1 / options.pace)
            found.clocks["at_once"] = child.ask("fall_due", count=options.due_at_once, gap=0)
    found.clocks["mails"] = send_mails(environment, servers, options)
    servers.drop_database(COPY)


def send_mails(environment: dict[str, str], servers: Servers, options: Options) -> dict[str, Any]:
    """Many mails in the same second, to a real server on this machine: when they left, and in how many messages."""
    say(f"{options.mails:,} mails in the same second")
    with mailbox.mail_server() as taken:
        given = environment | taken.environment
        with Child("bench.mails.handlers", given) as child, network.running_portal(given, servers.data_dir / "log"):
            answer = child.ask("flood", count=options.mails)
        ours = set(answer.pop("ids"))  # the clocks before left mails of their own
        return {**answer, "taken": len(ours & set(taken.ids)), "doubled": taken.doubled}


def say(text: str) -> None:
    """Tell the person at the terminal how far it is."""
    print(f"… {text}", flush=True)


if __name__ == "__main__":
    sys.exit(main())
