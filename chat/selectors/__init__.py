"""All reads about conversations and notifications, and who has to hear of what."""

from chat.selectors.people import owner_of_request, people_of_ride

__all__ = ["owner_of_request", "people_of_ride"]
