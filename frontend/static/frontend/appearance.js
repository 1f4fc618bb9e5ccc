// @ts-check
/** Connects the Appearance dialog on pages that have no other script for it. */

import { bindAppearance } from "./settings.js";

bindAppearance();
