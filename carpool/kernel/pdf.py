"""Documents that are kept: a template of ours, drawn as PDF.

WeasyPrint draws HTML and CSS with Pango, so the words of a document are translated and escaped as
those of a page are, and Hangul is shaped and embedded like any script. It asks nothing of the
network or the disk: a document brings its style along.
"""

from typing import Any

from django.http import HttpResponse
from django.template.loader import render_to_string

STYLE = "design/paper.css"


def render_pdf(template: str, context: dict[str, Any]) -> bytes:
    """Draw a document; its title is the template's."""
    # Late, because this loads Pango: who never draws a document does not need it.
    from weasyprint import CSS, HTML

    page = HTML(string=render_to_string(template, context), url_fetcher=_refuse)
    style = CSS(string=render_to_string(STYLE), url_fetcher=_refuse)
    drawn: bytes = page.write_pdf(stylesheets=[style], pdf_variant="pdf/ua-1")
    return drawn


def pdf_answer(template: str, context: dict[str, Any], *, name: str) -> HttpResponse:
    """Answer with a document, under a file name of plain letters."""
    answer = HttpResponse(render_pdf(template, context), content_type="application/pdf")
    answer["Content-Disposition"] = f'inline; filename="{name}.pdf"'
    return answer


def _refuse(url: str, *_arguments: Any, **_options: Any) -> dict[str, Any]:
    raise ValueError(f"A document asks for nothing: {url[:80]}")
