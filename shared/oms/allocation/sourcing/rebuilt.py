"""A large order's plan made better by taking part of it apart and putting that together again, many times over.

Ruin and recreate (Schrimpf et al. 2000, "Record breaking optimization results using the ruin and recreate principle"):
a plan a little dearer than the one before is gone on with. Work is counted in steps, one for every price looked at.
"""

import random
from collections.abc import Sequence
from typing import NamedTuple

from oms.allocation.sourcing.network import Network, Piece, Takes
from oms.allocation.sourcing.relaxed import Relaxed

_COOL = 200  # a plan may be a 200th dearer than the one before, in the mean; none at the end
_NONE = -1
_FEW = 30  # pieces that are taken apart at a time, at the most
Parts = tuple[tuple[int, int], ...]


class _Pot(NamedTuple):
    """What a piece takes from a pool, per unit and once."""

    pool: int
    per_unit: int
    once: int


class _Ruin(NamedTuple):
    """Pieces to take out; a source that they may not go to, and one that is opened for them without a price."""

    out: list[int]
    banned: int = _NONE
    tried: int = _NONE


class Rebuilt(NamedTuple):
    """The best plan that was found, what it costs, and the steps."""

    cost: int
    takes: Takes
    steps: int


def rebuilt(network: Network, start: Takes, chance: random.Random, *, max_steps: int, enough: int) -> Rebuilt:
    """The best plan that is found from `start` on, which must be allowed; one of `enough` will do."""
    site = _Site(network, start)
    best, record = start, site.cost
    now = record
    while any(site.has) and site.steps < max_steps and record > enough:
        before, looked = site.snapshot(), site.steps
        site.ruin_and_recreate(chance)
        site.steps = max(site.steps, looked + 1)
        dearer = record * (max_steps - site.steps) // (max_steps * _COOL)
        if site.cost < record:
            best, record = tuple(site.takes), site.cost
        if site.cost <= now + chance.randint(0, max(2 * dearer, 0)):
            now = site.cost
        else:
            site.restore(before)
    return Rebuilt(record, best, site.steps)


class _Site:
    """A plan that can be taken apart: what each source carries and is paid, and what is left in the pools."""

    def __init__(self, network: Network, start: Takes) -> None:
        self.network = network
        self.steps = 0
        count = len(network.sources)
        self.known: list[dict[int, int]] = [{0: 0} for _ in network.sources]
        self.parcel_g = [source.tariff.parcel_g for source in network.sources]
        self.most_sources = count if network.max_sources is None else network.max_sources
        relaxed = Relaxed(network)
        self.slopes, self.base = relaxed.slopes, relaxed.base
        self.smooth = False  # whether freight is reckoned by the lines below the tariffs, for now
        self.limited = bool(network.pools) or network.max_parcels is not None or network.max_sources is not None
        self.options = [
            [(cost, j, min(limit, piece.units)) for j, cost, limit in piece.options if cost < piece.wait]
            for piece in network.pieces
        ]
        self.has: list[list[int]] = [[] for _ in network.sources]
        for i, options in enumerate(self.options):
            for _, j, _ in options:
                self.has[j].append(i)
        self.prices = [{j: cost for cost, j, _ in options} for options in self.options]
        self.pots: dict[tuple[int, int], list[_Pot]] = {}
        for k, pool in enumerate(network.pools):
            for draw in pool.draws:
                self.pots.setdefault((draw.piece, pool.source), []).append(_Pot(k, draw.per_unit, draw.once))
        self.takes: list[Parts] = [()] * len(network.pieces)
        self.loads = [0] * count
        self.pieces_at = [0] * count
        self.rooms = [pool.room for pool in network.pools]
        self.cost = sum([piece.units * piece.wait for piece in network.pieces])
        for i, parts in enumerate(start):
            for j, units in parts:
                self._put(i, j, units)

    def used(self) -> list[int]:
        return [j for j, pieces in enumerate(self.pieces_at) if pieces] or [j for j, has in enumerate(self.has) if has]

    def snapshot(self) -> tuple[list[Parts], list[int], list[int], list[int], int]:
        return self.takes[:], self.loads[:], self.pieces_at[:], self.rooms[:], self.cost

    def restore(self, one: tuple[list[Parts], list[int], list[int], list[int], int]) -> None:
        self.takes, self.loads, self.pieces_at, self.rooms, self.cost = one

    def ruin_and_recreate(self, chance: random.Random) -> None:
        """Take some pieces out and put them in again, each where it costs the least then."""
        ruin = chance.choice((self._close, self._open, self._exchange, self._from_some, self._from_all))
        out, banned, tried = ruin(chance)
        for i in out:
            self._take_out(i)
        self.smooth = chance.choice((True, False))
        self._put_in(self._sequence(out, chance), banned, tried)

    def _close(self, chance: random.Random) -> _Ruin:
        banned = chance.choice(self.used())
        return _Ruin(self._at({banned}), banned=banned)

    def _open(self, chance: random.Random) -> _Ruin:
        tried = chance.randrange(len(self.has))
        return _Ruin(self._drawn_to(tried, chance), tried=tried)

    def _exchange(self, chance: random.Random) -> _Ruin:
        tried, banned = chance.randrange(len(self.has)), chance.choice(self.used())
        out = sorted({*self._at({banned}), *self._drawn_to(tried, chance)})
        return _Ruin(out, banned=_NONE if banned == tried else banned, tried=tried)

    def _from_some(self, chance: random.Random) -> _Ruin:
        used = self.used()
        return _Ruin(_some(self._at(set(chance.sample(used, min(len(used), chance.choice((1, 2)))))), chance))

    def _from_all(self, chance: random.Random) -> _Ruin:
        return _Ruin(_some(range(len(self.takes)), chance))

    def _drawn_to(self, source: int, chance: random.Random) -> list[int]:
        """Some pieces that a source has, those first that gain the most there by their own price."""
        has = self.has[source]
        if not has:
            return []
        gains = []
        for i in has:
            parts, prices = self.takes[i], self.prices[i]
            now = sum([units * prices[j] for j, units in parts]) if parts else self.network.pieces[i].wait
            gains.append((prices[source] - now, i))
        gains.sort()
        return [i for _, i in gains[: chance.randint(1, len(gains))]]

    def _at(self, sources: set[int]) -> list[int]:
        return [i for i, parts in enumerate(self.takes) if any(j in sources for j, _ in parts)]

    def _sequence(self, out: Sequence[int], chance: random.Random) -> list[int]:
        order = list(out)
        chance.shuffle(order)
        if chance.choice((True, False)):
            pieces = self.network.pieces
            order.sort(key=lambda i: -pieces[i].units * pieces[i].weight_g)
        return order

    def _put_in(self, order: Sequence[int], banned: int, tried: int) -> None:
        gift = 0
        if tried != _NONE and not self.loads[tried]:  # what opening costs is no hindrance
            gift = self._paid(tried, 1)
        for i in order:
            piece = self.network.pieces[i]
            left, there = piece.units, [option for option in self.options[i] if option[1] != banned]
            while left and there:
                found = self._cheapest(i, piece, left, there, tried, gift)
                if found is None:
                    break
                _, j, units = found
                gift = 0 if j == tried else gift
                self._put(i, j, units)
                left -= units
                there = [option for option in there if option[1] != j]

    def _cheapest(
        self, i: int, piece: Piece, left: int, options: Sequence[tuple[int, int, int]], tried: int, gift: int
    ) -> tuple[int, int, int] | None:
        """What the cheapest source asks above waiting (per unit), the source, and units; None: waiting is cheapest."""
        weight, wait = piece.weight_g, piece.wait
        best: tuple[int, int, int] | None = None
        least = 0
        self.steps += len(options)
        loads, known, slopes = self.loads, self.known, self.slopes
        for cost, j, limit in options:
            units = min(limit, left)
            load = loads[j]
            if self.smooth:
                more = (cost - wait + slopes[j] * weight) * units
                if not load:
                    more += self.base[j]
            else:
                after = known[j].get(load + units * weight)
                if after is None:
                    after = self._paid(j, load + units * weight)
                more = (cost - wait) * units + after - known[j][load]
            if j == tried:
                more -= gift
            if more < 0 and self.limited:
                units = self._fits(i, j, units, weight)
                if not units:
                    continue
                more = (cost - wait) * units + self._paid(j, load + units * weight) - known[j][load]
            if units > 1:
                more //= units
            if more < least:
                least, best = more, (more, j, units)
        return best

    def _fits(self, i: int, j: int, units: int, weight: int) -> int:
        """So many units, or none where a limit stands in the way."""
        if not self.pieces_at[j] and sum([pieces > 0 for pieces in self.pieces_at]) >= self.most_sources:
            return 0
        for pot in self.pots.get((i, j), ()):
            free = self.rooms[pot.pool] - pot.once
            units = 0 if free < 0 else min(units, free // pot.per_unit) if pot.per_unit else units
        most = self.network.max_parcels
        if most is not None and units:
            now = sum([-(-load // grams) for load, grams in zip(self.loads, self.parcel_g, strict=True)])
            here = -(-self.loads[j] // self.parcel_g[j])
            while units and now - here - (-(self.loads[j] + units * weight) // self.parcel_g[j]) > most:
                units -= 1
        return units

    def _paid(self, j: int, load: int) -> int:
        """What a source is paid for a load, its opening included."""
        known = self.known[j]
        if load not in known:
            known[load] = self.network.sources[j].fixed + self.network.sources[j].tariff.cost(load)
        return known[load]

    def _put(self, i: int, j: int, units: int) -> None:
        self.takes[i] = (*self.takes[i], (j, units))
        self._move(i, j, units)

    def _take_out(self, i: int) -> None:
        for j, units in self.takes[i]:
            self._move(i, j, -units)
        self.takes[i] = ()

    def _move(self, i: int, j: int, units: int) -> None:
        piece = self.network.pieces[i]
        load = self.loads[j]
        after = load + units * piece.weight_g
        self.cost += units * (self.prices[i][j] - piece.wait) + self._paid(j, after) - self._paid(j, load)
        self.loads[j] = after
        once = 1 if units > 0 else -1
        self.pieces_at[j] += once
        for pot in self.pots.get((i, j), ()):
            self.rooms[pot.pool] -= units * pot.per_unit + once * pot.once


def _some(pieces: Sequence[int], chance: random.Random) -> list[int]:
    """Some of the pieces, at most `_FEW`."""
    if not pieces:
        return []
    return chance.sample(list(pieces), chance.randint(1, min(len(pieces), _FEW)))
