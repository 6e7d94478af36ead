// Today: stays up to date while it is open.

import { keepAlive } from "../design/live.js";

const part = document.querySelector("[data-live]");
if (part) keepAlive(part);
