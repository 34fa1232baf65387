import { DurableObject } from "cloudflare:workers";

const sleep = (seconds) => scheduler.wait(seconds * 1000);

// Critical sections within critical sections. nested.py holds the same.
export class Nested extends DurableObject {
  log = [];

  async logged() { return this.log; }
  async say(text) { this.log.push(text); }
  async say_after(text, seconds) {
    await sleep(seconds);
    this.log.push(text);
  }
  enter(kind, callback) {
    return kind === "section" ? this.ctx.blockConcurrencyWhile(callback) : this.ctx.storage.transaction(callback);
  }

  async with_waiting_sibling(kind) {
    const outer = this.enter(kind, async () => {
      await sleep(1);
      await this.enter(kind, () => this.say_after("inner ends", 1));
      this.log.push("outer ends");
    });
    const sibling = this.enter(kind, () => this.say_after("sibling ends", 1));
    await Promise.all([outer, sibling]);
    return this.log;
  }

  async with_wait_of_the_outer(kind) {
    await this.enter(kind, async () => {
      const own = this.say_after("wait of the outer", 1);
      await this.enter(kind, () => this.say_after("inner ends", 5));
      await own;
    });
    return this.log;
  }

  async with_inner_that_outlives_the_outer(kind) {
    await this.enter(kind, () => { this.enter(kind, () => this.say_after("inner ends", 5)); });
    this.log.push("outer has ended");
    await sleep(10);
    return this.log;
  }

  async with_sections_begun_before_the_end(kind) {
    await this.enter(kind, async () => {
      await this.enter(kind, () => {
        this.say_after("wait of the inner", 1);
        this.enter(kind, () => this.say_after("first of two", 3));
        this.enter(kind, () => this.say_after("second of two", 3));
      });
      this.log.push("outer ends");
    });
    await sleep(10);
    return this.log;
  }

  async with_failing_inner(kind) {
    const sibling = () => this.ctx.blockConcurrencyWhile(() => this.say("sibling"));
    const outer = this.enter(kind, async () => {
      await sleep(1);
      await this.ctx.blockConcurrencyWhile(() => { throw new RangeError("foobar"); });
    });
    await Promise.all([outer, sibling()]);
  }
}
