"""The rule that went before, as a named strategy: what ours is compared with.

Fixes are put into buckets of five seconds. A bucket matches when some fix of the driver and some
fix of the rider in it are less than 100 m apart and both move. The trip passes with 36 matching
buckets and 80 % of its time covered.

Source: ``instant-carpoolings.js`` as described in seed 002 (trajectory score and time threshold).
"""

from dataclasses import dataclass
from typing import Literal

import numpy as np

from tracking.engine.cases import Case
from tracking.engine.reasons import (
    Code,
    ProofClass,
    Reason,
    Subject,
    Verdict,
    Weight,
    gravest_first,
)
from tracking.engine.traces import Trace, speeds_mps


@dataclass(frozen=True, slots=True)
class SeedRule:
    """The rule and its four settings; the defaults are the published ones.

    Attributes
    ----------
    bucket_s, near_m : float
    least_buckets : int
    least_coverage : float
    coverage_of : "recorded" or "matched"
        The description leaves open what has to cover 80 % of the trip's time: the buckets in which
        both recorded anything, or those that match. The first is what its text says; the second is
        stricter.
    """

    bucket_s: float = 5.0
    near_m: float = 100.0
    least_buckets: int = 36
    least_coverage: float = 0.8
    coverage_of: Literal["recorded", "matched"] = "recorded"

    @property
    def name(self) -> str:
        """Return the name by which results are told apart."""
        return "seed" if self.coverage_of == "recorded" else "seed-matched"

    def judge(self, case: Case) -> Verdict:
        """Return class C when the rule passes, else A; it knows nothing in between.

        Notes
        -----
        O(n log n) buckets, and within a bucket every driver's fix with every rider's.
        """
        driver, rider = case.driver, case.rider
        if driver is None or rider is None:
            missing = Subject.DRIVER if driver is None else Subject.RIDER
            reason = Reason(Code.NO_TRACE, Weight.LOWERS, 0.0, 1.0, missing)
            return Verdict(self.name, ProofClass.A, accepted=False, held=False, reasons=(reason,))
        score, coverage = self.count(driver, rider, case.facts.aboard_s)
        enough = score >= self.least_buckets, coverage >= self.least_coverage
        reasons = (
            self._reason(Code.MATCHING_BUCKETS, score, self.least_buckets),
            self._reason(Code.TIME_COVERAGE, coverage, self.least_coverage),
        )
        return Verdict(
            self.name,
            ProofClass.C if all(enough) else ProofClass.A,
            accepted=all(enough),
            held=False,
            reasons=gravest_first(reasons),
            measures={"matching_buckets": float(score), "time_coverage": coverage},
        )

    def count(
        self, driver: Trace, rider: Trace, aboard_s: tuple[float, float] | None = None
    ) -> tuple[int, float]:
        """Return the matching buckets and the share of the trip's time that is covered.

        The trip is ``aboard_s``, else the rider's trace.
        """
        start, end = aboard_s or (float(rider.time_s[0]), float(rider.time_s[-1]))
        trip = max(1, int((end - start) // self.bucket_s) + 1)
        ours, theirs = (self._buckets(trace, start, trip) for trace in (driver, rider))
        plane = rider.plane()
        where = [plane.project(trace.lon, trace.lat) for trace in (driver, rider)]
        moving = [speeds_mps(trace) > 0.0 for trace in (driver, rider)]
        common = sorted(set(ours) & set(theirs))
        matching = 0
        for bucket in common:
            a, b = ours[bucket], theirs[bucket]
            apart = where[0][a][:, None] - where[1][b][None, :]
            near = np.hypot(apart[..., 0], apart[..., 1]) < self.near_m
            matching += bool((near & moving[0][a][:, None] & moving[1][b][None, :]).any())
        covered = matching if self.coverage_of == "matched" else len(common)
        return matching, covered / trip

    def _buckets(self, trace: Trace, start_s: float, count: int) -> dict[int, slice]:
        number = np.floor((trace.time_s - start_s) / self.bucket_s).astype(np.int64)
        which, first = np.unique(number, return_index=True)
        ends = [*first[1:].tolist(), len(trace)]
        return {
            bucket: slice(a, b)
            for bucket, a, b in zip(which.tolist(), first.tolist(), ends, strict=True)
            if 0 <= bucket < count
        }

    def _reason(self, code: Code, measured: float, threshold: float) -> Reason:
        weight = Weight.SUPPORTS if measured >= threshold else Weight.LOWERS
        return Reason(code, weight, float(measured), float(threshold))
