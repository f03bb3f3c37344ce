from __future__ import annotations

from neops.worker.line import Line, Ticket


def called(*tickets: Ticket) -> list[bool]:
    return [ticket.called.done() for ticket in tickets]


async def test_no_more_run_than_there_are_places_first_come_first_served() -> None:
    line = Line(2)
    tickets = [line.join(frozenset()) for _ in range(4)]
    assert called(*tickets) == [True, True, False, False]

    line.leave(tickets[0])

    assert called(*tickets) == [True, True, True, False]


async def test_one_job_at_a_device_and_who_wants_another_device_passes() -> None:
    line = Line(3)
    first, same, other = line.join({1}), line.join({1, 2}), line.join({3})
    assert called(first, same, other) == [True, False, True]

    line.leave(first)

    assert called(same) == [True]


async def test_a_job_for_many_devices_is_not_overtaken_at_any_of_them() -> None:
    line = Line(3)
    first, many, later = line.join({1}), line.join({1, 2}), line.join({2})
    assert called(first, many, later) == [True, False, False]

    line.leave(first)

    assert called(many, later) == [True, False]


async def test_who_gives_up_waiting_makes_room() -> None:
    line = Line(1)
    first, second, third = line.join({1}), line.join({1}), line.join({2})

    line.leave(second)
    line.leave(second)
    line.leave(first)

    assert called(third) == [True]
