// A parcel on its way. Each scan is a row; a parcel that is not scanned for two days is reported to the desk.

import { DurableObject } from "cloudflare:workers";

const HOUR_MS = 3_600_000;
const RETRIES = 6; // of the platform, after the first run
const PAUSE_MS = HOUR_MS;

export class Parcel extends DurableObject {
  constructor(ctx, env) {
    super(ctx, env);
    this.questions = 0; // in memory only: it is gone when the object is evicted
    ctx.storage.sql.exec("CREATE TABLE IF NOT EXISTS scans (at INTEGER, place TEXT)");
  }

  /** Note where the parcel is, and watch over it for the next two days; the number of scans so far. */
  async scan(place) {
    if (this.ctx.storage.kv.get("state") === "delivered") throw new RangeError("the parcel is delivered");
    this.ctx.storage.sql.exec("INSERT INTO scans VALUES (?, ?)", Date.now(), place);
    this.ctx.storage.kv.put("state", "moving");
    await this.ctx.storage.setAlarm(Date.now() + this.env.HOURS_OF_SILENCE * HOUR_MS);
    return this.ctx.storage.sql.exec("SELECT count(*) AS n FROM scans").one().n;
  }

  /** The parcel has arrived: nobody has to watch over it any more. */
  async deliver() {
    this.ctx.storage.kv.put("state", "delivered");
    await this.ctx.storage.deleteAlarm();
  }

  /** Where the parcel was, and when. */
  journey() {
    this.questions += 1;
    return this.ctx.storage.sql.exec("SELECT at, place FROM scans ORDER BY at").toArray();
  }

  /** How often somebody has asked since the object was built. */
  asked() {
    return this.questions;
  }

  /**
   * Two days of silence: tell the desk.
   *
   * If the desk does not answer, throw, and the platform tries again. It gives up after the sixth retry: the last one
   * therefore does not throw, but sets a new alarm.
   */
  async alarm({ retryCount }) {
    this.ctx.storage.kv.put("tries", [...(this.ctx.storage.kv.get("tries") ?? []), { retryCount, at: Date.now() }]);
    try {
      await this.env.DESK.getByName("desk").report(this.ctx.id.name);
    } catch (error) {
      if (retryCount < RETRIES) throw error;
      await this.ctx.storage.setAlarm(Date.now() + PAUSE_MS);
      return;
    }
    this.ctx.storage.kv.put("state", "lost");
  }
}
