"""Facts about the ground: map import, the road network and its routing, address search, tiles.

Owns regions, networks, addresses and map features, and answers travel times, routes and places.
Refuses everything about people, rides and money: it does not know who asks.
"""
