// @ts-check
/** Every page of somebody signed in: how it looks. */

import { watchLook } from "./settings.js";

watchLook();
