"""Money at the operators' desk: tariffs, books, corrections, objections, transfers, sponsors."""

from payments.admin import books, chargebacks, incentives, people, sponsors

__all__ = ["books", "chargebacks", "incentives", "people", "sponsors"]
