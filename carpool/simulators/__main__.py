"""Run one: ``python -m carpool.simulators toss --port 8201 --hook http://localhost:8000/…``.

Its key and the secret that it signs with come from ``SIMULATOR_KEY`` and ``SIMULATOR_SECRET``.
"""

import argparse
import logging
import os

from carpool.simulators.kakaopay import KakaoPaySimulator
from carpool.simulators.server import Simulator, serve
from carpool.simulators.stripe import StripeSimulator
from carpool.simulators.toss import TossSimulator


def make(name: str, address: str, hook: str) -> Simulator:
    """Make a provider; KakaoPay sends no webhooks."""
    key, secret = os.environ["SIMULATOR_KEY"], os.environ.get("SIMULATOR_SECRET", "")
    if name == "kakaopay":
        return KakaoPaySimulator(address, key=key)
    kind = {"toss": TossSimulator, "stripe": StripeSimulator}[name]
    return kind(address, key=key, secret=secret, hook=hook)


def main() -> None:
    """Serve on this machine only, until somebody ends it."""
    parser = argparse.ArgumentParser(prog="carpool.simulators", description=__doc__)
    parser.add_argument("name", choices=["kakaopay", "toss", "stripe"])
    parser.add_argument("--port", type=int, required=True)
    parser.add_argument("--hook", default="", help="where Carpool takes webhooks")
    asked = parser.parse_args()
    logging.basicConfig(level=os.environ.get("LOG_LEVEL", "INFO"))
    simulator = make(asked.name, f"http://localhost:{asked.port}", asked.hook)
    serve(simulator, asked.port).serve_forever()


if __name__ == "__main__":
    main()
