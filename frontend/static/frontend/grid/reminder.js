// @ts-check
/** Reminds a judge who has worked for long to take a break. */

import { read } from "../settings.js";
import { dismiss, notice } from "./notices.js";

const INTERVAL = 15_000;
const BREAK = 180_000; // this long without an action is a break
const DEFAULT_MINUTES = "30";

export class Reminder {
  constructor() {
    this.startedAt = Date.now();
    this.lastActionAt = Date.now();
    setInterval(() => this.check(), INTERVAL);
  }

  /** Record an action of the judge. */
  act() {
    const now = Date.now();
    if (now - this.lastActionAt > BREAK) {
      this.startedAt = now;
      dismiss("pause");
    }
    this.lastActionAt = now;
  }

  check() {
    const minutes = Number(read("pause") ?? DEFAULT_MINUTES);
    const workedMinutes = (this.lastActionAt - this.startedAt) / 60_000;
    if (!minutes || workedMinutes < minutes || document.hidden) return;
    this.startedAt = Date.now();
    notice(
      "pause",
      `You have worked for ${minutes} minutes. Take a short break to stay accurate. Your page stays open.`,
    );
  }
}
