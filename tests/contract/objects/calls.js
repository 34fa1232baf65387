import { DurableObject } from "cloudflare:workers";

// Objects that are called, and call each other. calls.py holds the same.
class Base extends DurableObject {
  async inherited() { return "inherited"; }
}

export class Callee extends Base {
  field = () => "field";
  log = [];

  async echo(...args) { return args; }
  at_once() { return "at once"; }
  async _hidden() { return "hidden"; }
  get number() { return 5; }
  async nothing() {}
  async note(item) { this.log.push(item); }
  async notes() { return this.log; }
  async wait(seconds) {
    await scheduler.wait(seconds * 1000);
    return seconds;
  }
  async fail(name) {
    const error = new ({ TypeError, RangeError, SyntaxError }[name] ?? Error)("bad");
    if (error.name !== name) error.name = name;
    throw error;
  }
  async fail_with_properties() { throw Object.assign(new TypeError("bad"), { code: 7 }); }
  async fail_flagged() { throw Object.assign(new Error("busy"), { overloaded: true, retryable: true }); }
  async fetch(request) {
    const text = `${request.method} ${request.url} ${request.headers.get("x-mark") ?? ""}`;
    return new Response(text, { status: 201, headers: { "x-answer": "yes" } });
  }
}

// Calls a Callee by a stub of its own, and tells what came of it.
export class Caller extends DurableObject {
  #callee() { return this.env.CALLEE.getByName("callee"); }
  async outcome(method, ...args) {
    try {
      return [await this.#callee()[method](...args)];
    } catch (error) {
      return told(error);
    }
  }
  async in_order(count) {
    const stub = this.#callee();
    for (let number = 0; number < count; number++) stub.note(number);
    return await stub.notes();
  }
  async stub_properties() {
    const namespace = this.env.CALLEE;
    const stub = namespace.getByName("callee");
    return [
      stub.name,
      stub.id.equals(namespace.idFromName("callee")),
      stub.id.toString() === namespace.idFromName("callee").toString(),
      namespace.get(namespace.newUniqueId()).name,
    ];
  }
  async change_after_send() {
    const inner = [1];
    const call = this.#callee().echo({ a: inner });
    inner.push(2);
    return await call;
  }
  async share() {
    const shared = {};
    return await this.#callee().echo(shared, shared);
  }
  async ids(method, ...args) {
    try {
      const found = this.env.CALLEE[method](...args);
      return [found.toString(), found.name];
    } catch (error) {
      return told(error);
    }
  }
  async foreign_id() { return await this.ids("idFromString", this.env.CALLER.idFromName("x").toString()); }
  async get_with(...args) {
    try {
      this.env.CALLEE.get(this.env.CALLEE.idFromName("x"), ...args);
    } catch (error) {
      return told(error);
    }
    return "stub";
  }
  async get_what_is_no_id() {
    try {
      this.env.CALLEE.get("x");
    } catch (error) {
      return told(error);
    }
    return "stub";
  }
  async same() {
    const [first, second] = [this.env.CALLEE.idFromName("x"), this.env.CALLEE.idFromName("x")];
    const byText = this.env.CALLEE.idFromString(first.toString());
    return [first.equals(second), first.equals(byText), first.equals(this.env.CALLEE.idFromName("y"))];
  }
}

// Does not extend the platform's base class.
export class Plain {
  async method() {}
  async fetch() { return new Response(null, { status: 204 }); }
}

// Has no fetch.
export class Mute extends DurableObject {}

function told(error) {
  const names = ["remote", "durableObjectReset", "retryable", "overloaded", "durableObjectId"];
  return { name: error.name, message: error.message, flags: names.filter((name) => error[name]), code: error.code };
}

export default {};
