"""The states of a reservation, and what takes it from one to another; one that has ended begins anew when asked for."""

from oms.orders.lifecycle import Transition

RESERVATION: tuple[Transition, ...] = (
    Transition("created", "change", "updated"),
    Transition("updated", "change", "updated"),
    *(
        Transition(live, event, after)
        for live in ("created", "updated")
        for event, after in (
            ("order_a_part", live),
            ("order", "committed"),
            ("release", "released"),
            ("time_is_up", "expired"),
        )
    ),
    *(Transition(ended, "ask_again", "created") for ended in ("committed", "released", "expired")),
)
