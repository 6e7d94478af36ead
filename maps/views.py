"""Basemap tiles."""

import gzip

from django.http import Http404, HttpRequest, HttpResponse
from django.views.decorators.http import require_safe

from carpool.kernel.web import same_for_everybody
from maps import selectors
from maps.errors import RegionNotFound

MVT = "application/vnd.mapbox-vector-tile"
BROWSER_CACHE_S = 3600


@same_for_everybody
@require_safe
def tile(request: HttpRequest, slug: str, z: int, x: int, y: int) -> HttpResponse:
    """Serve a vector tile; 204 where the map is empty, 404 where there can be no tile.

    Public, so that caches in between may keep it: a map says nothing about who looks at it.
    """
    if z > selectors.MAX_ZOOM or x >= 2**z or y >= 2**z:
        raise Http404
    try:
        body = selectors.get_tile(slug, z, x, y)
    except RegionNotFound as problem:
        raise Http404 from problem
    response = HttpResponse(status=200 if body else 204)
    response["Cache-Control"] = f"public, max-age={BROWSER_CACHE_S}, stale-while-revalidate=86400"
    response["Vary"] = "Accept-Encoding"
    if body:
        response["Content-Type"] = MVT
        if "gzip" in request.headers.get("Accept-Encoding", ""):
            response["Content-Encoding"] = "gzip"
            response.content = body
        else:
            response.content = gzip.decompress(body)
    return response
