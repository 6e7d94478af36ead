"""Payment providers for trying out: KakaoPay, Toss and Stripe, each in a process of its own.

They stand for the real ones in the demo and in tests, and share nothing with Carpool but what goes
over HTTP: own state, which ends with the process, own pages where a payer says yes or no, own
webhooks. They follow the vendors' contracts where it hurts: what they refuse, do twice, forget to
answer, answer wrongly or too late, on demand. No money moves; every page of theirs says so.
"""
