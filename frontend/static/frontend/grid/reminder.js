// @ts-check
/** A calm word when somebody has looked for long without a pause. */

import { read } from "../settings.js";
import { dismiss, notice } from "./notices.js";

const LOOK = 15_000;
const PAUSE = 180_000; // this long without an act is a pause
const USUAL_MINUTES = "30";

/** Counts since when somebody has worked without a pause. */
export class Reminder {
  constructor() {
    this.begun = Date.now();
    this.lastAct = Date.now();
    setInterval(() => this.look(), LOOK);
  }

  /** The judge did something. */
  act() {
    const now = Date.now();
    if (now - this.lastAct > PAUSE) {
      this.begun = now;
      dismiss("pause");
    }
    this.lastAct = now;
  }

  look() {
    const minutes = Number(read("pause") ?? USUAL_MINUTES);
    const worked = (this.lastAct - this.begun) / 60_000;
    if (!minutes || worked < minutes || document.hidden) return;
    this.begun = Date.now();
    notice("pause", `You have looked for ${minutes} minutes. A short pause keeps eye and judgment sharp; your page waits.`);
  }
}
