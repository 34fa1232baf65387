// Writes the golden table of tests/support/conversion_cases.py with the real Pyodide and the published SDK; see README.
import { loadPyodide } from "pyodide";
import fs from "node:fs";
import path from "node:path";

const [sdk, cases, golden] = process.argv.slice(2);
const python = await loadPyodide({ env: { HOME: "/root", TZ: "UTC" } });

function copy(from, to) {
  python.FS.mkdirTree(to);
  for (const name of fs.readdirSync(from)) {
    const source = path.join(from, name);
    if (fs.statSync(source).isDirectory()) copy(source, `${to}/${name}`);
    else python.FS.writeFile(`${to}/${name}`, fs.readFileSync(source));
  }
}

copy(sdk, "/sdk");
python.FS.writeFile("/sdk/conversion_cases.py", fs.readFileSync(cases));
python.registerJsModule("_pyodide_entrypoint_helper", {
  cloudflareWorkersModule: {},
  cloudflareSocketsModule: {},
  doAnImport: () => {},
  patch_env_helper: () => {},
  patchWaitUntil: () => {},
});
python.registerJsModule("_cloudflare_compat_flags", {});
// Messages and stored values are structured clones, as on the platform.
globalThis.throughTheWire = (value) => structuredClone(value);

const rows = await python.runPythonAsync(`
import sys
sys.path.insert(0, "/sdk")
import json

import js
import pyodide.ffi
from js import throughTheWire
from workers import python_from_rpc, python_to_rpc

import conversion_cases

names = {name: getattr(pyodide.ffi, name) for name in pyodide.ffi.__all__}
names |= {"js": js, "rpc": lambda value: python_from_rpc(throughTheWire(python_to_rpc(value)))}
json.dumps(conversion_cases.table(names), indent=0, ensure_ascii=False)
`);
fs.writeFileSync(golden, `${rows}\n`);
console.log(`${Object.keys(JSON.parse(rows)).length} rows`);
process.exit(0);
