"""The demo company's own sign-in: an OpenID Connect provider in a process of its own.

It stands for what a real company has (Entra ID, Google Workspace, Keycloak, …), so that signing in
with a company's accounts can be shown and tested without any. It shares nothing with Carpool but
the protocol: its own settings, people, database and key, all of which end with the process. Here
anyone may sign in as anyone of the company's directory; run it for the demo and for tests only.
"""
