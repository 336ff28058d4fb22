"""`python -m tests.stock_life 500 60` lives 500 random lives of 60 steps, and tells how often what happened."""

import sys

from tests.stock_life.life import STEPS
from tests.stock_life.living import live

if __name__ == "__main__":
    live(int(sys.argv[1]), int(sys.argv[2]), shrink=True, seed=True)
    print(f"{sum(STEPS.values())} steps: {dict(STEPS.most_common())}")  # noqa: T201  a command
