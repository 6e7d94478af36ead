"""Examples of launch studies."""

from drf_spectacular.utils import OpenApiExample

UPLOAD = OpenApiExample(
    "A table of commutes",
    request_only=True,
    media_type="multipart/form-data",
    value={
        "name": "Head office, spring 2027",
        "file": (
            "home_latitude,home_longitude,site,arrival,departure,car,seats\n"
            "-29.9185,-71.2575,Head office,08:00,17:30,yes,3\n"
        ),
        "workdays": 220,
    },
)
DONE = OpenApiExample(
    "Sixty people, two rows left out",
    response_only=True,
    value={
        "id": "7d0e3a52-4c1b-4b53-8a57-0d3a3c7a9b06",
        "name": "Head office, spring 2027",
        "state": "done",
        "progress": 100,
        "rows": 62,
        "problem_count": 2,
        "created_at": "2027-03-01T10:00:00-03:00",
        "finished_at": "2027-03-01T10:00:04-03:00",
        "problems": [
            {
                "line": 12,
                "column": "home_lat",
                "code": "not_a_number",
                "detail": "line 12: home latitude is not a number",
            },
            {
                "line": 40,
                "column": "home_lat",
                "code": "outside_map",
                "detail": "line 40: home or work lies outside our map",
            },
        ],
        "error": "",
        "result": {
            "k": 5,
            "people": 60,
            "one_partner": {"n": 55, "bound": ""},
            "three_partners": {"n": 40, "bound": ""},
            "cars_today": {"n": 50, "bound": ""},
            "cars_stay": {"n": 25, "bound": ""},
            "mean_km": 7.4,
            "driven_km": 742.0,
            "saved_km": 318.0,
            "saved_km_year": 69960.0,
            "saved_co2_kg_year": 10494,
            "co2_g_per_km": 150,
            "workdays": 220,
            "detour_s": 600,
            "slack_s": 1200,
            "walk_m": 600,
            "most_in_a_car": 4,
            "distances": [
                {"start": 2, "end": 5, "people": 20},
                {"start": 5, "end": 15, "people": 40},
            ],
            "leaves_home": [{"start": 420, "end": 480, "people": 60}],
            "leaves_work": [{"start": 1020, "end": 1080, "people": 60}],
            "areas": [
                {
                    "label": "Avenida Balmaceda / Amunátegui",
                    "lon": -71.256,
                    "lat": -29.9185,
                    "people": 35,
                    "mean_km": 6,
                    "points": [
                        {
                            "label": "Avenida Balmaceda / Huanhualí",
                            "lon": -71.2575,
                            "lat": -29.9191,
                            "people": 20,
                        }
                    ],
                }
            ],
            "elsewhere": 25,
        },
    },
)
