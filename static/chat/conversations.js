// The list of conversations: fetched again when something is said anywhere.

import { keepAlive } from "../design/live.js";

keepAlive(document.querySelector("[data-live]"));
