"""How long a search takes as its user waits for it, beside what the same machine needs for nothing.

All figures come from one run against one running demo server, in turn, so that a busy machine
slows all of them. The floor is ``/livez``: an HTTP answer of the same server that does no work.
"""

import argparse
import json
import statistics
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from playwright.sync_api import APIResponse, Page, sync_playwright

CHROMIUM_FLAGS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]
RESULTS = Path("var/benchmarks/search.json")


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--url", required=True)
    parser.add_argument("--runs", type=int, default=30)
    parser.add_argument("--chromium", default="/usr/bin/chromium")
    options = parser.parse_args()
    url = options.url.rstrip("/")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=options.chromium, args=CHROMIUM_FLAGS)
        context = browser.new_context(timezone_id="America/Santiago", locale="en")
        page = context.new_page()
        rider = sign_in(page, url)
        query = find_query(page, url)
        wish = to_wish(page)
        measures: dict[str, Callable[[], float]] = {
            "floor: GET /livez": lambda: timed(lambda: context.request.get(f"{url}/livez")),
            "search form, no search": lambda: timed(lambda: context.request.get(f"{url}/find/")),
            "search by API": lambda: timed(lambda: post(context.request, url, wish)),
            "search page, HTML": lambda: timed(lambda: context.request.get(query)),
            "in the browser, until offers show": lambda: until_offers_show(page, query),
        }
        times = in_turn(measures, runs=options.runs)
        browser.close()
    report(times, rider=rider)


def sign_in(page: Page, url: str) -> str:
    """Sign in as the first demo person and return their name."""
    page.goto(f"{url}/demo/")
    button = page.locator("button[name=member]").nth(1)
    name = button.inner_text().removeprefix("Sign in").strip()
    button.click()
    page.wait_for_load_state("networkidle")
    return name


def find_query(page: Page, url: str) -> str:
    """Search for next workday's way to work and return the address of the answer."""
    page.goto(f"{url}/find/")
    page.evaluate("document.querySelector('input[name=date]').stepUp(3)")
    page.locator("input[name=time]").fill("06:45")
    page.get_by_role("button", name="Search", exact=True).click()
    page.wait_for_load_state("networkidle")
    return page.url


def to_wish(page: Page) -> dict[str, Any]:
    """Return the same kind of search as a JSON body for the API."""
    answer = page.context.request.get(f"{page.url.split('/find')[0]}/api/v1/me/places")
    places = {place["kind"]: place for place in answer.json()}
    day = time.strftime("%Y-%m-%d", time.localtime(time.time() + 2 * 86400))
    return {
        "origin": {"location": places["home"]["location"]},
        "destination": {"location": places["work"]["location"]},
        "earliest_departure_at": f"{day}T06:00:00-03:00",
        "latest_arrival_at": f"{day}T09:00:00-03:00",
    }


def post(request: Any, url: str, wish: dict[str, Any]) -> APIResponse:
    """Search by the API, as the signed-in browser."""
    cookies = {c["name"]: c["value"] for c in request.storage_state()["cookies"]}
    answer: APIResponse = request.post(
        f"{url}/api/v1/searches", data=wish, headers={"X-CSRFToken": cookies.get("csrftoken", "")}
    )
    return answer


def timed(call: Callable[[], APIResponse]) -> float:
    """Return how many milliseconds a request took; it must succeed."""
    start = time.perf_counter()
    answer = call()
    took_ms = (time.perf_counter() - start) * 1000
    assert answer.ok, (answer.status, answer.text()[:300])
    return took_ms


def until_offers_show(page: Page, query: str) -> float:
    """Return the milliseconds from asking for the page until the offers can be read."""
    page.goto("about:blank")
    start = time.perf_counter()
    page.goto(query, wait_until="commit")
    page.locator("[data-offer-card]").first.wait_for(state="visible")
    return (time.perf_counter() - start) * 1000


def in_turn(measures: dict[str, Callable[[], float]], *, runs: int) -> dict[str, list[float]]:
    """Run every measure once to warm up, then in turn, again and again."""
    times: dict[str, list[float]] = {name: [] for name in measures}
    for run in range(runs + 1):
        for name, measure in measures.items():
            took_ms = measure()
            if run > 0:
                times[name].append(took_ms)
    return times


def report(times: dict[str, list[float]], *, rider: str) -> None:
    """Print a table and write JSON."""
    floor = statistics.median(next(iter(times.values())))
    rows = {
        name: {
            "p50_ms": round(statistics.median(took), 1),
            "p95_ms": round(statistics.quantiles(took, n=20)[-1], 1),
            "times_the_floor": round(statistics.median(took) / floor, 1),
        }
        for name, took in times.items()
    }
    print(f"{'':<36}{'p50 ms':>9}{'p95 ms':>9}{'× floor':>9}")
    for name, row in rows.items():
        print(f"{name:<36}" + "".join(f"{value:>9}" for value in row.values()))
    RESULTS.parent.mkdir(parents=True, exist_ok=True)
    RESULTS.write_text(json.dumps({"rider": rider, "rows": rows}, indent=1))
    print(f"JSON: {RESULTS}")


if __name__ == "__main__":
    main()
