"""What the other parts read: the environment, and the few facts that many settings depend on."""

from pathlib import Path

import environ

BASE_DIR = Path(__file__).resolve().parent.parent.parent
env = environ.FileAwareEnv()

DEBUG = env.bool("DEBUG", default=False)
# The demo city with people that anyone may sign in as. Never set it where real people are.
DEMO = env.bool("DEMO", default=False)
HTTPS = env.bool("HTTPS", default=False)
VAR_DIR = Path(env.str("VAR_DIR", default=str(BASE_DIR / "var")))
