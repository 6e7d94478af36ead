"""The pages of simulated providers: one question, yes or no."""

from html import escape

STYLE = """
:root{color-scheme:light dark;--ink:#1c1917;--paper:#fff;--back:#f5f5f4;--line:#d6d3d1}
@media(prefers-color-scheme:dark){:root{--ink:#f5f5f4;--paper:#292524;--back:#1c1917;
--line:#57534e}}
*{box-sizing:border-box}body{margin:0;background:var(--back);color:var(--ink);
font:1rem/1.5 system-ui,
sans-serif}main{max-width:26rem;margin:0 auto;padding:1.5rem 1rem}
.mark{background:#b91c1c;color:#fff;padding:.6rem 1rem;text-align:center;font-weight:700}
.card{background:var(--paper);border:1px solid var(--line);border-radius:1rem;padding:1.5rem}
h1{font-size:1rem;margin:0}.amount{font-size:2.25rem;font-weight:700;margin:.5rem 0 1.5rem}
button{display:block;width:100%;min-height:3rem;margin-top:.75rem;border-radius:.75rem;font:inherit;
font-weight:600;border:2px solid var(--line);background:transparent;color:inherit;cursor:pointer}
button.yes{background:var(--brand);border-color:var(--brand);color:var(--on)}
button:focus-visible{outline:3px solid #2563eb;outline-offset:3px}small{opacity:.8}
"""
BRANDS = {
    "KakaoPay": ("#fee500", "#191600"),
    "Toss Payments": ("#1d4ed8", "#ffffff"),
    "Stripe": ("#4f46e5", "#ffffff"),
}


def ask_payer(name: str, amount: str, item: str) -> str:
    """Return the page on which a payer says yes, no, or that it fails."""
    brand, on = BRANDS[name]
    buttons = "".join(
        f'<button class="{style}" name="answer" value="{value}">{text}</button>'
        for style, value, text in (
            ("yes", "yes", "Pay · 결제하기"),
            ("", "no", "Cancel · 취소"),
            ("", "fail", "Let it fail · 실패시키기"),
        )
    )
    return _page(
        name,
        f"<h1>{escape(name)}: {escape(item)}</h1><p class=amount>{escape(amount)}</p>"
        f"<form method=post>{buttons}</form>",
        f"--brand:{brand};--on:{on}",
    )


def say(name: str, text: str) -> str:
    """Return a page that only says something."""
    brand, on = BRANDS[name]
    return _page(name, f"<h1>{escape(text)}</h1>", f"--brand:{brand};--on:{on}")


def _page(name: str, inner: str, colours: str) -> str:
    return (
        '<!doctype html><html lang="en"><meta charset="utf-8">'
        '<meta name="viewport" content="width=device-width, initial-scale=1">'
        f"<title>{escape(name)} simulator</title><style>{STYLE}:root{{{colours}}}</style>"
        f'<div class="mark">SIMULATOR · {escape(name)} · no real money · 모의 결제</div>'
        f'<main><div class="card">{inner}</div><p><small>This is not {escape(name)}. It stands in '
        "for it on this machine, so that paying can be tried.</small></p></main></html>"
    )
