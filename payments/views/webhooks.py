"""Where providers tell us that something happened."""

from django.http import HttpRequest, HttpResponse
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_POST

from carpool.kernel import clock
from carpool.kernel.errors import DomainError
from payments.services import receive_notice

MOST_BYTES = 64 * 1024


@csrf_exempt  # Providers post here by themselves; their signature is the proof.
@require_POST
def webhook(request: HttpRequest, provider: str) -> HttpResponse:
    """Keep a notice and answer at once; what it is about is looked up later."""
    if len(request.body) > MOST_BYTES:
        return HttpResponse(status=413)
    try:
        receive_notice(
            provider=provider,
            headers=dict(request.headers),
            body=request.body,
            now=clock.now(),
        )
    except DomainError as error:
        return HttpResponse(status=error.status)
    return HttpResponse(status=200)
