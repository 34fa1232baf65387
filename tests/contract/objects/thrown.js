import { DurableObject } from "cloudflare:workers";

// Everything that can be thrown, and what a caller catches. thrown.py holds the same.
class Instance {}

const THINGS = {
  aggregate: () => new AggregateError([new TypeError("first"), 5], "all failed"),
  cause: () => new Error("outer", { cause: new RangeError("inner", { cause: 5 }) }),
  "cause that is no error": () => new Error("outer", { cause: { a: 1 } }),
  "DOMException": () => new DOMException("stopped", "AbortError"),
  "evaluation": () => new EvalError("bad"),
  "own class": () => Object.assign(new TypeError("mine"), { name: "MyErr" }),
  "one": () => 1,
  "half": () => 1.5,
  "text": () => "s",
  "nothing": () => null,
  "undefined": () => undefined,
  "true": () => true,
  "object": () => ({ a: 1 }),
  "list": () => [1, 2],
  "map": () => new Map([[1, 2]]),
  "function as a property": () => Object.assign(new TypeError("bad"), { code: 7, f: () => 1 }),
  "property of an object": () => Object.assign(new TypeError("bad"), { code: { a: [1] } }),
  "retryable": () => Object.assign(new Error("busy"), { retryable: true }),
  "all flags": () => Object.assign(new Error("busy"), { retryable: true, overloaded: true, durableObjectReset: true }),
  "flags and a function": () => Object.assign(new Error("busy"), { retryable: true, durableObjectReset: true, f: () => 1 }),
};

export class Thrower extends DurableObject {
  async fail(name) { throw THINGS[name](); }
  get failing() { throw THINGS.cause(); }
}

export class Catcher extends DurableObject {
  async run(name) {
    try {
      await this.env.THROWER.getByName("thrower").fail(name);
    } catch (caught) {
      return told(caught);
    }
  }
  // Whether anything of the other side is in the stack, and something of this side.
  async frames() {
    try {
      await this.env.THROWER.getByName("thrower").fail("cause");
    } catch (caught) {
      return [caught.stack.includes("fail") || caught.stack.includes("Thrower"), caught.stack.includes("frames")];
    }
  }
}

function told(caught) {
  const names = ["remote", "durableObjectReset", "retryable", "overloaded", "durableObjectId"];
  const flags = names.filter((name) => caught[name]);
  if (!(caught instanceof Error)) {
    const copy = Array.isArray(caught) ? [...caught] : caught instanceof Map ? new Map(caught) : { ...caught };
    for (const name of names) if (!Array.isArray(copy)) delete copy[name];
    return { thrown: copy, flags };
  }
  return { name: caught.name, message: caught.message, flags, own: own(caught) };
}

function own(caught) {
  const known = ["name", "message", "stack", "remote", "durableObjectReset", "retryable", "overloaded", "durableObjectId"];
  // 25 for a DataCloneError, and so on: nobody has missed it on the other host.
  if (caught instanceof DOMException) known.push("code");
  const names = Object.getOwnPropertyNames(caught).filter((name) => !known.includes(name));
  return Object.fromEntries(names.map((name) => [name, shown(caught[name])]));
}

function shown(value) {
  if (value instanceof Error) return { name: value.name, message: value.message, own: own(value) };
  return Array.isArray(value) ? value.map(shown) : value;
}

export default {};
